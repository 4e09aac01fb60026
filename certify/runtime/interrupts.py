"""Ctrl-C, or a request to terminate, that ends a search early without losing what it found."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import ClassVar

# By the first, job queues and `timeout` end a process; by the second, a terminal that is closed.
_TERMINATIONS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_PATIENCE = 3  # whoever presses this often wants out, result or not
_NEXT = 3.0  # seconds in which a loop begins its next search, and a person hardly does
_STOPPING = "stopping with the best result so far; once more stops at once"


class Interrupts:
    """Takes Ctrl-C for the time of a `with` block, and raises KeyboardInterrupt only where it is allowed.

    SIGTERM and SIGHUP, by which job queues and closed terminals end a process, are taken like Ctrl-C, unless
    they are ignored, as with nohup.

    A block that begins right after one that was ended early is the next turn of a loop; there Ctrl-C ends the
    loop, by a KeyboardInterrupt at once. Where it had been pressed twice before, the second press was for the
    loop, and the next turn does not begin.

    Outside the main thread, where Python delivers no signals, nothing is changed.
    """

    _last_end: ClassVar[float] = -math.inf  # when a block last ended that was interrupted
    _last_presses: ClassVar[int] = 0  # in that block

    def __init__(
        self,
        tell: Callable[[str], None] = lambda words: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take nothing over yet.

        Args:
            tell: is given the answer to the first press, at once.
            now: the clock by which the turns of a loop are known.
        """
        self._tell, self._now = tell, now
        self._presses = 0
        self._enough = _PATIENCE

    @property
    def came(self) -> bool:
        """Whether Ctrl-C was pressed, or another of the signals came."""
        return self._presses > 0

    @property
    def is_exhausted(self) -> bool:
        """Whether it was pressed so often that no result is wanted."""
        return self._presses >= _PATIENCE

    @contextmanager
    def allowed(self, presses: int = 1) -> Iterator[None]:
        """Raise KeyboardInterrupt in the body after so many presses, at once if they came before it."""
        if self._presses >= presses:
            raise KeyboardInterrupt
        self._enough = presses
        try:
            yield
        except SystemError:
            # So a call of compiled code ends that finds the signal's exception set when it returns.
            if self._presses >= presses:
                raise KeyboardInterrupt from None
            raise
        finally:
            self._enough = _PATIENCE

    def __enter__(self) -> Interrupts:
        """Take over the signals.

        Raises:
            KeyboardInterrupt: if this is the next turn of a loop that was to end.
        """
        self._main = threading.current_thread() is threading.main_thread()
        self._in_loop = 0 <= self._now() - Interrupts._last_end < _NEXT
        if self._in_loop and Interrupts._last_presses > 1:
            Interrupts._last_end = -math.inf
            raise KeyboardInterrupt
        if self._main:
            numbers = signal.SIGINT, *_heeded()
            self._previous = [(number, signal.signal(number, self._handle)) for number in numbers]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        if self._main:
            for number, handler in self._previous:
                signal.signal(number, handler)
        if self.came and kind is None:
            Interrupts._last_end = self._now()
            Interrupts._last_presses = self._presses

    def _handle(self, number: int, frame: FrameType | None) -> None:
        _note(number)
        self._presses += _PATIENCE if self._in_loop else 1
        if self._presses == 1:
            # A stream that was just being written to takes no more words from here.
            with suppress(RuntimeError):
                self._tell(_STOPPING)
        if self._presses >= self._enough:
            raise KeyboardInterrupt


_came: list[int] = []


def termination() -> int | None:
    """Return the number of the SIGTERM or SIGHUP that came first, while it was taken; None if none did."""
    return _came[0] if _came else None


def _note(number: int) -> None:
    if number in _TERMINATIONS:
        _came.append(number)


def _heeded() -> list[signal.Signals]:
    return [number for number in _TERMINATIONS if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt in the body, so that it ends what it started."""

    def end(number: int, frame: FrameType | None) -> None:
        _note(number)
        raise KeyboardInterrupt

    _came.clear()
    previous = [(number, signal.signal(number, end)) for number in _heeded()]
    try:
        yield
    finally:
        for number, handler in previous:
            signal.signal(number, handler)
