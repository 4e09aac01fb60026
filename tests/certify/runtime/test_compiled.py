"""Compiled code is taken up again while the sources of its package are the same, and only then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.test_layout import IMPORTS, within

HELPER = """
from certify.runtime.compiled import compiled
{constant}
@compiled
def helper(x):
    return x + {number}
"""
ENTRY = """
from certify.runtime.compiled import compiled_entry
from kernel.helper import CONSTANT, helper

@compiled_entry(__package__)
def entry(x):
    return helper(x) * CONSTANT
"""
CALL = "from kernel.entry import entry; print(entry(1), sum(entry.stats.cache_hits.values()))"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "kernel"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "entry.py").write_text(ENTRY)
    write_helper(tmp_path)
    return tmp_path


def write_helper(folder: Path, number: int = 1, constant: int = 1) -> None:
    (folder / "kernel" / "helper.py").write_text(
        HELPER.format(number=number, constant=f"CONSTANT = {constant}")
    )


def run(folder: Path) -> list[int]:
    """Return what the kernel says in a process of its own, and how often its code was there already."""
    ran = subprocess.run(
        [sys.executable, "-B", "-c", CALL],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{ROOT}", "NUMBA_CACHE_DIR": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    return list(map(int, ran.stdout.split()))


def test_code_is_kept(folder: Path) -> None:
    assert run(folder) == [2, 0]
    assert run(folder) == [2, 1]


def test_a_changed_helper_is_compiled(folder: Path) -> None:
    assert run(folder) == [2, 0]
    write_helper(folder, number=5)
    assert run(folder) == [6, 0]


def test_a_changed_constant_is_compiled(folder: Path) -> None:
    assert run(folder) == [2, 0]
    write_helper(folder, constant=3)
    assert run(folder) == [6, 0]
    write_helper(folder)
    assert run(folder) == [2, 1]


@pytest.mark.parametrize("kernel", ["certify.bounds.tree.cone_search", "certify.trust.rigorous_walk"])
def test_kernels_compile_nothing_from_elsewhere(kernel: str) -> None:
    # From outside come the decorators, which count as sources, and types.
    allowed = (f"{kernel}.", "certify.runtime.compiled.", "formulations.arrays.")
    mine = [imported for module, imported in IMPORTS if within(module, kernel)]
    assert mine
    for imported in mine:
        if imported.split(".")[0] in ("certify", "formulations"):
            assert imported.startswith(allowed)
