"""The tables of a page, written anew between two marks that no reader sees."""

from __future__ import annotations

import sys
from pathlib import Path


def around(path: Path, begin: str, end: str) -> tuple[str, str]:
    """Return what a file has before and after its tables, the marks included."""
    before, first, after = path.read_text(encoding="utf-8").partition(begin)
    _, last, rest = after.partition(end)
    if not (first and last):
        sys.exit(f"{path}: there are no lines {begin} and {end} to write between")
    return before + first, last + rest
