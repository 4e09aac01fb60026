"""A call in a process of its own, with its wall time and peak memory: what the benchmarks use."""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certify.runtime.children import (
    answers,
    close_pipes,
    end_child,
    ended_early,
    start_child,
)


@dataclass(frozen=True)
class Measured:
    """The result of a call with its cost.

    Attributes:
        result: what it returned; None if the time limit ended it.
        seconds: wall time of the call, without starting Python and importing.
        mebibytes: peak resident memory of the process, the libraries included.
    """

    result: Any
    seconds: float
    mebibytes: float


def measure(function: Callable[..., Any], *arguments: Any, time_limit: float) -> Measured:
    """Call an importable function in a child process."""
    call = pickle.dumps((function, arguments))
    child = start_child("benchmarks.measure")
    try:
        output, errors = child.communicate(call, timeout=time_limit)
    except subprocess.TimeoutExpired:
        return Measured(None, time_limit, float("nan"))
    finally:
        end_child(child)
        close_pipes(child)
    if not output:
        raise ended_early(child, errors.splitlines(), "the process that is measured")
    # A peer's result may be of any type, and all that the process runs was chosen here.
    measured: Measured = pickle.loads(output)
    return measured


def serve() -> None:
    """Answer the call on standard input."""
    channel = answers()
    function, arguments = pickle.load(sys.stdin.buffer)
    begun = time.perf_counter()
    result = function(*arguments)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pickle.dump(Measured(result, seconds, peak), channel)
    channel.close()
