from __future__ import annotations

import csv
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from certify.checker.data.dataset import Dataset
from certify.checker.errors import DataError
from certify.datasets.arrays import from_arrays
from certify.runtime.progress import Clock
from certify.tightness import quantities as tightness_rows
from certify.tightness import relaxed
from certify.tightness.quantities import (
    BATCHES,
    FULL_BATCH,
    LBFGS,
    QUANTITIES,
    Bench,
    Kind,
    Row,
)
from certify.tightness.settings import StudySettings
from certify.tightness.study import (
    PAPER_RATIO,
    TRUE_RATIO,
    Outcome,
    Study,
    Tightness,
    ratios,
    study,
)
from certify.views.page.tightness import render_tightness_page
from certify.views.terminal.tightness import cells, save_csv
from formulations.training.sgd import SgdResult
from tests.certify.cli.command_line import run
from tests.clocks import UntilStage

QUICK = StudySettings(seeds=1, width=4, epochs=20, batch_size=2)


def single() -> Dataset:
    """One sample x = y = 1, whose optimum with gamma = 1/10 is gamma - gamma^2 / 2 = 0.095."""
    return from_arrays([[1]], [Fraction(1)], task="regression")


def by_hand(*rows: Row) -> Tightness:
    dataset = single()
    return Tightness(dataset, dataset.problem("0.1"), rows, 0.0)


def test_a_single_sample_by_hand() -> None:
    optimum = Fraction(95, 1000)
    result = study([single()], ["0.1"], QUICK)
    (found,) = result.problems
    assert result.complete
    assert not result.omissions
    assert found.lower <= optimum <= found.upper
    assert found.upper - found.lower < Fraction(1, 10_000)
    for row in found.rows:
        assert row.value is not None
        if row.kind is Kind.BOUND:
            assert row.value <= optimum
        if row.kind is Kind.LOSS:
            assert isinstance(row.value, Fraction)
            assert row.value >= optimum
        if row.kind is Kind.ESTIMATE:  # with one sample the relaxation is tight
            assert float(row.value) == pytest.approx(0.095, rel=1e-4)
    assert found.outcome(found.of(LBFGS)[0]) is Outcome.OPTIMAL
    assert float(ratios(found)[-1].value or 0) == pytest.approx(1, rel=1e-3)
    names = [row.quantity for row in found.rows]
    for stage in ("rounded", "rescaled", "refit", "slid"):
        assert f"rounding (paper), {stage}" in names
        assert f"rounding (stable), {stage}" in names


def test_a_loss_is_exact_at_the_network_that_training_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    # 1/2 (1/2 - 1)^2 + 1/20 (1 + 1/4) = 3/16, while the weights' descent ends near 0.095.
    run = SgdResult(0, np.array([[1.0]]), np.array([[0.5]]), 0.1, 20)
    monkeypatch.setattr(tightness_rows, "train_by_sgd", lambda *_, **__: (run,))
    (found,) = study([single()], ["0.1"], QUICK, quantities=["optimum", FULL_BATCH]).problems
    (row,) = found.of(FULL_BATCH)
    assert row.value == Fraction(3, 16)
    assert row.descent is not None
    assert float(row.descent) == pytest.approx(0.095, rel=1e-6)
    assert found.outcome(row) is Outcome.UNFINISHED


def test_gaps_and_factors_by_hand() -> None:
    tree, shor = Row("tree", Kind.BOUND, Fraction(8, 100)), Row("Shor", Kind.BOUND, Fraction(2, 100))
    best, worse = Row("net", Kind.LOSS, Fraction(10, 100)), Row("net", Kind.LOSS, Fraction(16, 100))
    estimate, missing = Row("SDP-NN", Kind.ESTIMATE, 0.05), Row("rounding", Kind.MISSING, None)
    found = by_hand(tree, shor, best, worse, estimate, missing)
    assert found.lower == Fraction(8, 100)
    assert found.upper == Fraction(1, 10)
    assert [found.gap(row) for row in (tree, shor, best, worse)] == [
        Fraction(1, 5),
        Fraction(4, 5),
        Fraction(1, 5),
        Fraction(1, 2),
    ]
    assert [found.factor(row) for row in (tree, shor, best, worse)] == [1, 0.25, 1.25, 2]
    assert found.gap(estimate) == 1 - Fraction(0.05) * 10
    assert found.gap(missing) is None
    assert found.factor(missing) is None
    assert cells(found, estimate)[2] == "~ 50.0 %"


def test_without_any_bound_or_network_the_interval_is_what_is_known_of_every_problem() -> None:
    assert by_hand().lower == 0
    assert by_hand().upper == Fraction(1, 2)


@pytest.mark.parametrize(
    ("loss", "descent", "outcome"),
    [
        ("1000/1000", "1000/1000", Outcome.OPTIMAL),
        ("1010/1000", "1010/1000", Outcome.OPTIMAL),
        ("1011/1000", "1000/1000", Outcome.UNFINISHED),
        ("2000/1000", "1499/1000", Outcome.UNFINISHED),
        ("2000/1000", "1500/1000", Outcome.STUCK),
        ("1011/1000", "1011/1000", Outcome.STUCK),
    ],
)
def test_how_a_run_ended(loss: str, descent: str, outcome: Outcome) -> None:
    row = Row(LBFGS, Kind.LOSS, Fraction(loss) / 10, 0, Fraction(descent) / 10)
    bounds = Row("tree", Kind.BOUND, Fraction(1, 10)), Row("net", Kind.LOSS, Fraction(1, 10))
    assert by_hand(*bounds, row).outcome(row) is outcome


def test_with_a_wide_interval_the_best_network_is_neither_optimal_nor_stuck() -> None:
    best = Row(LBFGS, Kind.LOSS, Fraction(1, 10), 0, Fraction(1, 10))
    found = by_hand(Row("tree", Kind.BOUND, Fraction(1, 20)), best)
    assert found.outcome(best) is Outcome.OPEN
    assert found.outcome(replace(best, descent=None)) is None


def test_the_papers_ratios_next_to_the_true_one() -> None:
    found = by_hand(
        Row("tree", Kind.BOUND, Fraction(1, 10)),
        Row("SDP-NN", Kind.ESTIMATE, 0.09),
        Row("rounding (paper), rounded", Kind.LOSS, Fraction(9, 10)),
        Row(FULL_BATCH, Kind.LOSS, Fraction(18, 100), 0, Fraction(1, 10)),
        Row(BATCHES, Kind.LOSS, Fraction(12, 100), 0, Fraction(1, 10)),
        Row(BATCHES, Kind.LOSS, Fraction(11, 100), 1, note="cut short"),
    )
    assert {row.quantity: round(float(row.value or 0), 12) for row in ratios(found)} == {
        "SDP-NN / best SGD": 0.75,
        "SDP-NN / rounding (paper)": 0.1,
        "SDP-NN / optimum": 0.9,
    }


def test_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def pressed(bench: Bench) -> Iterator[Row]:
        signal.raise_signal(signal.SIGINT)
        yield from QUANTITIES["L-BFGS"](bench)

    monkeypatch.setitem(QUANTITIES, "Shor", pressed)
    result = study([single(), single()], ["0.1"], QUICK)
    assert not result.complete
    (found,) = result.problems
    names = [row.quantity for row in found.rows]
    assert "SDP-NN, certified" in names
    assert "SDP-NN / optimum" in names
    assert FULL_BATCH not in names
    assert found.lower <= Fraction(95, 1000) <= found.upper
    save_csv(result, tmp_path / "done.csv")
    assert "tree" in (tmp_path / "done.csv").read_text()
    assert "interrupted" in render_tightness_page(result)


def test_ctrl_c_while_a_relaxation_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(tightness_rows, "round_to_network", pressed)
    result = study([single()], ["0.1"], QUICK, quantities=["optimum", "rounding", "Shor"])
    assert not result.complete
    assert {row.quantity for row in result.problems[0].rows} == {"tree", "column generation"}


def test_without_torch_the_other_columns_still_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    result = study([single()], ["0.1"], QUICK, quantities=["optimum", FULL_BATCH, BATCHES, LBFGS])
    assert result.complete
    assert result.omissions == (
        "SGD is left out because torch is not installed: pip install 'certify[torch]'",
    )
    assert result.problems[0].of(LBFGS)


def test_a_time_limit_leaves_valid_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = from_arrays([[1, 2], [2, -1], [-1, 1], [0, 1]], [0.5, 1.5, 1, 2], task="regression")
    clock = UntilStage("optimum")
    monkeypatch.setattr("certify.tightness.study.Clock", partial(Clock, now=clock))
    (found,) = study([dataset], ["0.1"], replace(QUICK, time_limit=1000), clock).problems
    assert 0 <= found.lower <= found.upper
    assert not found.of(FULL_BATCH)


def test_what_cannot_be_studied() -> None:
    with pytest.raises(DataError, match="no data"):
        study([])
    with pytest.raises(DataError, match="quantity 'ADMM' is unknown"):
        study([single()], quantities=["ADMM"])


def test_the_page_is_self_contained_and_draws_every_problem() -> None:
    rows = (
        Row("tree", Kind.BOUND, Fraction(1, 10)),
        Row("net <b>", Kind.LOSS, Fraction(2, 10), note="a & b"),
        Row("SDP-NN", Kind.ESTIMATE, 0.05),
    )
    page = render_tightness_page(Study((by_hand(*rows), by_hand(*rows), by_hand()), QUICK, True))
    assert page.count("<svg") == 2  # nothing to draw where no bound is positive
    assert "net &lt;b&gt;" in page
    assert "a &amp; b" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/", "")
    assert page.count("&le; global optimum &le;") == 3


# --- the command line --------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Return a file with two problems of three rows each."""
    path = tmp_path / "two.csv"
    path.write_text("set,a,b,y\n0,1,2,0.5\n0,2,-1,1.5\n1,-1,1,0.25\n1,0,1,2.5\n0,1,1,1\n1,1,-1,0.75\n")
    return path


SMALL = ("--seeds", 1, "--width", 4, "--epochs", 20, "--batch-size", 2)


def test_as_a_user_types_it(
    two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table, page = tmp_path / "t.csv", tmp_path / "t.html"
    options = (
        "--group", "set", "--first", 1, "--gamma", "0.1", "--gamma", "1/100", "--csv", table, "--html", page,
    )  # fmt: skip
    assert run(monkeypatch, "tightness", "--data", two, *options, "--json", *SMALL) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "complete"
    assert [(p["problem"], p["gamma"]) for p in found["problems"]] == [
        (f"{two}, set 0", gamma) for gamma in (0.1, 0.01)
    ]
    with table.open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["kind"] != "lifted"]
    assert len(lines) == sum(len(p["rows"]) for p in found["problems"])
    for problem in found["problems"]:
        assert problem["lower_bound"] <= problem["upper_bound"]
        kinds = {row["kind"] for row in problem["rows"]}
        assert kinds == {"bound", "estimate", "loss", "ratio"}
    assert float(lines[0]["value"]) == found["problems"][0]["rows"][0]["value"]
    drawn = sum(1 + (p["lifted_matrix"]["finding"] != "zero") for p in found["problems"])
    assert page.read_text().count("<figcaption>") == drawn


def test_without_torch_there_is_one_sentence_and_a_table(
    two: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(monkeypatch, "tightness", "--data", two, "--group", "set", "--first", 1, *SMALL) == 0
    shown = capsys.readouterr()
    assert shown.err.count("\nSGD is left out because torch is not installed: pip install") == 1
    for name in ("tree", "SDP-NN", "Shor", "rounding (paper), slid", "L-BFGS", "SDP-NN / optimum"):
        assert name in shown.out
    assert "SGD" not in shown.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--data", "missing.csv"], ["missing.csv does not exist"]),
        (["--data", "{two}", "--gamma", "none"], ["gamma is 'none'"]),
        (["--data", "{two}", "--gamma", "0"], ["gamma is 0", "positive"]),
        (["--data", "{two}", "--group", "kind"], ["no column 'kind'"]),
        (["--data", "{two}", "--first", "1"], ["--group COLUMN"]),
        (["--data", "{two}", "--width", "0"], ["the width is 0"]),
        (["--data", "{two}", "--epochs", "0"], ["the number of epochs is 0"]),
        (["--data", "{two}", "--batch-size", "0"], ["the batch size is 0"]),
        (["--data", "{two}", "--momentum", "1"], ["the momentum is 1"]),
        (["--data", "{two}", "--learning-rate", "-1"], ["the learning rate is -1"]),
        (["--data", "{two}", "--time-limit", "0"], ["the time limit is 0"]),
        (["--data", "{two}", "--gap", "-1"], ["the wanted gap is -1"]),
        (["--data", "{two}", "--csv", "no/such/t.csv"], ["no/such/t.csv", "folder that exists"]),
        (["--data", "{two}", "--html", "{two}"], ["a file of its own"]),
    ],
)
def test_bad_input_gets_one_sentence(
    options: list[str],
    words: list[str],
    two: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = two.read_bytes()
    assert run(monkeypatch, "tightness", *(option.format(two=two) for option in options)) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("certify: ")
    for word in words:
        assert word in last
    assert two.read_bytes() == before


@pytest.mark.parametrize("loss", ["hinge", "cross-entropy", "poisson"])
def test_other_losses(loss: str) -> None:
    """What there is for a loss is measured with it, and the rest is left out with a word."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 4, 8) if loss == "poisson" else ["a", "b"] * 4
    dataset = from_arrays(rng.normal(size=(8, 2)), y, loss=loss)
    result = study([dataset], ["0.5"], replace(QUICK, loss=loss, gap=1e-2))
    (found,) = result.problems
    assert result.complete
    assert found.problem.loss.text == loss
    measured = {row.quantity for row in found.rows if row.value is not None}
    missing = {row.quantity for row in found.rows if row.kind is Kind.MISSING}
    assert measured == {
        "tree",
        "column generation",
        "SDP-NN",
        "SDP-NN, certified",
        "Shor",
        LBFGS,
        FULL_BATCH,
        BATCHES,
        *(row.quantity for row in ratios(found)),
    }
    (value,), (proved,) = found.of("SDP-NN"), found.of("SDP-NN, certified")
    assert value.kind is Kind.ESTIMATE
    assert value.note == "value by clarabel"
    assert value.value is not None
    assert proved.value is not None
    size = 1e-5 * abs(float(value.value))
    assert proved.value - size <= value.value <= found.upper + size
    assert missing == {"SDP-NN, copositive cuts", "rounding"}
    (reason,) = result.omissions
    assert reason.endswith(f"left out for {loss}")
    for row in found.rows:
        if row.kind is Kind.BOUND:
            assert row.value is not None
            assert row.value <= found.upper
        if row.kind is Kind.LOSS:
            assert row.value is not None
            assert row.value >= found.lower
    assert {row.quantity for row in ratios(found)} == (
        {TRUE_RATIO, PAPER_RATIO} if found.lower > 0 else set()
    )
    assert "1/2 |f" not in render_tightness_page(result)
    assert found.to_json()["loss"] == loss


def test_the_value_with_weights_is_that_of_repeated_samples() -> None:
    """Weights leave SDP-NN's own method without a value, too, and the general solver has it."""
    weighted = from_arrays([[1, 0], [-1, 1]], [1.0, -0.5], task="regression", sample_weight=[2, 1])
    repeated = from_arrays([[1, 0], [1, 0], [-1, 1]], [1.0, 1.0, -0.5], task="regression")
    (one,), (other,) = (
        study([dataset], ["0.1"], QUICK, quantities=["SDP-NN"]).problems for dataset in (weighted, repeated)
    )
    values = [found.of("SDP-NN")[0].value for found in (one, other)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_too_much_for_the_value_of_another_loss() -> None:
    """What is proved does not depend on it."""
    dataset = from_arrays(np.eye(59), ["a", "b", "c"] * 19 + ["a", "b"], loss="cross-entropy")
    settings = replace(QUICK, loss="cross-entropy", time_limit=20)
    (found,) = study([dataset], ["1"], settings, quantities=["SDP-NN"]).problems
    assert [row.kind for row in found.rows] == [Kind.MISSING, Kind.BOUND]
    assert found.rows[0].note == (
        "SDP-NN's own value with the loss cross-entropy is for at most 120 rows, features and outputs "
        "together, and these are 121: choose some of the rows"
    )


def test_ctrl_c_while_the_value_is_found_keeps_what_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(relaxed, "run_in_child", pressed)
    dataset = from_arrays([[1], [-2]], [1.0, -1.0], task="regression", loss="absolute")
    result = study([dataset], ["0.1"], replace(QUICK, loss="absolute"), quantities=["SDP-NN", "Shor"])
    assert not result.complete
    assert [row.quantity for row in result.problems[0].rows] == ["SDP-NN, certified"]


def test_losses_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "d.csv"
    data.write_text("a,kind\n1,x\n-2,y\n")
    common = ["tightness", "--data", data, "--loss", "logistic", "--seeds", "0", "--gap", "0.1"]
    assert run(monkeypatch, *common, "--cut-certificate", tmp_path / "c.cert") == 2
    assert "--cut-certificate is for the loss squared" in capsys.readouterr().err
    assert run(monkeypatch, *common, "--json") == 0
    shown = capsys.readouterr()
    (found,) = json.loads(shown.out)["problems"]
    assert (found["loss"], found["c"]) == ("logistic", 1)
    assert "as -1 and 1" in shown.err
    assert "left out for logistic" in shown.err
    assert run(monkeypatch, "tightness", "--data", data, "--loss", "cubic") == 2
    assert "cubic" in capsys.readouterr().err
