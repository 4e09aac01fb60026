"""The library's main entry, on problems whose optimum is known."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray

import certify
from certify import DataError, SolverError, bound, check, gap
from certify.bounds.method import BoundingMethod, Outcome, Work
from certify.bounds.methods import bound_from_below
from certify.bounds.relaxation.bound import Relaxation
from certify.bounds.report import Status
from certify.runtime.progress import Clock, Observer
from formulations.training.arcs import global_optimum_2d
from tests.clocks import UntilStage


def planar(seed: int, n: int = 8, c: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)).round(2), rng.normal(size=(n, c)).round(2)


@pytest.mark.parametrize("method", ["tree", "partition", "sdp", "shor"])
@pytest.mark.parametrize("seed", range(4))
def test_interval_encloses_the_optimum(method: str, seed: int) -> None:
    X, Y = planar(seed)
    report = bound(X, Y, 0.1, method=method)
    optimum = global_optimum_2d(X, Y, 0.1)
    assert float(report.interval.lower) <= optimum.upper * (1 + 1e-9)
    assert float(report.interval.upper) >= optimum.lower * (1 - 1e-9)
    # The upper bound is not only valid but good.
    assert float(report.interval.upper) <= optimum.upper * (1 + 1e-6)
    assert report.verdict.valid
    assert check(report.certificate, X, Y).bound == report.interval.lower


def test_sdp_certificate_reaches_the_relaxation() -> None:
    X, Y = planar(1)
    report = bound(X, Y, 0.1, method="sdp")
    assert report.estimate is not None
    assert abs(float(report.interval.lower) - report.estimate) <= 1e-5 * report.estimate


@pytest.mark.parametrize("shape", [(8, 1, 2), (12, 2, 1), (3, 2, 5), (14, 3, 2), (2, 4, 1)])
def test_tree_closes_the_gap(shape: tuple[int, int, int]) -> None:
    n, d, c = shape
    rng = np.random.default_rng(n)
    report = bound(rng.normal(size=(n, d)).round(2), rng.normal(size=(n, c)).round(2), "0.1", gap=1e-6)
    assert report.status is Status.GAP_REACHED
    assert report.interval.relative_gap <= 1e-6
    lowers = [point.lower for point in report.gap_curve]
    assert lowers == sorted(lowers)


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 0], [1, 0], [2, 0], [-1, 0], [0, 0], [0, 3]],  # duplicates, one line, a zero row, the axes
        [[1, 2, 3], [2, 4, 6], [1, 0, 1], [0, 0, 0]],  # rank two in three features
        [[0, 0], [0, 0]],
        [[1, 1], [1, 1]],
    ],
)
def test_tree_of_degenerate_inputs(rows: list[list[int]]) -> None:
    targets = [[(3 * i) % 5 - 1, i % 3] for i in range(len(rows))]
    report = bound(rows, targets, "0.1", task="regression", gap=1e-6)
    assert report.status is Status.GAP_REACHED
    assert check(report.certificate, rows, targets).valid


def test_partition_where_no_tree_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certify.bounds.tree.bound._FIRST_NODES", 1)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(12, 4)), rng.normal(size=(12, 2))
    automatic = bound(X, Y)
    assert automatic.method == "partition"
    assert automatic.interval.lower > 0.1 * automatic.interval.upper
    for time_limit in (None, 1000):
        insisted = bound(X, Y, method="tree", time_limit=time_limit)
        assert insisted.status is Status.METHOD_LIMIT
        assert insisted.verdict.valid


def test_large_gamma_is_solved_exactly() -> None:
    # With so much weight decay no neuron pays: the optimum is 1/2 |Y|^2 and N = Y proves it.
    X, Y = planar(2)
    report = bound(X, Y, 1000, gap=1e-9)
    assert report.network.width == 0
    assert report.interval.upper == report.problem.loss_at_zero()
    assert float(report.interval.relative_gap) < 1e-9
    assert report.status is Status.GAP_REACHED


@pytest.mark.parametrize(("inputs", "targets"), [(1e18, 1), (1, 1e-30)])
def test_scales_far_from_one(inputs: float, targets: float) -> None:
    # The entries of N are about 1e-19 and 1e-30, and multiples of 2^-64 would be too coarse.
    X, y = planar(2)
    report = bound(np.multiply(X, inputs), np.multiply(y, targets))
    assert report.status is Status.GAP_REACHED


def test_zero_targets() -> None:
    report = bound([[1, 2], [3, 4]], [[0.0], [0.0]], task="regression")
    assert report.interval.lower == report.interval.upper == 0
    assert report.interval.relative_gap == 0


def test_zero_row_counts_in_full() -> None:
    # The network computes 0 at x = 0, so that sample's loss 1/2 * 9 is certain.
    report = bound([[0.0], [1.0]], [[3.0], [0.0]], task="regression")
    assert float(report.interval.lower) == pytest.approx(4.5, rel=1e-9)
    assert float(report.interval.upper) == pytest.approx(4.5, rel=1e-9)


def test_one_sample_by_hand() -> None:
    # n = d = c = 1, x = 2, y = 3: min_z 1/2 (z - 3)^2 + gamma |z| / 2 is at z = 3 - gamma/2.
    report = bound([[2.0]], [[3.0]], "1/10", task="regression", gap=1e-8)
    gamma = Fraction(1, 10)
    optimum = (gamma / 2) ** 2 / 2 + gamma / 2 * (3 - gamma / 2)
    assert report.interval.lower <= optimum <= report.interval.upper
    assert float(report.interval.relative_gap) < 1e-7


def test_frames_and_arrays_give_the_same_problem() -> None:
    X, _ = planar(3)
    labels = ["ab"[i % 2] for i in range(len(X))]
    frame = pd.DataFrame(X, columns=["p", "q"])
    reports = [
        bound(X, labels, 0.1, method="shor"),
        bound(frame, pd.Series(labels, name="kind"), 0.1, method="shor"),
        bound(pl.DataFrame({"p": X[:, 0], "q": X[:, 1]}), pl.Series("kind", labels), 0.1, method="shor"),
    ]
    assert len({report.problem.sha256() for report in reports}) == 1
    for report in reports:
        assert check(report.certificate, frame, labels).valid


def test_bias_and_standardisation_are_recorded() -> None:
    X, Y = planar(4)
    report = bound(X, Y, 0.1, bias=True, standardize=True, method="shor")
    assert report.problem.d == 3
    assert check(report.certificate, X, Y).valid
    assert not check(report.certificate, 2 * X, Y).valid


def test_high_precision_is_within_1e_12() -> None:
    X, Y = planar(5, n=4, c=1)
    report = bound(X, Y, 0.1, precision="high")
    assert report.estimate is not None
    assert abs(float(report.interval.lower) - report.estimate) <= 1e-12 * report.estimate


@pytest.mark.parametrize("solver", ["interior-point", "clarabel", "scs"])
def test_every_solver_ends_in_a_valid_bound(solver: str) -> None:
    X, Y = planar(6, n=5)
    report = bound(X, Y, 0.1, solver=solver)
    assert report.solver == solver
    assert report.verdict.valid
    assert report.interval.lower > 0


@pytest.mark.parametrize("stage", ["train", "search"])
def test_time_limit_keeps_a_valid_result(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    clock = UntilStage(stage)
    monkeypatch.setattr("certify.bounds.bound.Clock", partial(Clock, now=clock))
    report = bound(rng.normal(size=(20, 3)), rng.normal(size=(20, 2)), time_limit=1000, observer=clock)
    assert report.status is Status.TIME_LIMIT
    assert report.verdict.valid
    assert report.interval.lower > 0


@pytest.mark.parametrize(
    ("cut_short", "time_limit", "status"),
    [
        (True, None, Status.PATIENCE),
        (True, 1000.0, Status.TIME_LIMIT),
        (False, 1000.0, Status.METHOD_LIMIT),
        (False, None, Status.METHOD_LIMIT),
    ],
)
def test_why_the_work_ended(
    cut_short: bool, time_limit: float | None, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(methods: Sequence[BoundingMethod], work: Work) -> tuple[Outcome, ...]:
        found = bound_from_below(methods, work)
        return tuple(replace(each, cut_short=cut_short) for each in found if isinstance(each, Relaxation))

    monkeypatch.setattr("certify.bounds.bound.bound_from_below", stopped)
    report = bound(*planar(3), "0.1", method="shor", time_limit=time_limit)
    assert report.status is status


@pytest.mark.parametrize("moment", ["start", "update"])
@pytest.mark.parametrize(
    ("method", "stage"),
    [
        ("tree", "train"),
        ("tree", "search"),
        ("tree", "prove"),
        ("tree", "check"),
        ("sdp", "relax"),
        ("partition", "relax"),
    ],
)
def test_interrupt_in_any_stage_keeps_a_valid_result(method: str, stage: str, moment: str) -> None:
    class Interrupter(Observer):
        stage = ""
        pressed = False

        def start(self, stage: str) -> None:
            self.stage = stage
            self.press("start")

        def update(self, message: str) -> None:
            self.press("update")

        def press(self, where: str) -> None:
            if self.stage == stage and where == moment and not self.pressed:
                self.pressed = True
                signal.raise_signal(signal.SIGINT)

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    observer = Interrupter()
    report = bound(X, Y, method=method, observer=observer)
    assert observer.pressed == (stage != "prove" or moment == "start")
    # What comes after the search has found the wanted gap takes nothing from it.
    interrupted = observer.pressed and stage not in ("prove", "check")
    assert report.status is (Status.INTERRUPTED if interrupted else Status.GAP_REACHED)
    assert report.interval.lower > 0
    assert check(report.certificate, X, Y).valid


class PressingAt(Observer):
    """Presses Ctrl-C as each of these stages begins, and hears what is answered."""

    def __init__(self, *stages: str) -> None:
        self.stages, self.heard = list(stages), list[str]()

    def start(self, stage: str) -> None:
        while self.stages and self.stages[0] == stage:
            del self.stages[0]
            signal.raise_signal(signal.SIGINT)

    def note(self, words: str) -> None:
        self.heard.append(words)


def test_ctrl_c_is_answered_and_once_more_waits_for_no_proof() -> None:
    X, Y = planar(0)
    observer = PressingAt("train", "prove")
    report = bound(X, Y, method="shor", observer=observer)
    assert not observer.stages
    assert [words.startswith("stopping") for words in observer.heard] == [True]
    assert report.status is Status.INTERRUPTED
    assert report.interval.lower == 0
    assert check(report.certificate, X, Y).valid


def test_ctrl_c_three_times_wants_no_result() -> None:
    X, Y = planar(0)
    with pytest.raises(KeyboardInterrupt):
        bound(X, Y, method="shor", observer=PressingAt("train", "prove", "prove"))


def test_unusable_wishes_get_a_sentence() -> None:
    X, Y = planar(0)
    with pytest.raises(DataError, match="gamma"):
        bound(X, Y, -1)
    with pytest.raises(SolverError, match="magic"):
        bound(X, Y, method="magic")
    with pytest.raises(SolverError, match="--solver"):
        bound(X, Y, method="shor", solver="scs")
    with pytest.raises(DataError, match="once"):
        check(bound(X, Y, method="shor").certificate)


def test_import_is_light() -> None:
    assert certify.bound is bound
    with pytest.raises(AttributeError):
        certify.nothing  # noqa: B018 - the access is the test


@pytest.mark.parametrize("method", ["shor", "sdp"])
def test_training_ends_where_the_wanted_gap_hides_what_it_gains(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 1))
    whole = bound(X, Y, method=method, gap=0.3)
    monkeypatch.setattr("certify.bounds.bound._LARGE", 0)
    early = bound(X, Y, method=method, gap=0.3)
    assert early.training.status == "settled"
    assert len(early.training.curve) < len(whole.training.curve)
    assert whole.interval.upper <= early.interval.upper <= whole.interval.upper * Fraction(101, 100)


def test_levels_and_scaled_targets_of_arrays() -> None:
    X = [["red", 1.0], ["blue", 2.0], ["red", 3.0], ["blue", 0.5]]
    y = [100.0, 250.0, 180.0, 90.0]
    report = bound(X, y, gamma=1, categorical=["1"], standardize_target=True, method="shor")
    assert report.problem.d == 3
    assert check(report.certificate, X, y).valid
    given = gap(X, y, report.network, 1, categorical=["1"], standardize_target=True, search=False)
    assert given.loss == report.interval.upper
    with pytest.raises(DataError, match=r"1 level, and a categorical one has 2 to \d+: leave it out$"):
        bound([["red", 1.0]] * 4, y, categorical=["x1"])
    with pytest.raises(DataError, match="classes cannot be standardised: leave the standardisation of the"):
        bound([row[1:] for row in X], ["a", "b", "a", "b"], standardize_target=True)
