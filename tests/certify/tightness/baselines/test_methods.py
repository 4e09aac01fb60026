"""Every baseline on problems whose optimum is known: by hand, and in the plane."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from certify.checker.errors import SolverError
from certify.tightness.baselines import baseline as apart
from certify.tightness.baselines import burer_monteiro, convex_program
from certify.tightness.baselines.baseline import BaselineSettings
from certify.tightness.baselines.table import BASELINES
from certify.tightness.quantities import Kind
from formulations.sdp.conic.reduced import solve_reduced
from formulations.training.arcs import global_optimum_2d
from tests.certify.tightness.baselines.problems import OPTIMUM, drawn, labelled, single

LOSSES = [name for name, each in BASELINES.items() if each.kind is Kind.LOSS]
ESTIMATES = [name for name, each in BASELINES.items() if each.kind is Kind.ESTIMATE]
QUICK = BaselineSettings(width=4, patterns=20, iterations=200)


@pytest.mark.parametrize("name", [*LOSSES, *ESTIMATES])
def test_a_single_sample_by_hand(name: str) -> None:
    baseline, problem = BASELINES[name], single()
    found = baseline.run(problem, QUICK)
    assert found.kind is baseline.kind
    assert found.loss is not None
    assert found.seconds > 0
    if found.kind is Kind.LOSS:
        assert isinstance(found.loss, Fraction)
        assert found.loss >= OPTIMUM
        assert found.fitted is not None
        assert found.fitted[0, 0] == pytest.approx(0.9, rel=5e-3)
        assert found.predictions is not None
        assert found.predictions[0, 0] == pytest.approx(1.8, rel=5e-3)
    assert float(found.loss) == pytest.approx(0.095, rel=1e-3)
    record = found.to_json()
    assert record["kind"] == baseline.kind.name.lower()
    assert record["value"] == pytest.approx(0.095, rel=1e-3)


def test_in_the_plane_next_to_the_optimum() -> None:
    problem = drawn(4, 2, 1)
    X, Y = problem.arrays.X, problem.arrays.Y
    best = global_optimum_2d(X, Y, 0.1)
    found = {name: BASELINES[name].run(problem, QUICK) for name in (*LOSSES, *ESTIMATES)}
    losses = {name: each.loss for name, each in found.items()}
    for name in LOSSES:
        assert losses[name] is not None
        assert float(losses[name] or 0) >= best.lower * (1 - 1e-12)
    for name in ("convex", "copositive"):
        assert float(losses[name] or 0) == pytest.approx(best.upper, rel=1e-5)
    relaxed = solve_reduced(X, Y, 0.1).value
    assert relaxed * (1 - 1e-3) <= float(losses["burer-monteiro"] or 0) <= best.upper * (1 + 1e-3)
    convex, relaxation = found["convex"], found["copositive"]
    assert convex.details["patterns"] == relaxation.details["patterns"] == 8
    assert convex.details["network"] == pytest.approx(best.upper, rel=1e-5)
    assert convex.notes.startswith("8 patterns; its network has a loss of ")
    assert convex.fitted is not None
    assert (relaxation.predictions, relaxation.fitted, relaxation.scores(problem)) == (None, None, None)
    assert "it is the optimum" in relaxation.notes


def test_the_rank_is_kept_and_told() -> None:
    found = BASELINES["burer-monteiro"].run(drawn(3, 2, 1), replace(QUICK, rank=2))
    assert found.details["rank"] == 2
    assert found.details["order"] == 6
    assert found.notes.startswith("rank 2 of 6, constraints kept to ")


@pytest.mark.parametrize("name", [name for name, each in BASELINES.items() if each.seeded])
def test_a_seed_has_one_result(name: str) -> None:
    problem = drawn(4, 2, 1)
    settings = replace(QUICK, patterns=3, rank=2)
    one, again, other = (
        BASELINES[name].run(problem, replace(settings, seed=seed)).loss for seed in (0, 0, 1)
    )
    assert one == again
    assert one != other


@pytest.mark.parametrize("name", ["convex", "frank-wolfe"])
def test_other_losses(name: str) -> None:
    problem = labelled(loss="logistic")
    found = BASELINES[name].run(problem, QUICK)
    zero = 4 * np.log(2)
    assert found.loss is not None
    assert 0 < float(found.loss) < zero


@pytest.mark.parametrize("name", ["nngp", "ntk", "admm", "burer-monteiro"])
def test_methods_of_the_squared_loss_say_so(name: str) -> None:
    with pytest.raises(
        SolverError, match=f"{name} is for the squared loss without weights, and left out for"
    ):
        BASELINES[name].run(labelled(loss="logistic"))


def test_several_outputs_are_not_for_the_convex_program() -> None:
    with pytest.raises(SolverError, match=r"convex is for one output, and the data has 2.*use copositive"):
        BASELINES["convex"].run(drawn(3, 2, 2))


def test_too_large_a_problem_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = drawn(4, 2, 1)
    monkeypatch.setattr(convex_program, "LARGEST", 3)
    with pytest.raises(
        SolverError, match="convex is left out: there are more than 3 activation patterns; choo"
    ):
        BASELINES["convex"].run(problem)
    monkeypatch.setattr(burer_monteiro, "LARGEST", 3)
    with pytest.raises(SolverError, match="at most 3 rows, and the data has 4"):
        BASELINES["burer-monteiro"].run(problem)


def test_a_time_limit_ends_a_child_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "run_in_child", lambda *_, **__: None)
    with pytest.raises(SolverError, match="convex came to no result within 2 s: give it more time"):
        BASELINES["convex"].run(single(), BaselineSettings(time_limit=2.0))


def test_a_time_limit_ends_iterations_with_what_there_is() -> None:
    now = iter([0.0, 1.0, 5.0])
    stop = apart.deadline(BaselineSettings(time_limit=5.0), lambda: next(now))
    assert [stop(), stop()] == [False, True]
    assert not apart.deadline(BaselineSettings(), lambda: 0.0)()


@pytest.mark.parametrize("name", ["admm", "frank-wolfe", "burer-monteiro"])
def test_with_no_time_at_all_there_is_a_result(name: str) -> None:
    found = BASELINES[name].run(drawn(4, 2, 1), replace(QUICK, time_limit=1e-9))
    assert found.loss is not None
    assert np.isfinite(float(found.loss))
