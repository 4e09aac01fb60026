"""Why SDP-NN is loose, as `certify tightness` says it: words, numbers, the page, the files."""

from __future__ import annotations

import csv
import json
import signal
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify.bounds.report import LARGEST_DIAGNOSED
from certify.datasets.arrays import from_arrays
from certify.runtime.worker import run_in_child
from certify.tightness import quantities as tightness_rows
from certify.tightness import relaxed
from certify.tightness.lifted_matrix import Finding, diagnose
from certify.tightness.looseness import Looseness
from certify.tightness.quantities import Kind
from certify.tightness.settings import StudySettings
from certify.tightness.study import Study, Tightness, study
from certify.views.page.tightness import render_tightness_page
from tests.certify.cli.command_line import run

QUICK = StudySettings(seeds=0, width=4)
CUT = "SDP-NN, copositive cuts"
ASKED = ("optimum", "SDP-NN", CUT)

# Four samples in the plane on which SDP-NN is 1.8 % below the optimum.
LOOSE = np.random.default_rng(2).normal(size=12).round(3)
INPUTS, TARGETS = LOOSE[:8].reshape(4, 2), LOOSE[8:].reshape(4, 1)


def studied(inputs: np.ndarray, targets: np.ndarray, gamma: str = "0.1") -> Tightness:
    dataset = from_arrays(inputs, targets, task="regression")
    (found,) = study([dataset], [gamma], QUICK, quantities=ASKED).problems
    return found


@pytest.fixture(scope="module")
def loose() -> Tightness:
    return studied(INPUTS, TARGETS)


@pytest.fixture(scope="module")
def tight() -> Tightness:
    """Return orthogonal inputs, where each sample has its own neuron and SDP-NN is tight."""
    return studied(np.eye(2), np.array([[1.0], [2.0]]))


def said(found: Tightness) -> Looseness:
    assert found.looseness is not None
    return found.looseness


def facts(looseness: Looseness) -> dict[str, str]:
    return dict(looseness.facts())


def test_a_loose_relaxation_in_words_and_in_numbers(loose: Tightness) -> None:
    looseness = said(loose)
    words = facts(looseness)
    assert looseness.title == "Why SDP-NN is loose"
    share = 100 * (float(loose.lower) - looseness.diagnosis.value) / float(loose.lower)
    assert f"{share:.3g} % below the certified optimum" in words["value"]
    assert "doubly nonnegative up to the solver's error" in words["its matrix"]
    assert f"{100 * looseness.diagnosis.distance:.2g} % away" in words["nearest"]
    assert words["in short"].startswith("not completely positive, and so no sum of neurons")
    first, last = looseness.diagnosis.rounds[1].value, looseness.diagnosis.rounds[-1].value
    assert f"with it the value is ~ {first:.8g}" in words["worth"]
    assert f"with {len(looseness.diagnosis.rounds) - 1} cuts the value is ~ {last:.8g}" in words["worth"]
    shares = [looseness.closed(1), looseness.closed(len(looseness.diagnosis.rounds) - 1)]
    assert shares[0] is not None
    assert shares[1] is not None
    # The shares are of the gap to a lower bound that is itself within 1e-4 of the optimum.
    assert 0 < shares[0] <= shares[1] < 1.02


def test_the_value_of_the_cut_by_hand(loose: Tightness) -> None:
    looseness = said(loose)
    diagnosis, cut = looseness.diagnosis, looseness.inequality
    assert cut is not None
    assert diagnosis.cut is not None
    B = diagnosis.block
    M = diagnosis.cut.entries
    largest = max(abs(M[i][j]) * np.sqrt(B[i, i] * B[j, j]) for i in range(8) for j in range(8))
    value = sum(M[i][j] * float(B[i, j]) for i in range(8) for j in range(8)) / largest
    assert value < 0
    assert cut.value == pytest.approx(value)
    assert f"here it is {value:.4g}," in facts(looseness)["here"]
    assert sum(part.contribution for part in cut.parts()) == pytest.approx(value)
    # The five names are those of the rows of M that are not zero.
    names = [f"alpha_{i + 1}" for i in range(4)] + [f"beta_{i + 1}" for i in range(4)]
    assert {names[i] for i in range(8) if any(M[i])} == set(cut.names)
    # Horn's inequality, around the ring.
    horn = diagnosis.horn
    assert horn is not None
    w = np.array(horn.weights)
    moments = np.outer(w, w) * cut.moments
    left, right = 4 * sum(moments[k, (k + 1) % 5] for k in range(5)), moments.sum()
    assert facts(looseness)["here"].startswith(f"the left side is {100 * (left / right - 1):.2g} % above")


def test_its_most_negative_products_are_the_neighbours(loose: Tightness) -> None:
    looseness = said(loose)
    cut, parts = looseness.inequality, looseness.parts()
    assert cut is not None
    ring = [{cut.names[k], cut.names[(k + 1) % 5]} for k in range(5)]
    assert 1 <= len(parts) <= 5
    assert all({part.first, part.second} in ring for part in parts)
    assert [part.contribution for part in parts] == sorted(part.contribution for part in parts)


def test_a_cut_of_another_kind_is_told_without_a_ring(loose: Tightness) -> None:
    looseness = said(loose)
    other = replace(looseness, diagnosis=replace(looseness.diagnosis, horn=None), lines=(2, 3, 5, 8))
    words = facts(other)
    cut = other.inequality
    assert cut is not None
    used = sorted({int(name.split("_")[1]) for name in cut.names})
    rows, lines = ", ".join(map(str, used)), ", ".join(str((2, 3, 5, 8)[row - 1]) for row in used)
    assert f"between 5 activations z (rows {rows}, lines {lines}): M" in words["the cut"]
    assert "M is copositive" in words["the cut"]
    assert words["here"].startswith("sum_ij M_ij <z_i z_j> >= 0 is violated")


def test_a_tight_relaxation(tight: Tightness) -> None:
    looseness = said(tight)
    words = facts(looseness)
    assert looseness.title == "SDP-NN is tight here"
    assert "% of the best network" in words["value"]
    assert words["in short"].startswith("completely positive")
    assert "the cut" not in words
    assert looseness.parts() == []
    assert looseness.closed(0) is None
    found = looseness.to_json()
    assert found["loose"] is False
    assert found["cut"] is None
    assert found["finding"] in ("near", "proved")


def test_under_much_weight_decay_there_is_nothing_to_cut_off() -> None:
    looseness = said(studied(INPUTS, TARGETS, "100"))
    assert looseness.diagnosis.finding is Finding.ZERO
    assert looseness.title == "SDP-NN is tight here"
    assert "no neuron pays" in facts(looseness)["its matrix"]
    assert set(facts(looseness)) == {"value", "its matrix"}


def test_what_is_not_known_is_not_said(loose: Tightness) -> None:
    looseness = said(loose)
    report = looseness.diagnosis.report
    assert report is not None
    unknown = replace(report, answer="unknown", certificate=None, verdict=None, reason="the time limit came")
    undecided = replace(looseness, diagnosis=replace(looseness.diagnosis, report=unknown, horn=None))
    words = facts(undecided)
    assert undecided.diagnosis.finding is Finding.OPEN
    assert words["in short"] == "undecided: no factorisation and no cut was certified (the time limit came)"
    assert "the cut" not in words
    # Without a lower bound nobody knows whose the distance to the best network is.
    without = replace(looseness, lower=Fraction(0))
    assert without.title == "Is SDP-NN loose?"
    assert "the lower bound does not say" in facts(without)["value"]
    assert "gap" not in facts(without)["worth"]
    # A matrix that is not completely positive does not make SDP-NN loose.
    value = Fraction(looseness.diagnosis.value)
    there = replace(looseness, lower=value, upper=value)
    assert there.title == "SDP-NN is tight here"
    assert facts(there)["in short"].endswith("its value is near the optimum all the same")


def test_more_rows_get_a_sentence() -> None:
    rows = LARGEST_DIAGNOSED + 1
    dataset = from_arrays(np.arange(rows)[:, None], np.arange(rows), task="regression")
    result = study([dataset], ["0.1"], QUICK, quantities=[CUT])
    assert result.omissions == (
        "why SDP-NN is loose, and what copositive cuts are worth, is said for at most 12 rows, and the data "
        "has 13: choose some of them",
    )
    assert result.problems[0].looseness is None
    assert result.problems[0].to_json()["lifted_matrix"] is None


def test_sdp_nn_is_solved_once_for_all_that_is_made_of_its_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def counted(function: Any, *arguments: Any, **options: Any) -> Any:
        calls.append(getattr(function, "func", function))
        return run_in_child(function, *arguments, **options)

    for module in (relaxed, tightness_rows):
        monkeypatch.setattr(module, "run_in_child", counted)
    dataset = from_arrays([[1]], [1], task="regression")
    (found,) = study([dataset], ["0.1"], QUICK, quantities=[CUT, "rounding"]).problems
    assert calls == [relaxed.solve_matrix, diagnose]
    assert len(found.rows) == 9


def test_ctrl_c_while_the_matrix_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(relaxed, "run_in_child", pressed)
    dataset = from_arrays([[1]], [1], task="regression")
    result = study([dataset], ["0.1"], QUICK, quantities=["Shor", CUT, "optimum"])
    assert not result.complete
    assert [row.quantity for row in result.problems[0].rows] == ["Shor"]
    assert result.problems[0].looseness is None


def test_the_page_shows_the_matrix_next_to_the_cut(loose: Tightness, tight: Tightness) -> None:
    page = render_tightness_page(Study((loose, tight), QUICK, True))
    assert page.count("<h3>") == 2
    assert page.count("<svg") == 5
    assert page.count("Heat map: the products") == 2
    assert page.count("Heat map: the coefficients") == 1
    assert "&lt;z_i z_j&gt;" in page
    cut = said(loose).inequality
    assert cut is not None
    assert f"is about 5 of them: {', '.join(cut.names)}" in page


# --- the command line --------------------------------------------------------------------------------------


def written(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    path = folder / "few.csv"
    path.write_text("a,b,y\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


SMALL = ("--seeds", 0, "--width", 4, "--task", "regression")


def test_as_a_user_types_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = written(tmp_path, np.hstack([INPUTS, TARGETS]).tolist())
    certificate, table = tmp_path / "few.cut", tmp_path / "rows.csv"
    files = ("--cut-certificate", certificate, "--csv", table)
    assert run(monkeypatch, "tightness", "--data", data, *SMALL, *files) == 0
    shown = capsys.readouterr().out
    assert "\nWhy SDP-NN is loose\n" in shown
    assert "violated by" in shown
    assert f"verify it: certify check {certificate} --data {certificate}.csv" in shown
    with table.open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["kind"] == "lifted"]
    numbers = {line["quantity"]: float(line["value"]) for line in lines}
    assert 1e-4 < numbers["SDP-NN's matrix, distance"] < 0.5
    assert numbers["SDP-NN's matrix, activations of the cut"] == 5
    value = numbers["SDP-NN's matrix, value of the cut"]
    assert f"here it is {value:.4g}," in " ".join(shown.split())
    assert {line["note"] for line in lines} == {"not completely positive"}
    assert run(monkeypatch, "check", certificate, "--data", f"{certificate}.csv") == 0
    assert "of order 11 is not completely positive" in capsys.readouterr().out


def test_the_json_has_the_cut(loose: Tightness) -> None:
    lifted = json.loads(json.dumps(Study((loose,), QUICK, True).to_json("few.cut")))["problems"][0][
        "lifted_matrix"
    ]
    assert (lifted["finding"], lifted["answer"], lifted["loose"]) == ("separated", "no", True)
    assert lifted["certificate"] == "few.cut"
    cut = lifted["cut"]
    assert cut["kind"] == "horn"
    assert [int(name.split("_")[1]) for name in cut["activations"]] == cut["rows"]
    assert cut["lines"] is None
    assert np.sum(np.array(cut["matrix"]) * np.array(cut["moments"])) == pytest.approx(cut["value"])
    assert len(lifted["cut_values"]) == len(lifted["gap_closed"]) > 1


def test_where_there_is_no_cut_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = written(tmp_path, [[1, 0, 1], [0, 1, 2]])
    certificate = tmp_path / "few.cut"
    assert (
        run(monkeypatch, "tightness", "--data", data, *SMALL, "--cut-certificate", certificate, "--json") == 0
    )
    shown = capsys.readouterr()
    assert "is not written, as there is no cut: the matrix is completely positive" in " ".join(
        shown.err.split()
    )
    lifted = json.loads(shown.out)["problems"][0]["lifted_matrix"]
    assert (lifted["certificate"], lifted["cut"], lifted["loose"]) == (None, None, False)
    assert not certificate.exists()
    assert not Path(f"{certificate}.csv").exists()


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (2, ["--gamma", "0.1", "--gamma", "0.2"], ["is for one problem, and there are 2"]),
        (13, [], ["at most 12 rows", "has 13"]),
    ],
)
def test_a_cut_certificate_is_for_one_small_problem(
    rows: int,
    options: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = written(tmp_path, [[i, 1, i] for i in range(rows)])
    files = ("--cut-certificate", tmp_path / "few.cut")
    assert run(monkeypatch, "tightness", "--data", data, *SMALL, *files, *options) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("certify: ")
    for word in words:
        assert word in last


def test_an_estimate_of_the_cuts_is_a_row(loose: Tightness, tight: Tightness) -> None:
    (row,) = loose.of(CUT)
    assert row.kind is Kind.ESTIMATE
    assert row.value == said(loose).diagnosis.rounds[-1].value
    assert "cuts, from a distance" in row.note
    assert tight.of(CUT)[0].note.startswith("0 cuts")
