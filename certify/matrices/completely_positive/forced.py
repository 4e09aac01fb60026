"""Parts of a matrix that are the same in all its factorisations, each of which can be factored for itself."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement

from flint import fmpq, fmpq_mat

from certify.matrices.completely_positive.faces import cliques, face_rays
from certify.matrices.completely_positive.terms import (
    Integers,
    Rational,
    flint_of,
    fraction_of,
    semidefinite_terms,
)


def forced_parts(matrix: Rational) -> list[list[list[Fraction]]] | None:
    """Split a matrix into parts that are the same in every factorisation.

    The b_k lie in the cones of `faces`, and those of cone c make up U_c S_c U_c^T, where the columns of U_c
    are a basis of the cone's span. The sum of these over all c is the matrix: a linear system for the S_c. If
    it determines an S_c, that part has to be completely positive itself (docs/method.md, section 8).

    Args:
        matrix: of order p, nonnegative, positive semidefinite and connected by its nonzero entries.

    Returns:
        The parts that are determined and what they leave, without zero matrices: doubly nonnegative, and
        their sum is the matrix. None if no part is determined, there are too many cones to tell, or a part
        is not doubly nonnegative, as then there is no factorisation.
    """
    supports = cliques(matrix)
    if supports is None or len(supports) == 1:
        return None
    cones = face_rays(matrix, supports)
    if not cones:
        return None
    # A cone within another one has no part of its own.
    maximal = [
        c for k, c in enumerate(cones) if not any(_is_within(c, d, k > n) for n, d in enumerate(cones))
    ]
    parts = _determined(matrix, [_basis(cone) for cone in maximal])
    if not parts:
        return None
    rest = [
        [entry - sum(part[i][j] for part in parts) for j, entry in enumerate(row)]
        for i, row in enumerate(matrix)
    ]
    parts = [part for part in (*parts, rest) if any(map(any, part))]
    return parts if all(map(_is_doubly_nonnegative, parts)) else None


def _is_within(cone: Sequence[Integers], other: Sequence[Integers], is_later: bool) -> bool:
    """Say whether a cone's rays are fewer than another's, or the same where the cone is the later one."""
    return set(cone) < set(other) or (is_later and set(cone) == set(other))


def _basis(vectors: Sequence[Integers]) -> list[Integers]:
    echelon, rank = fmpq_mat(
        [[fmpq(entry) for entry in column] for column in zip(*vectors, strict=True)]
    ).rref()
    return [vectors[next(j for j, entry in enumerate(row) if entry != 0)] for row in echelon.tolist()[:rank]]


def _determined(matrix: Rational, bases: Sequence[Sequence[Integers]]) -> list[list[list[Fraction]]]:
    """Return the U_c S_c U_c^T that the sum of all of them determines, for bases with the columns of U_c."""
    order = len(matrix)
    entries = list(combinations_with_replacement(range(order), 2))
    unknowns = [
        (c, g, h) for c, u in enumerate(bases) for g, h in combinations_with_replacement(range(len(u)), 2)
    ]
    products = {(c, g, h): _symmetric_product(bases[c][g], bases[c][h]) for c, g, h in unknowns}
    echelon, rank = fmpq_mat(
        [[*(fmpq(products[s][i][j]) for s in unknowns), flint_of(matrix[i][j])] for i, j in entries]
    ).rref()
    solution: dict[tuple[int, int, int], Fraction] = {}
    for row in echelon.tolist()[:rank]:
        held = [k for k, entry in enumerate(row[:-1]) if entry != 0]
        if not held:
            return []
        if len(held) == 1:
            solution[unknowns[held[0]]] = fraction_of(row[-1])
    parts = []
    for c in range(len(bases)):
        own = [s for s in unknowns if s[0] == c]
        if all(s in solution for s in own):
            parts.append(
                [
                    [sum((solution[s] * products[s][i][j] for s in own), Fraction(0)) for j in range(order)]
                    for i in range(order)
                ]
            )
    return parts


def _symmetric_product(first: Integers, second: Integers) -> list[list[int]]:
    """Return u v^T + v u^T, or u u^T if they are the same."""
    once = [[a * b for b in second] for a in first]
    if first == second:
        return once
    return [[once[i][j] + once[j][i] for j in range(len(first))] for i in range(len(first))]


def _is_doubly_nonnegative(matrix: Rational) -> bool:
    return all(entry >= 0 for row in matrix for entry in row) and isinstance(semidefinite_terms(matrix), list)
