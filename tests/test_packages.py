"""The two distributions: that they agree, and that they work together in two folders."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import certify
from tests.places import ROOT

CHECKER = ROOT / "packages" / "checker"


def project(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def test_there_is_one_version() -> None:
    version = project(ROOT)["version"]
    assert version == project(CHECKER)["version"] == certify.__version__
    assert f"certify-checker=={version}" in project(ROOT)["dependencies"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_both_have_the_same_licence_and_pythons() -> None:
    assert (CHECKER / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    whole, checker = project(ROOT), project(CHECKER)
    for key in ("license", "requires-python", "authors"):
        assert whole[key] == checker[key]


def test_certify_finds_a_checker_that_is_installed_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "certify").mkdir()
    for entry in (ROOT / "certify").iterdir():
        if entry.name != "checker":
            (tmp_path / "certify" / entry.name).symlink_to(entry)
    script = (
        f"import sys; sys.path[:0] = [{os.fspath(tmp_path)!r}, {os.fspath(CHECKER)!r}]\n"
        "import certify, certify.checker.errors\n"
        "print(certify.__file__, certify.checker.__file__, certify.CertifyError.__name__, sep='\\n')"
    )
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        os.fspath(tmp_path / "certify" / "__init__.py"),
        os.fspath(CHECKER / "certify" / "checker" / "__init__.py"),
        "CertifyError",
    ]
