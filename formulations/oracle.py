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
from formulations.directions import directions

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Rows = NDArray[np.intp]

_ON_KINK = 1e-12
_STATIONARY = 1e-9
_LEAST_GAIN = 1e-13
_ROUNDING = 1e-14
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
        self._lines = directions(X)
        values, vectors = np.linalg.eigh(X.T @ X)
        spanned = values > 1e-12 * max(values.max(initial=0.0), 1e-300)
        self._whitener = vectors[:, spanned] / np.sqrt(values[spanned])

    def draw_gaussian(self, count: int, rng: np.random.Generator) -> Matrix:
        """Return random unit directions as columns, (d, count), Gaussian in coordinates that whiten the data.

        They cross the data evenly whatever the scales of the columns; there are none if X is zero.
        """
        rank = self._whitener.shape[1]
        drawn = self._whitener @ rng.standard_normal((rank, count if rank else 0))
        units: Matrix = drawn / np.linalg.norm(drawn, axis=0)
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
        units, d = self._lines.units, self._lines.units.shape[1]
        if not len(units):
            return self.draw_gaussian(0, rng)
        third = count * _CANDIDATES_PER_START // 3 + 1
        rows = units[rng.integers(len(units), size=third)].T
        crossing = units[rng.integers(len(units), size=(third, max(d - 1, 1)))]
        corners = np.linalg.svd(crossing)[2][:, -1, :].T
        pool = np.hstack([self.draw_gaussian(third, rng), rows, corners])[:, rng.permutation(3 * third)]
        gauge = self._gauge(N)
        ahead, opposite = gauge.values(pool), gauge.values(-pool)
        pool = np.where(ahead >= opposite, pool, -pool)
        best = np.argsort(-np.maximum(ahead, opposite), kind="stable")[: count - count // 2]
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

        Of two maxima with the same activation pattern the larger counts; starts of gauge zero are ignored.

        Args:
            N: dual point, of shape (n, c).
            starts: nonzero directions as columns, of shape (d, k).
            max_steps: limit of steps of one ascent, which may then end below its maximum; by default one that
                is rarely reached.
            wide: follow every great circle half around instead of to the top of the piece ahead; finds higher
                maxima, but fewer different ones.
            should_stop: asked before every ascent; once true, the maxima found so far are returned.
        """
        gauge = self._gauge(N)
        steps = 30 + 10 * len(starts) if max_steps is None else max_steps
        found: dict[bytes, GaugeMaximum] = {}
        for start in starts.T:
            if should_stop():
                break
            value, u, held = _climb(gauge, start / np.linalg.norm(start), steps, wide)
            kinks = np.flatnonzero(np.isin(self._lines.lines, held) & (self._lines.scales != 0))
            pattern = self.pattern(u, kinks)
            if value > gauge.floor and (pattern not in found or found[pattern].value < value):
                found[pattern] = GaugeMaximum(value, u, kinks)
        return sorted(found.values(), key=lambda maximum: -maximum.value)

    def pattern(self, direction: Vector, kinks: Rows) -> bytes:
        """Return the signs of X u, zero on the kinks, as a key: equal keys, same linear piece."""
        signs: NDArray[np.int8] = np.sign(self._lines.units @ direction).astype(np.int8)
        signs[self._lines.lines[kinks]] = 0
        return signs.tobytes()

    def _gauge(self, N: Matrix) -> _Gauge:
        """Merge parallel rows: relu(s z) is s relu(z), or |s| (relu(z) - z) if s < 0."""
        rows = self._lines.nonzero
        lines, scales = self._lines.lines[rows], self._lines.scales[rows, None]
        weights = np.zeros((len(self._lines.units), N.shape[1]))
        np.add.at(weights, lines, np.abs(scales) * N[rows])
        linear = (np.minimum(scales, 0.0) * N[rows]).T @ self._lines.units[lines]
        return _Gauge(self._lines.units, weights, linear, _ROUNDING * float(np.linalg.norm(scales * N[rows])))


@dataclass(frozen=True)
class _Gauge:
    """|W^T relu(R u) + L u| for unit rows R, no two parallel; the kinks below are indices of these rows."""

    rows: Matrix
    weights: Matrix  # W, rows x c
    linear: Matrix  # L, c x d
    floor: float  # values below are zero up to rounding

    def values(self, points: Matrix) -> Vector:
        image = self.weights.T @ np.maximum(self.rows @ points, 0.0) + self.linear @ points
        norms: Vector = np.linalg.norm(image, axis=0)
        return norms

    def piece(self, active: NDArray[np.bool_]) -> Matrix:
        """Return the linear map of an activation pattern, c x d."""
        piece: Matrix = (self.weights * active[:, None]).T @ self.rows + self.linear
        return piece


@dataclass(frozen=True)
class _Ascent:
    """The steepest ascent direction, tangent to the sphere, with the rows that stay at zero along it."""

    direction: Vector
    held: Rows
    piece: Matrix  # the linear map just after leaving u along the direction


@dataclass(frozen=True)
class _Step:
    """A move along the great circle cos(angle) u + sin(angle) tangent, and the rows that it ends on."""

    value: float
    angle: float
    tangent: Vector
    kinks: Rows


def _climb(gauge: _Gauge, u: Vector, steps: int, wide: bool) -> tuple[float, Vector, Rows]:
    """Ascend from the unit direction u; return the gauge there, the direction and its kinks."""
    rows = gauge.rows
    u, kinks = _snap(rows, u, np.flatnonzero(np.abs(rows @ u) <= _ON_KINK))
    for step_number in range(steps + 1):
        z = rows @ u
        z[kinks] = 0.0
        image = gauge.weights.T @ np.maximum(z, 0.0) + gauge.linear @ u
        value = float(np.linalg.norm(image))
        if value <= gauge.floor or step_number == steps:
            break
        ascent = _steepest_ascent(gauge, u, z, kinks, image / value)
        if np.linalg.norm(ascent.direction) <= _STATIONARY * value:
            break
        step = _best_step(gauge, u, z, value, ascent, wide)
        if step.value <= value * (1 + _LEAST_GAIN):
            break
        u = np.cos(step.angle) * u + np.sin(step.angle) * step.tangent
        u, kinks = _snap(rows, u, np.union1d(np.flatnonzero(np.abs(rows @ u) <= _ON_KINK), step.kinks))
    return value, u, kinks


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


def _steepest_ascent(gauge: _Gauge, u: Vector, z: Vector, kinks: Rows, unit: Vector) -> _Ascent:
    """Find a tangent t along which the gauge rises; its direction vanishes where there is none.

    The one-sided derivative along t is g.t + sum over the kinks of b_i relu(x_i.t). Kinks with b_i >= 0 are
    convex: taking all of them for linear, as if x_i.t > 0 or else as if x_i.t < 0, bounds it from below. The
    others are concave, and with them the best t is g minus the combination of their x_i, with coefficients in
    [b_i, 0], that is closest to g.
    """
    rows, weights = gauge.rows, gauge.weights
    piece = gauge.piece(z > 0)
    bends = weights[kinks] @ unit
    concave, convex = kinks[bends < 0], kinks[bends >= 0]
    direction = np.zeros_like(u)
    for entering in (convex, convex[:0]):
        gradient = (piece + weights[entering].T @ rows[entering]).T @ unit
        gradient = gradient - (gradient @ u) * u
        direction = _distance_to_box(rows[concave], gradient, -bends[bends < 0])
        if not len(convex) or np.linalg.norm(direction) > _STATIONARY * np.linalg.norm(piece @ u):
            break
    slopes = rows[kinks] @ direction
    held = (bends < 0) & (np.abs(slopes) <= 1e-9 * np.linalg.norm(direction))
    entering = kinks[~held & (slopes > 0)]
    return _Ascent(direction, kinks[held], piece + weights[entering].T @ rows[entering])


def _distance_to_box(rows: Matrix, gradient: Vector, limits: Vector) -> Vector:
    """Return gradient - rows^T s for the s in [0, limits] that makes it shortest."""
    if not len(rows):
        return gradient
    free = np.linalg.lstsq(rows.T, gradient, rcond=None)[0]
    if np.any(free < 0) or np.any(free > limits):
        free = lsq_linear(rows.T, gradient, bounds=(0, limits), method="bvls").x
    return gradient - rows.T @ free


def _best_step(gauge: _Gauge, u: Vector, z: Vector, value: float, ascent: _Ascent, wide: bool) -> _Step:
    """Search towards the top singular vector of the piece ahead, else along the steepest ascent."""
    basis = orthogonal_to(gauge.rows[ascent.held])
    top = basis @ np.linalg.svd(ascent.piece @ basis)[2][0]
    top = top if top @ u >= 0 else -top
    tangent = top - (top @ u) * u
    length = float(np.linalg.norm(tangent))
    if length > 1e-12 and tangent @ ascent.direction > 0:
        reach = np.pi if wide else float(np.arctan2(length, top @ u))
        step = _search(gauge, u, z, tangent / length, ascent.held, reach)
        if step.value > value * (1 + _LEAST_GAIN):
            return step
    tangent = ascent.direction / np.linalg.norm(ascent.direction)
    return _search(gauge, u, z, tangent, ascent.held, np.pi if wide else np.pi / 2)


def _search(gauge: _Gauge, u: Vector, z: Vector, tangent: Vector, held: Rows, reach: float) -> _Step:
    """Find the largest gauge on the great circle between the angles 0 and reach, at most pi."""
    p = gauge.rows @ tangent
    p[held] = 0.0
    active = (z > 0) | ((z == 0) & (p > 0))
    angles = np.mod(np.arctan2(z, -p), np.pi)
    crossing = np.flatnonzero((angles > 0) & (angles < reach) & (z != 0))
    crossing = crossing[np.argsort(angles[crossing], kind="stable")]
    angles = angles[crossing]
    plane = np.column_stack([z, p])
    first = (gauge.weights * active[:, None]).T @ plane + gauge.linear @ np.column_stack([u, tangent])
    changes = (-np.sign(z[crossing])[:, None] * gauge.weights[crossing])[:, :, None] * plane[crossing][
        :, None
    ]
    maps = np.concatenate([first[None], first + np.cumsum(changes, axis=0)])
    starts, ends = np.append(0.0, angles), np.append(angles, reach)
    peaks = starts + np.mod(peak_angles(maps) - starts, np.pi)
    stops = np.where(peaks < ends, peaks, ends)
    circle = np.column_stack([np.cos(stops), np.sin(stops)])
    values = np.linalg.norm(np.einsum("kci,ki->kc", maps, circle), axis=1)
    best = int(np.argmax(values))
    hits = crossing[np.abs(angles - stops[best]) <= _ON_KINK]
    return _Step(float(values[best]), float(stops[best]), tangent, np.union1d(held, hits))
