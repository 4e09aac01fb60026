"""Data sets that come of a generator or of scikit-learn, as tables of a CSV file.

They become files, so that a certificate of theirs can be checked like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from certify.checker.errors import DataError
from formulations.arrays import Matrix


@dataclass(frozen=True)
class Rows:
    """A table: names of columns, and rows of numbers or texts."""

    names: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def to_csv(self) -> str:
        """Write it; floats as the shortest decimals that give them back."""
        lines = [self.names, *self.rows]
        return "".join(",".join(map(_written, line)) + "\n" for line in lines)


@dataclass(frozen=True)
class Generated:
    """A data set with its test set, if it has one, and the columns that are its targets."""

    train: Rows
    test: Rows | None
    targets: tuple[str, ...]
    task: str


def random_network(seed: int, rows: int) -> Generated:
    """Return a problem of the paper's random collection: Gaussian inputs through a Gaussian network.

    It has d = 2, c = 5, and a network of 100 neurons without noise, as the paper's code draws them.
    """
    rng = np.random.default_rng(seed)
    hidden, output = rng.standard_normal((2, 100)), rng.standard_normal((5, 100))
    X = rng.standard_normal((rows, 2))
    Y = np.maximum(X @ hidden, 0.0) @ output.T
    targets = tuple(f"y{k}" for k in range(1, 6))
    return Generated(_rows(("x1", "x2", *targets), np.hstack([X, Y])), None, targets, "regression")


def spiral(seed: int, rows: int) -> Generated:
    """Return three arms of a spiral with `rows` samples in all, as the paper's code draws them."""
    rng = np.random.default_rng(seed)
    each = -(-rows // 3)
    table: list[tuple[object, ...]] = []
    for label in range(3):
        radius = np.linspace(0, 1, each) / 2
        angle = np.linspace(4 * label, 4 * (label + 1), each) + 0.15 * rng.standard_normal(each)
        points = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
        table += [(*point, label) for point in points.tolist()]
    rows_of = Rows(("x1", "x2", "label"), tuple(table[:rows]))
    return Generated(rows_of, None, ("label",), "classification")


GENERATORS: dict[str, Callable[[int, int], Generated]] = {"random": random_network, "spiral": spiral}
DEFAULT_ROWS = {"random": 25, "spiral": 60}
SKLEARN = ("iris", "wine", "breast_cancer", "diabetes", "digits")


def from_sklearn(name: str, test_share: float, seed: int) -> Generated:
    """Return a data set of scikit-learn, divided by its `train_test_split` as in the paper's code.

    Raises:
        DataError: if scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise DataError(
            f"the data set {name} comes with scikit-learn, which is not installed: "
            "pip install 'certify[sklearn]'"
        ) from None
    found: Any = getattr(datasets, f"load_{name}")()
    names = getattr(found, "target_names", None)
    is_regression = name == "diabetes"
    labels = found.target if is_regression else np.asarray(names)[found.target]
    train_X, test_X, train_y, test_y = train_test_split(
        found.data, labels, test_size=test_share, random_state=seed
    )
    columns = (*(f"x{k}" for k in range(1, found.data.shape[1] + 1)), "target")
    parts = [
        Rows(columns, tuple((*x, y) for x, y in zip(X.tolist(), Y.tolist(), strict=True)))
        for X, Y in ((train_X, train_y), (test_X, test_y))
    ]
    return Generated(parts[0], parts[1], ("target",), "regression" if is_regression else "classification")


def _rows(names: Sequence[str], matrix: Matrix) -> Rows:
    return Rows(tuple(names), tuple(map(tuple, matrix.tolist())))


def _written(entry: object) -> str:
    return repr(entry) if isinstance(entry, float) else str(entry)
