"""Calls in a child process: what comes back, and what is said if nothing does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from certify.checker.errors import SolverError
from certify.runtime.worker import run_in_child
from formulations.sdp.shor import solve_shor

MODULE = """
import os, time
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
