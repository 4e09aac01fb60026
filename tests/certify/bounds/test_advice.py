"""Advice follows from the problem and from what ended the search."""

from dataclasses import replace
from fractions import Fraction

import pytest

from certify import bound
from certify.bounds.advice import Situation, advice, spread
from certify.bounds.report import Status
from certify.checker.problems.training import TrainingProblem

MANY = Situation(Status.METHOD_LIMIT, "sdp", 200, 13, Fraction(3), standardized=False)
TIME = {
    Status.TIME_LIMIT: "A longer time limit",
    Status.INTERRUPTED: "Run to its end",
    Status.PATIENCE: "With a time limit the search goes on",
}


def words(situation: Situation) -> str:
    found = advice(situation)
    assert found is not None
    assert found.endswith(".")
    assert found.count(". ") == (situation.status in TIME)
    return found


def test_none_is_needed_where_the_gap_is_as_wanted() -> None:
    assert advice(replace(MANY, status=Status.GAP_REACHED, spread=Fraction(1000))) is None


@pytest.mark.parametrize("status", TIME)
def test_more_time_where_time_ended_the_work(status: Status) -> None:
    assert words(replace(MANY, status=status)).startswith(TIME[status])
    assert "time limit" not in words(MANY)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "larger gamma makes the relaxations tighter"),
        ({"spread": Fraction(1999, 2)}, "differ by a factor of 999: on standardised ones"),
        ({"spread": Fraction(1000), "standardized": True}, "larger gamma"),
        ({"n": 5000}, "5000 samples are taken in blocks"),
        ({"method": "tree"}, "With 13 features a tree grows too large"),
        ({"method": "shor"}, "Shor's relaxation is weak"),
        ({"method": "shor", "status": Status.TIME_LIMIT}, "larger gamma"),
        ({"method": "shor", "d": 6}, "With 6 features the method tree can close the gap"),
        ({"method": "tree", "d": 6}, "smaller tree"),
    ],
)
def test_it_follows_from_the_problem(change: dict[str, object], says: str) -> None:
    assert says in words(replace(MANY, **change))  # type: ignore[arg-type]


def test_spread() -> None:
    assert spread(TrainingProblem(((1, 0, -30), (2, 0, 4)), ((1,), (1,)), Fraction(1))) == 15
    assert spread(TrainingProblem(((0, 0),), ((1,),), Fraction(1))) == 1


def test_a_report_has_it() -> None:
    report = bound([[1.0, 2.0], [-3.0, 1.0], [0.5, -1.0]], [1.0, 2.0, 0.5], method="shor", gap=1e-9)
    assert report.advice == "With 2 features the method tree can close the gap."
    assert report.to_json()["advice"] == report.advice
