"""How tables are read, as a user types it: once for `bound`, and never again for the checks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from certify.checker.__main__ import main as checker
from certify.trust.extracted import find_checker
from tests.certify.cli.command_line import run

ROWS = (
    "id;colour;size;ok;yield\nu1;red;1,5;True;10,5\nu2;blue;2;False;20\nu3;red;NA;True;30\n"
    "u4;blue;-1;True;12,25\nu5;blue;0,5;False;17\n"
)
OPTIONS = (
    "--sep", ";", "--decimal", ",", "--ignore", "id", "--categorical", "colour", "--drop-missing",
    "--standardize-target", "--encoding", "UTF-16",
)  # fmt: skip
RIGHT = ("--no-as-is", "--ignore", "1", "--drop-missing", "--categorical", "colour", "--standardize-target")
WRONG = ("--as-is", "--ignore", "size", "--no-drop-missing", "--categorical", "2", "--no-standardize-target")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "d.csv"
    path.write_bytes(ROWS.encode("utf-16"))
    return path


def test_what_is_said_once_is_recorded(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    certificate = tmp_path / "d.cert"
    assert (
        run(monkeypatch, "bound", "--data", data, *OPTIONS, "--gamma", "1", "--certificate", certificate) == 0
    )
    said = capfd.readouterr().err
    assert "left out: 1 row with a value missing and the column id" in said
    assert "read with cells separated by semicolon, decimal commas, text in utf-16" in said
    assert run(monkeypatch, "check", certificate, "--data", data, "--trust", "exact", "--json", *RIGHT) == 0
    problem = json.loads(capfd.readouterr().out)["problem"]
    assert (problem["n"], problem["d"], problem["ignored"], problem["dropped_rows"]) == (4, 4, ["id"], 1)
    assert (problem["categorical"], problem["standardize_targets"]) == (["colour"], True)
    assert run(monkeypatch, "problem", "--data", data, "--certificate", certificate) == 0
    capfd.readouterr()
    assert checker([str(certificate), "--data", str(data), *RIGHT]) == 0
    assert checker([str(certificate), "--data", str(data), *WRONG]) == 1
    differences = capfd.readouterr().out.partition("REJECTED")[2].count("; expected ")
    assert differences == 3
    program = find_checker()
    if program is not None:
        for pins, code in ((RIGHT, 0), (WRONG, 1)):
            done = subprocess.run(
                [program, certificate, "--data", data, *pins], capture_output=True, text=True, check=False
            )
            assert done.returncode == code, done
        assert done.stdout.count("; expected ") == 3


def test_without_the_options_they_are_named(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = {
        "--encoding": ["--encoding", "utf-16"],
        "--decimal ,": ["--decimal", ","],
        "--ignore or --categorical": ["--ignore", "id", "--categorical", "colour"],
        "--drop-missing": ["--drop-missing"],
    }
    given: list[str] = []
    for remedy, more in steps.items():
        assert run(monkeypatch, "problem", "--data", data, *given) == 2
        assert remedy in capsys.readouterr().err
        given += more
    assert run(monkeypatch, "problem", "--data", data, *given) == 0


def test_standard_input(data: Path) -> None:
    command = [sys.executable, "-P", "-m", "certify.cli", "problem", "--data", "-", *OPTIONS]
    piped = subprocess.run(command, input=data.read_bytes(), capture_output=True, check=True)
    command[command.index("-", 3)] = str(data)
    assert piped.stdout == subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--sep", ":"], "the separator ':' is unknown"),
        (["--decimal", ";"], "the decimal sign ';' is unknown"),
        (["--encoding", "utf-7"], "the encoding 'utf-7' is unknown"),
        (["--sep", ",", "--decimal", ","], "the comma is both separator and decimal sign"),
    ],
)
def test_refuses(
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    assert run(monkeypatch, "problem", "--data", data, *options) == 2
    assert sentence in capsys.readouterr().err
