"""Searches beside each other: what they have is kept, whatever ends them."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from certify.bounds.method import Options, Work
from certify.bounds.portfolio import _Run, beside
from certify.bounds.report import GapPoint
from certify.bounds.saved_bounds import SavedBounds
from certify.bounds.searching import Bound, Search, in_turn
from certify.checker.errors import SolverError
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Observer
from formulations.training.column_generation import ColumnGeneration
from tests.clocks import UntilStage

MODULE = """
import os, time
from dataclasses import dataclass
import numpy as np
from certify.bounds.partition.bound import PartitionBound
from certify.bounds.saved_bounds import SavedBounds
from certify.bounds.searching import Found
from formulations.partition.partition import PartitionSolution

@dataclass(frozen=True)
class Scripted:
    '''Finds values one after the other, and then ends as it is told to.'''
    label: str
    values: tuple
    ending: str = "end"
    promising: float = 1.0
    settled: float = 1.0
    steady: bool = True
    method = "partition"

    def improve(self, task, seconds_left, say):
        say("begun")
        for value in self.values:
            point = PartitionSolution(np.zeros((1, 1)), (), (), {}, value, "divided", 0.0)
            yield Found(value, f"at {value}", 0.0, lambda: PartitionBound(point))
        if self.ending == "refuse":
            raise ValueError(f"{self.label} takes no such problem")
        if self.ending == "die":
            os.kill(os.getpid(), 9)
        while self.ending == "wait" and seconds_left() > 0:
            time.sleep(0.01)
        while self.ending == "hang":
            time.sleep(0.01)
"""
Make = Callable[..., Search]


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    (tmp_path / "searches_of_a_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import searches_of_a_test  # type: ignore[import-not-found]

    return cast(Make, searches_of_a_test.Scripted)


def work(clock: Clock, interrupts: Interrupts, gap: float = 0.1) -> Work:
    """Return work on a problem whose best network has the loss 100."""
    problem = from_arrays([[1.0], [2.0]], [[1.0], [3.0]], task="regression").problem("1", "squared", "none")
    best = SimpleNamespace(dual_point=np.zeros((2, 1)), loss=100.0, output=np.zeros((1, 1)))
    generation = cast(ColumnGeneration, SimpleNamespace(best=best))
    return Work(problem, Arrays.of(problem), generation, gap, Options(), clock, interrupts, None)


def values(outcomes: tuple[Bound, ...]) -> list[float]:
    return [outcome.value for outcome in outcomes]


def run(*searches: Search, observer: Observer | None = None, **options: Any) -> list[float]:
    clock = Clock(None, observer or Observer())
    with Interrupts() as interrupts:
        return values(beside(searches, work(clock, interrupts, **options)))


def test_the_largest_comes_first_and_nothing_is_lost_by_a_death(scripted: Make) -> None:
    said: list[str] = []

    class Listener(Observer):
        def update(self, message: str) -> None:
            said.append(message)

    dead = scripted("a", (70.0,), "die")
    found = run(dead, scripted("b", (20.0, 40.0)), scripted("c", (60.0,)), observer=Listener())
    assert found == [60.0, 40.0]
    assert any("a: the solver's process was killed" in line for line in said)
    assert any("lower 60 (c)  upper 100  gap 40 %" in line for line in said)


@pytest.mark.parametrize("ending", ["wait", "hang"])
def test_one_that_reaches_the_gap_ends_the_others(ending: str, scripted: Make) -> None:
    assert run(scripted("a", (50.0,), ending), scripted("b", (95.0,)))[0] == 95.0


def test_one_that_settles_it_ends_the_others(scripted: Make) -> None:
    settled = scripted("a", (80.0,), settled=0.8)
    assert run(settled, scripted("b", (), "wait"))[0] == 80.0


@pytest.mark.parametrize(("first", "expected"), [(40.0, [55.0, 40.0, 30.0]), (60.0, [60.0, 30.0])])
def test_a_search_that_may_not_be_needed(first: float, expected: list[float], scripted: Make) -> None:
    last = scripted("c", (55.0,), promising=0.5)
    assert run(scripted("a", (first,)), scripted("b", (30.0,)), last) == expected
    with Interrupts() as interrupts:
        there = work(Clock(None, Observer()), interrupts)
        here = in_turn([scripted("a", (first,)), last], there, SavedBounds(there), 1)
    assert values(here) == [value for value in expected if value != 30.0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_keep_what_there_is(number: signal.Signals, scripted: Make) -> None:
    class Presses(Observer):
        pressed = False

        def update(self, message: str) -> None:
            if not self.pressed and "a: at 50" in message and "b: at 30" in message:
                self.pressed = True
                signal.raise_signal(number)

    searches = scripted("a", (50.0,), "wait"), scripted("b", (30.0,), "wait")
    assert run(*searches, observer=Presses()) == [50.0, 30.0]


def test_the_time_limit_keeps_what_there_is(scripted: Make) -> None:
    class Late(UntilStage):
        def update(self, message: str) -> None:
            if "a: at 50" in message:
                super().update(message)

    clock = Late("relax")
    with Interrupts() as interrupts:
        there = work(Clock(1e6, clock, now=clock), interrupts)
        assert values(beside([scripted("a", (50.0,), "wait"), scripted("b", (), "wait")], there)) == [50.0]


def test_only_where_all_refuse_it_is_an_error(scripted: Make) -> None:
    refuses = scripted("a", (), "refuse")
    assert run(refuses, scripted("b", (30.0,))) == [30.0]
    with pytest.raises(SolverError, match="a takes no such problem"):
        run(refuses)


@pytest.mark.parametrize(("steady", "asked"), [(True, [2]), (False, [])])
def test_a_steady_laggard_is_asked_for_what_it_has_and_one_that_jumps_is_not(
    steady: bool, asked: list[int], scripted: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted: list[int] = []
    calls: Any = SimpleNamespace(interrupt=interrupted.append)
    leading, behind = scripted("a", ()), scripted("b", (), steady=steady)
    monkeypatch.setattr(Work, "seconds_left", lambda self: 100.0)
    with Interrupts() as interrupts:
        run = _Run([leading, behind], work(Clock(None, Observer()), interrupts), calls)
    run._running = {1: leading, 2: behind}
    run.board._curves = {
        "a": [GapPoint(-90.0, 20.0, 60.0, "a")],
        "b": [GapPoint(-90.0, 16.0, 60.0, "b")],
    }
    run.board._values = {"a": 20.0, "b": 16.0}
    run._end_laggards()
    run._end_laggards()
    assert interrupted == asked


def test_each_search_has_its_own_history(scripted: Make) -> None:
    with Interrupts() as interrupts:
        found = beside(
            [scripted("a", (10.0, 20.0)), scripted("b", (30.0,))], work(Clock(None, Observer()), interrupts)
        )
    points = [[(point.search, point.lower, point.upper) for point in each.curve] for each in found]
    assert points == [[("b", 30.0, 100.0)], [("a", 10.0, 100.0), ("a", 20.0, 100.0)]]
