"""How the programs end: whatever goes wrong, with one sentence, and never with the exit code of a verdict."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from certify.checker import __main__ as checker
from certify.checker import console
from certify.checker.certificate import file as certificate_file
from certify.checker.certificate.file import save_certificate
from certify.checker.console import drop_impossible_widths
from certify.checker.data import text_file
from certify.trust import check as check_file
from certify.trust.extracted import find_checker
from tests.certify.cli.command_line import run
from tests.grown_trees import forged, proof_of_zero

DATA = "größe,温度,y\n1,2,3\n0,1,4\n-2,1,5\n"
PROGRAMS = {"certify": ["certify.cli", "check"], "certify-checker": ["certify.checker"]}
PROGRAM = find_checker()
each_program = pytest.mark.parametrize("name", PROGRAMS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "d.csv").write_text(DATA, encoding="utf-8")
    save_certificate(proof_of_zero(tmp_path / "d.csv", 1), tmp_path / "d.cert")
    save_certificate(forged(tmp_path / "d.csv", 1), tmp_path / "forged.cert")
    return tmp_path


def ended(
    name: str,
    folder: Path,
    certificate: str = "d.cert",
    data: str = "d.csv",
    stdout: int | None = None,
    environment: Mapping[str, str] = {},
) -> tuple[int, bytes, str]:
    """Run a checker as a program; return its exit code and what it printed on both streams."""
    module, *command = PROGRAMS[name]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *command, certificate, "--data", data, "--trust", "exact"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE,
    )
    out, errors = process.communicate(timeout=600)
    assert b"Traceback" not in errors
    return process.returncode, out or b"", errors.decode()


def ended_here(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Run a checker in this process; return its exit code and its complaint."""
    certificate, data = folder / "d.cert", folder / "d.csv"
    if name == "certify":
        code = run(monkeypatch, "check", certificate, "--data", data)
    else:
        code = checker.main([str(certificate), "--data", str(data)])
    out, said = capsys.readouterr()
    assert not out
    return code, said


@each_program
class TestTheUnexpected:
    @pytest.fixture(autouse=True)
    def no_traceback_wanted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CERTIFY_TRACEBACK", raising=False)

    def raising(self, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(check_file, "check", fail)
        monkeypatch.setattr(checker, "check_exactly", fail)

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (ZeroDivisionError("by\nzero"), "ZeroDivisionError: by zero"),
            (RecursionError("too deep"), "RecursionError: too deep"),
            (OSError(5, "Input/output error"), "OSError: [Errno 5] Input/output error"),
            (AssertionError(), "AssertionError"),
        ],
    )
    def test_is_a_fault_of_certify(
        self,
        name: str,
        error: Exception,
        words: str,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.raising(error, monkeypatch)
        code, said = ended_here(name, folder, monkeypatch, capsys)
        assert code == 70
        assert said.startswith(f"{name}: this is a fault of certify, not of your input; please report it")
        assert f"{words} (CERTIFY_TRACEBACK=1" in said
        assert said.count("\n") == 1

    def test_shows_where_on_request(
        self,
        name: str,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.raising(ZeroDivisionError(), monkeypatch)
        monkeypatch.setenv("CERTIFY_TRACEBACK", "1")
        code, said = ended_here(name, folder, monkeypatch, capsys)
        assert code == 70
        assert "Traceback" in said
        assert ", in fail\n" in said

    @pytest.mark.parametrize(
        ("error", "code", "words"),
        [
            (MemoryError(), 2, "the input needs more memory than there is"),
            (OSError(28, "No space left on device"), 2, "No space left on device"),
            (KeyboardInterrupt(), 130, "aborted"),
            (FileNotFoundError(2, "No such file or directory"), 70, "a fault of certify"),
        ],
    )
    def test_is_not_always_a_fault(
        self,
        name: str,
        error: BaseException,
        code: int,
        words: str,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.raising(error, monkeypatch)
        monkeypatch.setattr("certify.checker.console._write_nowhere", lambda: None)
        found, said = ended_here(name, folder, monkeypatch, capsys)
        assert found == code
        assert said.startswith(f"{name}: ")
        assert words in said
        assert said.count("\n") == 1


@each_program
class TestOutput:
    @pytest.mark.parametrize(
        "environment",
        [
            {"PYTHONIOENCODING": "ascii"},
            {"PYTHONIOENCODING": "cp1252"},
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        ],
    )
    def test_letters_that_the_terminal_does_not_have(
        self, name: str, environment: dict[str, str], folder: Path
    ) -> None:
        (folder / "größe 温.csv").write_text(DATA, encoding="utf-8")
        code, out, errors = ended(name, folder, data="größe 温.csv", environment=environment)
        assert (code, errors) == (0, "")
        assert out.startswith(b"VALID")
        code, _, errors = ended(name, folder, data="温.csv", environment=environment)
        assert code == 2
        assert errors.isascii()
        assert ".csv does not exist" in errors

    def test_whose_reader_went_away(self, name: str, folder: Path) -> None:
        for certificate in ("d.cert", "forged.cert"):
            reader, writer = os.pipe()
            os.close(reader)
            try:
                assert ended(name, folder, certificate, stdout=writer) == (141, b"", "")
            finally:
                os.close(writer)

    def test_on_a_full_disk(self, name: str, folder: Path) -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            code, _, errors = ended(name, folder, stdout=full)
        finally:
            os.close(full)
        assert code == 2
        assert errors.count("\n") == 1
        assert "No space left on device" in errors


@each_program
class TestInputWithoutEnd:
    def test_a_device(self, name: str, folder: Path) -> None:
        code, _, errors = ended(name, folder, data="/dev/zero")
        assert (code, errors.count("\n")) == (2, 1)
        assert "not a text file" in errors

    @pytest.mark.parametrize("data", ["matrix.mtx", "matrix.npy", "table.parquet"])
    def test_a_device_by_another_name(self, name: str, data: str, folder: Path) -> None:
        (folder / data).symlink_to("/dev/zero")
        code, _, errors = ended(name, folder, data=data)
        assert (code, errors.count("\n")) == (2, 1)

    def test_a_certificate(
        self,
        name: str,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(certificate_file, "MAX_FILE_BYTES", 3 << 20)
        (folder / "d.cert").unlink()
        (folder / "d.cert").symlink_to("/dev/zero")
        code, said = ended_here(name, folder, monkeypatch, capsys)
        assert (code, said.count("\n")) == (2, 1)
        assert "larger than 3 MiB, the most that is read" in said

    def test_a_pipe(
        self,
        name: str,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(text_file, "MAX_BYTES", 3 << 20)
        (folder / "d.csv").unlink()
        os.mkfifo(folder / "d.csv")
        endless = f"exec yes 1,2 > '{folder}/d.csv' 2> /dev/null"
        with subprocess.Popen(endless, shell=True) as writer:
            try:
                code, said = ended_here(name, folder, monkeypatch, capsys)
            finally:
                writer.kill()
        assert code == 2
        assert "larger than 3 MiB, the most that is read" in said


def test_a_program_without_streams(folder: Path) -> None:
    for redirection, code in ((">&-", 0), (">&- 2>&-", 0)):
        command = f"'{sys.executable}' -m certify.checker d.cert --data d.csv --trust exact {redirection}"
        assert subprocess.run(command, shell=True, cwd=folder, timeout=600).returncode == code
    command = f"'{sys.executable}' -m certify.checker forged.cert --data d.csv --trust exact >&- 2>&-"
    assert subprocess.run(command, shell=True, cwd=folder, timeout=600).returncode == 1


def test_the_exit_codes_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    assert "70 a fault of certify itself" in " ".join(capsys.readouterr().out.split())


def test_work_that_needs_the_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert console.run("certify", lambda: len(os.getcwd())) == 2
    assert capsys.readouterr().err == (
        "certify: the current folder is no longer there: change to one that is\n"
    )


@pytest.mark.parametrize(
    ("width", "kept"),
    [("0", 0), ("-5", 0), ("12", 0), ("wide", 0), ("", 0), ("9" * 20, 0), ("40", 1), ("400", 1)],
)
def test_no_width_costs_the_verdict(width: str, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("COLUMNS", "TERMINAL_WIDTH"):
        monkeypatch.setenv(variable, width)
        drop_impossible_widths()
        assert (variable in os.environ) == kept


@pytest.mark.skipif(PROGRAM is None, reason="the proved checker is not built: make proofs")
def test_a_fault_of_the_proved_checker(folder: Path) -> None:
    save_certificate(proof_of_zero(folder / "d.csv", 8), folder / "large.cert")
    # That its progress cannot be written is nothing that it expects.
    command = f"'{PROGRAM}' large.cert --data d.csv --progress 2> /dev/full"
    run = subprocess.run(command, shell=True, cwd=folder, capture_output=True, timeout=600)
    assert (run.returncode, run.stdout) == (70, b"")
