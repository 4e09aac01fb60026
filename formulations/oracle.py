"""Local maxima of the gauge |N^T relu(X u)|_2 over unit directions u (docs/method.md, section 4).

The function is |G u| with one linear map G per activation pattern, and its maxima mostly sit on kinks
x_i^T u = 0, where gradients jump and plain ascent stalls. The ascent here moves along great circles and
searches each one exactly, arc by arc. A row whose kink holds the maximum back is kept at zero: the ascent
continues in the subspace orthogonal to the held rows and ends where no direction, along that subspace or out
of it, goes up. Inside a pattern it aims at the top singular vector of G, so that a maximum free of new kinks
takes a single step however badly the columns of X are scaled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from formulations.arcs import peak_angles

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Rows = NDArray[np.intp]

_ON_KINK = 1e-12
_STATIONARY = 1e-9
_LEAST_GAIN = 1e-13
_CANDIDATES_PER_START = 8


@dataclass(frozen=True)
class GaugeMaximum:
    """A local maximum of the gauge.

    Attributes:
        value: |N^T relu(X u)|_2.
        direction: u, a unit vector of length d.
        kinks: the rows i of X, other than zero rows, with x_i^T u = 0 up to rounding, ascending.
    """

    value: float
    direction: Vector
    kinks: Rows


class GaugeOracle:
    """Finds neurons worth adding to a network on fixed inputs; prefer it to gradient ascent in any dimension.

    It proves nothing: a maximum it does not find may exist.
    """

    def __init__(self, X: Matrix) -> None:
        """Prepare the inputs X, of shape (n, d)."""
        norms = np.linalg.norm(X, axis=1)
        self._present = np.flatnonzero(norms > 0)
        self._norms = norms[self._present]
        self._rows = X[self._present] / self._norms[:, None]
        values, vectors = np.linalg.eigh(X.T @ X)
        spanned = values > 1e-12 * max(values.max(initial=0.0), 1e-300)
        self._whitener = vectors[:, spanned] / np.sqrt(values[spanned])

    def draw_gaussian(self, count: int, rng: np.random.Generator) -> Matrix:
        """Return random unit directions as columns, (d, count), Gaussian in coordinates that whiten the data.

        They cross the data evenly whatever the scales of the columns; there are none if X is zero.
        """
        rank = self._whitener.shape[1]
        directions = self._whitener @ rng.standard_normal((rank, count if rank else 0))
        units: Matrix = directions / np.linalg.norm(directions, axis=0)
        return units

    def draw_starts(self, N: Matrix, count: int, rng: np.random.Generator) -> Matrix:
        """Return promising unit directions for an ascent as columns, of shape (d, count).

        They come from a larger sample of Gaussian directions, data rows and intersections of kinks: half of
        them are the ones with the largest gauges, half are taken at random. There are none if X is zero.

        Args:
            N: dual point, of shape (n, c).
            count: how many.
            rng: source of randomness.
        """
        if not len(self._rows):
            return self.draw_gaussian(0, rng)
        third, d = count * _CANDIDATES_PER_START // 3 + 1, self._rows.shape[1]
        rows = self._rows[rng.integers(len(self._rows), size=third)].T
        crossing = self._rows[rng.integers(len(self._rows), size=(third, max(d - 1, 1)))]
        corners = np.linalg.svd(crossing)[2][:, -1, :].T
        pool = np.hstack([self.draw_gaussian(third, rng), rows, corners])[:, rng.permutation(3 * third)]
        projections = self._rows @ pool
        gauges, opposite = (_gauges(self._weights(N), z) for z in (projections, -projections))
        pool = np.where(gauges >= opposite, pool, -pool)
        best = np.argsort(-np.maximum(gauges, opposite), kind="stable")[: count - count // 2]
        others = np.setdiff1d(np.arange(3 * third), best)[: count // 2]
        return pool[:, np.concatenate([best, others])]

    def maximise(
        self,
        N: Matrix,
        starts: Matrix,
        *,
        max_steps: int | None = None,
        wide: bool = False,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[GaugeMaximum]:
        """Return the distinct local maxima reached from the starts, largest first.

        Two maxima with the same activation pattern count as one, the larger.

        Args:
            N: dual point, of shape (n, c).
            starts: nonzero directions as columns, of shape (d, k).
            max_steps: limit of steps of one ascent, which may then end below its maximum; by default one that
                is rarely reached.
            wide: follow every great circle half around instead of to the top of the piece ahead; finds higher
                maxima, but fewer different ones.
            should_stop: asked before every ascent; once true, the maxima found so far are returned.
        """
        weights = self._weights(N)
        steps = 30 + 10 * self._rows.shape[1] if max_steps is None else max_steps
        found: dict[bytes, GaugeMaximum] = {}
        for start in starts.T:
            if should_stop():
                break
            maximum = self._climb(weights, start / np.linalg.norm(start), steps, wide)
            pattern = self.pattern(maximum.direction, maximum.kinks)
            if pattern not in found or found[pattern].value < maximum.value:
                found[pattern] = maximum
        return sorted(found.values(), key=lambda maximum: -maximum.value)

    def pattern(self, direction: Vector, kinks: Rows) -> bytes:
        """Return the signs of X u, zero on the kinks, as a key: equal keys, same linear piece."""
        signs: NDArray[np.int8] = np.sign(self._rows @ direction).astype(np.int8)
        signs[np.searchsorted(self._present, kinks)] = 0
        return signs.tobytes()

    def _weights(self, N: Matrix) -> Matrix:
        """Return the dual point for normalised rows."""
        weights: Matrix = N[self._present] * self._norms[:, None]
        return weights

    def _climb(self, weights: Matrix, u: Vector, steps: int, wide: bool) -> GaugeMaximum:
        """Ascend from the unit direction u with the data rows normalised and their norms in the weights."""
        rows = self._rows
        u, kinks = _snap(rows, u, np.flatnonzero(np.abs(rows @ u) <= _ON_KINK))
        for _ in range(steps):
            z = rows @ u
            z[kinks] = 0.0
            image = weights.T @ np.maximum(z, 0.0)
            value = float(np.linalg.norm(image))
            if value == 0:
                break
            ascent = _steepest_ascent(rows, weights, u, z, kinks, image / value)
            if np.linalg.norm(ascent.direction) <= _STATIONARY * value:
                break
            step = _best_step(rows, weights, u, z, value, ascent, wide)
            if step.value <= value * (1 + _LEAST_GAIN):
                break
            u = np.cos(step.angle) * u + np.sin(step.angle) * step.tangent
            u, kinks = _snap(rows, u, np.union1d(np.flatnonzero(np.abs(rows @ u) <= _ON_KINK), step.kinks))
        return GaugeMaximum(float(_gauges(weights, rows @ u[:, None])[0]), u, self._present[kinks])


@dataclass(frozen=True)
class _Ascent:
    """The steepest ascent direction, tangent to the sphere, with the rows that stay at zero along it."""

    direction: Vector
    held: Rows
    linear_map: Matrix  # G just after leaving u along the direction, c x d


@dataclass(frozen=True)
class _Step:
    """A move along the great circle cos(angle) u + sin(angle) tangent, and the rows that it ends on."""

    value: float
    angle: float
    tangent: Vector
    kinks: Rows


def _gauges(weights: Matrix, projections: Matrix) -> Vector:
    """Return the gauge for every column X u of the projections."""
    gauges: Vector = np.linalg.norm(weights.T @ np.maximum(projections, 0.0), axis=0)
    return gauges


def _snap(rows: Matrix, u: Vector, kinks: Rows) -> tuple[Vector, Rows]:
    """Move u by rounding errors to where the rows of its kinks vanish exactly."""
    if not len(kinks):
        return u / np.linalg.norm(u), kinks
    basis = orthogonal_to(rows[kinks])
    projected = basis @ (basis.T @ u)
    length = np.linalg.norm(projected)
    if length < 0.5:
        return u / np.linalg.norm(u), kinks
    return projected / length, kinks


def orthogonal_to(rows: Matrix) -> Matrix:
    """Return an orthonormal basis, as columns, of the directions orthogonal to all nonzero rows, (k, d)."""
    if not len(rows):
        return np.eye(rows.shape[1])
    _, singular, right = np.linalg.svd(rows / np.linalg.norm(rows, axis=1)[:, None])
    kernel: Matrix = right[int(np.sum(singular > 1e-9)) :].T
    return kernel


def _steepest_ascent(
    rows: Matrix, weights: Matrix, u: Vector, z: Vector, kinks: Rows, unit: Vector
) -> _Ascent:
    """Maximise the one-sided derivative at u.

    Along a tangent t it is g.t + sum over the kinks of b_i relu(x_i.t). Where b_i < 0 the sum is concave, and
    the best t is g minus the combination of those x_i, with coefficients in [b_i, 0], that is closest to g.
    """
    linear_map = (weights * (z > 0)[:, None]).T @ rows
    gradient = linear_map.T @ unit
    gradient = gradient - (gradient @ u) * u
    if not len(kinks):
        return _Ascent(gradient, kinks, linear_map)
    bends = weights[kinks] @ unit
    concave = bends < 0
    direction = gradient
    if np.any(concave):
        direction = _distance_to_box(rows[kinks[concave]], gradient, -bends[concave])
    slopes = rows[kinks] @ direction
    held = concave & (np.abs(slopes) <= 1e-9 * np.linalg.norm(direction))
    entering = kinks[~held & (slopes > 0)]
    return _Ascent(direction, kinks[held], linear_map + weights[entering].T @ rows[entering])


def _distance_to_box(rows: Matrix, gradient: Vector, limits: Vector) -> Vector:
    """Return gradient - rows^T s for the s in [0, limits] that makes it shortest."""
    free = np.linalg.lstsq(rows.T, gradient, rcond=None)[0]
    if np.any(free < 0) or np.any(free > limits):
        free = lsq_linear(rows.T, gradient, bounds=(0, limits), method="bvls").x
    return gradient - rows.T @ free


def _best_step(
    rows: Matrix, weights: Matrix, u: Vector, z: Vector, value: float, ascent: _Ascent, wide: bool
) -> _Step:
    """Search towards the top singular vector of the piece ahead, else along the steepest ascent."""
    basis = orthogonal_to(rows[ascent.held])
    top = basis @ np.linalg.svd(ascent.linear_map @ basis)[2][0]
    top = top if top @ u >= 0 else -top
    tangent = top - (top @ u) * u
    length = float(np.linalg.norm(tangent))
    if length > 1e-12 and tangent @ ascent.direction > 0:
        reach = np.pi if wide else float(np.arctan2(length, top @ u))
        step = _search(rows, weights, z, tangent / length, ascent.held, reach)
        if step.value > value * (1 + _LEAST_GAIN):
            return step
    tangent = ascent.direction / np.linalg.norm(ascent.direction)
    return _search(rows, weights, z, tangent, ascent.held, np.pi if wide else np.pi / 2)


def _search(rows: Matrix, weights: Matrix, z: Vector, tangent: Vector, held: Rows, reach: float) -> _Step:
    """Find the largest gauge on the great circle between the angles 0 and reach, at most pi."""
    p = rows @ tangent
    p[held] = 0.0
    active = (z > 0) | ((z == 0) & (p > 0))
    angles = np.mod(np.arctan2(z, -p), np.pi)
    crossing = np.flatnonzero((angles > 0) & (angles < reach) & (z != 0))
    crossing = crossing[np.argsort(angles[crossing], kind="stable")]
    angles = angles[crossing]
    plane = np.column_stack([z, p])
    first = (weights * active[:, None]).T @ plane
    changes = (-np.sign(z[crossing])[:, None] * weights[crossing])[:, :, None] * plane[crossing][:, None, :]
    maps = np.concatenate([first[None], first + np.cumsum(changes, axis=0)])
    starts, ends = np.append(0.0, angles), np.append(angles, reach)
    peaks = starts + np.mod(peak_angles(maps) - starts, np.pi)
    stops = np.where(peaks < ends, peaks, ends)
    circle = np.column_stack([np.cos(stops), np.sin(stops)])
    values = np.linalg.norm(np.einsum("kci,ki->kc", maps, circle), axis=1)
    best = int(np.argmax(values))
    hits = crossing[np.abs(angles - stops[best]) <= _ON_KINK]
    return _Step(float(values[best]), float(stops[best]), tangent, np.union1d(held, hits))
