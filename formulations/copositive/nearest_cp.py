"""The completely positive matrix nearest to a given one, by column generation.

The completely positive cone is the hull of b b^T, b >= 0. A master problem over a few b, nonnegative least
squares, gives X = sum_k w_k b_k b_k^T; its residual M = X - A has <M, X> = 0, hence <M, A> = -|M|^2. The
pricing problem, min b^T M b over b >= 0 of length 1, yields new b. Where it yields none, M is copositive and
separates A from the cone. Its local minima are all taken: near the solution they are the b that are missing,
so that a few rounds reach rounding error for small matrices. Now and then a local descent moves all b at once
(docs/method.md, section 8).

The b may be restricted to a union of cones with given rays, which is what faces look like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import minimize, nnls

from formulations.arrays import Matrix, Vector
from formulations.copositive.standard_quadratic import simplex_minima

_ENUMERATED = 9  # rays of a cone up to which all its faces are looked at
_NEW = 60  # columns that join in a round
_PATIENCE = 40  # rounds in which the distance has to be halved
_NEAR = 1e-6  # where it is below this, relative to |A|: there nothing is separated any more
_SLIDE_EVERY = 5  # rounds
_SLIDE_STEPS = 100
_STARTS = 64  # of the pricing of larger cones
_LAST_STARTS = 1024  # of it before the work ends
_STEPS = 60  # of each on the sphere
_SUPPORT = 1e-3
_ROUNDING = 4e-15  # of the entries of M, relative to |A|


@dataclass(frozen=True)
class Column:
    """b = rays @ coefficients, in one of the cones; integers, so that b is as exact as the rays are."""

    cone: int
    coefficients: tuple[int, ...]


@dataclass(frozen=True)
class NearestCP:
    """Where the column generation ended.

    Attributes:
        columns: the b_k with a positive weight.
        weights: of b_k b_k^T, of length K.
        separator: M / |M| for the residual M = X - A; of order p.
        distance: |M|, in the Frobenius norm.
        least: the smallest z^T (M / |M|) z that was found over |z| = 1 in the cones; at most 0.
        rounds: how often columns joined.
    """

    columns: tuple[Column, ...]
    weights: Vector
    separator: Matrix
    distance: float
    least: float
    rounds: int


def nearest_cp(
    A: Matrix,
    rays: Sequence[Matrix],
    *,
    bits: int = 20,
    tolerance: float = 1e-13,
    start: Sequence[Column] = (),
    max_rounds: int = 500,
    margin: float = 2.0,
    should_stop: Callable[[float], bool] = lambda distance: False,
) -> NearestCP:
    """Minimise |sum_k w_k b_k b_k^T - A|_F over w >= 0 and b_k in a union of cones.

    Args:
        A: symmetric, of order p; best with a diagonal of ones.
        rays: for each cone its rays as columns, p x m; nonnegative and of a length of about 1.
        bits: coefficients are integers of so many bits.
        tolerance: the distance that counts as none, relative to |A|.
        start: columns that are always among those to choose from.
        max_rounds: most rounds of pricing.
        margin: how clearly M has to separate A before the work ends, see `separates`; the distance is the
            smallest there is up to about one part in so many.
        should_stop: asked once a round, with the distance so far relative to |A|.

    Returns:
        The best of all rounds, an estimate: it ends when the distance is none, when M is copositive as far
        as the pricing knows, to such a part of the distance that M separates A, or at a limit; and where A
        is all but in the cone, when rounds gain little.
    """
    size = float(np.linalg.norm(A))
    pool = dict.fromkeys([*start, *simple_columns(rays, bits)])
    rounds, before = 0, np.inf
    while True:
        columns = tuple(pool)
        weights = _master(A, [vector(column, rays) for column in columns])
        columns = tuple(column for column, weight in zip(columns, weights, strict=True) if weight > 0)
        weights = weights[weights > 0]
        M = weighted_sum(columns, weights, rays) - A
        distance = float(np.linalg.norm(M))
        if distance <= tolerance * size:
            return NearestCP(columns, weights, np.zeros_like(A), distance, 0.0, rounds)
        M /= distance
        for starts in (_STARTS, _LAST_STARTS):
            priced = _priced(M, rays, bits, starts, rounds)
            least = min(priced[0][0], 0.0)
            fresh = [column for value, column in priced if value < 0 and column not in pool][:_NEW]
            found = NearestCP(columns, weights, M, distance, least, rounds)
            done = not fresh or separates(found, A, margin)
            if not done:
                break
        if done or rounds >= max_rounds or should_stop(distance / size):
            return found
        if rounds % _PATIENCE == 0:
            if distance < _NEAR * size and distance > before / 2:
                return found
            before = distance
        rounds += 1
        slid = _slid(A, columns, weights, rays, bits) if rounds % _SLIDE_EVERY == 0 else []
        pool = dict.fromkeys([*start, *columns, *slid, *fresh])


def separates(found: NearestCP, A: Matrix, margin: float = 2.0) -> bool:
    """Say whether M less `margin` times its least value times I separates A; the pricing finds it copositive.

    M is a difference, whose rounding errors count the more the smaller it is.
    """
    rounding = _ROUNDING * float(np.linalg.norm(A)) / max(found.distance, 1e-300)
    return found.distance > margin * (rounding - found.least) * float(np.trace(A))


def _slid(
    A: Matrix, columns: Sequence[Column], weights: Vector, rays: Sequence[Matrix], bits: int
) -> list[Column]:
    """Return columns moved by a local descent of |sum_k b_k b_k^T - A|^2 over all of them at once."""
    ends = np.cumsum([len(column.coefficients) for column in columns])

    def parts(x: Vector) -> list[Vector]:
        return np.split(x, ends[:-1])

    def objective(x: Vector) -> tuple[float, Vector]:
        factor = np.array(
            [rays[column.cone] @ part for column, part in zip(columns, parts(x), strict=True)]
        ).T
        residual = factor @ factor.T - A
        slopes = (2 * residual @ factor).T
        gradient = [rays[column.cone].T @ slope for column, slope in zip(columns, slopes, strict=True)]
        return float(np.sum(residual**2)) / 2, np.concatenate(gradient)

    start = np.concatenate(
        [
            np.sqrt(weight) * np.array(column.coefficients, dtype=float)
            for column, weight in zip(columns, weights, strict=True)
        ]
    )
    end = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * start.size,
        options={"maxiter": _SLIDE_STEPS, "ftol": 1e-16, "gtol": 1e-12},
    ).x
    return [
        Column(column.cone, _integers(part, bits))
        for column, part in zip(columns, parts(end), strict=True)
        if part.max() > 0
    ]


def simple_columns(rays: Sequence[Matrix], bits: int) -> list[Column]:
    """Return all rays and the sums of two."""
    columns: list[Column] = []
    for cone, generators in enumerate(rays):
        m = generators.shape[1]
        chosen = [*combinations(range(m), 1), *combinations(range(m), 2)]
        columns += [Column(cone, tuple(int(j in held) << bits for j in range(m))) for held in chosen]
    return columns


def vector(column: Column, rays: Sequence[Matrix]) -> Vector:
    """Return b, of length p."""
    return np.asarray(rays[column.cone] @ np.array(column.coefficients, dtype=float))


def _integers(t: Vector, bits: int) -> tuple[int, ...]:
    return tuple(int(entry) for entry in np.rint(t / t.max() * 2.0**bits))


def weighted_sum(columns: Sequence[Column], weights: Vector, rays: Sequence[Matrix]) -> Matrix:
    """Return sum_k w_k b_k b_k^T, p x p."""
    factor = np.array([vector(column, rays) for column in columns]).reshape(len(columns), len(rays[0])).T
    total = (factor * weights) @ factor.T
    return np.asarray((total + total.T) / 2)


def symmetric_vector(matrix: Matrix) -> Vector:
    """Return the upper triangle such that dot products are those of the symmetric matrices."""
    i, j = np.triu_indices(len(matrix))
    return np.asarray(matrix[i, j] * np.where(i == j, 1.0, np.sqrt(2.0)))


def _master(A: Matrix, vectors: Sequence[Vector]) -> Vector:
    """Return the weights of the nonnegative least squares problem."""
    lengths = np.array([float(b @ b) for b in vectors])
    points = np.array(
        [symmetric_vector(np.outer(b, b)) / length for b, length in zip(vectors, lengths, strict=True)]
    )
    weights, _ = nnls(points.T, symmetric_vector(A), maxiter=50 * len(vectors))
    return np.asarray(weights / lengths)


def _priced(
    M: Matrix, rays: Sequence[Matrix], bits: int, starts: int, seed: int
) -> list[tuple[float, Column]]:
    """Return local minima of z^T M z / |z|^2 over all cones with their columns, the least first."""
    found = [
        (value, Column(cone, _integers(t, bits)))
        for cone, generators in enumerate(rays)
        for value, t in _local_minima(M, generators, starts, seed)
    ]
    return sorted(found, key=lambda entry: entry[0])


def _local_minima(M: Matrix, generators: Matrix, starts: int, seed: int) -> list[tuple[float, Vector]]:
    """Return local minima of z^T M z / |z|^2 as (value, t) with z = generators t, t >= 0.

    For up to `_ENUMERATED` generators the least of them is among them.
    """
    form, gram = generators.T @ M @ generators, generators.T @ generators
    m = len(form)
    if m <= _ENUMERATED:
        supports = {held for k in range(1, m + 1) for held in combinations(range(m), k)}
    else:
        points = simplex_minima(form, starts, seed)
        ends = np.vstack([points, _on_the_sphere(form, points)])
        supports = {tuple(int(j) for j in np.flatnonzero(end > _SUPPORT)) for end in ends}
    found = []
    for size in range(1, m + 1):
        index = np.array(sorted(held for held in supports if len(held) == size), dtype=np.intp)
        if not len(index):
            continue
        _, axes = np.linalg.eigh(form[index[:, :, None], index[:, None, :]])
        t = axes[:, :, 0] * np.where(axes[:, :, 0].sum(axis=1) < 0, -1.0, 1.0)[:, None]
        inside = (t >= 0).all(axis=1)
        for held, part in zip(index[inside], t[inside], strict=True):
            full = np.zeros(m)
            full[held] = part
            found.append((float(full @ form @ full) / float(full @ gram @ full), full))
    return found


def _on_the_sphere(form: Matrix, points: Matrix) -> Matrix:
    """Descend from points >= 0, the rows, over the nonnegative part of the unit sphere."""
    # A step never raises the form, as shift I - form is semidefinite.
    shift = float(np.linalg.eigvalsh(form)[-1])
    for _ in range(_STEPS):
        moved = np.maximum(shift * points - points @ form, 0.0)
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        points = np.where(lengths > 0, moved / np.where(lengths > 0, lengths, 1.0), points)
    return points
