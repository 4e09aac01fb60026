"""The short nonnegative integer vectors of a strictly copositive form, by unimodular cones.

The orthant is divided at v_i + v_j where v_i^T M v_j < 0, until the form's matrix in the basis of each cone
is nonnegative (Bundfuss and Dür 2008); there the vectors below a bound are few (Dutour Sikirić, Schürmann and
Vallentin 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

Integers = tuple[int, ...]


class NotStrictlyCopositiveError(Exception):
    """z^T M z <= 0 for a z >= 0 that is not zero."""


class StoppedError(Exception):
    """The time is up."""


def short_vectors(
    form: Sequence[Sequence[int]], bound: int, should_stop: Callable[[], bool] = lambda: False
) -> set[Integers]:
    """Return the nonnegative integer z, not zero, with z^T M z < bound.

    Args:
        form: M, symmetric, of order p.
        bound: positive.
        should_stop: asked for each cone.

    Raises:
        NotStrictlyCopositiveError: if there is a z >= 0, not zero, with z^T M z <= 0.
        StoppedError: if it has to stop before it is done.
    """
    p = len(form)
    found: set[Integers] = set()
    basis = [tuple(int(i == j) for j in range(p)) for i in range(p)]
    stack = [(basis, [list(row) for row in form])]
    while stack:
        if should_stop():
            raise StoppedError
        basis, gram = stack.pop()
        if any(gram[i][i] <= 0 for i in range(p)):
            raise NotStrictlyCopositiveError
        negative = [(i, j) for i in range(p) for j in range(i) if gram[i][j] < 0]
        if not negative:
            found.update(_combined(basis, part) for part in _in_the_box(gram, bound))
            continue
        if any(gram[i][j] ** 2 >= gram[i][i] * gram[j][j] for i, j in negative):
            raise NotStrictlyCopositiveError
        i, j = max(negative, key=lambda pair: _angle(gram, *pair))
        stack += [_divided(basis, gram, i, j), _divided(basis, gram, j, i)]
    return found


def _angle(gram: Sequence[Sequence[int]], i: int, j: int) -> float:
    return gram[i][j] ** 2 / (gram[i][i] * gram[j][j])


def _divided(
    basis: Sequence[Integers], gram: Sequence[Sequence[int]], i: int, j: int
) -> tuple[list[Integers], list[list[int]]]:
    """Return the cone, and its matrix, in which v_i + v_j takes the place of v_i."""
    vectors, changed = list(basis), [list(row) for row in gram]
    vectors[i] = tuple(a + b for a, b in zip(basis[i], basis[j], strict=True))
    for k in range(len(gram)):
        changed[i][k] += gram[j][k]
    for k in range(len(gram)):
        changed[k][i] += changed[k][j]
    return vectors, changed


def _in_the_box(gram: Sequence[Sequence[int]], bound: int) -> Iterator[Integers]:
    """Yield the nonnegative integers t, not all zero, with t^T G t < bound, for a nonnegative G."""
    p = len(gram)

    def search(held: Integers, value: int) -> Iterator[Integers]:
        k = len(held)
        if k == p:
            if any(held):
                yield held
            return
        slope = 2 * sum(t * gram[i][k] for i, t in enumerate(held))
        t = 0
        while (total := value + t * slope + t * t * gram[k][k]) < bound:
            yield from search((*held, t), total)
            t += 1

    return search((), 0)


def _combined(basis: Sequence[Integers], part: Integers) -> Integers:
    return tuple(
        sum(t * v for t, v in zip(part, entries, strict=True)) for entries in zip(*basis, strict=True)
    )
