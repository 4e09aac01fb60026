"""The parts of a study by themselves: scores, generators, keys, and what is accepted of a method's claims."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.errors import DataError
from certify.datasets.held_out import HeldOut
from certify.runtime.executor import Future, State, Task
from certify.study.accept import CERTIFIED, Unaccepted, accept
from certify.study.baselines import method_of
from certify.study.bench import VALUE, Found, FoundNetwork, Number, Predictions, without_bias
from certify.study.cells import Cell, cells_of
from certify.study.generators import GENERATORS, random_network
from certify.study.methods import METHODS, width_of
from certify.study.plan import Plan, plan_of
from certify.study.problems import read_tables
from certify.study.report.analysis import Problem, Study
from certify.study.report.plots import plots
from certify.study.report.tables import tables
from certify.study.run import Progress, result_of
from certify.study.schema import Source
from certify.study.scores import ACCURACY, F1, PAPER_ACCURACY, PAPER_F1, R2, scores
from certify.study.store import Result, Row, Store
from certify.tightness.baselines.baseline import Baseline, BaselineProblem, BaselineSettings, Outcome
from certify.tightness.quantities import Kind

STUDY = """
[[data]]
name = "One"
file = "one.csv"
test = "two.csv"
task = "regression"
[[method]]
name = "sgd"
width = [1, 2]
"""


def cells(tmp_path: Path, text: str = STUDY, test: str = "x,y\n2,2\n4,5\n", **changes: float) -> list[Cell]:
    """Return the cells of the sample x = y = 1, whose optimum with gamma = 1/10 is 0.095."""
    (tmp_path / "one.csv").write_text("x,y\n1,1\n")
    (tmp_path / "two.csv").write_text(test)
    plan = plan_of(Source("study", text), quick=False, folder=tmp_path)
    problems, missing = read_tables(plan, tmp_path / "out")
    assert not missing
    return list(cells_of(plan, problems, changes.get("time_limit")))


def test_scores_by_hand() -> None:
    # Thresholds from 0.3 to 0.59 leave the first two rows right; the largest output has all of them.
    outputs = np.array([[0.9, 0.2], [0.3, 0.6], [0.1, 0.2], [0.29, 0.28]])
    truth = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    found = scores(outputs, HeldOut(np.zeros((4, 1)), truth), of_classes=True)
    assert (found[ACCURACY], found[F1]) == (1.0, 1.0)
    # Above 0.28 the last row is right as well, and the second is not: two of four, as first at 0.2.
    assert found[PAPER_ACCURACY] == 0.5
    assert found[PAPER_F1] == pytest.approx((2 * 2 / 5 + 2 * 1 / 3) / 2)


def test_scores_of_signs_and_numbers() -> None:
    signs = HeldOut(np.zeros((3, 1)), np.array([[-1.0], [1.0], [1.0]]))
    found = scores(np.array([[-2.0], [0.5], [-0.1]]), signs, of_classes=True)
    # Of the first class F1 is 2/3, and of the other, which has two samples, as well.
    assert found == {ACCURACY: pytest.approx(2 / 3), F1: pytest.approx(2 / 3)}
    numbers = HeldOut(np.zeros((2, 1)), np.array([[0.0], [2.0]]))
    assert scores(np.array([[1.0], [2.0]]), numbers, of_classes=False) == {R2: 0.5}
    assert scores(np.array([[np.nan], [2.0]]), numbers, of_classes=False) == {}


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_give_what_is_asked_for(name: str) -> None:
    first, again, other = (GENERATORS[name](seed, 7) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(first.train.rows) == 7
    assert all(len(row) == len(first.train.names) for row in first.train.rows)


def test_a_generated_file_gives_back_its_numbers() -> None:
    rows = random_network(0, 3).train
    lines = rows.to_csv().splitlines()
    assert lines[0] == "x1,x2,y1,y2,y3,y4,y5"
    assert [tuple(map(float, line.split(","))) for line in lines[1:]] == list(rows.rows)


def test_a_key_has_all_that_decides_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def keys(text: str = STUDY, **changes: str) -> set[str]:
        return {cell.key for cell in cells(tmp_path, text, **changes)}  # type: ignore[arg-type]

    first = keys()
    assert len(first) == 2
    assert keys(STUDY.replace('"One"', '"Another name"')) == first
    assert keys("gamma = '1/10'\n" + STUDY) == first
    assert not keys("gamma = 0.2\n" + STUDY) & first
    assert not keys("time-limit = 3\n" + STUDY) & first
    assert not keys(STUDY + "momentum = 0.5\n") & first
    assert len(keys("seeds = 2\n" + STUDY) - first) == 2
    assert not keys(test="x,y\n2,2\n4,6\n") & first
    monkeypatch.setitem(METHODS, "sgd", replace(METHODS["sgd"], version=METHODS["sgd"].version + 1))
    assert not keys() & first


def test_what_can_be_checked_is_checked(tmp_path: Path) -> None:
    cell = cells(tmp_path)[0]
    # With u = v = 0.9 the loss is 1/2 (0.81 - 1)^2 + 0.05 * 2 * 0.81; for 2 and 4 it says 1.62 and 3.24.
    network = FoundNetwork("n", np.array([[0.9]]), np.array([[0.9]]), without_bias(1), 1)
    estimate, row = accept(Found((Number("a", 0.01),), (network,)), cell)
    assert (estimate.kind, estimate.value) == ("estimate", 0.01)
    assert row.value == pytest.approx(0.09905)
    assert row.scores[R2] == pytest.approx(1 - (0.38**2 + 1.76**2) / 4.5)
    (bound,) = accept(Found(certificate=METHODS["bound"].run(_bench(cell)).certificate), cell)
    assert (bound.quantity, bound.kind) == (CERTIFIED, "proved")
    assert bound.value is not None
    assert 0.0949 < bound.value <= 0.095
    vast = Found((Number("a", math.nan),), predictions=(Predictions("p", np.full((2, 1), 1e200)),))
    nothing, predicted = accept(vast, cell)
    assert nothing.value is None
    assert not predicted.scores


def _bench(cell: Cell):  # type: ignore[no-untyped-def]
    return replace(cell.bench, settings=METHODS["bound"].settings)


def test_seconds_that_are_none_are_those_of_the_process(tmp_path: Path) -> None:
    (cell, _) = cells(tmp_path)
    future = Future(Task("t", len))
    future.end(State.DONE, Found(seconds=math.nan))
    future.seconds = 2.0
    result, certificate = result_of(future, cell, {})
    assert (result.state, result.seconds, certificate) == ("done", 2.0, "")
    store = Store(tmp_path / "kept")
    store.keep(cell, result, certificate)
    assert store.read(cell) == result


def test_what_is_not_as_claimed_is_not_accepted(tmp_path: Path) -> None:
    cell = cells(tmp_path)[0]
    proof = METHODS["bound"].run(_bench(cell)).certificate
    other = cells(tmp_path, "gamma = 0.09\n" + STUDY)[0]
    wide = FoundNetwork("n", np.ones((2, 1)), np.ones((1, 1)), without_bias(1))
    infinite = replace(wide, hidden=np.array([[np.inf]]))
    for found, of, words in (
        (Found(certificate=proof), other, "the checker refuses its certificate"),
        (Found(certificate=proof[:-20]), cell, "its certificate cannot be read"),
        (Found(networks=(wide,)), cell, "its network n has other shapes"),
        (Found(networks=(infinite,)), cell, "its network n is none"),
        (Found(predictions=(Predictions("p", np.ones((3, 1))),)), cell, "its predictions are not those"),
    ):
        with pytest.raises(Unaccepted, match=words):
            accept(found, of)


def _accepted_of(outcome: Outcome, tmp_path: Path) -> tuple[Row, ...]:
    """Return what is accepted of a baseline that comes to this."""
    text = (
        STUDY.partition("[[method]]")[0].replace("task", "bias = false\ntask") + '[[method]]\nname = "toy"\n'
    )
    toy = Baseline("toy", outcome.kind, "nobody", lambda problem, settings: outcome, seeded=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(METHODS, "toy", method_of(toy))
        (cell,) = cells(tmp_path, text)
        found = METHODS["toy"].run(cell.bench)
    assert (cell.facts.label, found.note) == ("toy", outcome.notes)
    return accept(found, cell)


def test_what_a_relaxation_says_of_itself_nobody_checks(tmp_path: Path) -> None:
    outcome = Outcome(Kind.ESTIMATE, 1 / 3, np.ones((2, 1)), notes="by hand", details={"rank": 2})
    value, rank, predicted = _accepted_of(outcome, tmp_path)
    assert (value.quantity, value.kind, value.value) == (VALUE, "estimate", 1 / 3)
    assert (rank.quantity, rank.value) == ("rank", 2)
    # Of 2 and 5 it says 1 and 1: 1 - (1 + 16) / 4.5.
    assert predicted.scores[R2] == pytest.approx(1 - 17 / 4.5)


def test_published_seconds_belong_to_a_gamma_however_it_is_written(tmp_path: Path) -> None:
    def plan(published: str) -> Plan:
        text = STUDY.replace("task", f"published = {published}\ntask")
        return plan_of(Source("study", text), quick=False, folder=tmp_path)

    (choice,) = plan('{"1/10" = 12.5}').data
    assert choice.seconds_elsewhere("0.1") == 12.5
    assert choice.seconds_elsewhere("0.01") is None
    for wrong in ("12.5", "{}", '{"0.1" = "much"}', '{"-1" = 2.5}'):
        with pytest.raises(DataError, match=r"line 6: the key 'published' of .* give a table such as"):
            plan(wrong)


def test_published_seconds_are_in_the_table_of_their_data_and_gamma(tmp_path: Path) -> None:
    cell = cells(tmp_path)[0]
    bound = Result(cell.facts, cell.problem_sha256, "done", "", (), 1.0, "", {})
    problem = Problem(cell.facts, (bound,), 0.095, 0.095)
    study = Study("s", (problem,), {"done": 1}, (), (), (), {("One", "0.1"): 12.5, ("Two", "0.1"): 3.0})
    optimum = next(table for table in tables(study) if "optimum" in table.title)
    assert optimum.headings[-1] == "published"
    assert [row[-1] for row in optimum.rows] == ["12.50"]


def test_a_local_descent_ends_at_a_network(tmp_path: Path) -> None:
    text = STUDY.partition("[[method]]")[0].replace("task", "bias = false\ntask")
    (cell,) = cells(tmp_path, text + '[[method]]\nname = "lbfgs"\nwidth = 8\n')
    (network,) = accept(METHODS["lbfgs"].run(cell.bench), cell)
    assert (network.quantity, network.kind, network.width) == ("L-BFGS", "exact", 8)
    assert network.value == pytest.approx(0.095, rel=1e-6)


def test_the_loss_of_a_baseline_s_network_is_computed_anew(tmp_path: Path) -> None:
    lie = Outcome(Kind.LOSS, Fraction(1, 9), weights=(np.full((1, 1), 0.5), np.ones((1, 1))))
    (network,) = _accepted_of(lie, tmp_path)
    # It says 1/2 of 1: 1/8, and gamma / 2 (1/4 + 1) = 1/16; of 2 and 4 it says 1 and 2, not 2 and 5.
    assert (network.quantity, network.kind) == ("toy", "exact")
    assert network.value == pytest.approx(0.1875)
    assert network.scores[R2] == pytest.approx(1 - 10 / 4.5)


def test_a_setting_of_0_is_left_to_the_baseline(tmp_path: Path) -> None:
    given = []

    def solve(problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
        given.append(settings)
        return Outcome(Kind.ESTIMATE, 0.5)

    toy = method_of(Baseline("toy", Kind.ESTIMATE, "nobody", solve))
    bench = cells(tmp_path)[0].bench
    for settings in (toy.settings, dict.fromkeys(toy.settings, 0)):
        toy.run(replace(bench, settings=settings))
    usual = BaselineSettings(seed=bench.seed, time_limit=bench.time_limit)
    assert given == [usual, usual]


def test_spurious_minima_are_above_the_best_value_that_is_known(tmp_path: Path) -> None:
    cell = cells(tmp_path)[0]

    def run(rank: float, value: float, settled: float = 1.0) -> Result:
        numbers = (("rank", rank), (VALUE, value), ("settled", settled), ("barvinok", 7.0), ("active", 3.0))
        rows = tuple(Row(name, "estimate", number, 0, {}) for name, number in numbers)
        facts = replace(cell.facts, method="burer-monteiro")
        return Result(facts, cell.problem_sha256, "done", "", rows, 1.0, "", {})

    results = (run(1, 2.0), run(1, 1.0), run(2, 1.5), run(2, 9.0, 0.0), run(3, 1.005), run(4, 1.1))
    problem = Problem(cell.facts, results, 0.9, 1.2)
    study = Study("s", (problem,), {"done": 6}, (), (), ())
    (plot,) = [plot for plot in plots(study) if plot.name == "factorised-rank"]
    assert plot.series[0].points == ((1.0, 50.0), (2.0, 100.0), (3.0, 0.0), (4.0, 100.0))
    assert (
        "Of 3 settled runs that ended more than 1 % above the best value known, 1 ended above" in plot.words
    )
    assert "The least rank without a run above is 3." in plot.words
    assert "is 7 by all constraints and 3 by those that are active" in plot.words
    assert "of 2 runs with the latter or more 1 ended above" in plot.words


def test_a_gap_is_that_of_a_known_optimum(tmp_path: Path) -> None:
    cell = cells(tmp_path)[0]
    facts = replace(cell.facts, method="bound", settings={"method": "sdp"})
    value = Row(VALUE, "estimate", 0.9, 0, {})
    result = Result(facts, cell.problem_sha256, "done", "", (value,), 1.0, "", {})
    for upper, gaps in ((1.005, [10.0]), (1.5, [])):
        study = Study("s", (Problem(facts, (result,), 1.0, upper),), {"done": 1}, (), (), ())
        found = [y for plot in plots(study) if plot.name == "gap-gamma" for _, y in plot.series[0].points]
        assert found == pytest.approx(gaps)


def test_widths() -> None:
    assert [width_of(asked, 7, 3) for asked in (5, "linear", "critical")] == [5, 7, 22]
    for asked in (0, "large", -1):
        with pytest.raises(ValueError, match="no positive integer, linear or critical"):
            width_of(asked, 7, 3)


@given(st.integers(1, 5), st.floats(0.1, 100.0))
def test_the_time_that_is_left_is_that_of_the_cells_that_are(workers: int, seconds: float) -> None:
    progress = Progress([], workers)
    assert progress.seconds_left == 0
    progress.learn("sgd", seconds)
    progress._left = {"a": "sgd", "b": "sgd", "c": "of which nothing is known"}
    assert progress.seconds_left == pytest.approx(3 * seconds / workers)
