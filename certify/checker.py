"""The checker with nothing around it: `python -m certify.checker CERT --data F.csv`.

It starts where no solver, no numpy and no terminal library is installed.
"""

from __future__ import annotations

import argparse
import sys

from certify.check_file import BEST, check
from certify.check_progress import CheckProgress
from certify.errors import CertifyError, TimeLimitError


def main(arguments: list[str] | None = None) -> int:
    """Check as a program; return 0 for valid, 1 for rejected, 2 for unusable input, 3 for no time."""
    parser = argparse.ArgumentParser(prog="python -m certify.checker", description=main.__doc__)
    parser.add_argument("certificate", metavar="CERT")
    parser.add_argument("--data", required=True, metavar="F.csv")
    parser.add_argument(
        "--trust", default=BEST, metavar="LEVEL", help="best, proved, exact, rigorous or kernel"
    )
    parser.add_argument("--time-limit", type=float, metavar="SECONDS")
    options = parser.parse_args(arguments)
    try:
        with CheckProgress(sys.stderr) as progress:
            verdict = check(
                options.certificate,
                data=options.data,
                trust=options.trust,
                time_limit=options.time_limit,
                on_progress=progress.update,
                on_note=progress.note,
            )
        if not verdict.valid:
            print(f"REJECTED: {verdict.reason}")
            return 1
        print(f"VALID, trust: {verdict.trust}")
        print(f"{verdict.statement}\nChecked: {verdict.reason}.")
        for line in verdict.proof.lines() if verdict.proof else ():
            print(line)
    except CertifyError as error:
        print(error, file=sys.stderr)
        return 3 if isinstance(error, TimeLimitError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
