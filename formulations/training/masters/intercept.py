"""The output bias of the squared loss, eliminated: what is left of it is one symmetric matrix.

For predictions Z + 1 b^T and the squared loss the best b leaves 1/2 |Q (Z - Y)|_F^2, Q = I - kappa 1 1^T. A
free bias has kappa = 1/n, so that Q takes the means away; for a decayed one, which costs gamma/2 |b|^2, it is
less (docs/method.md, section 2). Where samples have weights, the rows of Z - Y are multiplied by their roots
s first, and Q = I - kappa s s^T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.losses.squared import SquaredLoss


@dataclass(frozen=True, eq=False)
class Intercept:
    """An output bias for n samples, with their weights.

    Attributes:
        kappa: of Q = I - kappa s s^T; 0 without an output bias.
        damping: of Q^2 = I - s s^T / damping, and of the best b, which is the sum of the rows of minus the
            gradient over it; infinite without an output bias.
        roots: s, of length n, the roots of the weights; None for ones.
    """

    kappa: float = 0.0
    damping: float = math.inf
    roots: Vector | None = None

    @classmethod
    def of(cls, output_bias: str, n: int, gamma: float, weights: Vector | None = None) -> Intercept:
        """Return that of a problem.

        Args:
            output_bias: "none", "free" or "decayed".
            n: number of samples.
            gamma: weight of the penalty.
            weights: of the samples, positive; None for one each.

        Raises:
            ValueError: if the output bias is none of the three.
        """
        roots = None if weights is None else np.sqrt(weights)
        if check_output_bias(output_bias) == "none":
            return cls(roots=roots)
        penalty = gamma if output_bias == "decayed" else 0.0
        damping = (n if weights is None else float(weights.sum())) + penalty
        # That is (1 - sqrt(penalty / damping)) / n, which cancels where the penalty is large.
        return cls(1 / (damping * (1 + math.sqrt(penalty / damping))), damping, roots)

    def apply(self, columns: Matrix) -> Matrix:
        """Return Q S columns, S = diag(s), for columns of shape (n, k)."""
        return self._mixed(self._scaled(columns))

    def lift(self, columns: Matrix) -> Matrix:
        """Return S Q columns: the transpose of `apply`, which takes dual points back to the problem's."""
        return self._scaled(self._mixed(columns))

    def _scaled(self, columns: Matrix) -> Matrix:
        return columns if self.roots is None else np.asarray(self.roots[:, None] * columns)

    def _mixed(self, columns: Matrix) -> Matrix:
        if not self.kappa:
            return columns
        if self.roots is None:
            return np.asarray(columns - self.kappa * columns.sum(axis=0))
        return np.asarray(columns - self.kappa * np.outer(self.roots, self.roots @ columns))

    def without_bias(self, loss: SquaredLoss) -> SquaredLoss:
        """Return what is left of a loss of Z + 1 b^T with the best b: an unweighted loss of Q S Z."""
        return SquaredLoss(self.apply(loss.targets))

    def best(self, gradient: Matrix) -> Vector:
        """Return the best b, of length c, or 0 without an output bias.

        Args:
            gradient: of the loss at the predictions Z without b, n x c.
        """
        if not self.kappa:
            return np.zeros(0)
        return np.asarray(-gradient.sum(axis=0) / self.damping)


def check_output_bias(output_bias: str) -> str:
    """Return the output bias.

    Raises:
        ValueError: if it is neither none nor free nor decayed.
    """
    if output_bias not in ("none", "free", "decayed"):
        raise ValueError(f"the output bias is {output_bias!r}; it has to be none, free or decayed")
    return output_bias
