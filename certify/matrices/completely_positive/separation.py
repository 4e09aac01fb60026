"""Matrices that separate a rational matrix from the completely positive cone, as proposals.

The nearest completely positive matrix X leaves M = X - A, copositive with <M, A> = -|M|^2. In floating point
that is nearly true; what is proposed here is rational, with <M, A> < 0 exactly. That it is copositive is for
`certify.matrices.copositive.decide` to prove.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from certify.matrices.completely_positive.terms import Rational
from formulations.arrays import Matrix
from formulations.copositive.nearest_cp import Column, nearest_cp, separates

_SCALE_BITS = 6
_BITS = 40  # of the columns
_MOST_GUESSED = 9  # rows of a matrix for which copositive matrices are guessed
_DENOMINATORS = (2, 6, 12, 30, 60, 120)  # of their entries
_NEAR = 0.05  # relative distance of a guess


def separators(
    matrix: Rational, points: Sequence[Sequence[int]], should_stop: Callable[[float], bool]
) -> Iterator[list[list[Fraction]]]:
    """Yield rational M with <M, A> < 0 that are copositive as far as the pricing knows, the simplest first.

    Args:
        matrix: A, connected by its nonzero entries, semidefinite and nonnegative.
        points: z >= 0 in integers, of length p, with z^T M z >= 0, which the pricing should know.
        should_stop: asked once a round, with the relative distance so far.
    """
    order = len(matrix)
    scales = scales_of(matrix)
    target = scaled(matrix, scales)
    start = []
    for point in points:
        entries = [Fraction(z) / s for z, s in zip(point, scales, strict=True)]
        start.append(Column(0, tuple(round(z / max(entries) * 2**_BITS) for z in entries)))
    found = nearest_cp(target, [np.eye(order)], bits=_BITS, start=start, should_stop=should_stop)
    for guess in guesses(found.separator, scales):
        if product(guess, matrix) < 0:
            yield guess
    if not separates(found, target):
        return
    # Half the margin makes the matrix strictly copositive, a quarter pays for short entries.
    shift = found.distance / (2 * float(np.trace(target)))
    bits = max(4, int(np.ceil(np.log2(4 * order / shift))))
    rounded = np.rint((found.separator + shift * np.eye(order)) * 2.0**bits).astype(int).tolist()
    separator = [[rounded[i][j] * scales[i] * scales[j] for j in range(order)] for i in range(order)]
    if product(separator, matrix) < 0:
        yield separator


def guesses(separator: Matrix, scales: Sequence[Fraction]) -> list[list[list[Fraction]]]:
    """Return matrices in short rationals near to a multiple of a scaled matrix, the shortest first.

    Horn's matrix and others that expose faces are of this kind, and near to their faces nothing else is
    copositive.

    Args:
        separator: of order p, for a matrix scaled by the scales.
        scales: of length p, positive.
    """
    order = len(separator)
    s = np.array([float(scale) for scale in scales])
    entries = separator * s[:, None] * s
    pivot = int(np.argmax(np.diag(separator)))
    if order > _MOST_GUESSED or not entries[pivot, pivot] > 0:
        return []
    entries = entries / entries[pivot, pivot]
    found: list[list[list[Fraction]]] = []
    for denominator in _DENOMINATORS:
        guess = [
            [Fraction(entry).limit_denominator(denominator) for entry in row] for row in entries.tolist()
        ]
        error = (np.array(guess, dtype=float) - entries) / (s[:, None] * s)
        near = np.linalg.norm(error) <= _NEAR * np.linalg.norm(entries / (s[:, None] * s))
        if near and guess not in found:
            found.append(guess)
    return found


def product(first: Rational, second: Rational) -> Fraction:
    """Return <M, A>."""
    return sum(
        (a * b for row, other in zip(first, second, strict=True) for a, b in zip(row, other, strict=True)),
        start=Fraction(0),
    )


def scales_of(matrix: Rational) -> tuple[Fraction, ...]:
    """Return short rationals s_i > 0 with s_i a_ii s_i about 1; the diagonal is positive."""
    scales = []
    for i, row in enumerate(matrix):
        half = (row[i].numerator.bit_length() - row[i].denominator.bit_length()) // 2
        root = float(row[i] / Fraction(4) ** half) ** -0.5
        scales.append(Fraction(round(root * 2**_SCALE_BITS), 2**_SCALE_BITS) / Fraction(2) ** half)
    return tuple(scales)


def scaled(matrix: Rational, scales: Sequence[Fraction]) -> Matrix:
    """Return (s_i a_ij s_j) in floating point."""
    return np.array(
        [
            [float(entry * s * t) for entry, t in zip(row, scales, strict=True)]
            for row, s in zip(matrix, scales, strict=True)
        ]
    )
