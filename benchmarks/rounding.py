"""What rounding SDP-NN to a network loses, and what each stage of its repair wins back, as a table.

    python -m benchmarks.rounding FOLDER [--random 10] [--seed 0]

FOLDER holds spiral.csv and random_first50.csv (columns dataset, x1, x2, y1, ..., y5). A loss is given as its
excess over the certified lower bound of the optimum, relative to it: 1 is twice the optimum. The lines of the
random collection are medians over its problems. Directions come from the splitting, with the step and the
start of the paper or of this project, or are as many random ones, to which only the last two stages of the
repair apply. The errors of the splitting are given relative to the root of tr Lambda.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from certify.bounds.bound import Settings, bound_dataset
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.data.table import read_table
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from certify.runtime.progress import Observer
from formulations.rounding.caratheodory import reduce_width
from formulations.rounding.rounding import Stage, repair, round_to_network
from formulations.rounding.splitting import FeasibilityErrors
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.lifted import extend

COLUMNS = (
    "SDP-NN",
    "rounded",
    "rescaled",
    "refit",
    "slid",
    "neurons",
    "nonnegativity",
    "complementarity",
    "linear",
    "fit",
    "seconds",
)
Numbers = NDArray[np.float64]


def widths(n: int, c: int) -> tuple[int, ...]:
    """Return a constant, a linear and the critical width."""
    return 10, n, n * c + 1


def measure(dataset: Dataset, gamma: str, seed: int) -> dict[tuple[int, str], Numbers]:
    """Return for each width and source of directions the numbers in COLUMNS."""
    report = bound_dataset(dataset, Settings(gamma=gamma, method="tree", gap=1e-6), Observer())
    optimum = float(report.interval.lower)
    arrays = Arrays.of(report.problem)
    X, Y, weight = arrays.X, arrays.Y, arrays.gamma
    relaxed = solve_reduced(X, Y, weight)
    runs: tuple[tuple[str, Literal["paper", "stable"], int | None], ...] = (
        ("paper", "paper", None),
        ("stable step", "stable", None),
        ("stable step, rotated", "stable", seed),
    )
    table: dict[tuple[int, str], Numbers] = {}

    def enter(
        width: int, source: str, stages: Sequence[Stage], errors: Sequence[float], seconds: float
    ) -> None:
        losses = [relaxed.value, *[np.nan] * (4 - len(stages)), *[stage.loss for stage in stages]]
        narrow = reduce_width(stages[-1].hidden, stages[-1].output, X)
        excess = [loss / optimum - 1 for loss in losses]
        table[width, source] = np.array([*excess, len(narrow.output), *errors, seconds])

    for width in widths(*Y.shape):
        for source, step, start in runs:
            result = round_to_network(relaxed.lifted, X, Y, weight, width=width, seed=start, step=step)
            size = float(np.sqrt(np.trace(extend(relaxed.lifted, X))))
            enter(width, source, result.stages, relative(result.errors, size), result.seconds)
        begun = time.perf_counter()
        drawn = np.random.default_rng(seed).standard_normal((X.shape[1], width))
        stages = repair(X, Y, weight, drawn, np.zeros((width, Y.shape[1])))[2:]
        enter(width, "random directions", stages, [np.nan] * 4, time.perf_counter() - begun)
    return table


def relative(errors: FeasibilityErrors, size: float) -> tuple[float, ...]:
    """Return the errors over the size that W should have; the fit is relative as it is."""
    return errors.nonnegativity / size, errors.complementarity / size, errors.linear / size, errors.fit


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--random", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = read_table(options.folder / "random_first50.csv").rows
    groups = [[row for row in rows if row[0] == k] for k in range(options.random)]
    collection = [from_arrays([r[1:3] for r in group], [r[3:] for r in group]) for group in groups]
    spiral = [read_dataset(options.folder / "spiral.csv")]
    print("| data | gamma | width | directions | " + " | ".join(COLUMNS) + " |")
    print("| --- " * (len(COLUMNS) + 4) + "|")
    for name, datasets in (("random", collection), ("spiral", spiral)):
        for gamma in ("0.1", "0.01"):
            tables = [measure(dataset, gamma, options.seed) for dataset in datasets]
            for width, source in tables[0]:
                numbers = np.median([table[width, source] for table in tables], axis=0)
                words = ["" if np.isnan(number) else f"{number:.3g}" for number in numbers]
                print(f"| {name} | {gamma} | {width} | {source} | " + " | ".join(words) + " |", flush=True)


if __name__ == "__main__":
    main()
