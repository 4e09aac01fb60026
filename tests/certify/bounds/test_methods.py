"""The table of methods, what "auto" makes of it, and what each method refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import pytest

from certify import SolverError
from certify.bounds import names
from certify.bounds.method import BoundingMethod, Options, Outcome, Work
from certify.bounds.methods import METHODS, bound_in_turn, choose
from certify.checker.problems.training import TrainingProblem
from tests.places import ROOT


def problem(n: int = 2, d: int = 2, c: int = 1, output_bias: str = "none") -> TrainingProblem:
    """Return a problem of this size; only its size and its output bias matter."""
    inputs = [[Fraction(i + 1, k + 1) for k in range(d)] for i in range(n)]
    targets = [[Fraction(1)] * c for _ in range(n)]
    return TrainingProblem.from_rationals(inputs, targets, Fraction(1, 10), "squared", output_bias)


def chosen(of: TrainingProblem, *options: str) -> list[str]:
    return [method.name for method in choose(of, Options(*options))]


def test_the_words_are_those_of_the_table() -> None:
    assert list(METHODS) == list(names.DESCRIPTIONS)


def test_the_help_names_every_method_and_loads_no_numerical_library() -> None:
    banned = ["numpy", "scipy", "numba", "formulations"]
    code = (
        f"import sys\nfor name in {banned}: sys.modules[name] = None\n"
        "from certify.cli import main; sys.argv[1:] = ['bound', '--help']; main()"
    )
    wide = {**os.environ, "COLUMNS": "400"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=wide)
    assert done.returncode == 0, done.stderr
    for name, words in names.DESCRIPTIONS.items():
        assert f"{name}: {words}" in done.stdout


@pytest.mark.parametrize("method", names.DESCRIPTIONS)
def test_a_method_asked_for_runs_alone(method: str) -> None:
    assert chosen(problem(), method) == [method]


@pytest.mark.parametrize(
    ("of", "options", "expected"),
    [
        (problem(d=6), (), ["tree", "sdp", "partition"]),
        (problem(d=7), (), ["sdp", "partition"]),
        (problem(n=3001, d=7), (), ["partition"]),
        (problem(d=7, output_bias="free"), (), ["tree"]),
        (problem(), ("auto", "scs"), ["sdp"]),
        (problem(), ("auto", "auto", "high"), ["sdp"]),
        (problem(n=3001), (), ["tree", "partition"]),
        (problem(n=401), ("sdp", "scs"), ["sdp"]),
    ],
)
def test_what_runs(of: TrainingProblem, options: tuple[str, ...], expected: list[str]) -> None:
    assert chosen(of, *options) == expected


@pytest.mark.parametrize(
    ("of", "options", "sentence"),
    [
        (problem(), ("magic",), "the method 'magic' is unknown: use one of auto, tree, partition, sdp, shor"),
        (problem(), ("auto", "magic"), "the solver 'magic' is unknown: use one of auto, interior-point"),
        (problem(), ("auto", "auto", "magic"), "the precision 'magic' is unknown: use one of double, high"),
        (problem(output_bias="free"), ("sdp", "scs"), "the method sdp knows no output bias"),
        (problem(output_bias="free"), ("auto", "scs"), "the method tree has one solver and double precision"),
        (problem(d=13), ("tree",), "at most 12 features and the data has 13: use --method sdp or shor"),
        (problem(d=13), ("tree", "auto", "high"), "the method tree has one solver"),
        (problem(), ("partition", "scs"), "the method partition has one solver"),
        (problem(), ("shor", "auto", "high"), "the method shor has one solver"),
        (problem(), ("sdp", "scs", "high"), "high precision has its own solver: leave --solver out"),
        (
            problem(n=3001),
            ("sdp",),
            "3001 rows lie on one line through the origin, and a block of the method",
        ),
        (problem(n=401), ("sdp", "auto", "high"), "high precision takes at most 400 rows with 1 target, and"),
        (
            problem(n=21, c=100),
            ("auto", "interior-point"),
            "with 100 targets, and the data has 21: use --method",
        ),
    ],
)
def test_what_is_refused(of: TrainingProblem, options: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(SolverError) as refused:
        choose(of, Options(*options))
    assert sentence in str(refused.value)


@dataclass(frozen=True)
class Found:
    """An outcome, as much of it as the policy looks at."""

    value: float
    solver: str = "some"


@dataclass
class Scripted:
    """A method that finds what it is told to."""

    name: str
    finds: float | None
    ran: list[tuple[str, float]]
    goes_on_training: bool = False

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        return None

    def bound(self, work: Work) -> Outcome | None:
        self.ran.append((self.name, work.share))
        return None if self.finds is None else cast(Outcome, Found(self.finds))


@dataclass(frozen=True)
class Best:
    loss: float


@dataclass(frozen=True)
class Generation:
    best: Best


@dataclass(frozen=True)
class Situation:
    """As much of `Work` as the policy looks at: a gap of 10 %, and a network with loss 100."""

    is_over: bool
    gap: float = 0.1
    generation: Generation = Generation(Best(100.0))
    share: float = 1.0


@pytest.mark.parametrize(
    ("finds", "is_over", "ran", "found"),
    [
        ((95.0, 99.0), False, ["a"], [95.0]),
        ((40.0, 60.0), False, ["a", "b"], [60.0, 40.0]),
        ((60.0, 40.0), False, ["a", "b"], [60.0, 40.0]),
        ((None, 40.0), False, ["a", "b"], [40.0]),
        ((None, 40.0), True, ["a"], []),
        ((40.0, 60.0), True, ["a"], [40.0]),
        ((None, None), False, ["a", "b"], []),
    ],
)
def test_methods_run_until_one_reaches_the_gap(
    finds: tuple[float | None, float | None], is_over: bool, ran: list[str], found: list[float]
) -> None:
    log: list[tuple[str, float]] = []
    methods: tuple[BoundingMethod, ...] = tuple(
        Scripted(name, does, log) for name, does in zip("ab", finds, strict=True)
    )
    outcomes = bound_in_turn(methods, cast(Work, Situation(is_over)))
    assert [outcome.value for outcome in outcomes] == found
    assert log == list(zip(ran, (0.5, 1.0), strict=False))


@pytest.mark.parametrize(
    ("name", "solver", "value", "goes_on"),
    [
        ("tree", "column generation and branch and bound", 99.5, False),
        ("tree", "column generation and branch and bound", 98.0, True),
        ("sdp", "first-order", 86.0, False),
        ("sdp", "first-order", 84.0, True),
        ("sdp", "interior-point", 96.0, True),
    ],
)
def test_what_no_other_method_would_improve_is_left_alone(
    name: str, solver: str, value: float, goes_on: bool
) -> None:
    log: list[tuple[str, float]] = []

    class First(Scripted):
        def bound(self, work: Work) -> Outcome:
            super().bound(work)
            return cast(Outcome, Found(value, solver))

    methods: tuple[BoundingMethod, ...] = (First(name, value, log), Scripted("b", 1.0, log))
    bound_in_turn(methods, cast(Work, Situation(is_over=False, gap=1e-6)))
    assert len(log) == 1 + goes_on
    if name == "tree":
        assert log[0] == ("tree", 1.0)
