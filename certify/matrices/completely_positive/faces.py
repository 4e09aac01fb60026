"""Faces of the completely positive cone: where the b_k of a factorisation A = sum_k r_k b_k b_k^T can lie.

b_k b_k^T <= A, so b_k lies in the range of A; and as no product of its entries can cancel, its support is a
clique of the graph that A's nonzero entries make. Both hold of all b_k at once for the cones

    { b in range A : b >= 0, support of b in a maximal clique },

which are polyhedral with rational rays. Up to order 4 A is in the relative interior of what they generate, as
every doubly nonnegative matrix is completely positive there (docs/method.md, section 8).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from flint import fmpq, fmpq_mat

from certify.checker.certificate.complete_positivity import Term
from certify.matrices.completely_positive.terms import (
    Integers,
    Rational,
    flint_of,
    fraction_of,
    less,
    primitive,
    term,
)

_MOST_SUBSETS = 5000  # that are searched for the rays of one cone
_MOST_CLIQUES = 64


def components(matrix: Rational) -> list[list[int]]:
    """Return the rows that hang together by nonzero entries, without the rows of zeros."""
    left = {i for i in range(len(matrix)) if any(matrix[i])}
    found = []
    while left:
        component, queue = [], [min(left)]
        left.remove(queue[0])
        while queue:
            i = queue.pop()
            component.append(i)
            near = [j for j in left if matrix[i][j]]
            left.difference_update(near)
            queue.extend(near)
        found.append(sorted(component))
    return found


def peel(matrix: Rational) -> tuple[list[Term], list[list[Fraction]]]:
    """Take off rows with at most one nonzero entry beside the diagonal; the matrix is semidefinite.

    Such a row i, with its neighbour j, has supports {i} and {i, j} only. The multiple of its own column is as
    small as possible at (j, j) and leaves most for the others: the rest is completely positive if and only if
    the matrix is.

    Returns:
        The terms, and what they leave.
    """
    rest = [list(row) for row in matrix]
    terms: list[Term] = []
    while True:
        thin = [i for i, row in enumerate(rest) if row[i] and sum(map(bool, row)) <= 2]
        if not thin:
            return terms, rest
        row = rest[thin[0]]
        terms.append(term(1 / row[thin[0]], row))
        rest = less(rest, terms[-1:])


def comparison_terms(matrix: Rational) -> list[Term] | None:
    """Factor a nonnegative matrix whose comparison matrix is an M-matrix; None if it is not.

    The comparison matrix C has the same diagonal and the opposite of all other entries. With y > 0 and
    C y >= 0 the term with b = y_j e_i + y_i e_j takes care of the entry (i, j), and what is left of the
    diagonal is nonnegative (Drew, Johnson and Loewy 1994). Diagonally dominant matrices have y = 1. For
    matrices without triangles in their graph there is no other way.

    Args:
        matrix: nonnegative, connected by its nonzero entries, with a positive diagonal.
    """
    order = len(matrix)
    y = _comparison_vector(matrix)
    if y is None:
        return None
    terms = []
    for i, j in combinations(range(order), 2):
        if matrix[i][j]:
            vector = [0] * order
            vector[i], vector[j] = y[j], y[i]
            terms.append(term(matrix[i][j] / (y[i] * y[j]), vector))
    rest = less(matrix, terms)
    if any(rest[i][i] < 0 for i in range(order)):
        return None
    unit = [[int(i == j) for j in range(order)] for i in range(order)]
    return terms + [term(rest[i][i], unit[i]) for i in range(order) if rest[i][i]]


def _comparison_vector(matrix: Rational) -> Integers | None:
    """Return y > 0 with C y >= 0, as far as it exists; the caller verifies it."""
    order = len(matrix)
    ones = (1,) * order
    if all(2 * row[i] >= sum(row) for i, row in enumerate(matrix)):
        return ones
    comparison = fmpq_mat(
        [
            [flint_of(entry if i == j else -entry) for j, entry in enumerate(row)]
            for i, row in enumerate(matrix)
        ]
    )
    if comparison.det() != 0:
        y = [row[0] for row in comparison.solve(fmpq_mat(order, 1, [fmpq(1)] * order)).tolist()]
    else:
        kernel = _kernel(comparison)
        y = kernel[0] if len(kernel) == 1 else []
        y = [-entry for entry in y] if y and y[0] < 0 else y
    if not y or min(y) <= 0:
        return None
    return primitive([fraction_of(entry) for entry in y])[0]


def cliques(matrix: Rational) -> list[tuple[int, ...]] | None:
    """Return the maximal cliques of the graph of the nonzero entries (Bron-Kerbosch); None if too many."""
    near = [{j for j, entry in enumerate(row) if entry and j != i} for i, row in enumerate(matrix)]

    def search(held: list[int], open_: set[int], closed: set[int]) -> Iterator[tuple[int, ...]]:
        if not open_ and not closed:
            yield tuple(sorted(held))
            return
        pivot = max(open_ | closed, key=lambda i: len(near[i] & open_))
        for i in sorted(open_ - near[pivot]):
            yield from search([*held, i], open_ & near[i], closed & near[i])
            open_ = open_ - {i}
            closed = closed | {i}

    found = []
    for clique in search([], set(range(len(matrix))), set()):
        found.append(clique)
        if len(found) > _MOST_CLIQUES:
            return None
    return found


def face_rays(
    matrix: Rational, supports: Iterable[tuple[int, ...]], exposing: Rational | None = None
) -> list[list[Integers]] | None:
    """Return the rays of the cones above for the given supports; None if there are too many to look for.

    Args:
        matrix: symmetric, of order p.
        supports: sets of rows, each in ascending order.
        exposing: a copositive M with <M, A> = 0, if one is known. Then b_k^T M b_k = 0, and b_k, as a
            minimiser over b >= 0, has (M b_k)_i = 0 for each i in its support.

    Returns:
        For each support whose cone is not zero, its rays as integer vectors of length p; with an exposing
        matrix without the cones that others contain.
    """
    normals = _kernel(fmpq_mat([[flint_of(entry) for entry in row] for row in matrix]))
    found: list[list[Integers]] = []
    for support in supports:
        held = [[normal[i] for i in support] for normal in normals]
        if exposing is not None:
            held += [[flint_of(exposing[i][j]) for j in support] for i in support]
        rays = _rays(len(matrix), support, held)
        if rays is None:
            return None
        if rays:
            found.append(rays)
    if exposing is None:
        return found
    found.sort(key=len, reverse=True)
    kept: list[list[Integers]] = []
    for rays in found:
        if not any(set(rays) <= set(other) for other in kept):
            kept.append(rays)
    return kept


def _rays(order: int, support: Sequence[int], normals: Sequence[Sequence[fmpq]]) -> list[Integers] | None:
    """Return the extreme rays of { b >= 0 : normals b = 0 } on a support.

    A ray's support has one column more than the rank of the normals there, and can be filled up with columns
    to one more than the rank of all of them without a second solution.
    """
    rank = fmpq_mat([list(row) for row in normals]).rank() if normals else 0
    if math.comb(len(support), rank + 1) > _MOST_SUBSETS:
        return None
    rays: set[Integers] = set()
    for held in combinations(range(len(support)), rank + 1):
        solutions = _kernel(fmpq_mat([[row[k] for k in held] for row in normals])) if normals else [[fmpq(1)]]
        if len(solutions) != 1:
            continue
        solution = solutions[0]
        if max(solution) <= 0:
            solution = [-entry for entry in solution]
        if min(solution) >= 0:
            vector = [Fraction(0)] * order
            for k, entry in zip(held, solution, strict=True):
                vector[support[k]] = fraction_of(entry)
            rays.add(primitive(vector)[0])
    return sorted(rays)


def _kernel(matrix: fmpq_mat) -> list[list[fmpq]]:
    """Return a basis of the z with matrix z = 0."""
    echelon, rank = matrix.rref()
    rows = echelon.tolist()[:rank]
    pivots = [next(j for j, entry in enumerate(row) if entry != 0) for row in rows]
    basis = []
    for free in sorted(set(range(matrix.ncols())) - set(pivots)):
        vector = [fmpq(0)] * matrix.ncols()
        vector[free] = fmpq(1)
        for row, pivot in zip(rows, pivots, strict=True):
            vector[pivot] = -row[free]
        basis.append(vector)
    return basis
