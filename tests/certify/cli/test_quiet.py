"""`-q`, `-h` and `-`, which every command has or refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from certify.checker.certificate.file import save_certificate
from certify.cli.app import app
from tests.certify.cli.command_line import run, written
from tests.grown_trees import DATA, proof_of_zero

COMMANDS = sorted(
    info.name or str(getattr(info.callback, "__name__", "")) for info in app.registered_commands
)
NAMES = [name.replace("_", "-") for name in COMMANDS]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with what the commands read."""
    monkeypatch.chdir(tmp_path)
    Path("d.csv").write_text(DATA)
    save_certificate(proof_of_zero(Path("d.csv"), 1), "d.cert")
    written(Path("m.csv"), [[2, 1], [1, 2]])
    np.savez("net.npz", hidden=np.array([[1.0, 0.5], [0.25, 1.0]]), output=np.array([[1.0], [2.0]]))
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "check d.cert --data d.csv --trust best",
        "explain d.cert --data d.csv",
        "attack d.cert --data d.csv --trials 3 --upper 50",
        "problem --data d.csv",
        "shrink d.cert --data d.csv",
        "copositive m.csv",
        "cp m.csv",
        "gap --data d.csv --network net.npz --gamma 0.1 --no-search",
    ],
)
def test_quiet(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A program that is none is worth a remark of `check`, and no more.
    monkeypatch.setenv("CERTIFY_CHECKER", "/proc/none")
    codes = [run(monkeypatch, *line.split(), *more) for more in ((), ("--quiet",), ("-q",))]
    assert codes == [0, 0, 0]
    shown = capsys.readouterr()
    assert shown.out
    assert run(monkeypatch, *line.split(), "-q") == 0
    quiet = capsys.readouterr()
    assert quiet.out
    assert not quiet.err


def test_a_quiet_problem_of_another_certificate_still_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.csv").write_text(DATA.replace("1.25", "1.5"))
    assert run(monkeypatch, "problem", "-q", "--data", "other.csv", "--certificate", "d.cert") == 1
    assert capsys.readouterr().err.startswith("The certificate is for another one: ")


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_by_its_short_name(name: str) -> None:
    said = [CliRunner().invoke(app, [*name.split(), option]) for option in ("-h", "--help")]
    assert [done.exit_code for done in said] == [0, 0]
    assert said[0].output == said[1].output
    assert "Usage" in said[0].output


def test_the_text_of_a_problem_goes_to_standard_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = []
    for more in ((), ("-o", "-"), ("--output", "-"), ("-o", "p.txt")):
        assert run(monkeypatch, "problem", "--data", "d.csv", *more) == 0
        texts.append(capsys.readouterr().out)
    assert texts == [texts[0]] * 3 + [""]
    assert texts[0].startswith("certify problem ")
    assert Path("p.txt").read_text() == texts[0]
    assert not Path("-").exists()


@pytest.mark.parametrize(
    "line",
    [
        "bound --data d.csv --certificate -",
        "bound --data d.csv --report -",
        "bound --data d.csv --save-network ./-",
        "cp m.csv --certificate -",
        "explain d.cert --data d.csv --report -",
        "gap --data d.csv --network net.npz --gamma 0.1 --improved -",
        "shrink d.cert --data d.csv --certificate -",
        "tightness --data d.csv --csv -",
        "check d.cert --data d.csv --trust kernel --coq -",
    ],
)
def test_other_files_do_not_go_there(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *line.split()) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "is not written to standard output: give a file in the place of -" in said
    assert not Path("-").exists()
