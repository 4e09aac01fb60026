"""What the commands of the command line share; it loads no numerical library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certify.errors import CertifyError

if TYPE_CHECKING:
    from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def error_console() -> Console:
    """Return the terminal for progress and remarks, which is not where results go."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def require_writable(data: Path, *outputs: Path | None) -> None:
    """Refuse outputs that would be lost, or overwrite the data or each other, before the long work."""
    taken = [data.resolve()]
    for path in outputs:
        if path is None:
            continue
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise CertifyError(f"{path}: cannot be written; give a file in a folder that exists")
        if path.resolve() in taken:
            raise CertifyError(f"{path} is the data or another output: give each output a file of its own")
        taken.append(path.resolve())


def print_json(values: dict[str, Any]) -> None:
    """Print one object on standard output."""
    print(json.dumps(values, indent=2))
