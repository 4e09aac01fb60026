"""Run blocking computations in child processes, so that progress stays live and Ctrl-C works at once.

Conic solvers are single calls into compiled code: until they return, Python neither draws nor sees a signal.
Searches run in children beside each other, and tell what they have so far.
"""

from __future__ import annotations

import json
import math
import pickle
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from certify.checker.errors import CertifyError, ChildError, SolverError
from certify.runtime.children import Child, answers, end_with_parent
from certify.runtime.typed_json import from_json, result_type, to_json

_T = TypeVar("_T")
_TICK = 0.25
_WHAT = "the solver's process"
_TELL = "tell"  # the first argument of a function that says what it has so far


class Answer(NamedTuple):
    """What comes from a call.

    Attributes:
        call: its number.
        kind: "told", what it has so far; "result"; "error", a sentence on what it does not take; "died", by
            an exception that nobody expected; or "killed", by the system or for want of memory.
        value: what it told, or its result; None otherwise.
        words: of an error, or of a death of either kind.
    """

    call: int
    kind: str
    value: Any
    words: str = ""


class Calls:
    """Calls of functions in child processes, at the same time; leaving the `with` block ends them all."""

    def __init__(self, what: str = _WHAT) -> None:
        """Start nothing yet.

        Args:
            what: a process is, in words.
        """
        self._what = what
        self._children: list[Child] = []
        self._types: list[dict[str, Any]] = []
        self._readers: list[Thread] = []
        self._lines: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
        self._ended: set[int] = set()

    def start(self, function: Callable[..., Any], *arguments: Any) -> int:
        """Call `function(*arguments)` in a child; return the number of the call.

        Args:
            function: importable by name, with a declared result of a type that `certify.runtime.typed_json`
                can write. If its first parameter is `tell`, a function of one such value, it is given one to
                say what it has so far.
            arguments: passed on; they can be pickled.

        Raises:
            ChildError: if no process can be started.
        """
        call = pickle.dumps((function, arguments))
        child = Child("certify.runtime.worker", self._what)
        self._children.append(child)
        number = len(self._children) - 1
        self._types.append({"told": _told_type(function), "result": result_type(function)})
        reader = Thread(target=self._read, args=(number, child, call), daemon=True)
        self._readers.append(reader)
        reader.start()
        return number

    def _read(self, number: int, child: Child, call: bytes) -> None:
        # It may be more than a pipe holds, so that it is sent while the caller goes on.
        child.send(call)
        while (line := child.line()).endswith(b"\n"):  # else it was killed while it wrote
            self._lines.put((number, line))
        self._lines.put((number, b""))

    def next(self, seconds: float) -> Answer | None:
        """Return the next answer of any call; None if there is none within so many seconds.

        After a result, an error or a death nothing more comes of a call.
        """
        while True:
            try:
                number, line = self._lines.get(timeout=max(seconds, 0.0))
            except Empty:
                return None
            kind, _, value = line.partition(b" ")
            if number in self._ended:
                continue
            if kind == b"told":
                return Answer(number, "told", from_json(value, self._types[number]["told"]))
            self._ended.add(number)
            failure = None if kind else self._children[number].failure()
            self._release(number)
            if kind == b"result":
                return Answer(number, "result", from_json(value, self._types[number]["result"]))
            if kind == b"error":
                return Answer(number, "error", None, str(json.loads(value)))
            return Answer(number, "killed" if isinstance(failure, ChildError) else "died", None, str(failure))

    def interrupt(self, number: int) -> None:
        """Ask a call to come to its end; see `asked_to_stop`."""
        self._children[number].interrupt()

    def end(self, number: int) -> None:
        """End a call, whatever it is doing."""
        self._children[number].end()

    def _release(self, number: int) -> None:
        """End the child of a call that has ended, and close its pipes, of which there are only so many."""
        child = self._children[number]
        child.end()
        self._readers[number].join()
        child.close()

    def __enter__(self) -> Calls:
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all children."""
        for child in self._children:
            child.end()
        for number in range(len(self._children)):
            self._release(number)


def run_in_child(
    function: Callable[..., _T],
    *arguments: Any,
    time_limit: float | None = None,
    on_tick: Callable[[float], None] | None = None,
) -> _T | None:
    """Call `function(*arguments)` in a child process; return None if the time limit ended it.

    Args:
        function: as for `Calls.start`, without `tell`.
        arguments: likewise.
        time_limit: seconds.
        on_tick: called with the seconds so far, several times a second.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after the child has been ended.
        ValueError: if the function raised it, or a CertifyError.
        SolverError: if the child died.
        ChildError: if it cannot be started.
    """
    begun = time.perf_counter()
    limit = math.inf if time_limit is None else time_limit
    with Calls() as calls:
        calls.start(function, *arguments)
        while True:
            elapsed = time.perf_counter() - begun
            answer = calls.next(min(_TICK, limit - elapsed))
            if answer is not None:
                break
            elapsed = time.perf_counter() - begun
            if on_tick is not None:
                on_tick(elapsed)
            if elapsed > limit:
                return None
    if answer.kind == "error":
        raise ValueError(answer.words)
    if answer.kind in ("died", "killed"):
        raise SolverError(f"{answer.words}: try another solver or method")
    result: _T = answer.value
    return result


_stop = Event()


def asked_to_stop() -> bool:
    """Say, in a child, whether its parent asked it to come to its end with what it has."""
    return _stop.is_set()


def serve() -> None:
    """Answer the call on standard input."""
    signal.signal(signal.SIGINT, lambda number, frame: _stop.set())
    channel = answers()
    function, arguments = pickle.load(sys.stdin.buffer)
    end_with_parent()

    def write(kind: str, text: str) -> None:
        channel.write(f"{kind} {text}\n".encode())
        channel.flush()

    told = _told_type(function)
    if told is not None:
        arguments = (lambda value: write("told", to_json(value, told)), *arguments)
    try:
        result = function(*arguments)
    except (ValueError, CertifyError) as error:
        write("error", json.dumps(str(error)))
    else:
        write("result", to_json(result, result_type(function)))
    channel.close()


def _told_type(function: Callable[..., Any]) -> Any:
    """Return the declared type of what a function tells on the way; None if it tells nothing."""
    while isinstance(function, partial):
        function = function.func
    hint = get_type_hints(function).get(_TELL)
    return None if hint is None else get_args(hint)[0][0]
