"""The checker with nothing around it: `certify-checker CERT --data F.csv`.

`python -P -m certify.checker` is the same; without -P Python looks for modules in the current folder first.
It starts where no solver, no numpy and no terminal library is installed.
"""

from __future__ import annotations

import argparse
import sys

from certify.check_file import BEST, check
from certify.console import run


def main(arguments: list[str] | None = None) -> int:
    """Check as a program; return 0 for valid, 1 for rejected, 2 for unusable input."""
    return run("certify-checker", lambda: _check(arguments))


def _check(arguments: list[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="certify-checker", description=main.__doc__)
    parser.add_argument("certificate", metavar="CERT")
    parser.add_argument("--data", required=True, metavar="F.csv")
    parser.add_argument(
        "--trust", default=BEST, metavar="LEVEL", help="best, proved, exact, rigorous or kernel"
    )
    options = parser.parse_args(arguments)
    verdict = check(options.certificate, data=options.data, trust=options.trust)
    if not verdict.valid:
        print(f"REJECTED: {verdict.reason}")
        return 1
    print(f"VALID, trust: {verdict.trust}")
    print(f"{verdict.statement}\nChecked: {verdict.reason}.")
    for line in verdict.proof.lines() if verdict.proof else ():
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
