"""Doing the same for several things, one after the other or at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Protocol, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


class Over(Protocol):
    """What does it: as `map` does, to its end, so that nothing is at work once it has returned."""

    def __call__(self, function: Callable[[_T], _R], things: Sequence[_T], /) -> list[_R]:
        """Return what a function says of each."""


def one_by_one(function: Callable[[_T], _R], things: Sequence[_T], /) -> list[_R]:
    """Do it here."""
    return [function(thing) for thing in things]


def in_threads(pool: Executor) -> Over:
    """Return what does it in the threads of a pool."""

    def over(function: Callable[[_T], _R], things: Sequence[_T], /) -> list[_R]:
        return list(pool.map(function, things)) if len(things) > 1 else one_by_one(function, things)

    return over
