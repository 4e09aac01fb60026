"""Run a blocking computation in a child process, so that progress stays live and Ctrl-C works at once.

Conic solvers are single calls into compiled code: until they return, Python neither draws nor sees a signal.
The child is this module run as a program, with the call on its standard input, so that (unlike with
`multiprocessing`) the caller's script is not run again.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from certify.threads import single_threaded_environment

_T = TypeVar("_T")
_TICK = 0.25


def run_in_child(
    function: Callable[..., _T],
    *arguments: Any,
    time_limit: float | None = None,
    on_tick: Callable[[float], None] | None = None,
) -> _T | None:
    """Call `function(*arguments)` in a child process; return None if the time limit ended it.

    Args:
        function: importable by name; arguments and result can be pickled.
        arguments: passed on.
        time_limit: seconds.
        on_tick: called with the seconds so far, several times a second.

    Raises:
        KeyboardInterrupt: on Ctrl-C, after the child has been ended.
        ValueError: if the function raised it.
        RuntimeError: if the child died.
    """
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "certify.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=single_threaded_environment(),
        start_new_session=True,  # Ctrl-C is for the parent, which then ends the child
    )
    call: bytes | None = pickle.dumps((function, arguments))
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
        child.kill()
        child.wait()
    if not output:
        last_words = errors.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"the solver's process ended with code {child.returncode}: {' '.join(last_words)}")
    result: _T | ValueError = pickle.loads(output)
    if isinstance(result, ValueError):
        raise result
    return result


def _serve() -> None:
    # What the computation prints must not mix with its pickled result.
    channel, sys.stdout = sys.stdout.buffer, sys.stderr
    function, arguments = pickle.load(sys.stdin.buffer)
    try:
        result = function(*arguments)
    except ValueError as error:
        result = error
    pickle.dump(result, channel)


if __name__ == "__main__":
    _serve()
