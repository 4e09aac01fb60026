"""Ctrl-C, or a request to terminate, that ends a search early without losing what it found."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 3  # whoever presses this often wants out, result or not
_STOPPING = "stopping with the best result so far; once more stops at once"


class Interrupts:
    """Takes Ctrl-C for the time of a `with` block, and raises KeyboardInterrupt only where it is allowed.

    SIGTERM, by which systems and job queues end a process, is taken like Ctrl-C.

    Outside the main thread, where Python delivers no signals, nothing is changed.
    """

    def __init__(self, tell: Callable[[str], None] = lambda words: None) -> None:
        """Take nothing over yet.

        Args:
            tell: is given the answer to the first press, at once.
        """
        self._tell = tell
        self._presses = 0
        self._enough = _PATIENCE

    @property
    def came(self) -> bool:
        """Whether Ctrl-C was pressed, or SIGTERM came."""
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
        """Take over the signals."""
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._previous = [(number, signal.signal(number, self._handle)) for number in _SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        if self._main:
            for number, handler in self._previous:
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._presses += 1
        if self._presses == 1:
            # A stream that was just being written to takes no more words from here.
            with suppress(RuntimeError):
                self._tell(_STOPPING)
        if self._presses >= self._enough:
            raise KeyboardInterrupt
