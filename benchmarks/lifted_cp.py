"""How far SDP-NN's matrix is from complete positivity, and what copositive cuts are worth: a table.

`OMP_NUM_THREADS=1 python -m benchmarks.lifted_cp` prints it for small parts of examples/iris.csv.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from certify import bound
from certify.data import read_dataset
from certify.lifted_cp import diagnose

_DATA = Path(__file__).parents[1] / "examples" / "iris.csv"
_CUTS = 10


def main() -> None:
    """Print the table of docs/method.md, section 8, row by row."""
    dataset = read_dataset(_DATA)
    inputs, targets = np.array(dataset.inputs, dtype=float), np.array(dataset.targets, dtype=float)
    print("| n | gamma | optimum | SDP-NN | distance | separation | 1 cut | 10 cuts | of the gap closed |")
    print("| --- " * 9 + "|")
    for n in (6, 8, 10):
        rows = np.linspace(0, len(inputs) - 1, n).astype(int)
        X, Y = inputs[rows], targets[rows]
        for gamma in (0.1, 0.01):
            found = diagnose(X, Y, gamma, cuts=_CUTS)
            optimum = float(bound(X, Y, gamma=gamma, gap=1e-4).interval.lower)
            separation = "not separated" if found.separation is None else f"{found.separation:.4f}"
            first, last = found.rounds[min(1, len(found.rounds) - 1)].value, found.rounds[-1].value
            closed = 100 * (last - found.value) / (optimum - found.value)
            print(
                f"| {n} | {gamma} | {optimum:.4f} | {found.value:.5f} | {found.distance:.4f} | "
                f"{separation} | {first:.5f} | {last:.5f} | {closed:.0f} % |",
                flush=True,
            )


if __name__ == "__main__":
    main()
