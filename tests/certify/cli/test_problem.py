"""`certify problem` as a user types it."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.nodes import Leaf
from certify.checker.data.choice import read_dataset
from certify.checker.data.matrix_file import read_matrix
from certify.trust.extracted import find_checker
from tests.certify.checker.oracles import certificate_of
from tests.certify.cli.command_line import run, written

ROWS = "a,b,kind\n1.25,0,x\n0,1.5,y\n-2,1,x\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(ROWS)
    return path


def test_prints_the_text_of_the_data(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "problem", "--data", data, "--gamma", "0.2", "--output-bias", "free") == 0
    shown = capsys.readouterr()
    text = (
        "certify problem 1\nloss squared\noutput_bias free\ngamma 1/5\nsize 3 2 2\ndenominators 4 1\n"
        "5 0 ; 1 0\n0 6 ; 0 1\n-8 4 ; 1 0\n"
    )
    assert shown.out == text
    assert "2 classes (x, y), one-hot" in shown.err
    assert "gamma = 1/5, loss squared, 1/2 |f(X) - Y|^2, output bias free, without a penalty" in shown.err
    assert f"SHA-256 of its text: {hashlib.sha256(text.encode()).hexdigest()}\n" in shown.err


def test_the_choices_are_those_of_bound(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "p.txt"
    choices = ["--target", "a", "--target", "b", "--task", "regression", "--bias", "--standardize"]
    data.write_text("a,b,c\n1.25,0,7\n0,1.5,8\n-2,1,7\n")
    assert run(monkeypatch, "problem", "--data", data, *choices, "--output", output) == 0
    dataset = read_dataset(data, targets=["a", "b"], task="regression", bias=True, standardize=True)
    assert output.read_text() == "".join(dataset.problem("0.1").canonical_text())
    assert capsys.readouterr().out == ""


def test_follows_a_certificate_to_the_checker(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = tmp_path / "c.cert", tmp_path / "p.txt"
    dataset = read_dataset(data, bias=True, standardize=True)
    trivial = certificate_of(dataset.problem("1/3", output_bias="decayed"), [[0, 0]] * 3, [Leaf(1, 1, ())])
    save_certificate(replace(trivial, preprocessing=dataset.preprocessing), path)
    assert run(monkeypatch, "problem", "--certificate", path, "--data", data, "--output", output) == 0
    assert output.read_text() == "".join(dataset.problem("1/3", output_bias="decayed").canonical_text())
    program = find_checker()
    if program is not None:
        done = subprocess.run(
            [str(program), str(path), "--text", str(output)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert hashlib.sha256(output.read_bytes()).hexdigest() in done.stdout
    data.write_text(ROWS.replace("1.25", "1.5"))
    assert run(monkeypatch, "problem", "--certificate", path, "--data", data) == 2
    assert "the certificate is not for this data" in capsys.readouterr().err
    data.write_text(ROWS)
    assert run(monkeypatch, "problem", "--certificate", path, "--data", data, "--gamma", "0.1") == 2
    assert "leave these options out" in capsys.readouterr().err


def test_a_matrix_and_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix, certificate = written(tmp_path / "m.csv", [["2", "-1/3"], ["-1/3", "10"]]), tmp_path / "m.cert"
    assert run(monkeypatch, "copositive", matrix, "--certificate", certificate) == 0
    capsys.readouterr()
    text = "certify matrix 1\norder 2\ndenominator 3\n6 -1\n-1 30\n"
    for arguments in (
        ["--matrix", matrix],
        ["--certificate", certificate, "--data", matrix],
        ["--certificate", certificate, "--matrix", matrix],
    ):
        assert run(monkeypatch, "problem", *arguments) == 0
        shown = capsys.readouterr()
        assert shown.out == text
        assert read_matrix(matrix).sha256() in shown.err
    written(matrix, [[1, 0], [0, 1]])
    assert run(monkeypatch, "problem", "--certificate", certificate, "--matrix", matrix) == 1
    assert "The certificate is for another one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give the data of the problem with --data, or a matrix with --matrix"),
        (["--data", "data.csv", "--matrix", "data.csv"], "give the data of the problem"),
        (["--matrix", "data.csv", "--gamma", "1"], "leave these options out"),
        (["--data", "data.csv", "--gamma", ""], "gamma is ''"),
        (["--data", "data.csv", "--gamma", "-1"], "give a positive weight-decay strength"),
        (["--data", "data.csv", "--output-bias", "both"], "the output bias 'both' is unknown"),
        (["--data", "data.csv", "--output", "data.csv"], "is the data or another output"),
        (["--data", "data.csv", "--output", "no/p.txt"], "cannot be written"),
        (["--data", "none.csv"], "none.csv"),
        (["--certificate", "data.csv", "--data", "data.csv"], "data.csv"),
    ],
)
def test_unusable_input_is_one_sentence(
    arguments: list[str],
    words: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(data.parent)
    assert run(monkeypatch, "problem", *arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("certify: ")
    assert words in shown.err
    assert shown.err.count("\n") == 1
