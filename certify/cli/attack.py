"""The command `certify attack`."""

from __future__ import annotations

from typing import Annotated

import typer

from certify.cli.options.common import (
    AsJson,
    CertificateFile,
    DataFile,
    error_console,
    print_json,
)


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
            help="Loss of a network, p/q or a decimal: what no proof may exceed.",
            show_default="that of no neurons",
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Forge a certificate in many ways; exit 1 if a forgery proves more than is true."""
    from rich.console import Console
    from rich.progress import Progress

    from certify.attack.from_files import attack_file
    from certify.checker.data.dataset import parse_gamma
    from certify.views.terminal.summary import print_attack, print_subject

    most = None if upper is None else parse_gamma(upper, "the upper bound")
    with Progress(console=error_console(), transient=True) as progress:
        task = progress.add_task("forging", total=trials)
        subject, found = attack_file(
            certificate,
            data,
            trials=trials,
            seed=seed,
            upper=most,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if json_:
        print_json(
            {
                "problem": subject.to_json(),
                "tried": found.tried,
                "accepted": found.accepted,
                "breaches": len(found.breaches),
                "upper_exact": str(found.upper),
                "largest_accepted_exact": None
                if found.largest_accepted is None
                else str(found.largest_accepted),
                "kinds": {
                    kind: {"accepted": tally.accepted, "rejected": dict(tally.rejected)}
                    for kind, tally in found.tallies.items()
                },
            }
        )
    else:
        out = Console(highlight=False)
        print_subject(out, subject)
        print_attack(out, found)
    raise typer.Exit(1 if found.breaches else 0)
