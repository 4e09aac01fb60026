"""Tables in which few objects stand many times, as the brightnesses of pixels do in a table of images.

A table of tens of thousands of rows with hundreds of columns has memory for a pointer a cell, and time for a
few steps of the interpreter. So cells that are equal are one object where they are read, and what is made of
a table is made of each object once. Objects are told apart by their identity: to compare rationals would take
longer than to compute with them. Nothing but time and memory depends on what is one object and what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")
_U = TypeVar("_U")

MOST_REMEMBERED = 1 << 19  # objects, in tens of megabytes; beyond, cells are as good as all different


def mapped(rows: Iterable[Sequence[_T]], function: Callable[[_T], _U]) -> tuple[tuple[_U, ...], ...]:
    """Return the rows of function(entry), where what is one object remains one.

    Args:
        rows: of any length each; entries that a row makes anew each time, as a range does, may be used.
        function: whose result depends on the value of an entry alone.
    """
    known: dict[int, _U] = {}
    alive: list[_T] = []  # an identity is that of one object as long as the object is there
    found = []
    for row in map(tuple, rows):  # holds entries that are made on the way, or their identities would not last
        try:
            found.append(tuple(map(known.__getitem__, map(id, row))))
        except KeyError:
            if len(known) > MOST_REMEMBERED:
                known.clear()
                alive.clear()
            for entry in row:
                if id(entry) not in known:
                    known[id(entry)] = function(entry)
                    alive.append(entry)
            found.append(tuple(map(known.__getitem__, map(id, row))))
    return tuple(found)


def each_once(rows: Iterable[Sequence[_T]]) -> Iterator[_T]:
    """Yield all entries of a table, those that are one object once, or not much more often."""
    known: dict[int, _T] = {}
    for row in map(tuple, rows):
        if len(known) > MOST_REMEMBERED:
            known.clear()
        others = dict(zip(map(id, row), row, strict=True))
        if not others.keys() <= known.keys():
            yield from (entry for identity, entry in others.items() if identity not in known)
            known |= others
