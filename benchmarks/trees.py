"""Trees and SDP-NN where there are seven to twelve features: what either proves in the same time.

    python -m benchmarks.trees [--time-limit 30]

The first features of wine and diabetes of scikit-learn, standardised, with a hidden bias, which counts as a
feature, and the targets of diabetes standardised; all rows, or the first twenty of a random order (seed 0).
Bounds are from the exact checker, in percent of the best loss of either run.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from sklearn import datasets

from certify.bounds.bound import Settings, bound_dataset
from certify.checker.data.dataset import Dataset
from certify.datasets.arrays import from_arrays
from certify.runtime.progress import Observer

_ROWS = 20
_METHODS = ("tree", "sdp")


def problems() -> Iterator[tuple[str, Dataset, int]]:
    """Yield names, data, and the number of features with the bias."""
    wine, diabetes = datasets.load_wine(), datasets.load_diabetes()
    targets = (diabetes.target - diabetes.target.mean()) / diabetes.target.std()
    order = np.random.default_rng(0).permutation
    for name, X, y, task, sizes in (
        ("wine", wine.data, wine.target, "classification", (8, 10, 12)),
        ("diabetes", diabetes.data, targets, "regression", (8, 11)),
    ):
        for d in sizes:
            for rows in (_ROWS, len(X)):
                chosen = np.sort(order(len(X))[:rows]) if rows < len(X) else np.arange(len(X))
                data = from_arrays(X[chosen][:, : d - 1], y[chosen], task=task, bias=True, standardize=True)
                yield name, data, d


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--time-limit", type=float, default=30.0)
    limit = parser.parse_args().time_limit
    print(f"| data | n | d | gamma | best loss | {' | '.join(f'{name}, %' for name in _METHODS)} |")
    print("| --- " * (5 + len(_METHODS)) + "|", flush=True)
    for name, data, d in problems():
        n = data.problem("1").n
        for share in (2, 10):
            gamma = f"{max(1, n // share)}"
            reports = [
                bound_dataset(data, Settings(gamma, method=method, gap=1e-3, time_limit=limit), Observer())
                for method in _METHODS
            ]
            loss = min(report.interval.upper for report in reports)
            shares = [f"{100 * float(report.interval.lower / loss):.1f}" for report in reports]
            print(
                f"| {name} | {n} | {d} | {gamma} | {float(loss):.5g} | {' | '.join(shares)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
