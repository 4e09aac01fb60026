"""The command line as a user types it, in this process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from certify.cli.app import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run `certify` with these arguments, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["certify", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def written(path: Path, matrix: Sequence[Sequence[object]]) -> Path:
    """Write a matrix as CSV, and return the path."""
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in matrix))
    return path
