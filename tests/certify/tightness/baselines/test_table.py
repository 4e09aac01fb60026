"""Baselines as methods of a study: by name, in tables and pages, as a user types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from certify.checker.errors import DataError
from certify.datasets.arrays import from_arrays
from certify.datasets.held_out import held_out_arrays
from certify.tightness.baselines.baseline import BaselineProblem, BaselineSettings
from certify.tightness.baselines.table import BASELINES
from certify.tightness.names import BASELINE_WORDS, NAMES, OWN, quantities_of
from certify.tightness.quantities import QUANTITIES, Kind
from certify.tightness.settings import StudySettings
from certify.tightness.study import study
from certify.views.page.tightness import render_tightness_page
from tests.certify.cli.command_line import run


def test_the_names_are_those_of_the_tables() -> None:
    assert tuple(OWN.values()) == tuple(QUANTITIES)
    assert tuple(BASELINE_WORDS) == tuple(BASELINES)
    assert not set(BASELINES) & set(QUANTITIES)
    for name, baseline in BASELINES.items():
        assert baseline.name == name
        assert baseline.kind in (Kind.LOSS, Kind.ESTIMATE, Kind.PREDICTOR)
        assert baseline.words
        assert baseline.source


def test_methods_are_read_once_each_and_in_order() -> None:
    assert quantities_of("ntk, Shor,NTK") == ("ntk", "Shor")
    assert quantities_of("usual") == tuple(QUANTITIES)
    assert quantities_of("ntk,usual")[:2] == ("ntk", "optimum")
    assert quantities_of("all") == (*QUANTITIES, *BASELINES)
    with pytest.raises(DataError, match="did you mean nngp"):
        quantities_of("nngpp")
    with pytest.raises(DataError, match="no method in ','"):
        quantities_of(",")
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"patterns": 0}, {"rank": 0}, {"iterations": 0}, {"time_limit": 0.0}]
)
def test_settings_that_mean_nothing(wrong: dict[str, int]) -> None:
    with pytest.raises(DataError, match="is 0"):
        BaselineSettings(**wrong)


def test_an_output_bias_is_left_out() -> None:
    problem = BaselineProblem.of(
        from_arrays([[1], [2]], [1.0, 2.0], task="regression").problem(1, "squared", "free")
    )
    with pytest.raises(Exception, match="ntk knows no output bias"):
        BASELINES["ntk"].run(problem)


def test_accuracy_is_counted_for_classes_alone() -> None:
    X, labels = [[1, 0], [0, 1], [-1, 1]], ["a", "b", "b"]
    dataset = from_arrays(X, labels)
    test = held_out_arrays([[2, 0]], ["a"], dataset)
    numbers = from_arrays(X, [1.0, 2.0, 4.0], task="regression")
    found = study([dataset, numbers], quantities=["ntk"], tests=[test, None]).problems
    (row,), (other,) = (each.rows for each in found)
    assert row.scores is not None
    assert row.scores.train.largest == 1
    assert row.scores.test is not None
    assert row.scores.test.largest == 1
    assert (row.kind, row.value, other.scores) == (Kind.PREDICTOR, None, None)
    assert found[0].gap(row) is None
    with pytest.raises(DataError, match="1 test sets for 2 data sets"):
        study([dataset, numbers], quantities=["ntk"], tests=[test])


def test_one_seed_each_where_it_depends_on_one() -> None:
    dataset = from_arrays([[1], [2]], [1.0, 2.0], task="regression")
    settings = StudySettings(seeds=2, width=2, patterns=2, rank=2)
    (found,) = study([dataset], ["0.1"], settings, quantities=["ntk", "admm"]).problems
    assert [(row.quantity, row.seed) for row in found.rows] == [("ntk", None), ("admm", 0), ("admm", 1)]


# --- the command line --------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("a,b,label\n1,0,x\n0,1,y\n-1,1,y\n")
    test.write_text("a,b,label\n2,1,x\n")
    return train, test


def test_as_a_user_types_it(
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train, test = files
    table, page = tmp_path / "t.csv", tmp_path / "t.html"
    command = ("tightness", "--data", train, "--test-data", test, "--methods", "shor,nngp", "--csv", table)
    assert run(monkeypatch, *command, "--html", page, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["problems"][0]["rows"]
    assert [row["quantity"] for row in rows] == ["Shor", "nngp"]
    assert (rows[-1]["kind"], rows[-1]["value"]) == ("predictor", None)
    assert rows[-1]["train_accuracy"] == rows[-1]["test_accuracy"] == 1
    assert rows[0]["train_accuracy"] is None
    with table.open(newline="") as file:
        assert [line["test_accuracy"] for line in csv.DictReader(file)] == ["", "1.0"]
    assert "<dt>nngp</dt>" in page.read_text()
    assert "<dt>ntk</dt>" not in page.read_text()
    assert run(monkeypatch, *command[:-2]) == 0
    shown = capsys.readouterr().out
    assert "predictor" in shown
    assert "accuracy" in shown.split("proved: ")[0]
    assert "in brackets" in shown


def test_the_accuracy_has_no_column_where_there_is_none() -> None:
    dataset = from_arrays([[1]], [1.0], task="regression")
    page = render_tightness_page(study([dataset], ["0.1"], quantities=["Shor"]))
    assert ">accuracy</th>" not in page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--methods", "nngp,knn"], ["the method 'knn' is unknown"]),
        (["--methods", ""], ["no method"]),
        (["--test-data", "{test}", "--test-data", "{test}"], ["--test-data is given 2 times"]),
        (["--test-data", "{test}", "--group", "a"], ["leave out --group"]),
        (["--test-data", "missing.csv"], ["missing.csv does not exist"]),
        (["--patterns", "0"], ["the number of patterns is 0"]),
        (["--rank", "0"], ["the rank is 0"]),
        (["--csv", "{test}", "--test-data", "{test}"], ["a file of its own"]),
    ],
)
def test_bad_input_gets_one_sentence(
    options: list[str],
    words: list[str],
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train, test = files
    assert (
        run(monkeypatch, "tightness", "--data", train, *(option.format(test=test) for option in options)) == 2
    )
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("certify: ")
    for word in words:
        assert word in last
