"""A network's exact weights in floating point, for what is only searched or described."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from certify.checker.errors import NetworkError
from certify.checker.numbers.integers import Rational
from certify.networks.network import ReLUNetwork
from formulations.arrays import Matrix
from formulations.losses.loss import Loss

_LARGEST = Fraction(10) ** 60  # squares and their products are still floats


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """The nearest floats to a network's weights.

    Attributes:
        hidden: u_j as columns, d x m, or (d + 1) x m with free hidden biases as last row.
        output: v_j as rows, m x c.
        output_bias: b, of length c; zero for none.
    """

    hidden: Matrix
    output: Matrix
    output_bias: Matrix

    @classmethod
    def of(cls, network: ReLUNetwork, features: int, outputs: int) -> FloatNetwork:
        """Round a network.

        Args:
            network: the exact network.
            features: the rows of its hidden layer, which a network without neurons may not know.
            outputs: c, likewise.

        Raises:
            NetworkError: if a weight is too large to be squared.
        """
        bias = _bounded([list(network.output_bias) or [0] * outputs], 1)
        return cls(
            _bounded(network.hidden, network.hidden_denominator).reshape(features, network.width),
            _bounded(network.output, network.output_denominator).reshape(network.width, outputs),
            bias[0],
        )

    def predictions(self, X: Matrix) -> Matrix:
        """Return f(X), n x c, for inputs n x d."""
        return np.asarray(np.maximum(self.before(X), 0.0) @ self.output + self.output_bias)

    def before(self, X: Matrix) -> Matrix:
        """Return what neurons are before the ReLU, n x m, for inputs n x d."""
        d = X.shape[1]
        products = X @ self.hidden[:d]
        return np.asarray(products if len(self.hidden) == d else products + self.hidden[d])

    def dual_point(self, X: Matrix, loss: Loss) -> Matrix:
        """Return minus the loss's gradient at f(X), n x c: the best dual point, if the network is."""
        return -loss.gradient(self.predictions(X))


def unit_directions(hidden: Matrix) -> Matrix:
    """Return the columns that are not zero, of length 1."""
    lengths = np.linalg.norm(hidden, axis=0)
    units: Matrix = hidden[:, lengths > 0] / lengths[lengths > 0]
    return units


def _bounded(rows: Iterable[Sequence[Rational]], denominator: int) -> Matrix:
    table = [[Fraction(entry, denominator) for entry in row] for row in rows]
    if any(abs(entry) > _LARGEST for row in table for entry in row):
        raise NetworkError(
            f"the network has a weight beyond {float(_LARGEST):g}: rescale its neurons, u_j by s and v_j by "
            "1/s"
        )
    return np.array([[float(entry) for entry in row] for row in table], dtype=float)
