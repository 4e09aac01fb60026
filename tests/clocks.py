"""Clocks for what has a time limit, so that no test waits for one or loses a race with it."""

from __future__ import annotations

from certify.runtime.progress import Observer


class Ticking:
    """A clock that goes on at every look, by a second or as many as it is made with."""

    def __init__(self, tick: float = 1.0) -> None:
        self._tick, self._seconds = tick, 0.0

    def __call__(self) -> float:
        self._seconds += self._tick
        return self._seconds


class UntilStage(Observer):
    """A clock that stands until a stage of this name has news, and is years later then; its own observer."""

    def __init__(self, stage: str) -> None:
        self._last, self._running, self.seconds = stage, "", 0.0

    def __call__(self) -> float:
        return self.seconds

    def start(self, stage: str) -> None:
        self._running = stage

    def update(self, message: str) -> None:
        if self._last in self._running:
            self.seconds = 1e9
