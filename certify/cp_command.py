"""The command `certify cp`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.cli_parts import AsJson, TimeLimit, error_console, print_json, require_writable
from certify.copositive_command import EXIT_CODES


def cp(
    matrix: Annotated[
        Path, typer.Argument(metavar="A", help="Matrix: .csv, .npy or .mtx file.", show_default=False)
    ],
    free: Annotated[
        int,
        typer.Option(min=0, help="How many coordinates, the last ones, may have any sign in the vectors b."),
    ] = 0,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate file to write.", show_default="none")
    ] = None,
    time_limit: TimeLimit = None,
    json_: AsJson = False,
) -> None:
    """Decide whether a matrix is completely positive: exit 0 yes, 1 no, 3 unknown, 2 unusable input."""
    from rich.console import Console

    from certify.completely_positive import decide
    from certify.cp_summary import print_complete_positivity
    from certify.matrix_data import read_matrix
    from certify.summary import LiveProgress

    require_writable(matrix, certificate)
    subject = read_matrix(matrix)
    with LiveProgress(error_console()) as progress:
        report = decide(subject, free=free, time_limit=time_limit, observer=progress)
    written = None
    if certificate is not None and report.certificate is not None:
        report.save_certificate(certificate)
        written = str(certificate)
    if json_:
        print_json(report.to_json(written))
    else:
        print_complete_positivity(Console(highlight=False), report, matrix, written)
    raise typer.Exit(EXIT_CODES[report.answer])
