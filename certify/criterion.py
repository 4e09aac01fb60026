"""Whether a symmetric integer matrix is copositive: an exact decision from its principal submatrices.

A matrix that is not copositive has a smallest principal submatrix B that is not. Then all other principal
submatrices of B are positive semidefinite, its negative entries connect its rows, and B z = -1 has a solution
z > 0 (Cottle, Habetler, Lemke 1970; Hadeler 1983; Valiaho 1989; docs/method.md, section 7). So it is enough
to look at the connected index sets whose submatrices are definite, or semidefinite with a kernel spanned by
one nonnegative vector, and beyond each by one index. For strict copositivity the kernel must be zero, and
B v = 0 with v > 0 refutes it as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flint import fmpq_mat, fmpz_mat

from certify.exact import IntegerMatrix, is_nonnegative_on_orthant

MAX_SIZE = 1 << 36  # order^4 times the bits of the longest entry; below it, a gigabyte is enough
MAX_SETS = 100_000


class TooManySetsError(Exception):
    """A matrix has more semidefinite principal submatrices than were to be looked at."""


def fits(matrix: IntegerMatrix) -> bool:
    """Say whether the criterion decides a matrix in bounded memory."""
    bits = max(abs(entry) for row in matrix for entry in row).bit_length()
    return len(matrix) ** 4 * bits <= MAX_SIZE


@dataclass(frozen=True, slots=True)
class _Branch:
    """The index sets that consist of all `members` and some of `others`.

    Attributes:
        members: S; its submatrix is semidefinite, its negative entries connect it.
        singular: whether its submatrix is singular.
        others: indices j for which the submatrix of S and j is semidefinite too.
        complement: a positive multiple of the Schur complement of S in S and `others`, a row for each other.
        pivot: what divides its next 2 x 2 minors (Bareiss).
    """

    members: tuple[int, ...]
    singular: bool
    others: list[int]
    complement: IntegerMatrix
    pivot: int


def negative_point(
    matrix: IntegerMatrix,
    *,
    strict: bool = False,
    max_sets: int = MAX_SETS,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[int] | None:
    """Decide copositivity.

    Args:
        matrix: symmetric, of any order.
        strict: whether the question is that of strict copositivity.
        max_sets: how many index sets to look at before giving up.
        should_stop: asked at each of them.

    Returns:
        None if the matrix is (strictly) copositive. Else z >= 0, z != 0, with z^T M z < 0 (or <= 0, if
        strict), in integers.

    Raises:
        TooManySetsError: if so many sets, or those until it should stop, did not decide it.
    """
    order = len(matrix)
    for i, row in enumerate(matrix):
        if row[i] < 0 or (strict and row[i] == 0):
            return [int(j == i) for j in range(order)]
    if is_nonnegative_on_orthant(matrix, strict=strict):
        return None
    pending = [_larger(_Branch((), False, list(range(order)), matrix, 1), matrix, strict)]
    sets = 0
    while pending:
        step = next(pending[-1], None)
        if step is None:
            pending.pop()
            continue
        sets += 1
        if sets > max_sets or should_stop():
            raise TooManySetsError
        branch, beyond = step
        for j in beyond:
            point = point_on((*branch.members, j), matrix, strict)
            if point is not None:
                return point
        # What is copositive here is so for every set of the branch.
        if branch.others and not is_nonnegative_on_orthant(branch.complement, strict=strict):
            pending.append(_larger(branch, matrix, strict))
    return None


def _larger(branch: _Branch, matrix: IntegerMatrix, strict: bool) -> Iterator[tuple[_Branch, list[int]]]:
    """Divide a branch by the first index that joins its members, of those that they are connected with.

    Yields:
        A part of the branch, and the connected indices which, with its members, are not semidefinite.
    """
    waiting = [p for p in range(len(branch.others)) if _may_join(branch, p, matrix)]
    for place in tuple(waiting):
        if branch.members and not _connected(branch.others[place], branch.members, matrix):
            continue
        waiting.remove(place)
        yield _joined(branch, place, waiting, matrix, strict)


def _may_join(branch: _Branch, place: int, matrix: IntegerMatrix) -> bool:
    """Say whether a smallest submatrix that is not copositive may contain the members and one of the others.

    From its z one could go along a kernel vector with entries of both signs, in one of its directions, to the
    boundary of the orthant without leaving z^T B z < 0. In two dimensions of kernel there is such a vector.
    """
    if branch.complement[place][place] > 0:
        return True
    if branch.singular:
        return False
    vector = _kernel_vector(_block((*branch.members, branch.others[place]), matrix))
    return min(vector) >= 0


def _joined(
    branch: _Branch, place: int, waiting: Sequence[int], matrix: IntegerMatrix, strict: bool
) -> tuple[_Branch, list[int]]:
    members = (*branch.members, branch.others[place])
    row = branch.complement[place]
    pivot = row[place]
    staying, beyond = [], []
    for p in waiting:
        # The diagonal entry of the new complement; a zero pivot leaves only what is orthogonal to it.
        rest = pivot * branch.complement[p][p] - row[p] ** 2
        if rest > 0 or (not strict and rest == 0):
            staying.append(p)
        elif _connected(branch.others[p], members, matrix):
            beyond.append(branch.others[p])
    complement = [[branch.complement[p][q] for q in staying] for p in staying]
    if pivot > 0:
        complement = [
            [
                (pivot * entry - row[p] * row[q]) // branch.pivot
                for q, entry in zip(staying, entries, strict=True)
            ]
            for p, entries in zip(staying, complement, strict=True)
        ]
    others = [branch.others[p] for p in staying]
    return _Branch(members, branch.singular or pivot == 0, others, complement, pivot or branch.pivot), beyond


def _connected(j: int, members: Sequence[int], matrix: IntegerMatrix) -> bool:
    row = matrix[j]
    return any(row[i] < 0 for i in members)


def point_on(members: Sequence[int], matrix: IntegerMatrix, strict: bool) -> list[int] | None:
    """Return a point that refutes (strict) copositivity, with these coordinates alone, where one is apparent.

    Args:
        members: the coordinates that need not be zero.
        matrix: symmetric.
        strict: whether a zero of the form counts.

    Returns:
        z >= 0 in integers, as long as the matrix. None says nothing, unless all other principal submatrices
        on the members are (strictly) copositive: then this one is as well.
    """
    block = _block(members, matrix)
    if block.det() != 0:
        solution = fmpq_mat(block).solve(fmpq_mat(len(members), 1, [-1] * len(members)))
        fractions = [solution[k, 0] for k in range(len(members))]
        denominator = math.lcm(*(int(z.q) for z in fractions))
        values = [int(z.p) * (denominator // int(z.q)) for z in fractions]
        # z^T B z = -sum z.
        refuted = min(values) >= 0
    else:
        values = _kernel_vector(block)
        refuted = strict and min(values) >= 0
    if not refuted:
        return None
    divisor = math.gcd(*values)
    place = dict(zip(members, values, strict=True))
    return [place.get(i, 0) // divisor for i in range(len(matrix))]


def _block(members: Sequence[int], matrix: IntegerMatrix) -> fmpz_mat:
    return fmpz_mat([[matrix[i][j] for j in members] for i in members])


def _kernel_vector(block: fmpz_mat) -> list[int]:
    """Return a vector of the kernel of a singular matrix, nonnegative if it or its negative is."""
    kernel, _ = block.nullspace()
    values = [int(kernel[k, 0]) for k in range(block.nrows())]
    return [-value for value in values] if max(values) <= 0 else values
