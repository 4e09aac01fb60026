"""The words on the terminal for an answer of `certify copositive`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from certify.checker.matrix.copositivity import copositivity_theorem
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.verdict import TRUST, leaves_in_words
from certify.matrices.copositive.decide import CopositivityReport
from certify.views.terminal.matrix_file import MatrixFile

STYLES = {"yes": "bold green", "no": "bold red", "unknown": "bold yellow"}
_REASONS = {
    "time_limit": "the time limit was reached",
    "interrupted": "the search was interrupted",
    "gave_up": "the search has nothing left to try",
}


def print_copositivity(
    console: Console, report: CopositivityReport, matrix: MatrixFile, certificate: Path | None
) -> None:
    """Print the answer with what it rests on.

    Args:
        console: on standard output.
        report: the answer.
        matrix: the file that the question was about.
        certificate: the file that the certificate was written to; None if it was not.
    """
    trust = "" if report.certificate is None else f"   trust: {TRUST['exact']}"
    console.print(Text(f"{report.answer.upper()}{trust}", style=STYLES[report.answer]))
    if report.certificate is None:
        console.print(
            f"{_REASONS[report.status]}. Known so far, for z >= 0 of sum 1:\n"
            f"    {decimal_down(report.lower, 6)} <= least z^T M z <= {decimal_up(report.upper, 6)}",
            soft_wrap=True,
        )
        return
    console.print(Text(copositivity_theorem(report.certificate, report.matrix)), soft_wrap=True)
    matrix.print_meaning(console)
    leaves = "" if report.answer == "no" else f", {leaves_in_words(report.leaves)}"
    console.print(f"Found by {report.method} in {report.seconds:.2g} s{leaves}.", soft_wrap=True)
    if certificate is not None:
        matrix.print_certificate(console, certificate)
