"""The command `certify copositive`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.cli_parts import AsJson, TimeLimit, error_console, print_json, require_writable

EXIT_CODES = {"yes": 0, "no": 1, "unknown": 3}


def copositive(
    matrix: Annotated[
        Path, typer.Argument(metavar="M", help="Matrix: .csv, .npy or .mtx file.", show_default=False)
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Ask for z^T M z > 0 wherever z >= 0 is not zero.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate file to write.", show_default="none")
    ] = None,
    time_limit: TimeLimit = None,
    json_: AsJson = False,
) -> None:
    """Decide whether z^T M z >= 0 for all z >= 0: exit 0 yes, 1 no, 3 unknown, 2 unusable input."""
    from rich.console import Console

    from certify.copositive_summary import print_copositivity
    from certify.copositivity import decide
    from certify.matrix_data import read_matrix
    from certify.summary import LiveProgress

    require_writable(matrix, certificate)
    subject = read_matrix(matrix)
    with LiveProgress(error_console()) as progress:
        report = decide(subject, strict=strict, time_limit=time_limit, observer=progress)
    written = None
    if certificate is not None and report.certificate is not None:
        report.save_certificate(certificate)
        written = str(certificate)
    if json_:
        print_json(report.to_json(written))
    else:
        print_copositivity(Console(highlight=False), report, matrix, written)
    raise typer.Exit(EXIT_CODES[report.answer])
