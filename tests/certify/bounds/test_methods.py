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
from certify.bounds.methods import METHODS, bound_from_below, choose, searches_of
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
        (problem(d=6, output_bias="free"), (), ["tree"]),
        (problem(d=7, output_bias="free"), (), ["sdp"]),
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
        (problem(output_bias="free"), ("sdp", "scs"), "the solver scs knows no output bias"),
        (problem(output_bias="free"), ("auto", "scs"), "the solver scs knows no output bias"),
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
            ("sdp", "auto", "high"),
            "with 100 targets, and the data has 21: leave --solver and --precision",
        ),
    ],
)
def test_what_is_refused(of: TrainingProblem, options: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(SolverError) as refused:
        choose(of, Options(*options))
    assert sentence in str(refused.value)


def test_solvers_of_others_need_cvxpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    sentence = r"the solver scs is called through cvxpy, .* pip install 'certify\[cvxpy\]'"
    with pytest.raises(SolverError, match=sentence):
        choose(problem(), Options("sdp", "scs"))
    assert [method.name for method in choose(problem(), Options("sdp"))] == ["sdp"]


@pytest.mark.parametrize(
    ("of", "labels"),
    [
        (problem(n=48, d=7), ["sdp", "partition"]),
        (problem(n=100, d=7), ["sdp", "partition", "regions"]),
        (problem(n=101, d=7), ["sdp", "partition", "sdp by interior point", "regions"]),
        (problem(n=1000, d=7), ["sdp", "partition", "sdp by interior point", "regions"]),
        (problem(n=1001, d=7), ["sdp", "partition"]),
        (problem(n=101, d=7, c=20), ["sdp", "partition", "sdp by interior point", "regions"]),
    ],
)
def test_which_searches_run_beside_each_other(of: TrainingProblem, labels: list[str]) -> None:
    assert [search.label for search in searches_of(["sdp", "partition"], of, Options())] == labels


@dataclass(frozen=True)
class Best:
    loss: float


@dataclass(frozen=True)
class Generation:
    best: Best


@dataclass(frozen=True)
class Situation:
    """As much of `Work` as the policy looks at before relaxations run: a network with loss 100."""

    is_over: bool = False
    gap: float = 1e-6
    generation: Generation = Generation(Best(100.0))


@dataclass(frozen=True)
class Bounded:
    value: float


@dataclass
class Scripted:
    """A method that finds what it is told to."""

    name: str
    finds: float | None
    ran: list[str]

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        return None

    def bound(self, work: Work) -> Outcome | None:
        self.ran.append(self.name)
        return None if self.finds is None else cast(Outcome, Bounded(self.finds))


@pytest.mark.parametrize(
    ("tree", "is_over", "ran", "found"),
    [
        (99.5, False, ["tree"], [99.5]),
        (98.0, False, ["tree", "b"], [98.0, 60.0]),
        (40.0, False, ["tree", "b"], [60.0, 40.0]),
        (None, False, ["tree", "b"], [60.0]),
        (40.0, True, ["tree"], [40.0]),
        (None, True, ["tree"], []),
    ],
)
def test_a_tree_comes_first_and_others_where_it_leaves_a_gap(
    tree: float | None, is_over: bool, ran: list[str], found: list[float]
) -> None:
    log: list[str] = []
    methods: tuple[BoundingMethod, ...] = (Scripted("tree", tree, log), Scripted("b", 60.0, log))
    outcomes = bound_from_below(methods, cast(Work, Situation(is_over)))
    assert [outcome.value for outcome in outcomes] == found
    assert log == ran


def test_shor_refuses_what_its_proof_could_not_have() -> None:
    assert chosen(problem(n=4998, d=2), "shor") == ["shor"]
    with pytest.raises(SolverError, match="5000 rows and features together, and the data has 5001"):
        choose(problem(n=4999, d=2), Options("shor"))


def test_partition_refuses_more_outputs_than_it_could_choose_samples_by() -> None:
    assert chosen(problem(n=48, d=7, c=60), "partition") == ["partition"]
    assert chosen(problem(n=90, d=7, c=43), "partition") == ["partition"]
    with pytest.raises(SolverError, match="at most 43 targets of 90 rows, and the data has 44"):
        choose(problem(n=90, d=7, c=44), Options("partition"))
    assert chosen(problem(n=90, d=7, c=44)) == ["sdp"]


@pytest.mark.parametrize(("d", "auto"), [(2, ["tree", "sdp"]), (8, ["sdp"]), (20, ["sdp"])])
def test_samples_whose_squares_are_no_floats(d: int, auto: list[str]) -> None:
    tiny = Fraction(1, 10**160)
    of = TrainingProblem.from_rationals(
        [[tiny] * d, [Fraction(1)] * d], [[Fraction(1)]] * 2, Fraction(1), "squared"
    )
    assert chosen(of) == auto
    assert chosen(of, "shor") == ["shor"]
    for more in ({"method": "partition"}, {"precision": "high"}, {"solver": "clarabel"}):
        with pytest.raises(SolverError, match=r"too short for .*: use --method sdp or shor"):
            choose(of, Options(**more))
    zero = TrainingProblem.from_rationals(
        [[Fraction(0)] * d, [tiny] + [Fraction(1)] * (d - 1)], [[Fraction(1)]] * 2, Fraction(1), "squared"
    )
    assert chosen(zero, "partition") == ["partition"]


@pytest.mark.parametrize("licensed", [False, True])
def test_mosek_without_a_licence_is_refused_before_the_work(
    licensed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("formulations.sdp.solvers.mosek_is_licensed", lambda: licensed)
    if licensed:
        assert chosen(problem(), "sdp", "mosek") == ["sdp"]
    else:
        with pytest.raises(SolverError, match="'mosek' is not installed or has no licence; choose clarabel"):
            chosen(problem(), "sdp", "mosek")
