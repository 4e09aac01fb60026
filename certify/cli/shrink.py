"""The command `certify shrink`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.checker.data.text_file import without_gz
from certify.cli.options.common import (
    AsJson,
    CertificateFile,
    DataFile,
    Quiet,
    error_console,
    print_json,
)
from certify.cli.options.outputs import CERTIFICATE, require_writable


def shrink(
    certificate: CertificateFile,
    data: DataFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "--certificate", help="File to write.", show_default="CERT with .small before its last suffix"
        ),
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            min=0, help="Most unsettled rows of a cone that one leaf may take over; more take long."
        ),
    ] = 12,
    time_limit: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="What is left then stays as it is.", show_default="none"),
    ] = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a certificate smaller: whole subtrees become single leaves; exit 1 if it is not valid."""
    from rich.console import Console

    from certify.shrink.from_files import shrink_file
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_shrunk

    plain = Path(without_gz(certificate.name))
    output = output or certificate.with_name(f"{plain.stem}.small{plain.suffix}")
    require_writable((data, certificate), (output, CERTIFICATE))
    with LiveProgress(error_console(quiet)) as progress:
        result = shrink_file(certificate, data, output, rows, time_limit, progress)
    if json_:
        print_json(result.to_json())
    else:
        print_shrunk(Console(highlight=False), result)
    raise typer.Exit(0 if result.verdict.valid else 1)
