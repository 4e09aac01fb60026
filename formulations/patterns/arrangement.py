"""The cones on which the activations relu(X u) are linear in u: the cells of a central arrangement.

The cells are enumerated row by row. A new hyperplane x.u = 0 cuts the cells that it meets, and these are the
cells of the arrangement within it, found by the same means in one dimension less. Each cell is known by an
integer point in it, so that no cell is missed or invented by rounding; with rank r and rows in general
position there are 2 sum_{k < r} binom(n - 1, k) (Cover 1965).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix
from formulations.lines import directions

_Point = tuple[int, ...]


@dataclass(frozen=True)
class Arrangement:
    """Cells, each the interior of {u : sign_k unit_k.u >= 0 for all lines k}.

    Attributes:
        active: P x n; whether x_i.u > 0 in the cell. Rows that are zero never are.
        walls: P x K; which lines bound the cell. The others' inequalities follow from theirs.
        units: K x d, unit vectors along the lines through the rows.
        signs: P x K, 1 or -1, of the units in the cells.
    """

    active: NDArray[np.bool_]
    walls: NDArray[np.bool_]
    units: Matrix
    signs: Matrix

    def cone(self, cell: int) -> Matrix:
        """Return A, w x d, so that the closed cell is {u : A u >= 0}."""
        walls = self.walls[cell]
        return np.asarray(self.signs[cell, walls, None] * self.units[walls])


def arrangement(X: Matrix, most: int) -> Arrangement:
    """Enumerate all cells.

    Args:
        X: n x d, finite.
        most: how many there may be.

    Raises:
        ValueError: there are more.
    """
    lines = directions(X)
    rows = [_integers(X[i]) for i in lines.representatives]
    found = _cells(rows, X.shape[1], most)
    signs = np.array(list(found), dtype=float).reshape(len(found), len(rows))
    walls = np.zeros(signs.shape, dtype=bool)
    for cell, pattern in enumerate(found):
        for k in range(len(rows)):
            walls[cell, k] = (*pattern[:k], -pattern[k], *pattern[k + 1 :]) in found
    per_row = signs[:, lines.lines] * lines.scales if len(rows) else np.zeros((len(found), len(X)))
    return Arrangement(per_row > 0, walls, lines.units, signs)


def sampled_patterns(X: Matrix, draws: int, seed: int) -> NDArray[np.bool_]:
    """Return the different activation patterns of random Gaussian directions, P x n with P <= draws.

    Args:
        X: n x d.
        draws: how many directions are drawn.
        seed: of the draw.
    """
    drawn = np.random.default_rng(seed).standard_normal((X.shape[1], draws))
    return np.asarray(np.unique((X @ drawn >= 0).T, axis=0))


def blocks(X: Matrix, active: NDArray[np.bool_]) -> Matrix:
    """Return [D_1 X, ..., D_P X], n x Pd, for the diagonal matrices D_p of the patterns, P x n."""
    (n, d), count = X.shape, len(active)
    return np.asarray((active.T[:, :, None] * X[:, None, :]).reshape(n, count * d))


def wall_positions(found: Arrangement) -> tuple[Indices, Matrix]:
    """Return the inequalities of all cells one after the other: of which cell, and its row of A, W x d."""
    cells, lines = np.nonzero(found.walls)
    return cells, found.signs[cells, lines, None] * found.units[lines]


def _cells(rows: list[_Point], d: int, most: int) -> dict[tuple[int, ...], _Point]:
    """Return the cells by their signs on rows, none zero and no two parallel, with a point in each."""
    cells: dict[tuple[int, ...], _Point] = {(): (0,) * d}
    for k, row in enumerate(rows):
        basis = _orthogonal(row)
        within = list(dict.fromkeys(_primitive([_dot(other, b) for b in basis]) for other in rows[:k]))
        following: dict[tuple[int, ...], _Point] = {}
        for place in _cells(within, d - 1, most).values():
            point = tuple(sum(t * b[j] for t, b in zip(place, basis, strict=True)) for j in range(d))
            values = [_dot(other, point) for other in rows[:k]]
            signs = tuple(_sign(value) for value in values)
            del cells[signs]
            # So far along the point that the step across it changes no other sign.
            reach = [abs(_dot(other, row)) // abs(value) for other, value in zip(rows, values, strict=False)]
            far = 1 << (max(reach, default=0) + 1).bit_length()
            for side in (1, -1):
                following[*signs, side] = _reduced(
                    [far * p + side * x for p, x in zip(point, row, strict=True)]
                )
        cells = {
            **{(*signs, _sign(_dot(row, point))): point for signs, point in cells.items()},
            **following,
        }
        if len(cells) > most:
            raise ValueError(f"there are more than {most} activation patterns; choose fewer rows or features")
    return cells


def _orthogonal(row: _Point) -> list[_Point]:
    """Return d - 1 integer vectors that span what is orthogonal to a row that is not zero."""
    pivot = next(j for j, entry in enumerate(row) if entry)
    basis = []
    for k in range(len(row)):
        if k != pivot:
            vector = [0] * len(row)
            vector[k], vector[pivot] = row[pivot], -row[k]
            basis.append(_reduced(vector))
    return basis


def _integers(row: Matrix) -> _Point:
    """Return the row as the rationals that its floats are, times what makes them coprime integers."""
    exact = [Fraction(float(entry)) for entry in row]
    common = math.lcm(*(entry.denominator for entry in exact))
    return _reduced([int(entry * common) for entry in exact])


def _reduced(vector: list[int]) -> _Point:
    divisor = math.gcd(*vector) or 1
    return tuple(entry // divisor for entry in vector)


def _primitive(vector: list[int]) -> _Point:
    """Return the same for all vectors along a line."""
    reduced = _reduced(vector)
    first = next(entry for entry in reduced if entry)
    return reduced if first > 0 else tuple(-entry for entry in reduced)


def _dot(first: _Point, second: _Point) -> int:
    return sum(a * b for a, b in zip(first, second, strict=True))


def _sign(value: int) -> int:
    return 1 if value > 0 else -1
