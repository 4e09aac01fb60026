"""A limit on time that long loops look at, however deep below the caller who set it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Clock = Callable[[], float]


class TimeIsUpError(Exception):
    """The time is up; caught where the limit was set, which knows how to say so."""


class Deadline:
    """So many seconds from now.

    Attributes:
        seconds: the limit; None for none.
    """

    def __init__(self, seconds: float | None, clock: Clock = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = None if seconds is None else clock() + seconds

    @property
    def remaining(self) -> float | None:
        """The seconds that are left, at least 0; None without a limit."""
        return None if self._end is None else max(0.0, self._end - self._clock())

    def check(self) -> None:
        """Raise TimeIsUpError if the time is up."""
        if self._end is not None and self._clock() >= self._end:
            raise TimeIsUpError

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Let `look` look at this deadline."""
        token = _watched.set(self)
        try:
            yield
        finally:
            _watched.reset(token)


# Semidefiniteness is decided far below the checkers, by functions that the searches call as well: a parameter
# of all of them would be in the way of each.
_watched: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def watched_deadline() -> Deadline:
    """Return the deadline that is watched; one without a limit if there is none."""
    return _watched.get() or _NONE


def look() -> None:
    """Raise TimeIsUpError if a deadline is watched and its time is up."""
    deadline = _watched.get()
    if deadline is not None:
        deadline.check()


_NONE = Deadline(None)
