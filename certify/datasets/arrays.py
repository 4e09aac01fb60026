"""From arrays X and y to an exact data set, by a recipe that is chosen here or was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from certify.checker.data.choice import ClassWeight, choose_recipe
from certify.checker.data.columns import Columns, own_names
from certify.checker.data.dataset import Dataset, follow
from certify.checker.data.prepared import levels_of
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import SQUARED
from certify.checker.text.names import counted
from certify.datasets.array_table import array_table


def from_arrays(
    X: Any,
    y: Any,
    *,
    task: str = "auto",
    bias: bool = False,
    standardize: bool = False,
    sample_weight: Any = None,
    class_weight: ClassWeight | str | None = None,
    loss: Loss | str = SQUARED,
    categorical: Sequence[str] = (),
    standardize_target: bool = False,
) -> Dataset:
    """Take over arrays and choose the recipe for them.

    Args:
        X: n x d: a list of rows, a numpy array, a pandas or polars frame, whose column names are kept. A
            float is the dyadic rational that it is; ints, Fractions and Decimals are exact as well.
        y: n targets, or n x c for a regression on several; the same types, or texts for classes.
        task: see `read_dataset`.
        bias: see `read_dataset`.
        standardize: see `read_dataset`.
        sample_weight: n positive weights, of the same types; None for ones.
        class_weight: see `read_dataset`.
        loss: see `read_dataset`.
        categorical: names or 1-based positions of columns of X that become columns of zeros and ones.
        standardize_target: see `read_dataset`.

    Raises:
        DataError: if an entry or a shape is unusable.
    """
    columns = columns_of(X, y, sample_weight)
    return choose_recipe(
        columns,
        columns.features,
        targets=columns.target_names,
        sample_weight=columns.weight_name,
        source="arrays",
        task=task,
        bias=bias,
        standardize=standardize,
        class_weight=class_weight,
        loss=loss,
        categorical=categorical,
        standardize_target=standardize_target,
    )


def reapply_arrays(X: Any, y: Any, preprocessing: Preprocessing, sample_weight: Any = None) -> Dataset:
    """Take over arrays by a recorded recipe; how a file would be read is nothing to them.

    Args:
        X: n x d.
        y: with as many columns as the recipe has targets.
        preprocessing: the recipe.
        sample_weight: n positive weights where the recipe has such a column, else None.

    Raises:
        DataError: if an entry or a shape is unusable or the recipe does not fit.
    """
    columns = columns_of(X, y, sample_weight)
    targets = len(columns.target_names)
    if targets != len(preprocessing.targets):
        raise DataError(
            f"y has {counted(targets, 'column')} and the recipe "
            f"{counted(len(preprocessing.targets), 'target')}: give the targets that the recipe was made for"
        )
    if (columns.weights is None) != (preprocessing.sample_weight is None):
        needed = "none" if preprocessing.sample_weight is None else "one for each sample"
        raise DataError(f"the recipe takes {needed} of the sample weights: give what it was made for")
    levels = levels_of(columns.features, columns, preprocessing.categorical)
    return follow(preprocessing, columns, levels, "arrays")


def columns_of(X: Any, y: Any, sample_weight: Any) -> Columns:
    """Divide arrays by what they are; see `from_arrays`."""
    features, labels, weights = _array_tables(X, y, sample_weight)
    return Columns(
        features,
        labels,
        weights,
        own_names(features),
        own_names(labels),
        None if weights is None else own_names(weights)[0],
        tuple(range(len(features.names))),
    )


def _array_tables(X: Any, y: Any, sample_weight: Any) -> tuple[Table, Table, Table | None]:
    features, labels = array_table(X, "X"), array_table(y, "y", vector=True)
    if len(features.rows) != len(labels.rows):
        raise DataError(
            f"X has {counted(len(features.rows), 'row')} and y has {len(labels.rows)}: "
            "give one target per row of X"
        )
    if sample_weight is None:
        return features, labels, None
    weights = array_table(sample_weight, "sample_weight", vector=True)
    if (len(weights.rows), len(weights.names)) != (len(features.rows), 1):
        raise DataError(
            f"X has {counted(len(features.rows), 'row')} and sample_weight has {len(weights.rows)} and "
            f"{counted(len(weights.names), 'column')}: give one weight per row of X"
        )
    return features, labels, weights
