"""Run a blocking computation in a child process, so that progress stays live and Ctrl-C works at once.

Conic solvers are single calls into compiled code: until they return, Python neither draws nor sees a signal.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from certify.checker.errors import SolverError
from certify.runtime.children import (
    answers,
    close_pipes,
    end_child,
    ended_early,
    start_child,
)
from certify.runtime.typed_json import from_json, result_type, to_json

_T = TypeVar("_T")
_TICK = 0.25
_WHAT = "the solver's process"


def run_in_child(
    function: Callable[..., _T],
    *arguments: Any,
    time_limit: float | None = None,
    on_tick: Callable[[float], None] | None = None,
) -> _T | None:
    """Call `function(*arguments)` in a child process; return None if the time limit ended it.

    Args:
        function: importable by name, with a declared result of a type that `certify.runtime.typed_json` can
            write.
        arguments: passed on; they can be pickled.
        time_limit: seconds.
        on_tick: called with the seconds so far, several times a second.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after the child has been ended.
        ValueError: if the function raised it.
        SolverError: if the child died.
        ChildError: if it cannot be started.
    """
    begun = time.perf_counter()
    # What may call for anything goes to the child alone, which trusts its parent; its answer is plain.
    call: bytes | None = pickle.dumps((function, arguments))
    child = start_child("certify.runtime.worker")
    try:
        while True:
            try:
                output, errors = child.communicate(call, timeout=_TICK)
                break
            except subprocess.TimeoutExpired:
                call = None
                elapsed = time.perf_counter() - begun
                if on_tick is not None:
                    on_tick(elapsed)
                if time_limit is not None and elapsed > time_limit:
                    return None
    finally:
        end_child(child)
        close_pipes(child)
    kind, _, answer = output.partition(b"\n")
    if kind == b"result":
        result: _T = from_json(answer, result_type(function))
        return result
    if kind == b"error":
        raise ValueError(str(json.loads(answer)))
    raise SolverError(f"{ended_early(child, errors.splitlines(), _WHAT)}: try another solver or method")


def serve() -> None:
    """Answer the call on standard input."""
    channel = answers()
    function, arguments = pickle.load(sys.stdin.buffer)
    try:
        result = function(*arguments)
    except ValueError as error:
        channel.write(b"error\n" + json.dumps(str(error)).encode())
    else:
        channel.write(b"result\n" + to_json(result, result_type(function)).encode())
    channel.close()
