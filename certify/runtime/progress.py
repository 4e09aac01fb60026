"""Telling an observer how the work goes, and keeping its time.

Work is divided into stages, which begin, have news, and end with a result in a few words. An `Observer` is
told of each; a `Clock` times them and knows how much of a time limit is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One stage of the work: its name, what it did in a few words, and its wall time in seconds."""

    name: str
    result: str
    seconds: float


class Observer:
    """Watches nothing; the command line shows progress with a subclass."""

    def start(self, stage: str) -> None:
        """A stage begins."""

    def update(self, message: str) -> None:
        """The current stage has news."""

    def note(self, words: str) -> None:
        """Something to be said at once, whatever the stage."""

    def finish(self, result: str) -> None:
        """The current stage has ended with this result."""


class Within(Observer):
    """Shows the stages of some work as news of the stage that they are part of."""

    def __init__(self, outer: Observer) -> None:
        self._outer = outer
        self._stage = ""

    def start(self, stage: str) -> None:
        """A stage begins within the outer one."""
        self._stage = stage
        self._outer.update(stage)

    def update(self, message: str) -> None:
        """It has news."""
        self._outer.update(f"{self._stage}, {message}")

    def note(self, words: str) -> None:
        """Something to be said at once."""
        self._outer.note(words)


class Clock:
    """Wall time since the start, what is left of a limit, and the stages so far."""

    def __init__(
        self, limit: float | None, observer: Observer, now: Callable[[], float] = time.perf_counter
    ) -> None:
        self._now = now
        self._start = now()
        self._limit = limit
        self.observer = observer
        self.stages: list[Stage] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._now() - self._start

    def remaining(self, share: float = 1.0) -> float | None:
        """Return this share of the seconds that are left; None without a limit."""
        return None if self._limit is None else max(0.0, share * (self._limit - self.elapsed))

    @property
    def limited(self) -> bool:
        """Whether there is a limit."""
        return self._limit is not None

    @property
    def expired(self) -> bool:
        """Whether the limit is over."""
        return self._limit is not None and self.elapsed >= self._limit

    @contextmanager
    def stage(self, name: str) -> Iterator[list[str]]:
        """Time a stage; its body appends what it did, in a few words, to the list it gets."""
        begun = self.elapsed
        words: list[str] = []
        self.observer.start(name)
        yield words
        result = ", ".join(words)
        self.stages.append(Stage(name, result, self.elapsed - begun))
        self.observer.finish(result)

    @contextmanager
    def uncounted(self, name: str, least: float = 1.0) -> Iterator[list[str]]:
        """Let the clock stand for a stage that a limit is not meant for.

        Its body appends to a list what it did, which is told only where it took more than so many seconds.
        """
        begun = self._now()
        words: list[str] = []
        self.observer.start(name)
        yield words
        seconds = self._now() - begun
        self._start += seconds
        if seconds > least:
            self.observer.finish(", ".join(words))
