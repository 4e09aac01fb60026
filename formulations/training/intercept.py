"""The output bias, eliminated: what is left of it is one symmetric matrix (docs/method.md, section 2).

For predictions Z + 1 b^T and the squared loss the best b leaves 1/2 |Q (Z - Y)|_F^2, Q = I - kappa 1 1^T. A
free bias has kappa = 1/n, so that Q takes the means away; for a decayed one, which costs gamma/2 |b|^2, it is
less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.losses.squared import SquaredLoss


@dataclass(frozen=True)
class Intercept:
    """An output bias for n samples.

    Attributes:
        kappa: of Q = I - kappa 1 1^T; 0 without an output bias.
        damping: of Q^2 = I - 1 1^T / damping, and of the best b, which is the sum of the rows of minus the
            gradient over it; infinite without an output bias.
    """

    kappa: float = 0.0
    damping: float = math.inf

    @classmethod
    def of(cls, output_bias: str, n: int, gamma: float) -> Intercept:
        """Return that of a problem.

        Args:
            output_bias: "none", "free" or "decayed".
            n: number of samples.
            gamma: weight of the penalty.

        Raises:
            ValueError: if the output bias is none of the three.
        """
        if output_bias == "none":
            return cls()
        if output_bias not in ("free", "decayed"):
            raise ValueError(f"the output bias is {output_bias!r}; it has to be none, free or decayed")
        penalty = gamma if output_bias == "decayed" else 0.0
        damping = n + penalty
        # That is (1 - sqrt(penalty / damping)) / n, which cancels where the penalty is large.
        return cls(1 / (damping * (1 + math.sqrt(penalty / damping))), damping)

    def apply(self, columns: Matrix) -> Matrix:
        """Return Q columns, for columns of shape (n, k)."""
        if not self.kappa:
            return columns
        return np.asarray(columns - self.kappa * columns.sum(axis=0))

    def without_bias(self, loss: SquaredLoss) -> SquaredLoss:
        """Return what is left of a loss of Z + 1 b^T with the best b: a loss of Q Z."""
        return SquaredLoss(self.apply(loss.targets))

    def best(self, gradient: Matrix) -> Vector:
        """Return the best b, of length c, or 0 without an output bias.

        Args:
            gradient: of the loss at the predictions Z without b, n x c.
        """
        if not self.kappa:
            return np.zeros(0)
        return np.asarray(-gradient.sum(axis=0) / self.damping)
