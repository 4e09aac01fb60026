"""What holds for `certify copositive` and `certify cp` alike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.certify.cli.command_line import run, written

Shown = tuple[str, str]


def answered(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Sequence[str],
    matrix: Path,
    rows: Sequence[Sequence[int]],
    code: int,
    words: str,
) -> Shown:
    """Ask about a matrix, and see that the answer and the checkers of its certificate agree.

    Args:
        monkeypatch: as of the test.
        capsys: likewise.
        command: its name and options.
        matrix: the file to write.
        rows: what to write.
        code: the exit code.
        words: what the answer and each checker say.

    Returns:
        What the command printed, on standard output and on standard error.
    """
    certificate = written(matrix, rows).with_suffix(".cert")
    assert run(monkeypatch, *command, matrix, "--certificate", certificate) == code
    shown = capsys.readouterr()
    assert words in shown.out
    assert f"certify check {certificate} --data {matrix}" in shown.out
    assert run(monkeypatch, "check", certificate, "--data", matrix) == 0
    assert words in capsys.readouterr().out
    assert run(monkeypatch, "check", certificate, "--data", matrix, "--json") == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["valid"], verdict["lower_bound_exact"]) == (True, None)
    alone = subprocess.run(
        [sys.executable, "-m", "certify.checker", str(certificate), "--data", str(matrix)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert alone.returncode == 0, alone.stderr
    assert words in alone.stdout
    other = written(matrix, [[2 * entry for entry in row] for row in rows])
    assert run(monkeypatch, "check", certificate, "--data", other) == 1
    assert "another matrix" in capsys.readouterr().out
    return shown.out, shown.err


def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, matrix: Path
) -> str:
    """Ask about a matrix that is none, and return the one sentence that is said."""
    assert run(monkeypatch, command, matrix) == 2
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    return shown.err
