"""What a started process can import, and which programs are found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import certify
from certify.runtime.children import end_child, find_program, start_child

ROOT = Path(certify.__file__).parent.parent
# Started as a child, it says where it looks for modules and which ones it has found.
REPORTER = """
import json, sys
def serve():
    import certify, fractions
    json.dump([sys.path, certify.__file__, fractions.__file__], sys.stdout)
"""


def reported(module: str = "reporter") -> tuple[list[str], str, str]:
    child = start_child(module)
    try:
        said, errors = child.communicate(timeout=600)
    finally:
        end_child(child)
    assert not errors, errors.decode()
    paths, package, fractions = json.loads(said)
    return paths, package, fractions


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a folder, not the current one, with the reporter."""
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "reporter.py").write_text(REPORTER)
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, which has modules of its own."""
    folder = tmp_path / "here"
    (folder / "certify").mkdir(parents=True)
    for name in ("fractions.py", "certify/__init__.py", "sitecustomize.py", "usercustomize.py"):
        (folder / name).write_text("raise SystemExit(99)\n")
    monkeypatch.chdir(folder)
    return folder


def test_a_package_that_the_path_was_told_of(
    elsewhere: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [os.path.relpath(elsewhere), *sys.path])
    paths, package, _ = reported()
    assert paths[0] == str(elsewhere)
    assert Path(package) == Path(certify.__file__)


@pytest.mark.parametrize("entry", ["", ".", "{here}"])
def test_the_current_folder_takes_no_name(
    entry: str, elsewhere: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [entry.format(here=here), str(elsewhere), *sys.path])
    paths, package, fractions = reported()
    assert Path(package) == Path(certify.__file__)
    assert not fractions.startswith(str(here))
    # Where somebody meant it to be there, it is the last.
    assert paths.count(str(here)) == bool(entry)
    assert not entry or {str(here), str(ROOT)} >= set(paths[-1:])


@pytest.mark.parametrize("variable", ["PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE"])
def test_variables_of_python(
    variable: str, elsewhere: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f":{here}:.")
    monkeypatch.setattr(sys, "path", [str(elsewhere), *sys.path])
    paths, _, fractions = reported()
    assert str(here) not in paths
    assert not fractions.startswith(str(here))


@pytest.mark.parametrize("options", [["-c", "{code}"], ["-P", "-m", "run_it"], ["-m", "run_it"]])
def test_as_python_starts(options: list[str], elsewhere: Path, tmp_path: Path) -> None:
    """With -c the current folder is '' on the path, with -m its name is; with -P somebody put it there."""
    code = (
        f"import sys; sys.path += [{str(ROOT)!r}, {str(elsewhere)!r}]; import os\n"
        "from certify.runtime.children import start_child\n"
        "sys.stdout.buffer.write(start_child('reporter').communicate()[0])"
    )
    (tmp_path / "run_it.py").write_text(code)
    command = [sys.executable, *(option.format(code=code) for option in options)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if "-P" in options:
        environment["PYTHONPATH"] += os.pathsep + str(tmp_path)
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    paths, package, _ = json.loads(run.stdout)
    assert Path(package) == Path(certify.__file__)
    assert paths.count(str(tmp_path)) == ("-P" in options)


def test_programs_in_folders_that_are_not_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("coqc", "bin/coqc"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in ("", ":", ".", "bin", f":/nowhere:.:bin:{tmp_path.name}"):
        monkeypatch.setenv("PATH", path)
        assert find_program("coqc") is None
    monkeypatch.setenv("PATH", f".:{tmp_path}/bin")
    assert find_program("coqc") == f"{tmp_path}/bin/coqc"
