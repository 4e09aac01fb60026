"""Losses made of straight lines and parabolas, output by output: one family, by their duals.

With r = y - z each of them is, per sample and output,

    w l(z, y) = max over nu in [lower, upper] of  nu r - E |nu| - 1/2 damping nu^2 ,

    huber D               |nu| <= w D,              damping 1/w
    absolute              |nu| <= w
    quantile T            -w (1 - T) <= nu <= w T
    epsilon-insensitive   |nu| <= w,                E > 0
    hinge                 0 <= y nu <= w            as y^2 = 1: y nu (1 - y z) = nu r
    squared-hinge         0 <= y nu,                damping 1/w

and the Moreau envelope of mu adds mu to the damping.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.loss import Loss, picked


@dataclass(frozen=True, eq=False)
class PiecewiseLoss(Loss):
    """A loss of the family.

    Attributes:
        name: its canonical text.
        targets: Y, n x c.
        weights: w, of length n, positive; None for one each.
        lower: n x c, zero or less, perhaps infinite.
        upper: n x c, zero or more, perhaps infinite.
        damping: n x 1; positive where an interval is infinite.
        insensitive: E, zero or more.
    """

    name: str
    targets: Matrix
    weights: Vector | None
    lower: Matrix
    upper: Matrix
    damping: Matrix
    insensitive: float = 0.0

    @property
    def text(self) -> str:
        """Its name, with its number."""
        return self.name

    @property
    def margin(self) -> float:
        """E."""
        return self.insensitive

    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples."""
        return replace(
            self,
            targets=self.targets[indices],
            weights=picked(self.weights, indices),
            lower=self.lower[indices],
            upper=self.upper[indices],
            damping=self.damping[indices],
        )

    def smoothed(self, mu: float) -> Loss:
        """Return the Moreau envelope, of the same family; itself if it has no kinks."""
        return self if np.all(self.damping > 0) else replace(self, damping=self.damping + mu)

    def value(self, predictions: Matrix) -> float:
        """Return the sum of the maxima over nu."""
        N = -self.gradient(predictions)
        return float(np.sum(N * (self._beyond(predictions) - self.damping * N / 2)))

    def gradient(self, predictions: Matrix) -> Matrix:
        """Return -nu where the maximum is attained."""
        beyond = self._beyond(predictions)
        with np.errstate(divide="ignore", invalid="ignore"):
            steep = beyond / self.damping
        # Without damping the maximum is at the end to which r points.
        return -np.clip(np.where(beyond == 0, 0.0, steep), self.lower, self.upper)

    def curvature(self, predictions: Matrix) -> Matrix:
        """Return 1 / damping where nu is inside its interval and not at its kink, and 0 elsewhere."""
        beyond = self._beyond(predictions)
        with np.errstate(divide="ignore", invalid="ignore"):
            nu = beyond / self.damping
            bent = (self.damping > 0) & (self.lower < nu) & (nu < self.upper)
            if self.insensitive:
                bent &= beyond != 0
            return np.where(bent, 1 / self.damping, 0.0)

    def box(self) -> tuple[Matrix, Matrix]:
        """Return lower and upper."""
        return self.lower, self.upper

    def dual_gradient(self, N: Matrix) -> Matrix:
        """Return y - damping nu."""
        return np.asarray(self.targets - self.damping * N)

    def dual_curvature(self, N: Matrix) -> Matrix:
        """Return the damping."""
        return np.asarray(self.damping * np.ones_like(N))

    def _dual_value(self, N: Matrix) -> float:
        return float(np.sum(N * self.targets)) - self._paid(N)

    def best_multiple(self, N: Matrix, most: float, toll: float = 0.0) -> tuple[float, float]:
        """Return the top of a parabola, or of a line, within the limits."""
        N = self._tidied(N)
        most = min(most, self._most_inside(N))
        fit = float(np.sum(N * self.targets)) - self.insensitive * float(np.abs(N).sum())
        square = float(np.sum(self.damping * N * N)) + toll
        if fit <= 0 or most <= 0:
            return 0.0, 0.0
        t = min(most, fit / square) if square else most
        return t, t * fit - t * t / 2 * square

    def _beyond(self, predictions: Matrix) -> Matrix:
        """Return r, less E in size."""
        r = self.targets - predictions
        if not self.insensitive:
            return np.asarray(r)
        return np.asarray(np.sign(r) * np.maximum(np.abs(r) - self.insensitive, 0.0))

    def _paid(self, N: Matrix) -> float:
        paid = float(np.sum(self.damping * N * N)) / 2
        return paid + self.insensitive * float(np.abs(N).sum()) if self.insensitive else paid


def huber(text: str, targets: Matrix, weights: Vector | None, bend: float) -> PiecewiseLoss:
    """Return 1/2 r^2 up to |r| = bend, and straight on from there."""
    w = _spread(targets, weights)
    return PiecewiseLoss(text, targets, weights, -bend * w, bend * w, 1 / w[..., :1])


def quantile(text: str, targets: Matrix, weights: Vector | None, level: float) -> PiecewiseLoss:
    """Return max(level r, (level - 1) r)."""
    w = _spread(targets, weights)
    return PiecewiseLoss(text, targets, weights, -(1 - level) * w, level * w, 0 * w[..., :1])


def insensitive(text: str, targets: Matrix, weights: Vector | None, margin: float) -> PiecewiseLoss:
    """Return max(0, |r| - margin); with a margin of zero that is the absolute loss."""
    w = _spread(targets, weights)
    return PiecewiseLoss(text, targets, weights, -w, w, 0 * w[..., :1], margin)


def hinge(text: str, targets: Matrix, weights: Vector | None) -> PiecewiseLoss:
    """Return max(0, 1 - y z), for targets of +-1."""
    w = _spread(targets, weights)
    return PiecewiseLoss(
        text, targets, weights, np.minimum(w * targets, 0), np.maximum(w * targets, 0), 0 * w[..., :1]
    )


def squared_hinge(text: str, targets: Matrix, weights: Vector | None) -> PiecewiseLoss:
    """Return 1/2 max(0, 1 - y z)^2, for targets of +-1."""
    w = _spread(targets, weights)
    upper = np.where(targets > 0, np.inf, 0.0)
    return PiecewiseLoss(text, targets, weights, -np.where(targets > 0, 0.0, np.inf), upper, 1 / w[..., :1])


def _spread(targets: Matrix, weights: Vector | None) -> Matrix:
    """Return the weight of each sample in each of its outputs, n x c."""
    return np.ones_like(targets) * (1.0 if weights is None else weights[..., None])
