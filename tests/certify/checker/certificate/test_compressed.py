"""Certificates that gzip has compressed: the same bytes each time, and never more than may be read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from certify.checker.__main__ import main as checker
from certify.checker.certificate import file as certificate_file
from certify.checker.certificate.file import load_certificate, save_certificate, to_text
from certify.checker.errors import CertificateError
from tests.certify.cli.command_line import run
from tests.grown_trees import DATA, proof_of_zero


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "d.csv").write_text(DATA)
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(DATA.encode()))
    for name in ("d.cert", "d.cert.gz", "D.CERT.GZ"):
        save_certificate(proof_of_zero(tmp_path / "d.csv", 2), tmp_path / name)
    return tmp_path


def test_the_text_is_the_same(folder: Path) -> None:
    plain, compressed = folder / "d.cert", folder / "d.cert.gz"
    assert gzip.decompress(compressed.read_bytes()) == plain.read_bytes()
    assert compressed.read_bytes() == (folder / "D.CERT.GZ").read_bytes()
    assert to_text(load_certificate(compressed)) == plain.read_text()


@pytest.mark.parametrize("trust", ["exact", "best", "rigorous"])
def test_both_programs_read_it(
    trust: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    compressed = [str(folder / name) for name in ("d.cert.gz", "d.csv.gz")]
    assert run(monkeypatch, "check", compressed[0], "--data", compressed[1], "--trust", trust) == 0
    assert "not by the proved checker" not in capsys.readouterr().out
    assert checker([compressed[0], "--data", compressed[1]]) == 0
    assert capsys.readouterr().out.startswith("VALID")


def test_more_than_may_be_read_is_not_decompressed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_file, "MAX_FILE_BYTES", 1 << 20)
    bomb = folder / "bomb.cert.gz"
    bomb.write_bytes(gzip.compress(bytes(1 << 25)))
    assert bomb.stat().st_size < 1 << 16
    with pytest.raises(CertificateError, match="larger than 1 MiB, the most that is read"):
        load_certificate(bomb)


@pytest.mark.parametrize("damage", ["cut", "plain", "flipped", "empty"])
def test_damaged_files(damage: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (folder / "d.cert.gz").read_bytes()
    middle = len(whole) // 2
    bad = folder / "bad.cert.gz"
    bad.write_bytes(
        {
            "cut": whole[:-9],
            "plain": (folder / "d.cert").read_bytes(),
            "flipped": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
            "empty": b"",
        }[damage]
    )
    assert checker([str(bad), "--data", str(folder / "d.csv")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("certify-checker: ")
    assert said.count("\n") == 1


def test_commands_write_and_know_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    question = "bound", "--data", "d.csv", "--gap", "0.5", "--certificate", "small.cert.gz"
    for _ in range(2):  # the second one over a file of its own
        assert run(monkeypatch, *question) == 0
    assert "check small.cert.gz --data d.csv" in capsys.readouterr().out
    assert load_certificate("small.cert.gz").bound is not None
    assert run(monkeypatch, "shrink", "d.cert.gz", "--data", "d.csv") == 0
    assert load_certificate("d.small.cert").leaves <= load_certificate("d.cert.gz").leaves
    Path("notes.gz").write_bytes(gzip.compress(b"not a certificate"))
    Path("broken.gz").write_bytes(b"not compressed")
    for name in ("notes.gz", "broken.gz"):
        assert run(monkeypatch, *question[:-1], name) == 2
        assert f"{name} is there already and is not a certificate" in " ".join(
            capsys.readouterr().err.split()
        )
