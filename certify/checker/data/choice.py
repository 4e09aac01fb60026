"""How the recipe is chosen for data that comes without one: its targets, its task, its classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction

from certify.checker.data.dataset import (
    Dataset,
    Matrix,
    _divided,
    _file_names,
    _follow,
    _numbers,
    _target_columns,
    column_of,
)
from certify.checker.data.recipe import (
    TASKS,
    Preprocessing,
    _label_number,
    label_text,
    standardization,
)
from certify.checker.data.table import Table, read_table
from certify.checker.errors import DataError
from certify.checker.text.names import quoted


def read_dataset(
    path: str | os.PathLike[str],
    *,
    targets: Sequence[str] = (),
    task: str = "auto",
    bias: bool = False,
    standardize: bool = False,
) -> Dataset:
    """Read a CSV or Parquet file (see `certify.checker.data.table.read_table`) and choose the recipe for it.

    Args:
        path: the file.
        targets: names or 1-based positions of the target columns; if empty, the last column. All other
            columns are features.
        task: "classification", "regression", or "auto" for the rule of `certify.checker.data.recipe`.
        bias: whether to append a column of ones to the features.
        standardize: whether to shift and scale every feature to mean 0 and variance 1, up to the rounding
            of `certify.checker.data.recipe.standardization`.

    Raises:
        DataError: if the file or the choice of targets is unusable.
    """
    return from_table(read_table(path), targets=targets, task=task, bias=bias, standardize=standardize)


def from_table(
    table: Table,
    *,
    targets: Sequence[str] = (),
    task: str = "auto",
    bias: bool = False,
    standardize: bool = False,
) -> Dataset:
    """Choose the recipe for a table; see `read_dataset`."""
    chosen = _target_columns(table, targets) if targets else [len(table.names) - 1]
    features, labels = _divided(table, chosen)
    references = tuple(_reference(table, column) for column in chosen)
    inputs = _numbers(features, "feature")
    recipe = _choose(inputs, labels, references, task, bias, standardize)
    return _follow(recipe, inputs, _file_names(table, chosen), labels, table.source)


def _reference(table: Table, column: int) -> str:
    """The text by which `column_of` finds a column again: its name, or its position if not unique."""
    name = table.names[column]
    text = name if table.names.count(name) == 1 else str(column + 1)
    column_of(table, text)
    return text


def _choose(
    inputs: Matrix, labels: Table, targets: tuple[str, ...], task: str, bias: bool, standardize: bool
) -> Preprocessing:
    if task not in ("auto", *TASKS):
        raise DataError(f"the task {task!r} is unknown: use auto, {' or '.join(TASKS)}")
    task = natural_task(labels) if task == "auto" else task
    classes = classes_of(labels) if task == "classification" else ()
    pairs = tuple(map(standardization, zip(*inputs, strict=True))) if standardize else None
    return Preprocessing(targets, task, classes, bias, pairs)


MAX_CLASSES = 1000


MAX_INTEGER_CLASSES = 20


def natural_task(labels: Table) -> str:
    """Decide by the rule of this module whether target columns are classes or numbers.

    Raises:
        DataError: if a single target column mixes texts with numbers that are not classes.
    """
    if len(labels.names) > 1:
        return "regression"
    numbers = {row[0] for row in labels.rows if isinstance(row[0], Fraction)}
    few = len(numbers) != 1 and len(numbers) <= MAX_INTEGER_CLASSES and 2 * len(numbers) < len(labels.rows)
    if few and all(number.denominator == 1 for number in numbers):
        return "classification"
    for i, (cell,) in enumerate(labels.rows):
        if isinstance(cell, str):
            raise DataError(
                f"{labels.where(i, 0)}: {quoted(cell)} is text in a target column of numbers; write a "
                "number, or choose the task classification"
            )
    return "regression"


def classes_of(labels: Table) -> tuple[str, ...]:
    """List the classes of a single target column in one-hot order.

    Raises:
        DataError: if there are several target columns, one class only, or more than `MAX_CLASSES`.
    """
    if len(labels.names) > 1:
        raise DataError(
            f"{labels.source}: classification takes one target column and {len(labels.names)} are given: "
            "choose one of them"
        )
    classes = {label_text(row[0]): _label_number(row[0]) for row in labels.rows}
    if len(classes) == 1:
        raise DataError(
            f"{labels.source}: every row has the class {quoted(min(classes))}: choose another target, or the "
            "task regression"
        )
    if len(classes) > MAX_CLASSES:
        raise DataError(
            f"{labels.source}: the target has {len(classes)} different labels and at most {MAX_CLASSES} can "
            "be classes: choose another target, or the task regression"
        )
    numbers = {name: number for name, number in classes.items() if number is not None}
    return tuple(
        sorted(numbers, key=numbers.__getitem__) if len(numbers) == len(classes) else sorted(classes)
    )
