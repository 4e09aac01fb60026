"""Losses and weights as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from certify.checker.certificate.file import load_certificate
from certify.checker.check import subject_of
from certify.checker.errors import CertifyError
from certify.checker.problems.training import TrainingProblem
from certify.cli.options.common import class_weight_of
from tests.certify.cli.command_line import run

ROWS = "a,b,w,kind\n1.25,0,1,x\n0,1.5,2,y\n-2,1,0.5,x\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(ROWS)
    return path


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        (None, None),
        ([], None),
        (["balanced"], "balanced"),
        (["a=2"], {"a": "2"}),
        (["a=2,b=1/3"], {"a": "2", "b": "1/3"}),
        ([" a = 2 ", "b=1e-1"], {"a": "2", "b": "1e-1"}),
        (["a,b=2,c=3"], {"a,b": "2", "c": "3"}),
        (["x=1=2"], {"x=1": "2"}),
        (["balanced=2"], {"balanced": "2"}),
    ],
)
def test_class_weights_are_read(texts: list[str] | None, meant: object) -> None:
    assert class_weight_of(texts) == meant


@pytest.mark.parametrize("texts", [["a"], ["a=1,"], [""], ["a=1,b"], ["balanced", "a=1"], ["a=1", "a=2"]])
def test_class_weights_that_say_nothing(texts: list[str]) -> None:
    with pytest.raises(CertifyError, match=r"not understood|two weights"):
        class_weight_of(texts)


def test_problem_knows_losses_and_weights(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--loss", "logistic", "--sample-weight", "w", "--class-weight", "x=2,y=0.5"]
    assert run(monkeypatch, "problem", "--data", data, *arguments) == 0
    shown = capsys.readouterr()
    assert shown.out == (
        "certify problem 1\nloss logistic\noutput_bias none\ngamma 1/10\nsize 3 2 1\ndenominators 4 1 1\n"
        "5 0 ; -1 ; 2\n0 6 ; 1 ; 1\n-8 4 ; -1 ; 1\n"
    )
    assert "2 classes (x, y), as -1 and 1; weights w_i: the column w times 2 for x, 0.5 for y" in shown.err
    assert "loss logistic, sum_ik w_i log(1 + exp(-y_ik f(x_i)_k))" in shown.err
    counts = ["--target", "w", "--task", "regression", "--loss", "huber 0.5"]
    data.write_text("a,w\n1,3\n2,4\n")
    assert run(monkeypatch, "problem", "--data", data, *counts) == 0
    assert capsys.readouterr().out.startswith("certify problem 1\nloss huber 1/2\n")


def test_weights_that_are_all_one_are_none(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "problem", "--data", data, "--target", "kind") == 0
    plain = capsys.readouterr().out
    assert run(monkeypatch, "problem", "--data", data, "--class-weight", "x=1,y=1") == 0
    assert capsys.readouterr().out == plain
    # Two of x and one of y.
    assert run(monkeypatch, "problem", "--data", data, "--class-weight", "balanced") == 0
    assert capsys.readouterr().out.endswith("5 0 4 ; 1 0 ; 3\n0 6 8 ; 0 1 ; 6\n-8 4 2 ; 1 0 ; 3\n")


BAD = [
    (["--loss", "cubic"], ["cubic", "cross-entropy"]),
    (["--loss", "huber much"], ["huber much", "D"]),
    (["--loss", "huber 0"], ["huber", "positive"]),
    (["--loss", "quantile 1"], ["quantile", "between 0 and 1"]),
    (["--loss", "squared 2"], ["squared 2"]),
    (["--sample-weight", "a"], ["line 3", "weight 0", "positive"]),
    (["--sample-weight", "weight"], ["no column 'weight'"]),
    (["--sample-weight", "kind"], ["kind"]),
    (["--class-weight", "z=2"], ["'z'", "none of the classes x, y"]),
    (["--class-weight", "x=0"], ["'x'", "not positive"]),
    (["--class-weight", "x=much"], ["'x'", "much"]),
    (["--class-weight", "x2"], ["x2", "LABEL=NUMBER"]),
    (["--task", "regression", "--target", "a", "--class-weight", "x=2"], ["a"]),
    (["--loss", "logistic", "--target", "w", "--task", "regression"], ["kind"]),
]


@pytest.mark.parametrize("command", ["bound", "problem"])
@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_input_gets_one_sentence(
    command: str,
    arguments: list[str],
    words: list[str],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, command, "--data", data, *arguments) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("certify: ")
    for word in words:
        assert word in last
    assert not list(tmp_path.glob("*.cert"))


@pytest.mark.parametrize(
    ("rows", "loss", "words"),
    [
        ("a,y\n1,2\n2,0.5\n", "hinge", ["1 and -1", "row 1"]),
        ("a,y\n1,2\n2,-0.5\n", "poisson", ["at least 0", "row 2", "-0.5"]),
        ("a,y\n1,0.5\n2,1\n", "multiclass-hinge", ["one-hot", "row 1"]),
        ("a,y\n1,0.5\n2,1\n", "cross-entropy", ["sum to 1", "row 1"]),
    ],
)
def test_targets_that_do_not_fit_the_loss(
    rows: str,
    loss: str,
    words: list[str],
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data.write_text(rows)
    assert run(monkeypatch, "problem", "--data", data, "--loss", loss, "--task", "regression") == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    for word in words:
        assert word in said[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--loss", "hinge", "--method", "partition"], ["partition", "hinge"]),
        (["--loss", "hinge", "--precision", "high"], ["high", "hinge"]),
        (["--loss", "hinge", "--solver", "scs"], ["scs", "hinge"]),
        (["--sample-weight", "w", "--method", "partition"], ["partition", "sample weights"]),
    ],
)
def test_what_is_for_the_squared_loss_alone(
    options: list[str],
    words: list[str],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data.write_text("a,b,w,kind\n1.25,0,1,x\n0,1.5,2,y\n-2,1,0.5,x\n")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "bound", "--data", data, *options) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    for word in words:
        assert word in last


def test_a_certificate_brings_its_own_loss(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in (["--loss", "hinge"], ["--sample-weight", "w"], ["--class-weight", "x=2"]):
        assert run(monkeypatch, "problem", "--data", data, "--certificate", "c.cert", *option) == 2
        assert "leave these options out" in capsys.readouterr().err


@pytest.mark.parametrize("loss", ["hinge", "cross-entropy 0.1", "poisson"])
def test_one_loss_through_all_commands(
    loss: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = "n" if loss == "poisson" else "kind"
    rows = [f"{(7 * i) % 9 - 4},{(5 * i) % 7 - 3},{i % 3 + 1},{'xy'[i % 2]},{i % 4}" for i in range(12)]
    kept = [row.split(",") for row in ["a,b,w,kind,n", *rows]]
    drop = 3 if target == "n" else 4
    data.write_text("".join(",".join(row[:drop] + row[drop + 1 :]) + "\n" for row in kept))
    certificate, network, page = (tmp_path / name for name in ("c.cert", "n.npz", "p.html"))
    weights = ["--sample-weight", "w", *(["--class-weight", "x=2"] if target == "kind" else [])]
    question = ["--data", data, "--target", target, "--loss", loss, *weights, "--gap", "0.05"]
    files = ["--certificate", certificate, "--save-network", network, "--report", page]
    assert run(monkeypatch, "bound", *question, *files) == 0
    shown = " ".join(capsys.readouterr().out.replace("\u2502", " ").split())
    assert "w_i" in shown
    assert "weights w_i: the column w" in shown
    assert "1/2 |f(X) - Y|^2" not in shown + page.read_text()
    assert "1/2 sum_i w_i |f" not in shown + page.read_text()
    problem = certificate_problem(certificate, data)
    expected = ["--loss", loss, "--sample-weight", "w", "--weighted", "--gamma", "0.1"]
    assert run(monkeypatch, "check", certificate, "--data", data, *expected) == 0
    assert problem.loss.formula.split()[0] in capsys.readouterr().out
    assert run(monkeypatch, "check", certificate, "--data", data, "--loss", "squared") == 1
    assert "expected loss squared" in capsys.readouterr().out
    assert run(monkeypatch, "explain", certificate, "--data", data, "--network", network) == 0
    assert "Which samples carry the bound" in capsys.readouterr().out
    assert run(monkeypatch, "attack", certificate, "--data", data, "--trials", "150") == 0
    assert "No forgery proves more than is true." in capsys.readouterr().out
    assert run(monkeypatch, "shrink", certificate, "--data", data) == 0
    assert run(monkeypatch, "check", tmp_path / "c.small.cert", "--data", data, *expected) == 0
    capsys.readouterr()
    assert run(monkeypatch, "bound", *question, *files, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["loss"] == problem.loss.text
    assert found["sample_weight"] == "w"
    assert found["class_weights"] == (["2/1", "1/1"] if target == "kind" else [])


def test_expected_class_weights_are_typed_as_for_bound(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.cert"
    question = ["--data", data, "--loss", "hinge", "--class-weight", "x=2,y=0.5", "--gap", "0.5"]
    assert run(monkeypatch, "bound", *question, "--certificate", path) == 0
    for right in (["x=2,y=1/2"], ["x=2", "y=0.5"], ["y=.5,x=2"]):
        options = [part for text in right for part in ("--class-weight", text)]
        assert run(monkeypatch, "check", path, "--data", data, *options) == 0
    capsys.readouterr()
    assert run(monkeypatch, "check", path, "--data", data, "--class-weight", "x=2,y=2") == 1
    assert "expected class weights x=2, y=2, found class weights x=2, y=1/2" in capsys.readouterr().out
    assert run(monkeypatch, "check", path, "--data", data, "--class-weight", "balanced") == 2
    assert "LABEL=NUMBER" in capsys.readouterr().err


def certificate_problem(certificate: Path, data: Path) -> TrainingProblem:
    """Return the problem that a certificate makes of a file."""
    return subject_of(load_certificate(certificate), data).problem
