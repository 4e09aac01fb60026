"""`certify copositive` as a user types it."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.copositive_matrices import HORN, hildebrand
from tests.certify.checker.faces import without_faces
from tests.certify.cli.command_line import run, written


@pytest.mark.parametrize(
    ("strict", "code", "words"), [((), 0, "is copositive"), (("--strict",), 1, "is not strictly copositive")]
)
def test_answer_then_check(
    strict: tuple[str, ...],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    matrix, certificate = written(tmp_path / "m.csv", HORN), tmp_path / "m.cert"
    assert run(monkeypatch, "copositive", matrix, *strict, "--certificate", certificate) == code
    shown = capsys.readouterr()
    assert words in shown.out
    assert f"certify check {certificate} --data {matrix}" in shown.out
    assert run(monkeypatch, "check", certificate, "--data", matrix) == 0
    assert words in capsys.readouterr().out
    assert run(monkeypatch, "check", certificate, "--data", matrix, "--json") == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["valid"], verdict["lower_bound_exact"]) == (True, None)
    command = [sys.executable, "-m", "certify.checker", str(certificate), "--data", str(matrix)]
    alone = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert alone.returncode == 0, alone.stderr
    assert words in alone.stdout
    other = written(tmp_path / "m.csv", [[2 * entry for entry in row] for row in HORN])
    assert run(monkeypatch, "check", certificate, "--data", other) == 1
    assert "another matrix" in capsys.readouterr().out


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    matrix, certificate = written(tmp_path / "m.csv", [[1, -2], [-2, 3]]), tmp_path / "m.cert"
    assert run(monkeypatch, "copositive", matrix, "--json", "--certificate", certificate) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["answer"], found["question"], found["status"]) == ("no", "copositive", "decided")
    assert found["certificate"] == str(certificate)
    x, y = map(int, found["witness"])
    assert x * x - 4 * x * y + 3 * y * y < 0
    assert Fraction(found["lower_bound_exact"]) <= Fraction(found["upper_bound_exact"]) < 0
    assert found["lower_bound"] <= found["upper_bound"] < 0


def test_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    without_faces(monkeypatch)
    matrix, certificate = written(tmp_path / "m.csv", hildebrand([Fraction(1, 10)] * 5)), tmp_path / "m.cert"
    arguments = ("copositive", matrix, "--time-limit", "0.3", "--certificate", certificate)
    assert run(monkeypatch, *arguments) == 3
    shown = capsys.readouterr().out
    assert shown.startswith("UNKNOWN")
    assert "<= least z^T M z <=" in shown
    assert not certificate.exists()
    assert run(monkeypatch, *arguments, "--json") == 3
    assert json.loads(capsys.readouterr().out)["certificate"] is None


@pytest.mark.parametrize(
    ("text", "words"), [("1,2\n3,4\n", "not symmetric"), ("1,2\n", "not square"), ("1,nan\nnan,1\n", "nan")]
)
def test_unusable_input(
    text: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    assert run(monkeypatch, "copositive", path) == 2
    shown = capsys.readouterr().err
    assert words in shown
    assert shown.count("\n") == 1


def test_other_commands_say_what_they_are_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix, certificate = written(tmp_path / "m.csv", HORN), tmp_path / "m.cert"
    assert run(monkeypatch, "copositive", matrix, "--certificate", certificate) == 0
    for command in ("attack", "shrink", "explain"):
        capsys.readouterr()
        assert run(monkeypatch, command, certificate, "--data", matrix) == 2
        assert "states 'copositive' of a matrix" in capsys.readouterr().err
    assert run(monkeypatch, "copositive", matrix, "--certificate", matrix) == 2
    assert run(monkeypatch, "copositive", matrix, "--time-limit", "0") == 2
