"""Composition of blocks: what the first blocks of SDP-NN prove, by which rows are together, as a table.

    python -m benchmarks.compositions [--only wine,digits]

The data of `benchmarks.features` that come with scikit-learn, standardised with a hidden bias, and two
thousand generated rows: twenty normal features, and two outputs of a network of ten neurons with a tenth of
noise. The values are dual values in floating point (losses), not yet exact.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.features import lines
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from formulations.arrays import Indices, Matrix
from formulations.first_order.all_rows import improve
from formulations.first_order.composition import Composition, dealt, stratified

GAMMAS = {
    "wine": ("10", "1"),
    "breast cancer": ("100", "10"),
    "diabetes": ("10",),
    "digits": ("1000", "100", "10"),
    "generated": ("1000", "100", "10"),
}


def at_random(units: Matrix, targets: Matrix, number: int, seed: int) -> list[Indices]:
    """Deal the rows out in a random order."""
    return dealt(np.random.default_rng(seed).permutation(len(units)), number)


def near_together(units: Matrix, targets: Matrix, number: int, seed: int) -> list[Indices]:
    """Halve the rows along their principal axis, and the halves, and so on."""
    return np.array_split(_along_axes(units, np.arange(len(units)), number), number)


def far_together(units: Matrix, targets: Matrix, number: int, seed: int) -> list[Indices]:
    """Deal out the rows in an order in which near ones follow each other."""
    return dealt(_along_axes(units, np.arange(len(units)), len(units)), number)


COMPOSITIONS: tuple[Composition, ...] = (at_random, stratified, near_together, far_together)


def _along_axes(units: Matrix, rows: Indices, number: int) -> Indices:
    if number <= 1 or len(rows) <= 1:
        return rows
    around = units[rows] - units[rows].mean(axis=0)
    axis = np.linalg.eigh(around.T @ around)[1][:, -1]
    halves = np.array_split(rows[np.argsort(around @ axis, kind="stable")], 2)
    return np.concatenate([_along_axes(units, half, (number + 1) // 2) for half in halves])


def generated(n: int, d: int = 20, c: int = 2) -> tuple[Matrix, Matrix]:
    """Return n rows of standardised features and outputs."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    hidden, output = rng.normal(size=(d + 1, 10)), rng.normal(size=(10, c))
    Y = np.maximum(np.c_[X, np.ones(n)] @ hidden, 0) @ output
    Y = Y / Y.std(axis=0) + 0.1 * rng.normal(size=(n, c))
    return (X - X.mean(axis=0)) / X.std(axis=0), (Y - Y.mean(axis=0)) / Y.std(axis=0)


def problems() -> Iterator[tuple[str, Arrays]]:
    """Yield each data set at each gamma."""
    X, Y = generated(2000)
    data = {line.name: line.data for line in lines(None)}
    data["generated"] = from_arrays(X.round(4), Y.round(4), task="regression", bias=True)
    for name, gammas in GAMMAS.items():
        for gamma in gammas:
            yield name, Arrays.of(data[name].problem(Fraction(gamma), "squared", "none"))


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="names of data sets, separated by commas")
    only = parser.parse_args().only
    print("| data | gamma | blocks |", " | ".join(of.__name__.replace("_", " ") for of in COMPOSITIONS), "|")
    print("| --- " * (3 + len(COMPOSITIONS)) + "|")
    with threadpool_limits(limits=1):
        for name, arrays in problems():
            if only is not None and name not in only.split(","):
                continue
            values = []
            for compose in COMPOSITIONS:
                # No blocks are merged.
                *_, last = improve(arrays.X, arrays.Y, arrays.gamma, compose=compose, largest_block=1)
                values.append(f"{last.value:.6g}")
                blocks = len(last.blocks())
            print(f"| {name} | {arrays.gamma:g} | {blocks} |", " | ".join(values), "|", flush=True)


if __name__ == "__main__":
    main()
