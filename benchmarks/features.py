"""More than six features: what "auto" proves on standardised data, as a table.

    python -m benchmarks.features [--folder FOLDER] [--only "wine;diabetes"]

wine, breast cancer, diabetes and digits come with scikit-learn; FOLDER has the paper's ionosphere_train.csv,
pima_indians_train.csv and mnist_pca20_train.csv, whose lines are left out without it. Features are
standardised and a hidden bias is appended where the line does not say "unscaled" or by what they are divided;
the targets of diabetes are standardised. Every bound is from the exact checker; seconds are wall time with
training, proof and check.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

from certify.bounds.bound import Settings, bound_dataset
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.datasets.arrays import from_arrays
from certify.runtime.progress import Observer


@dataclass(frozen=True)
class Line:
    """A data set, and for each gamma the gap that is wanted and the time limit in seconds."""

    name: str
    data: Dataset
    runs: tuple[tuple[str, float, float], ...]


def _packaged(X: NDArray[np.float64], y: NDArray[np.float64], task: str) -> Dataset:
    return from_arrays(X, y, task=task, bias=True, standardize=True)


def lines(folder: Path | None) -> Iterator[Line]:
    """Yield the lines of the table."""
    wine, cancer = datasets.load_wine(), datasets.load_breast_cancer()
    diabetes, digits = datasets.load_diabetes(), datasets.load_digits()
    yield Line(
        "wine",
        _packaged(wine.data, wine.target, "classification"),
        (("100", 1e-3, 20), ("10", 1e-2, 60), ("1", 1e-3, 300), ("0.1", 1e-3, 300)),
    )
    yield Line(
        "breast cancer",
        _packaged(cancer.data, cancer.target, "classification"),
        (("100", 1e-2, 180), ("10", 1e-3, 300), ("1", 1e-3, 300)),
    )
    targets = (diabetes.target - diabetes.target.mean()) / diabetes.target.std()
    yield Line(
        "diabetes",
        _packaged(diabetes.data, targets, "regression"),
        (("100", 6e-3, 180), ("10", 1e-3, 180), ("1", 1e-3, 180)),
    )
    yield Line(
        "digits",
        _packaged(digits.data, digits.target, "classification"),
        (("1000", 1e-3, 300), ("100", 1e-3, 300)),
    )
    if folder is not None:
        ionosphere = read_dataset(folder / "ionosphere_train.csv")
        yield Line("ionosphere_train, unscaled", ionosphere, (("1", 1e-3, 180), ("0.1", 1e-3, 180)))
        pima = folder / "pima_indians_train.csv"
        yield Line("pima_indians_train, unscaled", read_dataset(pima), (("0.1", 1e-3, 180),))
        scaled = read_dataset(pima, bias=True, standardize=True)
        yield Line("pima_indians_train", scaled, (("10", 1e-3, 300), ("1", 1e-3, 300)))
        numbers = np.genfromtxt(folder / "mnist_pca20_train.csv", delimiter=",", skip_header=1)
        images = from_arrays((numbers[:, :-1] / 1000).round(6), numbers[:, -1], task="classification")
        yield Line("mnist_pca20_train, divided by 1000", images, (("10", 1e-3, 180), ("1", 1e-3, 180)))


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", help="names of data sets, separated by semicolons")
    options = parser.parse_args()
    bound_dataset(from_arrays([[1.0]], [[1.0]], task="regression"), Settings(), Observer())  # compiles
    print("| data | n | d | gamma | lower bound | upper bound | gap | method | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for line in lines(options.folder):
        if options.only is not None and line.name not in options.only.split(";"):
            continue
        for gamma, gap, limit in line.runs:
            begun = time.perf_counter()
            report = bound_dataset(line.data, Settings(gamma, gap=gap, time_limit=limit), Observer())
            interval = report.interval
            print(
                f"| {line.name} | {report.problem.n} | {report.problem.d} | {gamma} "
                f"| {decimal_down(interval.lower, 6)} | {decimal_up(interval.upper, 6)} "
                f"| {100 * float(interval.relative_gap):.2g} % | {report.method} "
                f"| {time.perf_counter() - begun:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
