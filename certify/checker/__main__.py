"""The checker with nothing around it: `certify-checker CERT --data F.csv`.

`python -P -m certify.checker` is the same; without -P Python looks for modules in the current folder first.
It starts where no solver, no numpy and no terminal library is installed.
"""

from __future__ import annotations

import argparse
import sys

from certify.checker.check import check_exactly
from certify.checker.console import run
from certify.checker.data.matrix_file import SYMMETRIZE
from certify.checker.limits.progress import CheckProgress
from certify.checker.pin_options import add_options, expected_of


def main(arguments: list[str] | None = None) -> int:
    """Check as a program; return 0 for valid, 1 for rejected, 2 for unusable input, 3 for no time."""
    return run("certify-checker", lambda: _check(arguments))


def _check(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="certify-checker", description=main.__doc__, allow_abbrev=False)
    parser.add_argument("certificate", metavar="CERT")
    parser.add_argument("--data", required=True, metavar="F.csv")
    parser.add_argument(
        "--trust",
        default="exact",
        choices=["exact"],
        help="exact; `certify check` has other levels",
    )
    parser.add_argument("--symmetrize", action="store_true", help=SYMMETRIZE)
    parser.add_argument("--time-limit", type=float, metavar="SECONDS")
    add_options(parser)
    options = parser.parse_args(arguments)
    with CheckProgress(sys.stderr) as progress:
        verdict = check_exactly(
            options.certificate,
            options.data,
            symmetrize=options.symmetrize,
            expected=expected_of(options),
            time_limit=options.time_limit,
            on_progress=progress.update,
        )
    if verdict.obligation is not None:
        print(f"REJECTED: {verdict.obligation.name}: {verdict.reason}")
        return 1
    print(f"VALID, trust: {verdict.trust}\n{verdict.statement}")
    for name, value in verdict.subject.details() if verdict.subject else ():
        print(f"    {name:<12}  {value}")
    print(f"Checked: {verdict.reason}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
