"""The command `certify attack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.cli.options.common import (
    AsJson,
    CertificateFile,
    DataFile,
    Quiet,
    error_console,
    print_json,
)
from certify.networks.formats.table import SUFFIXES


def attack(
    certificate: CertificateFile,
    data: DataFile,
    trials: Annotated[
        int,
        typer.Option(min=1, help="Number of forgeries; take fewer on a large tree."),
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the mutations.")] = 0,
    upper: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Loss of a network, p/q or a decimal: what no proof may exceed.",
            show_default="that of a network trained for some seconds",
        ),
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(help=f"Trained network ({SUFFIXES}), whose loss is taken for --upper."),
    ] = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check a certificate, then forge it in many ways.

    Exit 1 if it is not valid itself, or if a forgery proves more than is true.
    """
    from rich.console import Console
    from rich.progress import Progress

    from certify.checker.data.dataset import parse_gamma

    most = None if upper is None else parse_gamma(upper, "the upper bound")
    console = error_console(quiet)
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from certify.attack.from_files import attack_file
    from certify.views.terminal.summary import print_attack, print_verdict

    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("checking", total=trials)
        found = attack_file(
            certificate,
            data,
            trials=trials,
            seed=seed,
            upper=most,
            network=network,
            on_progress=lambda done, total: progress.update(task, description="forging", completed=done),
        )
    out = Console(highlight=False)
    if json_:
        print_json(found.to_json())
    elif found.forged is None:
        print_verdict(out, found.verdict)
    else:
        print_attack(out, found.forged)
    raise typer.Exit(0 if found.holds else 1)
