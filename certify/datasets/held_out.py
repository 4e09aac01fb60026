"""Samples that are kept from training, made numbers as the training data were.

Nothing here is proved, so that the numbers are floats. A feature is shifted and scaled as in training, and a
class or a level may be missing; one that training does not know is refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from certify.checker.data.columns import Columns, divided, target_columns, weight_column
from certify.checker.data.dataset import Dataset
from certify.checker.data.prepared import (
    Levels,
    Matrix,
    feature_columns,
    levels_of,
    numbers,
    one_hot,
    shifted,
)
from certify.checker.data.recorded import Pairs
from certify.checker.data.table import read_table
from certify.checker.errors import DataError
from certify.checker.numbers.repeated import each_once
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import SQUARED, read_loss
from certify.checker.text.names import column, counted, listed
from certify.datasets.arrays import columns_of

_LARGEST = 10**60  # as of training data in floating point: beyond, squares of predictions may overflow


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Samples that no method may train on.

    Attributes:
        inputs: t x d, as the training problem has its own.
        targets: t x c, likewise.
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]


def read_held_out(path: str | os.PathLike[str], dataset: Dataset, loss: Loss | str = SQUARED) -> HeldOut:
    """Read a file with the columns of the data set's own.

    Args:
        path: of the file, which is read as that of the data set was.
        dataset: what is trained on.
        loss: which decides how classes are encoded.

    Raises:
        DataError: if the file is unusable, or its features or classes are not those of the data set.
    """
    recipe = dataset.preprocessing
    table = read_table(path, recipe.reading)
    chosen = target_columns(table, recipe.targets)
    columns = divided(table, chosen, weight_column(table, chosen, recipe.sample_weight))
    return _prepared(columns, levels_of(table, columns, recipe.categorical), dataset, loss, table.source)


def held_out_arrays(X: Any, y: Any, dataset: Dataset, loss: Loss | str = SQUARED) -> HeldOut:
    """Take over arrays as `certify.datasets.arrays.from_arrays` does; see `read_held_out`."""
    columns = columns_of(X, y, None)
    levels = levels_of(columns.features, columns, dataset.preprocessing.categorical)
    return _prepared(columns, levels, dataset, loss, "the held-out arrays")


def _prepared(columns: Columns, levels: Levels, dataset: Dataset, loss: Loss | str, source: str) -> HeldOut:
    recipe = dataset.preprocessing
    names, rows = feature_columns(columns, levels, complete=False)
    if names != dataset.feature_names:
        raise DataError(
            f"{source} has the features {listed(map(column, names))} and the training data "
            f"{listed(map(column, dataset.feature_names))}: give samples with the same columns"
        )
    inputs = _floats(rows, recipe.standardize, source)
    if recipe.bias:
        inputs = np.hstack([inputs, np.ones((len(inputs), 1))])
    if recipe.task == "classification":
        classes = one_hot(columns.labels, recipe.classes, complete=False)
        kind = read_loss(loss) if isinstance(loss, str) else loss
        targets = np.array(replace(dataset, targets=classes).targets_for(kind), dtype=np.float64)
    else:
        numbered = numbers(columns.labels, "regression target")
        if len(numbered[0]) != len(dataset.targets[0]):
            raise DataError(
                f"{source} has {counted(len(numbered[0]), 'target')} and the training data "
                f"{len(dataset.targets[0])}: give samples with the same columns"
            )
        targets = _floats(numbered, recipe.standardize_targets, source)
    return HeldOut(inputs, targets)


def _floats(rows: Matrix, pairs: Pairs | None, source: str) -> NDArray[np.float64]:
    """Shift and scale exactly, as training data are, and round after that."""
    prepared = rows if pairs is None else shifted(rows, pairs)
    if any(abs(x) > _LARGEST for x in each_once(prepared)):
        raise DataError(f"{source} has a number beyond {float(_LARGEST):g}: rescale the columns")
    return np.array(prepared, dtype=np.float64)
