"""The search for the rows of a `faces` leaf, or for a point against the premise (docs/method.md, section 7).

Sets of indices are proved copositive one after another: where no negative entries connect them, part by part;
by what an envelope demands; by branch and bound over pairs of which a minimum needs one at most; else by
Gaddum's step, and then without one index each. Floating point decides what is tried; what is kept is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from certify.checker.certificate.nodes import FacesLeaf
from certify.checker.numbers.integers import IntegerMatrix
from certify.checker.numbers.semidefinite import is_nonnegative_on_orthant
from certify.matrices.copositive.face_vectors import balanced, gaddum_vector
from certify.matrices.copositive.leaf import hopeful, scaled

_GADDUM_SHARE = 8  # the square of the order, divided by it, is how much longer than another its step takes
_MAX_DEPTH = 150  # of sets in each other
_MOST_ENTRIES = 400_000  # of all rows

Row = tuple[tuple[int, int, int], ...]


class TooManyRowsError(Exception):
    """No proof of as many rows as were to be tried was found, nor a point against it."""


class _RefutedError(Exception):
    """A set is not (strictly) copositive."""

    def __init__(self, point: list[int]) -> None:
        self.point = point
        super().__init__()


def search_faces(
    form: IntegerMatrix,
    *,
    strict: bool,
    max_steps: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> FacesLeaf | list[int]:
    """Search for a leaf that proves a form nonnegative, or positive, on its cone, or for a point against it.

    Args:
        form: T, symmetric integer, of order m.
        strict: whether t^T T t must be positive for t >= 0, t != 0.
        max_steps: how many rows to try, where one by Gaddum's step counts more the more indices it has.
        should_stop: asked at each set.

    Returns:
        The leaf, or t >= 0, t != 0, with t^T T t < 0 (or <= 0, if strict), in integers.

    Raises:
        TooManyRowsError: if neither was found in so many rows, or before it had to stop.
    """
    for k, row in enumerate(form):
        if row[k] < 0 or (strict and row[k] == 0):
            return [int(k == l) for l in range(len(form))]
    search = _Search(form, strict, max_steps, should_stop)
    try:
        search.prove(tuple(range(len(form))), 0)
    except _RefutedError as refuted:
        return refuted.point
    return FacesLeaf(tuple(search.rows))


class _Search:
    """The rows so far, of sets of a form whose diagonal was made as equal as integers allow."""

    def __init__(
        self, form: IntegerMatrix, strict: bool, max_steps: int, should_stop: Callable[[], bool]
    ) -> None:
        self.rows: list[Row] = []
        self._sets: list[int] = []  # of the rows, a bit for each index
        self._entries = self._steps = 0
        self._form, self._strict = form, strict
        self._max_steps, self._should_stop = max_steps, should_stop
        self._x = balanced(form)
        self._balanced = [
            [x * y * entry for y, entry in zip(self._x, row, strict=True)]
            for x, row in zip(self._x, form, strict=True)
        ]
        longest = max(row[k] for k, row in enumerate(self._balanced)).bit_length()
        self._unit = np.array([[scaled(entry, longest) for entry in row] for row in self._balanced])
        negative = [[entry < 0 for entry in row] for row in form]
        self._negative = np.array(negative, dtype=bool)
        diagonal = [row[k] for k, row in enumerate(self._balanced)]
        concave = [
            [p + q <= 2 * entry for q, entry in zip(diagonal, row, strict=True)]
            for p, row in zip(diagonal, self._balanced, strict=True)
        ]
        self._concave = np.array(concave, dtype=bool)
        np.fill_diagonal(self._concave, False)

    def prove(self, members: tuple[int, ...], depth: int) -> int:
        """Prove a set copositive; return the number of a row whose set contains it."""
        known = self._known(members)
        if known is not None:
            return known
        if depth > _MAX_DEPTH or self._should_stop():
            raise TooManyRowsError
        parts = self._parts(members)
        if len(parts) > 1:
            numbers = {k: number for part in parts for number in [self.prove(part, depth + 1)] for k in part}
            return self._add(tuple((k, 0, numbers[k]) for k in members))
        if self._envelope([[k] for k in members], rows=self._form):
            return self._add(tuple((k, 0, 0) for k in members))
        movable = [k for k in members if self._concave[k, members].any()]
        return self._by_exchange(members, movable, depth) if movable else self._by_gaddum(members, depth)

    def _known(self, members: Sequence[int]) -> int | None:
        wanted = sum(1 << k for k in members)
        return next((r for r, found in enumerate(self._sets, start=1) if not wanted & ~found), None)

    def _add(self, row: Row) -> int:
        self._spend(1)
        self._entries += len(row)
        if self._entries > _MOST_ENTRIES:
            raise TooManyRowsError
        self.rows.append(row)
        self._sets.append(sum(1 << k for k, _, _ in row))
        return len(self.rows)

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > self._max_steps:
            raise TooManyRowsError

    def _parts(self, members: Sequence[int]) -> list[tuple[int, ...]]:
        """Return what negative entries connect; the indices that they do not touch are one part."""
        alone = [k for k in members if not self._negative[k, members].any()]
        left = set(members).difference(alone)
        parts = [tuple(alone)] if alone else []
        while left:
            waiting = [left.pop()]
            found = set(waiting)
            while waiting:
                row = self._negative[waiting.pop()]
                new = {k for k in left if row[k]}
                left -= new
                found |= new
                waiting.extend(new)
            parts.append(tuple(sorted(found)))
        return parts

    def _envelope(self, classes: Sequence[Sequence[int]], rows: IntegerMatrix) -> bool:
        """Say whether the least entries between classes pass what an envelope demands."""
        order = [k for members in classes for k in members]
        starts = np.cumsum([0, *map(len, classes)])[:-1]
        least = np.minimum.reduceat(self._unit[np.ix_(order, order)], starts, axis=0)
        if not hopeful(np.minimum.reduceat(least, starts, axis=1)):
            return False
        exact = [[min(rows[k][l] for k in c for l in d) for d in classes] for c in classes]
        return is_nonnegative_on_orthant(exact, strict=self._strict)

    def _by_exchange(self, members: tuple[int, ...], movable: Sequence[int], depth: int) -> int:
        """Prove as many of the members as can be by merging classes, then join the others one by one.

        An index joins by an exchange with those that concave directions connect it with, and so the set of it
        and all others remains to be proved.
        """
        fixed = [k for k in members if k not in movable]
        classes = self._classes(movable)
        most = len(classes)
        while most and not self._envelope([*([k] for k in fixed), *classes[:most]], rows=self._balanced):
            most -= 1
        if most:
            kept = [*([k] for k in fixed), *classes[:most]]
            labels = {k: -c for c, group in enumerate(kept, start=1) for k in group}
            joined = tuple(sorted(labels))
            number = self._add(tuple((k, self._x[k], labels[k]) for k in joined))
        else:
            joined = tuple(fixed) or tuple(classes[0][:1])
            number = self.prove(joined, depth + 1)
        for v in (k for group in classes for k in group):
            if v in joined:
                continue
            others = [k for k in joined if not self._concave[v, k]]
            left = self.prove(tuple(sorted([v, *others])), depth + 1)
            if len(others) < len(joined):
                signs = {k: (-self._x[k], left) for k in joined if self._concave[v, k]}
                signs[v] = (self._x[v], number)
                joined = tuple(sorted([*joined, v]))
                number = self._add(tuple((k, *signs.get(k, (0, 0))) for k in joined))
            else:
                joined, number = tuple(sorted([*joined, v])), left
        return number

    def _classes(self, members: Sequence[int]) -> list[list[int]]:
        """Divide indices into classes of which concave directions connect any two, the largest first.

        Each class takes next what shares a class with fewest of what is left to others: that is "recursive
        largest first" (Leighton 1979), colouring the graph of the pairs that no such direction connects.
        """
        apart = ~self._concave[np.ix_(members, members)]
        np.fill_diagonal(apart, False)
        left = np.ones(len(members), dtype=bool)
        classes: list[list[int]] = []
        while left.any():
            free, degree = left.copy(), apart[:, left].sum(axis=1)
            place = int(np.argmax(np.where(free, degree, -1)))
            found = []
            while True:
                found.append(place)
                left[place] = False
                free &= ~apart[place]
                free[place] = False
                if not free.any():
                    break
                shut_out = apart[:, left & ~free].sum(axis=1)
                place = int(np.argmax(np.where(free, shut_out * len(members) - degree, -np.inf)))
            classes.append([members[k] for k in found])
        return sorted(classes, key=len, reverse=True)

    def _by_gaddum(self, members: tuple[int, ...], depth: int) -> int:
        block = [[self._balanced[k][l] for l in members] for k in members]
        found = gaddum_vector(block, self._unit[np.ix_(members, members)], strict=self._strict)
        if found is None:
            raise TooManyRowsError
        x = {k: self._x[k] * y for k, y in zip(members, found.entries, strict=True) if y}
        if found.refutes:
            raise _RefutedError([x.get(k, 0) for k in range(len(self._form))])
        self._spend(len(members) ** 2 // _GADDUM_SHARE)
        numbers = {k: self.prove(tuple(l for l in members if l != k), depth + 1) for k in x}
        return self._add(tuple((k, x.get(k, 0), numbers.get(k, 0)) for k in members))
