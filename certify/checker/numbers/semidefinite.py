"""Decide whether a symmetric integer matrix is semidefinite, definite, or nonnegative on the orthant.

The answers are exact: a factor that is computed in floating point is a hint, and what counts is the exact
residual (docs/method.md, section 5). Only the standard library and python-flint are used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul
from typing import NamedTuple

from flint import fmpz_mat

from certify.checker.limits.deadline import look
from certify.checker.numbers.integers import IntegerMatrix

# Below this order elimination decides in less time than a factor and its residual take.
_SMALL_ORDER = 8
# Elimination multiplies the length of the integers by the order. Up to the first of these it takes less time
# than a second attempt at a factor, beyond the second minutes.
_QUICK_ELIMINATION = 50_000  # bits of the longest integer times the square of the order
_LARGEST_ELIMINATION = 1_000_000
_LATER_BITS = (64, 128, 256, 512)  # of the entries of a factor, where the first one decides nothing
# FLINT keeps integers of up to 62 bits in a word, and multiplies matrices of such ones several times faster.
_FIRST_BITS = 60
_BLOCK = 32  # columns of a factor that are found together


def is_psd(matrix: IntegerMatrix) -> bool:
    """Say whether a symmetric integer matrix is proved positive semidefinite.

    True is a proof. False is a disproof, unless the matrix is large (order^2 times the length of its integers
    beyond a million bits) and lies within 1e-150, relative to its unit-diagonal scaling, of the boundary of
    the cone: then it may be called False as well.

    Args:
        matrix: the rows of a symmetric matrix; only symmetric matrices have a meaningful answer.
    """
    if len(matrix) <= _SMALL_ORDER:
        return _eliminates(matrix)
    if any(matrix[i][i] < 0 for i in range(len(matrix))):
        return False
    support = [i for i in range(len(matrix)) if matrix[i][i] > 0]
    if any(matrix[i][i] == 0 and any(matrix[i]) for i in range(len(matrix))):
        return False
    core = [[matrix[i][j] for j in support] for i in support]
    if len(core) <= _SMALL_ORDER:
        return _eliminates(core)
    decided = _decided_by_a_factor(core, _rounded(core, _FIRST_BITS))
    if decided is not None:
        return decided
    divisor = math.gcd(*(entry for row in core for entry in row))
    core = [[entry // divisor for entry in row] for row in core]
    elimination = len(core) ** 2 * max(row[i].bit_length() for i, row in enumerate(core))
    if elimination <= _QUICK_ELIMINATION:
        return _eliminates(core)
    for attempt, bits in enumerate(_LATER_BITS):
        scaled = _rounded(core, max(bits, *_half_lengths(core)))
        decided = _decided_by_a_factor(core, scaled)
        if decided is not None:
            return decided
        if not attempt and _is_psd_of_its_rank(core, scaled):
            return True
    return elimination <= _LARGEST_ELIMINATION and _eliminates(core)


class _Rounded(NamedTuple):
    """A symmetric matrix whose rows and columns are multiplied by 2^shift alike, rounded down to integers.

    Such a congruence by a positive diagonal matrix changes nothing about semidefiniteness.

    Attributes:
        entries: symmetric; each diagonal entry has 2h - 1 or 2h bits.
        shifts: one a row; a negative one divides.
        half_bits: h.
    """

    entries: list[list[int]]
    shifts: list[int]
    half_bits: int


def _rounded(matrix: IntegerMatrix, half_bits: int) -> _Rounded:
    """Scale a matrix with a positive diagonal; with h = max(_half_lengths(matrix)) or more it is exact."""
    shifts = [half_bits - half for half in _half_lengths(matrix)]
    entries = [
        [
            entry << (si + sj) if si + sj >= 0 else entry >> -(si + sj)
            for entry, sj in zip(row, shifts, strict=True)
        ]
        for row, si in zip(matrix, shifts, strict=True)
    ]
    return _Rounded(entries, shifts, half_bits)


def _half_lengths(matrix: IntegerMatrix) -> list[int]:
    """Return half the length of each diagonal entry, in bits, rounded up."""
    return [(row[i].bit_length() + 1) // 2 for i, row in enumerate(matrix)]


def _decided_by_a_factor(matrix: IntegerMatrix, rounded: _Rounded) -> bool | None:
    """Say whether a matrix is semidefinite, if a Cholesky factor of the rounded one tells: with proof."""
    factor, pivot_row = _cholesky_hint(rounded.entries, rounded.half_bits)
    if pivot_row is None:
        return _is_dominant_residual(rounded.entries, factor) or None
    z = _descending(factor, pivot_row, rounded.half_bits)
    least = min(rounded.shifts)
    z = [entry << (shift - least) for entry, shift in zip(z, rounded.shifts, strict=False)]
    return False if _value(matrix, z) < 0 else None


def _is_psd_of_its_rank(matrix: IntegerMatrix, scaled: _Rounded) -> bool:
    """Prove a singular matrix semidefinite by a definite principal submatrix of the same rank.

    What is left of the matrix beside that submatrix, its Schur complement, has rank zero.

    Args:
        matrix: symmetric.
        scaled: the same with a diagonal of 2 h bits, which tells what rows to take.
    """
    factor: list[list[int]] = []
    rows: list[int] = []
    for i, row in enumerate(scaled.entries):
        look()
        r = _next_row(factor, [row[j] for j in rows])
        pivot_squared = row[i] - sum(map(mul, r, r))
        if pivot_squared >> scaled.half_bits * 3 // 2 > 0:  # else zero, or too small to tell
            factor.append([*r, math.isqrt(pivot_squared)])
            rows.append(i)
    if len(rows) == len(matrix):
        return False
    block = [[matrix[i][j] for j in rows] for i in rows]
    return is_positive_definite(block) and fmpz_mat([list(row) for row in matrix]).rank() == len(rows)


def _is_dominant_residual(rounded: IntegerMatrix, factor: IntegerMatrix) -> bool:
    """Prove a symmetric matrix M semidefinite by the diagonal dominance of M - R R^T.

    Rounding down takes nothing from dominance on the diagonal, and less than 1 at each entry beside it.

    Args:
        rounded: M rounded down to integers.
        factor: the rows of R, each up to its diagonal; R may be any.
    """
    r = fmpz_mat([[*row, *[0] * (len(factor) - len(row))] for row in factor])
    residual = (fmpz_mat([list(row) for row in rounded]) - r * r.transpose()).tolist()
    return all(2 * row[i] >= sum(map(abs, row)) + len(row) for i, row in enumerate(residual))


def _cholesky_hint(matrix: IntegerMatrix, half_bits: int) -> tuple[list[list[int]], list[int] | None]:
    """Factor `matrix` - delta I in fixed point as far as its pivots are positive.

    With delta = order * 2^half_bits the rounding of the entries (half a pivot each) cannot spoil the
    dominance of the residual, so the only loss against an exact factor is delta itself.

    Returns:
        The rows of the triangular factor, each up to its diagonal; and, where a pivot is not positive, the
        row that could not be added, without its diagonal.
    """
    order = len(matrix)
    delta = order << half_bits
    factor: list[list[int]] = [[] for _ in matrix]
    for start in range(0, order, _BLOCK):
        stop = min(start + _BLOCK, order)
        # What the columns before the block leave of it, by one product of matrices.
        rest = [list(row[start:stop]) for row in matrix[start:]]
        if start:
            known = fmpz_mat(factor[start:]) * fmpz_mat(factor[start:stop]).transpose()
            rest = integer_rows(fmpz_mat(rest) - known)
        block: list[list[int]] = []
        for i, row in enumerate(rest, start):
            look()
            r = _next_row(block, row[: len(block)])
            if i < stop:
                pivot_squared = row[i - start] - delta - sum(map(mul, r, r))
                if pivot_squared <= 0:
                    return factor[:i], factor[i] + r
                r.append(math.isqrt(pivot_squared))
                block.append(r)
            factor[i] += r
    return factor, None


def _next_row(factor: IntegerMatrix, row: Sequence[int]) -> list[int]:
    """Return what a fixed-point Cholesky factor gets for a row of the matrix, without its diagonal."""
    r: list[int] = []
    for entry, known in zip(row, factor, strict=True):
        pivot = known[len(r)]
        r.append((2 * (entry - sum(map(mul, r, known))) + pivot) // (2 * pivot))
    return r


def _descending(factor: IntegerMatrix, row: Sequence[int], bits: int) -> list[int]:
    """Return (-F^-T r, 1) over 2^bits, where a form is least whose Cholesky factor F fails to take row r."""
    z = [0] * len(row)
    for j in reversed(range(len(row))):
        known = sum(factor[k][j] * z[k] for k in range(j + 1, len(row)))
        z[j] = -((row[j] << bits) + known) // factor[j][j]
    return [*z, 1 << bits]


def _value(matrix: IntegerMatrix, z: Sequence[int]) -> int:
    """Return z^T M z over the leading rows of a matrix, as many as z has entries."""
    return sum(entry * sum(map(mul, row, z)) for row, entry in zip(matrix, z, strict=False))


def _eliminates(matrix: IntegerMatrix) -> bool:
    """Decide semidefiniteness by symmetric fraction-free elimination (Bareiss)."""
    upper = [row[i:] for i, row in enumerate(matrix)]
    previous = 1
    for k, (pivot, *rest) in enumerate(upper):
        look()
        if pivot <= 0:
            if pivot < 0 or any(rest):
                return False
            continue
        for i, factor in enumerate(rest):
            upper[k + 1 + i] = [
                (pivot * entry - factor * other) // previous
                for entry, other in zip(upper[k + 1 + i], rest[i:], strict=True)
            ]
        previous = pivot
    return True


def is_positive_definite(matrix: IntegerMatrix) -> bool:
    """Say whether a symmetric integer matrix is proved positive definite; False is as that of `is_psd`."""
    return is_psd(matrix) and fmpz_mat([list(row) for row in matrix]).det() != 0


def is_nonnegative_on_orthant(matrix: IntegerMatrix, *, strict: bool = False) -> bool:
    """Say whether a symmetric integer matrix is proved to be semidefinite plus nonnegative entries.

    True is a proof that its form is nonnegative where all coordinates are; False says nothing. Tried for the
    nonnegative part are the whole matrix, what is positive off the diagonal, nothing, and half of what is
    positive off the diagonal.

    Args:
        matrix: the rows of a symmetric matrix.
        strict: whether to prove that the form is positive where the coordinates are nonnegative and not all
            zero: the rest must be definite, or all entries nonnegative and the diagonal positive.
    """
    if all(entry >= 0 for row in matrix for entry in row):
        return not strict or all(row[i] > 0 for i, row in enumerate(matrix))
    proved = is_positive_definite if strict else is_psd
    rest = [
        [entry if i == j else min(entry, 0) for j, entry in enumerate(row)] for i, row in enumerate(matrix)
    ]
    if rest == matrix:
        return proved(matrix)
    return proved(rest) or proved(matrix) or proved(_sum(matrix, rest))


def _sum(first: IntegerMatrix, second: IntegerMatrix) -> IntegerMatrix:
    return [[p + q for p, q in zip(*rows, strict=True)] for rows in zip(first, second, strict=True)]


def integer_rows(matrix: fmpz_mat) -> list[list[int]]:
    """Return a matrix as lists of Python's integers."""
    return [[int(entry) for entry in row] for row in matrix.tolist()]
