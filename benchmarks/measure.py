"""Run a call in a fresh process and measure it: wall time and peak memory of that process alone."""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certify.threads import single_threaded_environment


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
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.measure"],
            input=call,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=single_threaded_environment(),
            timeout=time_limit,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return Measured(None, time_limit, float("nan"))
    measured: Measured = pickle.loads(done.stdout)
    return measured


def _serve() -> None:
    channel, sys.stdout = sys.stdout.buffer, sys.stderr
    function, arguments = pickle.load(sys.stdin.buffer)
    begun = time.perf_counter()
    result = function(*arguments)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    from benchmarks.measure import Measured as Record  # pickled under its importable name

    pickle.dump(Record(result, seconds, peak), channel)


if __name__ == "__main__":
    _serve()
