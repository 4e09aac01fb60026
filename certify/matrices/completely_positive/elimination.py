"""L D L^T with L >= 0, an exact proof of complete positivity that many classical matrices have."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from flint import fmpq

from certify.checker.certificate.complete_positivity import Term
from certify.matrices.completely_positive.terms import Integers, Rational, flint_of, less, term

ALWAYS = 4  # rows up to which every doubly nonnegative matrix is completely positive
_MOST_NODES = 400  # sets of eliminated rows that are looked at

_Rows = list[list[fmpq]]
_Taken = tuple[list[Term], list[list[Fraction]]]


def nonnegative_elimination(
    matrix: Rational, should_stop: Callable[[float], bool] = lambda distance: False
) -> _Taken | None:
    """Eliminate rows of a semidefinite matrix in an order in which no entry ever becomes negative.

    The terms a_k a_k^T / a_kk of the rows at their turns are the columns of L in P A P^T = L D L^T, with
    L >= 0. What is left depends on the set of the eliminated rows alone, and entries only fall; so the search
    goes through sets of rows, depth first, in natural order.

    Args:
        matrix: of order p, nonnegative and positive semidefinite.
        should_stop: asked before each set of rows; once true, no further set is looked at.

    Returns:
        The terms, and what they leave: zeros, or if no order gives that, a matrix with at most `ALWAYS` rows
        that are not zero. None if no order gives either, or none was found among the first sets.
    """
    order = len(matrix)
    start = [[flint_of(entry) for entry in row] for row in matrix]
    seen: set[frozenset[int]] = set()
    small: Integers | None = None
    stack: list[tuple[Integers, _Rows]] = [((), start)]
    while stack and len(seen) < _MOST_NODES and not should_stop(1.0):
        path, rest = stack.pop()
        held = frozenset(path)
        if held in seen:
            continue
        seen.add(held)
        open_ = [i for i in range(order) if rest[i][i] != 0]
        if not open_:
            return _taken(matrix, path)
        if path and small is None and len(open_) <= ALWAYS:
            small = path
        # The last one is popped first.
        for k in reversed(open_):
            after = _without(rest, k, open_)
            if after is not None:
                stack.append(((*path, k), after))
    return None if small is None else _taken(matrix, small)


def _without(rest: _Rows, pivot: int, open_: list[int]) -> _Rows | None:
    """Return the Schur complement of a row's diagonal entry; None if it has a negative entry."""
    row = rest[pivot]
    top = row[pivot]
    near = [i for i in open_ if row[i] != 0]
    after = list(rest)
    for i in near:
        ratio = row[i] / top
        changed = list(rest[i])
        for j in near:
            changed[j] -= ratio * row[j]
            if changed[j] < 0:
                return None
        after[i] = changed
    return after


def _taken(matrix: Rational, path: Integers) -> _Taken:
    rest = [list(row) for row in matrix]
    terms: list[Term] = []
    for k in path:
        terms.append(term(1 / rest[k][k], rest[k]))
        rest = less(rest, terms[-1:])
    return terms, rest
