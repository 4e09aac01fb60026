"""The command `certify explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.cli.options.common import (
    AsJson,
    CertificateFile,
    DataFile,
    Page,
    Quiet,
    error_console,
    made_by,
    print_json,
)
from certify.cli.options.outputs import PAGE, require_writable
from certify.networks.formats.table import SUFFIXES


def explain(
    certificate: CertificateFile,
    data: DataFile,
    network: Annotated[
        Path | None,
        typer.Option(help=f"Trained network ({SUFFIXES}): its neurons, and the gap above the bound."),
    ] = None,
    report: Page = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say what a certificate proves, what carries it, where the bound was lost; exit 1 if it is not valid."""
    from rich.console import Console

    from certify.explain.from_files import explain_file
    from certify.views.page.explanation import save_explanation_page
    from certify.views.terminal.explanation import print_explanation
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_verdict

    require_writable((data, certificate, network), (report, PAGE))
    with LiveProgress(error_console(quiet)) as progress:
        found = explain_file(certificate, data, network, progress)
    if report is not None and found.explanation is not None:
        save_explanation_page(found.explanation, report, made_by(certificate))
    if json_:
        print_json(found.to_json())
    elif found.explanation is None:
        print_verdict(Console(highlight=False), found.verdict)
    else:
        print_explanation(Console(highlight=False), found.explanation)
    raise typer.Exit(0 if found.verdict.valid else 1)
