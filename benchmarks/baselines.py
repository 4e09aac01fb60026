"""Baselines of others next to the certified optimum, and the kernels' accuracy: two tables.

    python -m benchmarks.baselines FOLDER [--write docs/tightness.md]

FOLDER has the paper's data as CSV files: NAME_train.csv and NAME_test.csv, and random_first50.csv. It takes
some minutes. `--write` puts the tables between the lines `<!-- baselines -->` and `<!-- end of baselines -->`
of a file, and leaves the rest of it as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pages import around
from certify.checker.data.choice import from_table, read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.data.table import read_table
from certify.datasets.groups import split_table
from certify.datasets.held_out import read_held_out
from certify.runtime.threads import single_threaded
from certify.tightness.quantities import Row
from certify.tightness.settings import StudySettings
from certify.tightness.study import study
from certify.views.terminal.tightness import cells

_NAMES = ("iris", "ionosphere", "pima_indians", "bank_notes", "mnist_pca20")
_GAMMAS = ("0.1", "0.01")
_KERNELS = ("nngp", "ntk")
_OUTPUTS = ("y1", "y2", "y3", "y4", "y5")
_COMPARED = ("optimum", "SDP-NN", "convex", "copositive", "admm", "frank-wolfe", "burer-monteiro")
_GAMMA = "0.1"  # of the comparison
_TIME_LIMIT = 150.0
_BEGIN, _END = "<!-- baselines -->", "<!-- end of baselines -->"


def accuracies(folder: Path) -> Iterator[str]:
    """Yield the lines of the kernels' table, in Markdown."""
    columns = [f"{kernel}, {gamma}" for gamma in _GAMMAS for kernel in _KERNELS]
    yield "| accuracy | " + " | ".join(columns) + " |"
    yield "| --- " * (len(columns) + 1) + "|"
    for name in _NAMES:
        dataset = read_dataset(folder / f"{name}_train.csv")
        test = read_held_out(folder / f"{name}_test.csv", dataset)
        found = study([dataset], _GAMMAS, quantities=_KERNELS, tests=[test]).problems
        rows = [
            row for problem in found for kernel in _KERNELS for row in problem.rows if row.quantity == kernel
        ]
        yield f"| {name} | " + " | ".join(map(_accuracy, rows)) + " |"


def _accuracy(row: Row) -> str:
    test = None if row.scores is None else row.scores.test
    return "" if test is None else f"{test.thresholded:.3f} ({test.largest:.3f})"


def problems(folder: Path) -> Iterator[tuple[str, Dataset]]:
    """Yield what the baselines are compared on."""
    (first,) = split_table(read_table(folder / "random_first50.csv"), "dataset", 1)
    one = first.select([first.names.index(name) for name in ("x1", "x2", "y1")])
    yield "random 1, y1 alone", from_table(one, targets=["y1"])
    yield "random 1", from_table(first, targets=_OUTPUTS)
    yield "iris_train", read_dataset(folder / "iris_train.csv")


def comparisons(folder: Path) -> Iterator[str]:
    """Yield the lines of the other table, in Markdown."""
    settings = StudySettings(seeds=1, time_limit=_TIME_LIMIT)
    yield "| problem | what | value | gap | / optimum | what it is |"
    yield "| --- " * 6 + "|"
    for name, dataset in problems(folder):
        (found,) = study([dataset], [_GAMMA], settings, quantities=_COMPARED).problems
        for row in found.rows:
            if found.gap(row) is not None:
                yield "| " + " | ".join([name, *cells(found, row)[:5]]) + " |"


@single_threaded
def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    lines = [*accuracies(given.folder), "", *comparisons(given.folder)]
    if given.write is None:
        print("\n".join(lines))
        return
    before, after = around(given.write, _BEGIN, _END)
    given.write.write_text("\n".join([before, *lines, after]), encoding="utf-8")


if __name__ == "__main__":
    main()
