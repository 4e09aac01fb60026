"""From arrays X and y to an exact data set, by a recipe that is chosen here or was recorded."""

from __future__ import annotations

from typing import Any

from certify.checker.data.choice import _choose
from certify.checker.data.dataset import (
    Dataset,
    _follow,
    _numbers,
    _own_names,
)
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.text.names import counted
from certify.datasets.array_table import array_table


def from_arrays(
    X: Any, y: Any, *, task: str = "auto", bias: bool = False, standardize: bool = False
) -> Dataset:
    """Take over two arrays and choose the recipe for them.

    Args:
        X: n x d: a list of rows, a numpy array, a pandas or polars frame, whose column names are kept. A
            float is the dyadic rational that it is; ints, Fractions and Decimals are exact as well.
        y: n targets, or n x c for a regression on several; the same types, or texts for classes.
        task: see `read_dataset`.
        bias: see `read_dataset`.
        standardize: see `read_dataset`.

    Raises:
        DataError: if an entry or a shape is unusable.
    """
    features, labels = _array_tables(X, y)
    inputs = _numbers(features, "feature")
    own = _own_names(features), _own_names(labels)
    recipe = _choose(inputs, labels, own[1], task, bias, standardize)
    return _follow(recipe, inputs, own, labels, "arrays")


def reapply_arrays(X: Any, y: Any, preprocessing: Preprocessing) -> Dataset:
    """Take over two arrays by a recorded recipe; `y` has as many columns as the recipe has targets.

    Raises:
        DataError: if an entry or a shape is unusable or the recipe does not fit.
    """
    features, labels = _array_tables(X, y)
    if len(labels.names) != len(preprocessing.targets):
        raise DataError(
            f"y has {counted(len(labels.names), 'column')} and the recipe "
            f"{counted(len(preprocessing.targets), 'target')}: give the targets that the recipe was made for"
        )
    own = _own_names(features), _own_names(labels)
    return _follow(preprocessing, _numbers(features, "feature"), own, labels, "arrays")


def _array_tables(X: Any, y: Any) -> tuple[Table, Table]:
    features, labels = array_table(X, "X"), array_table(y, "y", vector=True)
    if len(features.rows) != len(labels.rows):
        raise DataError(
            f"X has {counted(len(features.rows), 'row')} and y has {len(labels.rows)}: "
            "give one target per row of X"
        )
    return features, labels
