"""How far a check is, on standard error, for checks that take longer than a moment; no library is needed."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

from certify.checker.limits.deadline import Clock

_FIRST = 1.0  # seconds until anything is shown
_REDRAWN = 0.2  # seconds between two states of a terminal's line
_LINES = 10.0  # seconds between two lines elsewhere


class CheckProgress:
    """Shows the nodes done of all, in one line of a terminal, or in a line every ten seconds elsewhere."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._due = clock() + _FIRST
        self._drawn = False

    def __enter__(self) -> CheckProgress:
        """Begin; nothing is shown yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave no line behind."""
        self._clear()

    def update(self, done: int, total: int) -> None:
        """Tell the number of nodes done and in all."""
        now = self._clock()
        if now < self._due:
            return
        words = f"checking: {done} of {total} nodes"
        if self._stream.isatty():
            self._clear()
            self._stream.write(words)
            self._drawn, self._due = True, now + _REDRAWN
        else:
            self._stream.write(f"{words}\n")
            self._due = now + _LINES
        self._stream.flush()

    def note(self, sentence: str) -> None:
        """Say something at once."""
        self._clear()
        self._stream.write(f"{sentence}\n")
        self._stream.flush()

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write("\r\033[K")
            self._stream.flush()
            self._drawn = False
