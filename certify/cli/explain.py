"""The command `certify explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.cli.options.common import (
    AsJson,
    CertificateFile,
    DataFile,
    error_console,
    print_json,
)
from certify.networks.formats.table import SUFFIXES


def explain(
    certificate: CertificateFile,
    data: DataFile,
    network: Annotated[
        Path | None,
        typer.Option(help=f"Trained network ({SUFFIXES}): its neurons, and the gap above the bound."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Say what a certificate proves, what carries it, where the bound was lost; exit 1 if it is not valid."""
    from rich.console import Console

    from certify.explain.from_files import explain_file
    from certify.views.terminal.explanation import print_explanation
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_verdict

    with LiveProgress(error_console()) as progress:
        report = explain_file(certificate, data, network, progress)
    if json_:
        print_json(report.to_json())
    elif report.explanation is None:
        print_verdict(Console(highlight=False), report.verdict)
    else:
        print_explanation(Console(highlight=False), report.explanation)
    raise typer.Exit(0 if report.verdict.valid else 1)
