"""Calls in a child process: what comes back, and what is said if nothing does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from certify.checker.errors import SolverError
from certify.runtime.worker import Calls, run_in_child
from formulations.sdp.shor import solve_shor
from tests.places import ROOT

MODULE = """
import os, time
from collections.abc import Callable
from certify.runtime.worker import asked_to_stop
def twice(text: str) -> str:
    print("printed"); os.system("echo printed by a program")
    return 2 * text
def refuse() -> int:
    raise ValueError("no \\u00fc")
def lose() -> int:
    raise LookupError("lost")
def starve() -> int:
    raise MemoryError
def end() -> int:
    os.kill(os.getpid(), 9)
def wait() -> int:
    time.sleep(600)
def count(tell: Callable[[int], None], last: int) -> int:
    for number in range(last):
        tell(number)
    return last
def count_until_stopped(tell: Callable[[str], None]) -> str:
    tell("begun")
    while not asked_to_stop():
        time.sleep(0.01)
    return "stopped"
def name_itself(tell: Callable[[int], None]) -> int:
    tell(os.getpid())
    time.sleep(600)
"""
# It starts a child, says which, and is killed before the child is done.
PARENT = """
import calls_of_a_test as calls
from certify.runtime.worker import Calls
import os, signal
with Calls() as started:
    started.start(calls.name_itself)
    print(started.next(60).value, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "calls_of_a_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)


def call(name: str, *arguments: object, time_limit: float | None = None) -> object:
    import calls_of_a_test as calls  # type: ignore[import-not-found]

    return run_in_child(getattr(calls, name), *arguments, time_limit=time_limit)


def test_a_result_is_what_the_call_returns_here() -> None:
    X, Y = np.array([[1.0, 2.0], [-1.0, 0.5], [0.25, -1.0]]), np.array([[1.0], [0.0], [2.0]])
    here, there = solve_shor(X, Y, 0.1), run_in_child(solve_shor, X, Y, 0.1)
    assert there is not None
    assert (there.value, there.solver, there.status) == (here.value, here.solver, here.status)
    assert np.array_equal(there.dual_point, here.dual_point)
    assert np.array_equal(there.multipliers.slack, here.multipliers.slack)


def test_what_is_printed_does_not_mix_with_the_result() -> None:
    assert call("twice", "a\ud800\n") == "a\ud800\na\ud800\n"


def test_a_refusal_is_raised_here() -> None:
    with pytest.raises(ValueError, match="no ü"):
        call("refuse")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lose", "the solver's process ended with code 1: LookupError: lost"),
        ("starve", "the solver's process needs more memory than there is"),
        ("end", "the solver's process was killed"),
    ],
)
def test_a_death_gets_one_sentence(name: str, words: str) -> None:
    with pytest.raises(SolverError, match=words):
        call(name)


def test_a_time_limit_ends_it() -> None:
    assert call("wait", time_limit=0.01) is None


def test_calls_tell_what_they_have_beside_each_other() -> None:
    import calls_of_a_test as calls

    with Calls() as started:
        numbers = [started.start(calls.count, last) for last in (2, 3)]
        answers = [started.next(60) for _ in range(7)]
        assert started.next(0) is None
    for number, last in zip(numbers, (2, 3), strict=True):
        of_call = [answer for answer in answers if answer is not None and answer.call == number]
        assert [answer.value for answer in of_call] == list(range(last + 1))
        assert [answer.kind for answer in of_call] == [*["told"] * last, "result"]


def test_a_call_that_is_asked_to_stop_gives_what_it_has() -> None:
    import calls_of_a_test as calls

    with Calls() as started:
        number = started.start(calls.count_until_stopped)
        told = started.next(60)
        assert told is not None
        assert told.value == "begun"
        started.interrupt(number)
        assert started.next(60) == (number, "result", "stopped", "")


def test_the_death_of_one_is_told_and_the_others_go_on() -> None:
    import calls_of_a_test as calls

    with Calls() as started:
        dead, lost, alive = map(started.start, (calls.end, calls.lose, calls.count_until_stopped))
        answers = {answer.call: answer for answer in (started.next(60) for _ in range(3)) if answer}
        assert answers[dead].words.startswith("the solver's process was killed")
        assert answers[lost].words.endswith("LookupError: lost")
        assert answers[alive].value == "begun"


@pytest.mark.skipif(not hasattr(os, "O_ASYNC"), reason="this system does not tell of a closed pipe")
def test_no_child_survives_its_parent(tmp_path: Path) -> None:
    parent = subprocess.run(
        [sys.executable, "-c", PARENT],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )
    child = int(parent.stdout)
    while Path(f"/proc/{child}").exists() and " Z " not in Path(f"/proc/{child}/stat").read_text():
        pass
