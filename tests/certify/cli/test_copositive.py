"""`certify copositive` as a user types it."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.matrices.copositive_matrices import HORN, hildebrand
from tests.certify.checker.faces import without_faces
from tests.certify.cli.command_line import run, written
from tests.certify.cli.matrix_questions import answered, refused


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
    answered(monkeypatch, capsys, ["copositive", *strict], tmp_path / "m.csv", HORN, code, words)


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
    assert words in refused(monkeypatch, capsys, "copositive", path)


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
