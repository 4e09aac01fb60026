"""The squared loss, half of the squared distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.linalg

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.loss import Loss, picked


@dataclass(frozen=True, eq=False)
class SquaredLoss(Loss):
    """Half of the squared distance, 1/2 sum_i w_i |z_i - y_i|^2.

    Attributes:
        targets: Y, n x c.
        weights: w, of length n, positive; None for one each.
    """

    targets: Matrix
    weights: Vector | None = None

    @property
    def text(self) -> str:
        """Its name."""
        return "squared"

    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples."""
        return type(self)(self.targets[indices], picked(self.weights, indices))

    def value(self, predictions: Matrix) -> float:
        """Return 1/2 |Z - Y|_F^2, its rows weighted."""
        squares = (predictions - self.targets) ** 2
        return 0.5 * float(np.sum(squares if self.weights is None else self.sample_weights * squares))

    def gradient(self, predictions: Matrix) -> Matrix:
        """Return Z - Y, its rows weighted."""
        difference = np.asarray(predictions - self.targets)
        return difference if self.weights is None else np.asarray(self.sample_weights * difference)

    def curvature(self, predictions: Matrix) -> Matrix:
        """Return the weights."""
        return np.asarray(self.sample_weights * np.ones_like(predictions))

    def box(self) -> tuple[Matrix, Matrix]:
        """Return that every N is in the domain."""
        high = np.full_like(self.targets, np.inf)
        return -high, high

    def dual_gradient(self, N: Matrix) -> Matrix:
        """Return Y - N / w."""
        return np.asarray(self.targets - N / self.sample_weights)

    def dual_curvature(self, N: Matrix) -> Matrix:
        """Return 1 / w."""
        return np.asarray(np.ones_like(N) / self.sample_weights)

    def dual_value(self, N: Matrix) -> float:
        """Return <N, Y> - 1/2 |N|_F^2, in the square each row over its weight."""
        return self._dual_value(N)

    def _dual_value(self, N: Matrix) -> float:
        return float(np.sum(N * self.targets) - self._square(N) / 2)

    def best_multiple(self, N: Matrix, most: float, toll: float = 0.0) -> tuple[float, float]:
        """Return t = <N, Y> / (|N|^2 + toll) or the limit, and t <N, Y> - t^2/2 (|N|^2 + toll)."""
        fit, square = float(np.sum(N * self.targets)), self._square(N) + toll
        t = max(0.0, min(most, fit / square)) if square else 0.0
        return t, t * fit - t**2 / 2 * square

    def _square(self, N: Matrix) -> float:
        return float(np.sum(N * N if self.weights is None else N * N / self.sample_weights))

    def best_output(self, features: Matrix, gamma: float) -> Matrix:
        """Return the V, m x c, with the least value(features V) + gamma/2 |V|_F^2, for features n x m.

        It is (F^T F + gamma I)^-1 F^T Y, through the smaller of the two Gram matrices.
        """
        Y = self.targets
        if self.weights is not None:
            roots = np.sqrt(self.sample_weights)
            features, Y = roots * features, roots * Y
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
