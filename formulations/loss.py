"""Losses in floats: what training, the dual point and its bound ask of a loss; the squared one is here.

A `Loss` has its targets; predictions go in as an n x c matrix, numbers and matrices come out. It is the float
twin of the checker's exact losses, and the only place of the mathematics that knows a loss's formula. At
predictions Z the dual point is N = -gradient(Z): for the squared loss the residual Y - Z. What N proves is
the sum of b(N_i), b(nu) = min over z of l(z, y_i) + nu . z, as long as its gauge is at most gamma
(docs/method.md, section 2).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.linalg

from formulations.arrays import Indices, Matrix


class Loss(ABC):
    """The sum over n samples of a convex loss with c outputs."""

    @abstractmethod
    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples only, in this order, a sample as often as it is named."""

    @abstractmethod
    def value(self, predictions: Matrix) -> float:
        """Return the sum of l(z_i, y_i)."""

    @abstractmethod
    def gradient(self, predictions: Matrix) -> Matrix:
        """Return the derivatives of the value in the predictions, n x c."""

    @abstractmethod
    def curvature(self, predictions: Matrix) -> Matrix:
        """Return a diagonal that is nowhere below the second derivatives, n x c; they are it if separate."""

    @abstractmethod
    def dual_value(self, N: Matrix) -> float:
        """Return the sum of b(N_i) (a loss); -inf outside the domain."""

    @abstractmethod
    def best_multiple(self, N: Matrix, most: float) -> tuple[float, float]:
        """Return the t in [0, most] with the largest dual value of t N, and that dual value."""

    @abstractmethod
    def best_output(self, features: Matrix, gamma: float) -> Matrix:
        """Return the V, m x c, with the least value(features V) + gamma/2 |V|_F^2, for features n x m."""


@dataclass(frozen=True)
class SquaredLoss(Loss):
    """Half of the squared distance, 1/2 |Z - Y|_F^2.

    Attributes:
        targets: Y, n x c.
    """

    targets: Matrix

    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples."""
        return type(self)(self.targets[indices])

    def value(self, predictions: Matrix) -> float:
        """Return 1/2 |Z - Y|_F^2."""
        return 0.5 * float(np.sum((predictions - self.targets) ** 2))

    def gradient(self, predictions: Matrix) -> Matrix:
        """Return Z - Y."""
        return np.asarray(predictions - self.targets)

    def curvature(self, predictions: Matrix) -> Matrix:
        """Return ones."""
        return np.ones_like(predictions)

    def dual_value(self, N: Matrix) -> float:
        """Return <N, Y> - 1/2 |N|_F^2."""
        return float(np.sum(N * self.targets) - np.sum(N * N) / 2)

    def best_multiple(self, N: Matrix, most: float) -> tuple[float, float]:
        """Return t = <N, Y> / |N|^2 or the limit, with t <N, Y> - t^2/2 |N|^2."""
        fit, square = float(np.sum(N * self.targets)), float(np.sum(N**2))
        t = max(0.0, min(most, fit / square)) if square else 0.0
        return t, t * fit - t**2 / 2 * square

    def best_output(self, features: Matrix, gamma: float) -> Matrix:
        """Return (F^T F + gamma I)^-1 F^T Y through the smaller of the two Gram matrices."""
        Y = self.targets
        n, m = features.shape
        if not m:
            return np.zeros((0, Y.shape[1]))
        wide = m > n
        gram = features @ features.T if wide else features.T @ features
        gram[np.diag_indices_from(gram)] += gamma
        right = Y if wide else features.T @ Y
        # The driver itself, because the wrappers around it take longer than it does on small problems.
        _, inverse, failed = scipy.linalg.lapack.dposv(gram, right, lower=1, overwrite_a=1)
        if failed:  # gamma is below the rounding errors of the Gram matrix
            stacked = np.vstack([features, np.sqrt(gamma) * np.eye(m)])
            padded = np.vstack([Y, np.zeros((m, Y.shape[1]))])
            solution: Matrix = np.linalg.lstsq(stacked, padded, rcond=None)[0]
            return solution
        weights: Matrix = features.T @ inverse if wide else inverse
        return weights


def objective(loss: Loss, X: Matrix, gamma: float, hidden: Matrix, output: Matrix) -> float:
    """Return the loss of a network's predictions, with its weight decay gamma/2 (|U|_F^2 + |V|_F^2).

    Args:
        loss: of n samples.
        X: the inputs, n x d.
        gamma: the weight of the penalty.
        hidden: u_j as columns, d x m.
        output: v_j as rows, m x c.
    """
    squares = float(np.sum(hidden**2)) + float(np.sum(output**2))
    return loss.value(np.maximum(X @ hidden, 0.0) @ output) + gamma / 2 * squares
