"""Ctrl-C, or a request to terminate, that ends a search early without losing what it found."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 3  # whoever presses this often wants out, result or not


class Interrupts:
    """Takes Ctrl-C for the time of a `with` block, and raises KeyboardInterrupt only where it is allowed.

    SIGTERM, by which systems and job queues end a process, is taken like Ctrl-C.

    Outside the main thread, where Python delivers no signals, nothing is changed.
    """

    def __init__(self) -> None:
        self._presses = 0
        self._allowed = False

    @property
    def came(self) -> bool:
        """Whether Ctrl-C was pressed, or SIGTERM came."""
        return self._presses > 0

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Raise KeyboardInterrupt in the body, at once if Ctrl-C came before it."""
        if self.came:
            raise KeyboardInterrupt
        self._allowed = True
        try:
            yield
        except SystemError:
            # So a call of compiled code ends that finds the signal's exception set when it returns.
            if self.came:
                raise KeyboardInterrupt from None
            raise
        finally:
            self._allowed = False

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
        if self._allowed or self._presses >= _PATIENCE:
            raise KeyboardInterrupt
