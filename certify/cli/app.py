"""The program `certify`: all commands together, and what its exit codes mean (`_EXIT_CODES`)."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from certify.checker.console import ABORTED, UNKNOWN
from certify.checker.console import run as run_command
from certify.cli.attack import attack
from certify.cli.bound import bound
from certify.cli.check import check
from certify.cli.explain import explain
from certify.cli.gap import gap
from certify.cli.matrices import copositive, cp
from certify.cli.problem import problem
from certify.cli.shrink import shrink
from certify.cli.study import study
from certify.cli.tightness import tightness
from certify.cli.warm_up import warm_up
from certify.runtime.interrupts import ended_in_order, termination

_EXIT_CODES = (
    "Exit codes: 0 done, valid, yes; 1 rejected, no; 2 unusable input; 3 unknown; 70 a fault of certify "
    "itself (CERTIFY_TRACEBACK=1 shows where); 130 aborted by Ctrl-C; 143 and 129 ended by SIGTERM and "
    "SIGHUP, with the best result so far; 141 nobody read the output to its end."
)

app = typer.Typer(
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Certified bounds on the global optimum of two-layer ReLU network training.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"certify {version('certify')}")
        raise typer.Exit


@app.callback()
def _program(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Take the options that are of no command."""


for command in (
    check, bound, explain, attack, shrink, copositive, cp, gap, problem, study, tightness, warm_up,
):  # fmt: skip
    app.command(epilog=_EXIT_CODES)(command)


def main() -> NoReturn:
    """Run the command line; errors of the user become one sentence and exit code 2."""
    # A notebook sets a backend that only its own environment has; pages are drawn without any.
    os.environ.pop("MPLBACKEND", None)
    with ended_in_order():
        try:
            code: str | int | None = run_command("certify", _app)
        except SystemExit as ended:
            code = ended.code
        number = termination()
    sys.exit(128 + number if number is not None and code in (None, 0, UNKNOWN, ABORTED) else code)


def _app() -> int:
    app(standalone_mode=True)
    return 0


if __name__ == "__main__":
    main()
