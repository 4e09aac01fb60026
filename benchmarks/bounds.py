"""Certified intervals on the paper's data sets, as a table.

    python -m benchmarks.bounds FOLDER [--random 10]

FOLDER holds iris_train.csv, spiral.csv and random_first50.csv (columns dataset, x1, x2, y1, ..., y5) of the
paper's experiments. The last columns compare the certified bound with the solver's value of the relaxation
and time the exact check of the certificate as read back from its text.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from certify.bounding import Settings, bound_dataset
from certify.certificate_file import from_text, to_text
from certify.check import check_certificate
from certify.data import Dataset, from_arrays, read_dataset
from certify.exact import decimal_down, decimal_up
from certify.progress import Observer
from certify.table import read_table


def problems(folder: Path, randoms: int) -> Iterator[tuple[str, Dataset, str]]:
    """Yield name, data and gamma of each line."""
    yield "iris_train", read_dataset(folder / "iris_train.csv"), "0.1"
    for gamma in ("0.1", "0.01"):
        yield "spiral", read_dataset(folder / "spiral.csv"), gamma
    table = read_table(folder / "random_first50.csv")
    for k in range(randoms):
        rows = [row for row in table.rows if row[0] == k]
        yield f"random {k}", from_arrays([row[1:3] for row in rows], [row[3:] for row in rows]), "0.1"


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--random", type=int, default=10)
    options = parser.parse_args()
    print("| data | gamma | lower | upper | gap % | s | relaxation (estimate) | below by | check s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, dataset, gamma in problems(options.folder, options.random):
        report = bound_dataset(dataset, Settings(gamma=gamma), Observer())
        certificate = from_text(to_text(report.certificate))
        begun = time.perf_counter()
        assert check_certificate(certificate, report.problem).valid
        checked = time.perf_counter() - begun
        lower, upper = report.interval.lower, report.interval.upper
        estimate = report.estimate or 0.0
        print(
            f"| {name} | {gamma} | {decimal_down(lower, 8)} | {decimal_up(upper, 8)} "
            f"| {decimal_up(100 * report.interval.relative_gap, 3)} | {report.seconds:.1f} | {estimate:.8g} "
            f"| {(estimate - float(lower)) / estimate:.1e} | {checked:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
