"""How the recipe is chosen for data that comes without one: its targets, its task, its classes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from certify.checker.data.columns import column_of, divided, file_names, target_columns, weight_column
from certify.checker.data.dataset import (
    Dataset,
    Matrix,
    _follow,
    _numbers,
    parse_gamma,
)
from certify.checker.data.recipe import (
    TASKS,
    Preprocessing,
    _label_number,
    label_text,
    standardization,
)
from certify.checker.data.table import Cell, Table, read_table
from certify.checker.errors import DataError
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import SQUARED, read_loss
from certify.checker.text.names import listed, quoted, shown

BALANCED = "balanced"
# Of labels to weights; labels that are not there weigh 1.
ClassWeight = Mapping[Any, Fraction | int | str | float]


def read_dataset(
    path: str | os.PathLike[str],
    *,
    targets: Sequence[str] = (),
    task: str = "auto",
    bias: bool = False,
    standardize: bool = False,
    sample_weight: str | None = None,
    class_weight: ClassWeight | str | None = None,
    loss: Loss | str = SQUARED,
) -> Dataset:
    """Read a CSV or Parquet file (see `certify.checker.data.table.read_table`) and choose the recipe for it.

    Args:
        path: the file.
        targets: names or 1-based positions of the target columns; if empty, the last column that is no
            weight. All other columns are features.
        task: "classification", "regression", or "auto" for the rule of `certify.checker.data.recipe`.
        bias: whether to append a column of ones to the features.
        standardize: whether to shift and scale every feature to mean 0 and variance 1, up to the rounding
            of `certify.checker.data.recipe.standardization`.
        sample_weight: name or 1-based position of a column of positive weights, which is no feature.
        class_weight: of a classification, by label what the weights of its samples are multiplied by, or
            "balanced": the number of samples over the number of classes and the class's samples.
        loss: what will be trained for, on which the task "auto" depends.

    Raises:
        DataError: if the file, the choice of targets or a weight is unusable.
    """
    return from_table(
        read_table(path),
        targets=targets,
        task=task,
        bias=bias,
        standardize=standardize,
        sample_weight=sample_weight,
        class_weight=class_weight,
        loss=loss,
    )


def from_table(
    table: Table,
    *,
    targets: Sequence[str] = (),
    task: str = "auto",
    bias: bool = False,
    standardize: bool = False,
    sample_weight: str | None = None,
    class_weight: ClassWeight | str | None = None,
    loss: Loss | str = SQUARED,
) -> Dataset:
    """Choose the recipe for a table; see `read_dataset`."""
    weight = weight_column(table, (), sample_weight)
    others = [k for k in range(len(table.names)) if k != weight]
    if not others:
        raise DataError(f"{table.source}: the only column is the sample weight: add features and a target")
    chosen = target_columns(table, targets) if targets else others[-1:]
    weight_column(table, chosen, sample_weight)
    features, labels, weights = divided(table, chosen, weight)
    references = tuple(_reference(table, column) for column in chosen)
    inputs = _numbers(features, "feature")
    recipe = _choose(inputs, labels, references, task, bias, standardize, loss)
    recipe = replace(
        recipe,
        sample_weight=None if weight is None else _reference(table, weight, "sample weight"),
        class_weights=class_weights_of(recipe, labels, class_weight),
    )
    return _follow(recipe, inputs, file_names(table, chosen, weight), labels, weights, table.source)


def class_weights_of(
    recipe: Preprocessing, labels: Table, class_weight: ClassWeight | str | None
) -> tuple[Fraction, ...]:
    """Return the weights of a recipe's classes, in their order; () if all are 1.

    Raises:
        DataError: if there are no classes, or a weight is of no class or not positive.
    """
    if class_weight is None:
        return ()
    if not recipe.classes:
        raise DataError(f"{labels.source}: class weights are of a classification, and this is a regression")
    if isinstance(class_weight, str):
        if class_weight != BALANCED:
            raise DataError(
                f"the class weight is {quoted(class_weight)}: give a weight to each label, or {BALANCED}"
            )
        counts = Counter(label_text(row[0]) for row in labels.rows)
        total = len(labels.rows)
        balanced = tuple(Fraction(total, len(counts) * counts[name]) for name in recipe.classes)
        return () if set(balanced) == {1} else balanced
    given: dict[str, Fraction] = {}
    for label, weight in class_weight.items():
        name = label_text(_cell(label))
        if name not in recipe.classes:
            raise DataError(
                f"{labels.source}: the class weight of {quoted(name)} is of none of the classes "
                f"{listed(map(shown, recipe.classes))}: give weights of these"
            )
        given[name] = parse_gamma(weight, f"the class weight of {quoted(name)}")
        if given[name] <= 0:
            raise DataError(
                f"the class weight of {quoted(name)} is not positive: leave out rows that should not count"
            )
    weights = tuple(given.get(name, Fraction(1)) for name in recipe.classes)
    return () if set(weights) == {1} else weights


def _cell(label: Any) -> Cell:
    """Return a label as a table has it."""
    if hasattr(label, "item"):  # a numpy scalar
        label = label.item()
    return label if isinstance(label, str) else Fraction(label)


def _reference(table: Table, column: int, role: str = "target") -> str:
    """The text by which `column_of` finds a column again: its name, or its position if not unique."""
    name = table.names[column]
    text = name if table.names.count(name) == 1 else str(column + 1)
    column_of(table, text, role)
    return text


def _choose(
    inputs: Matrix,
    labels: Table,
    targets: tuple[str, ...],
    task: str,
    bias: bool,
    standardize: bool,
    loss: Loss | str,
) -> Preprocessing:
    if task not in ("auto", *TASKS):
        raise DataError(f"the task {task!r} is unknown: use auto, {' or '.join(TASKS)}")
    if task == "auto":
        task = natural_task(labels, read_loss(loss) if isinstance(loss, str) else loss)
    classes = classes_of(labels) if task == "classification" else ()
    pairs = tuple(map(standardization, zip(*inputs, strict=True))) if standardize else None
    return Preprocessing(targets, task, classes, bias, pairs)


MAX_CLASSES = 1000


MAX_INTEGER_CLASSES = 20


def natural_task(labels: Table, loss: Loss = SQUARED) -> str:
    """Decide by the rule of `certify.checker.data.recipe` whether target columns are classes or numbers.

    Losses of labels take a single column as classes, and losses of numbers one of numbers as such: counts are
    no classes of Poisson's loss.

    Raises:
        DataError: if a single target column mixes texts with numbers that are not classes.
    """
    if len(labels.names) > 1:
        return "regression"
    if loss.task == "classification":
        return loss.task
    if loss.task == "regression" and not any(isinstance(row[0], str) for row in labels.rows):
        return loss.task
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
