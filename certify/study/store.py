"""Where a study's results are kept: one file for each cell, named by its key, whole or not there.

A file carries a hash of its content, and of its certificate's: one that was damaged counts as missing, and
its cell is run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from certify.checker.errors import DataError
from certify.checker.text.names import shown
from certify.study.cells import Cell, Facts
from certify.study.problems import write

PAGE = "study.html"
FORMAT = "certify study cell 1"
_OWN = ("cells", "certificates", "data", PAGE)


class Kept(Enum):
    """Whether a cell has its result; the value is what `--list` prints."""

    DONE = "done"
    LEFT_OUT = "left out"
    MISSING = "to be run"
    DAMAGED = "damaged, to be run again"


@dataclass(frozen=True)
class Row:
    """One number of a result.

    Attributes:
        quantity: its name.
        kind: "proved", a lower bound that the exact checker accepts; "exact", the loss of a network; or
            "estimate", a solver's word.
        value: a loss, rounded outward where it is proved or exact, or seconds.
        width: how many neurons were asked for; 0 where nobody asked.
        scores: of the test set, by their names in `certify.study.scores`; NaN is none.
    """

    quantity: str
    kind: str
    value: float | None
    width: int
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Result:
    """What became of a cell.

    Attributes:
        facts: of the cell.
        problem_sha256: of its exact problem.
        state: "done", or why there is nothing, a value of `certify.runtime.executor.State`.
        words: more about that.
        rows: its numbers.
        seconds: wall time of the method.
        certificate: the SHA-256 of the file beside it; "" for none.
        made: on which machine, with how many cells at a time, by which version.
    """

    facts: Facts
    problem_sha256: str
    state: str
    words: str
    rows: tuple[Row, ...]
    seconds: float
    certificate: str
    made: Mapping[str, str]

    def of(self, quantity: str) -> tuple[Row, ...]:
        """Return the rows of a quantity."""
        return tuple(row for row in self.rows if row.quantity == quantity)


class Store:
    """The results in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, cell: Cell) -> Path:
        """Return the file of a cell's result."""
        return self._folder / "cells" / f"{cell.key}.json"

    def certificate(self, cell: Cell) -> Path:
        """Return the file of a cell's certificate, where it has one."""
        return self._folder / "certificates" / f"{cell.key}.cert"

    def keep(self, cell: Cell, result: Result, certificate: str) -> None:
        """Write a result, and its certificate before it.

        Raises:
            DataError: if it cannot be written.
        """
        if certificate:
            write(self.certificate(cell), certificate)
        content = {"format": FORMAT, "key": cell.key, **asdict(result)}
        written = json.dumps({**content, "sha256": _hash(content)}, indent=1, allow_nan=False)
        write(self.place(cell), written + "\n")

    def state(self, cell: Cell) -> Kept:
        """Say whether a cell has a result."""
        found = self.read(cell)
        if found is None:
            return Kept.DAMAGED if self.place(cell).exists() else Kept.MISSING
        return Kept.DONE if found.state == "done" else Kept.LEFT_OUT

    def read(self, cell: Cell) -> Result | None:
        """Return a cell's result; None if there is none, or it was damaged."""
        try:
            content = json.loads(self.place(cell).read_bytes())
            digest = content.pop("sha256")
            if digest != _hash(content) or (content["format"], content["key"]) != (FORMAT, cell.key):
                return None
            rows = tuple(Row(**row) for row in content["rows"])
            values = {key: value for key, value in content.items() if key not in ("format", "key")}
            # The same numbers may stand in several studies, under other names.
            result = Result(**{**values, "rows": rows, "facts": cell.facts})
            if result.certificate and result.certificate != file_hash(self.certificate(cell)):
                return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return result


def text_hash(text: str) -> str:
    """Return the SHA-256 of a certificate's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file; "" if it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def require_folder(folder: Path) -> None:
    """Refuse a folder of somebody else's files, before the work.

    Raises:
        DataError: if it is a file, or has files that are no study's.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file: give --output a folder")
    foreign = (
        sorted(entry.name for entry in folder.iterdir() if entry.name not in _OWN) if folder.exists() else []
    )
    if foreign:
        raise DataError(
            f"{folder} has files that are no study's, such as {shown(foreign[0])}: give --output an empty "
            "folder or a new one"
        )
