"""The program `certify`: all commands together, and what its exit codes mean (`_EXIT_CODES`)."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from certify.checker.console import run as run_command
from certify.cli.attack import attack
from certify.cli.bound import bound
from certify.cli.check import check
from certify.cli.explain import explain
from certify.cli.gap import gap
from certify.cli.matrices import copositive, cp
from certify.cli.problem import problem
from certify.cli.shrink import shrink
from certify.cli.tightness import tightness
from certify.cli.warm_up import warm_up

_EXIT_CODES = (
    "Exit codes: 0 done, valid, yes; 1 rejected, no; 2 unusable input; 3 unknown; 70 a fault of certify "
    "itself (CERTIFY_TRACEBACK=1 shows where); 130 aborted; 141 nobody read the output to its end."
)

app = typer.Typer(
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Certified bounds on the global optimum of two-layer ReLU network training.",
)


app.command()(check)
app.command()(bound)
app.command()(explain)
app.command()(attack)
app.command()(shrink)
app.command()(copositive)
app.command()(cp)
app.command()(gap)
app.command()(problem)
app.command()(tightness)
app.command()(warm_up)


def main() -> NoReturn:
    """Run the command line; errors of the user become one sentence and exit code 2."""
    sys.exit(run_command("certify", _app))


def _app() -> int:
    app(standalone_mode=True)
    return 0


if __name__ == "__main__":
    main()
