"""Certified intervals on the paper's data sets, as a table.

    python -m benchmarks.bounds FOLDER [--random 50] [--large] [--method auto]

FOLDER holds iris_train.csv, spiral.csv, random_first50.csv (columns dataset, x1, x2, y1, ..., y5) and, for
--large, bank_notes_train.csv and pima_indians_train.csv of the paper's experiments. A search is told the gap
in its line; its time is that of training and search together, the check's that of the exact verdict on the
certificate as read back from its text, and "proved" that of the checker of proofs/ where it is built. The
problems of the random collection share one line, with the worst of each column.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from certify.bounds.bound import Settings, bound_dataset
from certify.checker.certificate.file import from_text, to_text
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.data.table import read_table
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.subject import Training
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.runtime.progress import Observer
from certify.trust.extracted import check_proved, find_checker
from certify.trust.parallel import in_processes


@dataclass(frozen=True)
class Line:
    """What is asked: a gap and a time limit in seconds for some problems of one kind."""

    name: str
    datasets: tuple[Dataset, ...]
    gamma: str
    gap: float
    time_limit: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came out for one problem; times in seconds, size in bytes."""

    lower: Fraction
    upper: Fraction
    gap: Fraction
    search: float
    check: float
    proved: float
    leaves: int
    size: int


def lines(folder: Path, randoms: int, large: bool) -> Iterator[Line]:
    """Yield the lines of the table."""
    table = read_table(folder / "random_first50.csv")
    groups = [[row for row in table.rows if row[0] == k] for k in range(randoms)]
    collection = tuple(from_arrays([r[1:3] for r in rows], [r[3:] for r in rows]) for rows in groups)
    for gamma in ("0.1", "0.01"):
        yield Line(f"random, {randoms} problems: the worst", collection, gamma, 1e-7)
    for gamma in ("0.1", "0.01"):
        yield Line("spiral", (read_dataset(folder / "spiral.csv"),), gamma, 1e-7)
    iris = folder / "iris_train.csv"
    for gamma in ("0.1", "0.01"):
        yield Line("iris_train", (read_dataset(iris),), gamma, 1e-4)
    yield Line("iris_train, bias", (read_dataset(iris, bias=True),), "0.1", 1e-3)
    if large:
        bank_notes = read_dataset(folder / "bank_notes_train.csv")
        yield Line("bank_notes_train", (bank_notes,), "0.1", 1e-2)
        yield Line("bank_notes_train", (bank_notes,), "0.1", 1e-3)
        pima = read_dataset(folder / "pima_indians_train.csv")
        yield Line("pima_indians_train", (pima,), "0.1", 1e-3, 600.0)


def measure(line: Line, dataset: Dataset, method: str) -> Outcome:
    """Search, write, read back, check."""
    settings = Settings(gamma=line.gamma, method=method, gap=line.gap, time_limit=line.time_limit)
    report = bound_dataset(dataset, settings, Observer())
    text = to_text(report.certificate)
    begun = time.perf_counter()
    verdict = check_certificate(from_text(text), report.problem, walk=in_processes(2))
    checked = time.perf_counter() - begun
    assert verdict.valid
    proved = math.nan
    if find_checker() is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "proof.cert"
            path.write_text(text)
            certificate = from_text(text)
            begun = time.perf_counter()
            assert check_proved(certificate, Training(report.problem, None), path=path).valid
            proved = time.perf_counter() - begun
    return Outcome(
        report.interval.lower,
        report.interval.upper,
        report.interval.relative_gap,
        sum(stage.seconds for stage in report.stages if stage.name in ("train", "search", "divide", "relax")),
        checked,
        proved,
        report.certificate.leaves,
        len(text),
    )


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--random", type=int, default=50)
    parser.add_argument("--large", action="store_true", help="Bank Notes and Pima as well: half an hour")
    parser.add_argument("--method", default="auto")
    options = parser.parse_args()
    bound_dataset(from_arrays([[1.0]], [[1.0]], task="regression"), Settings(), Observer())  # compiles
    print(
        "| data | gamma | lower bound | upper bound | gap | search, s | check, s | proved, s | leaves | MB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for line in lines(options.folder, options.random, options.large):
        outcomes = [measure(line, dataset, options.method) for dataset in line.datasets]
        one = outcomes[0] if len(outcomes) == 1 else None
        print(
            f"| {line.name} | {line.gamma} "
            f"| {decimal_down(one.lower, 8) if one else ''} | {decimal_up(one.upper, 8) if one else ''} "
            f"| {float(max(o.gap for o in outcomes)):.1e} | {max(o.search for o in outcomes):.2f} "
            f"| {max(o.check for o in outcomes):.2f} | {max(o.proved for o in outcomes):.2f} "
            f"| {max(o.leaves for o in outcomes)} "
            f"| {max(o.size for o in outcomes) / 1e6:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
