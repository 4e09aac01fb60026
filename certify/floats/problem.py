"""A training problem rounded to floats: the arrays and the loss that the searches work with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Self

import numpy as np

from certify.checker.errors import DataError
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.floats.concave_line import ConcaveLine
from certify.floats.dual_line import DualLine
from certify.floats.network import FloatNetwork
from certify.floats.squared_line import SquaredLine
from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.loss import Loss
from formulations.losses.reading import read_loss

SHORTEST = 1e-140  # of the largest entries of samples; the square of it, and more, are floats
_IDLE = 1e-40  # of the weight decay; what a neuron gains by such a sample is lost in rounding
_LARGEST = Fraction(10) ** 60  # of the data; its squares and their products are still floats


@dataclass(frozen=True)
class Arrays:
    """A problem in floating point, for the solvers.

    Attributes:
        X: the inputs, n x d.
        Y: the targets as the problem has them, n x c.
        gamma: the weight decay.
        output_bias: of the problem's networks.
        loss_text: the canonical text of the loss.
        weights: of the samples, of length n; None for one each.
        input_denominator: of X as exact numbers.
    """

    X: Matrix
    Y: Matrix
    gamma: float
    output_bias: OutputBias = OutputBias.NONE
    loss_text: str = "squared"
    weights: Vector | None = None
    input_denominator: int = 1

    @property
    def hidden_rows(self) -> int:
        """The number of weights of a neuron before the ReLU, a free bias counted."""
        return int(self.X.shape[1]) + self.output_bias.frees_hidden

    @property
    def neuron_inputs(self) -> Matrix:
        """What neurons weigh, n x `hidden_rows`: X, and a column of ones for free biases."""
        if not self.output_bias.frees_hidden:
            return self.X
        return np.hstack([self.X, np.ones((len(self.X), 1))])

    def decayed(self, hidden: Matrix) -> Matrix:
        """Return hidden weights, `hidden_rows` x m, with zeros for what the weight decay does not count."""
        counted = np.array(hidden)
        counted[self.X.shape[1] :] = 0.0
        return counted

    @cached_property
    def loss(self) -> Loss:
        """The loss of the predictions, n x c."""
        return read_loss(self.loss_text, self.Y, self.weights)

    @property
    def is_plain(self) -> bool:
        """Whether the loss is the squared one and no sample has a weight."""
        return self.loss_text == "squared" and self.weights is None

    @cached_property
    def dual_line(self) -> DualLine:
        """What the multiples of a dual point prove."""
        if self.is_plain:
            return SquaredLine.of(self.X, self.Y, self.gamma, self.output_bias)
        return ConcaveLine.of(self.X, self.loss, self.gamma, self.output_bias)

    @cached_property
    def for_relaxations(self) -> Arrays:
        """The problem in which samples are zero that are too short for a neuron to gain by them.

        What divides by the squares of lengths would lose its digits to them, or those are no floats.
        """
        largest = np.abs(self.X).max(axis=1, initial=0.0)
        weight = 1.0 if self.weights is None else max(1.0, float(self.weights.max()))
        most = weight * max(1.0, float(np.abs(self.Y).max(initial=0.0)))
        is_short = (largest > 0) & ((largest < SHORTEST) | (largest * most < _IDLE * self.gamma))
        return replace(self, X=np.where(is_short[:, None], 0.0, self.X)) if is_short.any() else self

    def only(self, rows: Indices) -> Self:
        """Return the problem of some samples alone."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, X=self.X[rows], Y=self.Y[rows], weights=weights)

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
        largest = max(
            Fraction(max(max(max(row), -min(row)) for row in rows), denominator)
            for rows, denominator in (
                (problem.inputs, problem.input_denominator),
                (problem.targets, problem.target_denominator),
                ([problem.weights or (0,)], problem.weight_denominator),
            )
        )
        if largest > _LARGEST or not 1 / _LARGEST < problem.gamma < _LARGEST:
            raise DataError(
                f"the data or gamma has a number beyond {float(_LARGEST):g}, or gamma is below its inverse: "
                "rescale the columns"
            )
        return cls(
            _floats(problem.inputs, problem.input_denominator),
            _floats(problem.targets, problem.target_denominator),
            float(problem.gamma),
            problem.output_bias,
            problem.loss.text,
            _weights(problem),
            problem.input_denominator,
        )


def _weights(problem: TrainingProblem) -> Vector | None:
    if problem.weights is None:
        return None
    weights: Vector = _floats((problem.weights,), problem.weight_denominator)[0]
    return weights


def _floats(rows: IntegerRows, denominator: int) -> Matrix:
    """Return n x d floats, row by row: the division of two integers rounds to the nearest."""
    floats = np.empty((len(rows), len(rows[0])))
    for i, row in enumerate(rows):
        floats[i] = [entry / denominator for entry in row]
    return floats
