"""A training problem rounded to floats: the arrays and the loss that the searches work with."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from certify.checker.errors import DataError
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.floats.dual_line import DualLine
from certify.floats.network import FloatNetwork
from formulations.arrays import Matrix
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss

_LARGEST = Fraction(10) ** 60  # of the data; its squares and their products are still floats


@dataclass(frozen=True)
class Arrays:
    """A problem in floating point, for the solvers: X n x d, Y n x c, gamma, output bias."""

    X: Matrix
    Y: Matrix
    gamma: float
    output_bias: OutputBias = OutputBias.NONE

    @property
    def loss(self) -> Loss:
        """The loss of the predictions, n x c."""
        return SquaredLoss(self.Y)

    @property
    def dual_line(self) -> DualLine:
        """What the multiples of a dual point prove."""
        return DualLine.of(self.X, self.Y, self.gamma, self.output_bias)

    def dual_point_of(self, network: FloatNetwork) -> Matrix:
        """Return the dual point that a network gives by itself, n x c; at the optimum it is the best one.

        It is minus the gradient of the loss at the predictions, for the squared loss the residual Y - f(X),
        centred where a free output bias asks for it.
        """
        return self.dual_line.admissible(network.dual_point(self.X, self.loss))

    @classmethod
    def of(cls, problem: TrainingProblem) -> Arrays:
        """Round an exact problem to the nearest floats.

        Raises:
            DataError: if a number is so large or so small that floating point loses it or its square.
        """
        entries = [
            Fraction(abs(entry), denominator)
            for rows, denominator in (
                (problem.inputs, problem.input_denominator),
                (problem.targets, problem.target_denominator),
            )
            for row in rows
            for entry in row
        ]
        if max(entries, default=Fraction(0)) > _LARGEST or not 1 / _LARGEST < problem.gamma < _LARGEST:
            raise DataError(
                f"the data or gamma has a number beyond {float(_LARGEST):g}, or gamma is below its inverse: "
                "rescale the columns"
            )
        return cls(
            _floats(problem.inputs, problem.input_denominator),
            _floats(problem.targets, problem.target_denominator),
            float(problem.gamma),
            problem.output_bias,
        )


def _floats(rows: IntegerRows, denominator: int) -> Matrix:
    return np.array([[float(Fraction(entry, denominator)) for entry in row] for row in rows])
