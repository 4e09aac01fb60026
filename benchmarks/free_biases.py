"""Bounds with free hidden biases, as the table of docs/method.md, section 2a.

    python -m benchmarks.free_biases FOLDER

FOLDER has spiral.csv and iris_train.csv; diabetes is scikit-learn's, its target and features brought to mean
0 and variance 1. Seconds are wall time.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from sklearn.datasets import load_diabetes

from certify.bounds.bound import Settings, bound_dataset
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.datasets.arrays import from_arrays
from certify.runtime.progress import Observer

_COLUMNS = {"body mass": [2], "body mass and s5": [2, 8]}


def lines(folder: Path) -> Iterator[tuple[str, Dataset, str]]:
    """Yield names, data and weight decays."""
    for name in ("spiral", "iris_train"):
        yield name, read_dataset(folder / f"{name}.csv"), "0.1"
    data = load_diabetes()
    targets = (data.target - data.target.mean()) / data.target.std()
    for name, columns in _COLUMNS.items():
        features = data.data[:, columns]
        dataset = from_arrays(features, targets, task="regression", standardize=True)
        yield f"diabetes, {name}", dataset, "1"


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    print(
        "| data | samples | features | gamma | lower bound | upper bound | leaves | training, s | search, s "
        "| exact check, s |"
    )
    print("|" + " --- |" * 10)
    for name, dataset, gamma in lines(options.folder):
        report = bound_dataset(dataset, Settings(gamma, output_bias="all-free", gap=1e-3), Observer())
        seconds = {stage.name: stage.seconds for stage in report.stages}
        problem, interval = report.problem, report.interval
        bounds = f"{decimal_down(interval.lower, 8)} | {decimal_up(interval.upper, 8)}"
        times = " | ".join(f"{seconds[stage]:.1f}" for stage in ("train", "search", "check"))
        leaves = report.certificate.leaves
        print(f"| {name} | {problem.n} | {problem.d} | {gamma} | {bounds} | {leaves} | {times} |", flush=True)


if __name__ == "__main__":
    main()
