"""The words on the terminal for an answer of `certify cp`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from certify.checker.matrix.complete_positivity import complete_positivity_theorem
from certify.checker.verdict import TRUST
from certify.matrices.completely_positive.decide import CompletePositivityReport
from certify.views.terminal.copositivity import STYLES
from certify.views.terminal.matrix_file import MatrixFile


def print_complete_positivity(
    console: Console, report: CompletePositivityReport, matrix: MatrixFile, certificate: Path | None
) -> None:
    """Print the answer and what stands behind it.

    Args:
        console: where to.
        report: the answer.
        matrix: the file of the matrix.
        certificate: the file that the certificate was written to, if any.
    """
    trust = "" if report.verdict is None else f"   trust: {TRUST[report.verdict.trust]}"
    console.print(Text(f"{report.answer.upper()}{trust}", style=STYLES[report.answer]))
    if report.certificate is None or report.verdict is None:
        console.print(f"Nothing is proved: {report.reason}.", soft_wrap=True)
        return
    console.print(Text(complete_positivity_theorem(report.certificate, report.matrix)), soft_wrap=True)
    matrix.print_meaning(console)
    console.print(
        Text(f"Found in {report.seconds:.2g} s: {report.reason}. Checked: {report.verdict.reason}."),
        soft_wrap=True,
    )
    if certificate is not None:
        matrix.print_certificate(console, certificate)
