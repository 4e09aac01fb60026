"""The readers of data in Python and in the proved checker on generated files: do they read all of them alike?

    python -m benchmarks.checkers.readers [--cases 100000] [--seed 0]

It needs `make proofs`. Exit code 1 if a file is read in two ways, with the first of them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.certify.trust.extracted.readers import cases, compare


def main() -> int:
    """Compare, and print the count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    with TemporaryDirectory() as folder:
        tally = compare(cases(options.seed, options.cases), Path(folder))
    print(
        f"{options.cases} files: {tally.read} read alike, {tally.refused} refused by both, "
        f"{len(tally.different)} read in two ways ({time.perf_counter() - start:.0f} s)"
    )
    for case, recipe, python, program in tally.different[:10]:
        print(f"{case.kind} {case.content!r} {recipe}: Python {python}, the proved checker {program}")
    return 1 if tally.different else 0


if __name__ == "__main__":
    sys.exit(main())
