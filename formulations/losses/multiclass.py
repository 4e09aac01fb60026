"""The hinge loss of several classes of Crammer and Singer, and its Moreau envelope."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.loss import Loss, picked
from formulations.losses.simplex import simplex_projection


@dataclass(frozen=True, eq=False)
class MulticlassHinge(Loss):
    """The largest of z_k + [k is not y], less z_y: how far another class is ahead, less one.

    With q = w e_y - nu in the simplex of size w, b(nu) is the sum of the q_k of the other classes.

    Attributes:
        targets: unit vectors e_y as rows, n x c.
        weights: w, of length n, positive; None for one each.
        mu: of the Moreau envelope; 0 for the loss itself.
    """

    targets: Matrix
    weights: Vector | None = None
    mu: float = 0.0

    @property
    def text(self) -> str:
        """Its name."""
        return "multiclass-hinge"

    @property
    def zero_sum(self) -> bool:
        """It does not change when a row of predictions is shifted."""
        return True

    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples."""
        return replace(self, targets=self.targets[indices], weights=picked(self.weights, indices))

    def smoothed(self, mu: float) -> Loss:
        """Return the Moreau envelope."""
        return self if self.mu else replace(self, mu=mu)

    def value(self, predictions: Matrix) -> float:
        """Return the sum over the samples."""
        if self.mu:
            N = -self.gradient(predictions)
            return self._dual_value(N) - float(np.sum(N * predictions))
        ahead = (predictions + self._cost).max(axis=-1) - np.sum(self.targets * predictions, axis=-1)
        return float(np.sum(self.sample_weights[..., 0] * ahead))

    def gradient(self, predictions: Matrix) -> Matrix:
        """Return q - w y: without smoothing, all of q is on the first class that is furthest ahead."""
        return np.asarray(self._shares(predictions) - self.sample_weights * self.targets)

    def curvature(self, predictions: Matrix) -> Matrix:
        """Return 1 / mu for the classes with a share, and 0 for the others and without smoothing."""
        if not self.mu:
            return np.zeros_like(predictions)
        return np.where(self._shares(predictions) > 0, 1 / self.mu, 0.0)

    def hessian(self, predictions: Matrix) -> Matrix:
        """Return (I - 1 1^T / k) / mu over the k classes with a share."""
        diagonal = self.curvature(predictions)
        present = (diagonal > 0).astype(np.float64)
        counts = np.maximum(present.sum(axis=-1), 1.0)[..., None, None]
        mixed = diagonal[..., :, None] * present[..., None, :] / counts
        return np.asarray(diagonal[..., None] * np.eye(diagonal.shape[-1]) - mixed)

    def box(self) -> tuple[Matrix, Matrix]:
        """Return that nu is at most w y: q is not negative."""
        high = np.asarray(self.sample_weights * self.targets)
        return np.full_like(high, -np.inf), high

    def dual_gradient(self, N: Matrix) -> Matrix:
        """Return -[k is not y] - mu nu."""
        return np.asarray(-self._cost - self.mu * N)

    def dual_curvature(self, N: Matrix) -> Matrix:
        """Return mu."""
        return np.full_like(N, self.mu)

    def _dual_value(self, N: Matrix) -> float:
        return -float(np.sum(self._cost * N)) - self.mu / 2 * float(np.sum(N * N))

    def into_domain(self, N: Matrix) -> Matrix:
        """Return the nearest N with q in its simplex."""
        w = self.sample_weights
        return np.asarray(w * self.targets - simplex_projection(w * self.targets - N, w[..., 0]))

    @property
    def _cost(self) -> Matrix:
        return np.asarray(1.0 - self.targets)

    def _shares(self, predictions: Matrix) -> Matrix:
        """Return q, n x c."""
        w = self.sample_weights
        ahead = predictions + self._cost
        if self.mu:
            return simplex_projection(w * self.targets + ahead / self.mu, w[..., 0])
        return np.asarray(w * np.eye(ahead.shape[-1])[ahead.argmax(axis=-1)])
