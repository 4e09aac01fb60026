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

from formulations.arrays import Indices, Matrix, Vector
from formulations.lines import directions
from formulations.training.ascent import climb

_ROUNDING = 1e-14
_CANDIDATES_PER_START = 4
_LONGEST_STEP = 1.5  # of a step of the power method


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
    kinks: Indices


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

    def draw_starts(self, N: Matrix, count: int, rng: np.random.Generator, *, corners: bool = True) -> Matrix:
        """Return promising unit directions for an ascent as columns in random order, of shape (d, count).

        They come from a larger sample of Gaussian directions, data rows and intersections of kinks: half of
        them are the ones with the largest gauges, half are taken at random. There are none if X is zero.

        Args:
            N: dual point, of shape (n, c).
            count: how many.
            rng: source of randomness.
            corners: draw intersections of kinks. An ascent takes long to leave one of many kinks, so that
                with many features they are not worth it.
        """
        if not len(self._lines.units):
            return self.draw_gaussian(0, rng)
        share = count * _CANDIDATES_PER_START // (3 if corners else 2) + 1
        drawn = np.hstack(self._candidates(share, corners, rng))
        pool = drawn[:, rng.permutation(drawn.shape[1])]
        gauge = self._gauge(N)
        ahead, opposite = gauge.values(pool), gauge.values(-pool)
        pool = np.where(ahead >= opposite, pool, -pool)
        best = np.argsort(-np.maximum(ahead, opposite), kind="stable")[: count - count // 2]
        others = np.setdiff1d(np.arange(pool.shape[1]), best)[: count // 2]
        return pool[:, rng.permutation(np.concatenate([best, others]))]

    def _candidates(self, share: int, corners: bool, rng: np.random.Generator) -> list[Matrix]:
        """Return about so many directions of each kind, as columns."""
        rows = self._lines.units[rng.integers(len(self._lines.units), size=share)].T
        kinds = [rows, *([self._crossings(share, rng)] if corners else [])]
        return [self.draw_gaussian(share, rng), *kinds]

    def _crossings(self, share: int, rng: np.random.Generator) -> Matrix:
        """Return so many directions on the kinks of d - 1 random rows, as columns."""
        units, d = self._lines.units, self._lines.units.shape[1]
        crossing = units[rng.integers(len(units), size=(share, max(d - 1, 1)))]
        return np.asarray(np.linalg.svd(crossing)[2][:, -1, :].T)

    def raise_together(self, N: Matrix, starts: Matrix, steps: int) -> Matrix:
        """Take some cheap steps uphill from all directions at once, and return the unit directions reached.

        A step goes to the normalised gradient of the gauge, as the power method does, or less far where that
        is downhill. It stalls at kinks; from where it ends `maximise` needs fewer of its own steps, each of
        which costs as much as these do for dozens of directions.

        Args:
            N: dual point, of shape (n, c).
            starts: nonzero directions as columns, of shape (d, k).
            steps: how many.
        """
        gauge = self._gauge(N)
        points: Matrix = starts / np.linalg.norm(starts, axis=0)
        values, targets = gauge.values_and_targets(points)
        lengths = np.ones(points.shape[1])
        for _ in range(steps):
            moved = points + lengths * (targets - points)
            sizes = np.linalg.norm(moved, axis=0)
            moved /= np.where(sizes > 0, sizes, 1.0)
            reached, ahead = gauge.values_and_targets(moved)
            higher = reached > values
            points = np.where(higher, moved, points)
            targets = np.where(higher, ahead, targets)
            values = np.where(higher, reached, values)
            lengths = np.where(higher, np.minimum(2 * lengths, _LONGEST_STEP), lengths / 4)
        return points

    def maximise(
        self,
        N: Matrix,
        starts: Matrix,
        *,
        max_steps: int | None = None,
        wide: bool = False,
        unseen: float = 0.0,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[GaugeMaximum]:
        """Return the distinct local maxima reached from the starts, largest first.

        Of two maxima with the same activation pattern the larger counts; starts of gauge zero are ignored.
        There are none if X is zero.

        Args:
            N: dual point, of shape (n, c).
            starts: nonzero directions as columns, of shape (d, k).
            max_steps: limit of steps of one ascent, which may then end below its maximum; by default one that
                is rarely reached.
            wide: follow every great circle half around instead of to the top of the piece ahead; finds higher
                maxima, but fewer different ones.
            unseen: leave out the starts that remain once another one would lead to a new maximum with less
                than this probability, as `_share_unseen` estimates it; by default none is left out.
            should_stop: asked before every ascent; once true, the maxima found so far are returned.
        """
        gauge = self._gauge(N)
        steps = 30 + 10 * len(starts) if max_steps is None else max_steps
        found: dict[bytes, GaugeMaximum] = {}
        if not len(gauge.rows):
            return []
        for tried, start in enumerate(starts.T):
            if should_stop() or _share_unseen(len(found), tried) < unseen:
                break
            value, u, on_kink = climb(
                gauge.rows,
                gauge.weights,
                gauge.linear,
                gauge.floor,
                start / np.linalg.norm(start),
                steps,
                wide,
            )
            kinks = np.flatnonzero(on_kink[self._lines.lines] & (self._lines.scales != 0))
            pattern = self.pattern(u, kinks)
            if value > gauge.floor and (pattern not in found or found[pattern].value < value):
                found[pattern] = GaugeMaximum(value, u, kinks)
        return sorted(found.values(), key=lambda maximum: -maximum.value)

    def pattern(self, direction: Vector, kinks: Indices) -> bytes:
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

    def values_and_targets(self, points: Matrix) -> tuple[Vector, Matrix]:
        """Return the gauges, and the gradients over them: for unit points with products 1, if it is not 0."""
        before = self.rows @ points
        image = self.weights.T @ np.maximum(before, 0.0) + self.linear @ points
        norms: Vector = np.linalg.norm(image, axis=0)
        image /= np.where(norms > self.floor, norms, np.inf) ** 2
        gradient = self.rows.T @ ((before > 0) * (self.weights @ image)) + self.linear.T @ image
        return norms, np.asarray(np.where(norms > self.floor, gradient, points))


def _share_unseen(maxima: int, starts: int) -> float:
    """Expect so much of the space to lead to none of the distinct maxima that random starts have found.

    The posterior mean of Boender and Rinnooy Kan, Mathematical Programming 37 (1987), where all numbers and
    sizes of basins are alike at first. Where no start has found a maximum it counts as one.
    """
    found = max(maxima, 1)
    return found * (found + 1) / (starts * (starts - 1)) if starts > found + 1 else 1.0


def orthogonal_to(rows: Matrix) -> Matrix:
    """Return an orthonormal basis, as columns, of the directions orthogonal to all nonzero rows, (k, d)."""
    if not len(rows):
        return np.eye(rows.shape[1])
    _, singular, right = np.linalg.svd(rows / np.linalg.norm(rows, axis=1)[:, None])
    kernel: Matrix = right[int(np.sum(singular > 1e-9)) :].T
    return kernel
