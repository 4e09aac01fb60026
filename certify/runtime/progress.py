"""Telling an observer how the work goes, and keeping its time.

Work is divided into stages, which begin, have news, and end with a result in a few words. An `Observer` is
told of each; a `Clock` times them and knows how much of a time limit is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_NEWS_EVERY = 10.0  # seconds between two lines of news where nothing can be redrawn


@dataclass(frozen=True)
class Stage:
    """One stage of the work: its name, what it did in a few words, and its wall time in seconds."""

    name: str
    result: str
    seconds: float


class Observer:
    """Watches nothing; the command line shows progress with a subclass."""

    def timed_by(self, clock: Clock) -> None:
        """What is watched has this clock from now on."""

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


class Named(Observer):
    """Shows stages with the name of the work that they belong to, of which there is more."""

    def __init__(self, outer: Observer, name: str) -> None:
        self._outer, self._name = outer, name

    def timed_by(self, clock: Clock) -> None:
        """What is watched has this clock from now on."""
        self._outer.timed_by(clock)

    def start(self, stage: str) -> None:
        """A stage begins."""
        self._outer.start(f"{self._name}: {stage:<15}")

    def update(self, message: str) -> None:
        """It has news."""
        self._outer.update(message)

    def finish(self, result: str) -> None:
        """It has ended."""
        self._outer.finish(result)


def _print(line: str) -> None:
    print(line, flush=True)


class Lines(Observer):
    """Writes a line for each stage that ends, and one of its news every ten seconds."""

    def __init__(
        self,
        write: Callable[[str], None] = _print,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            write: takes a line; by default it goes to standard output.
            now: returns the time in seconds.
        """
        self._write, self._now = write, now
        self._stage = ""
        self._begun = self._last = now()
        self._clock: Clock | None = None

    @property
    def when(self) -> str:
        """How long still, where there is a limit, and else how long so far."""
        return f"{self.stage_seconds:.0f} s so far" if self._clock is None else self._clock.when

    @property
    def stage_seconds(self) -> float:
        """Seconds since the stage began."""
        return self._now() - self._begun

    def timed_by(self, clock: Clock) -> None:
        """What is watched has this clock from now on."""
        self._clock = clock

    def start(self, stage: str) -> None:
        """A stage begins."""
        self._stage = stage
        self._begun = self._last = self._now()

    def update(self, message: str) -> None:
        """Write the news, if there were none for a while."""
        if self._now() - self._last > _NEWS_EVERY:
            self._last = self._now()
            self._write(f"  {self._stage}: {message}  ({self.when})")

    def note(self, words: str) -> None:
        """Write it."""
        self._write(words)

    def finish(self, result: str) -> None:
        """Write what the stage did."""
        self._write(f"{self._stage:<9} {result}  ({self.stage_seconds:.1f} s)")


def observer_of(observer: Observer | None, verbose: bool) -> Observer:
    """Return what is to watch: the observer if there is one, lines if that is wanted, else nothing."""
    if observer is not None:
        return observer
    return Lines() if verbose else Observer()


class Clock:
    """Wall time since the start, what is left of a limit, and the stages so far."""

    def __init__(
        self, limit: float | None, observer: Observer, now: Callable[[], float] = time.perf_counter
    ) -> None:
        self._now = now
        self._start = now()
        self._stands_at: float | None = None
        self._limit = limit
        self.observer = observer
        self.stages: list[Stage] = []
        observer.timed_by(self)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return (self._now() if self._stands_at is None else self._stands_at) - self._start

    @property
    def when(self) -> str:
        """How long still, where there is a limit, and else how long so far."""
        left = self.remaining()
        return f"{self.elapsed:.0f} s so far" if left is None else f"{left:.0f} s left"

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
        begun = self._stands_at = self._now()
        words: list[str] = []
        self.observer.start(name)
        try:
            yield words
        finally:
            seconds = self._now() - begun
            self._start += seconds
            self._stands_at = None
        if seconds > least:
            self.observer.finish(", ".join(words))
