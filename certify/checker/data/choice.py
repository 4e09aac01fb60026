"""How the recipe is chosen for data that comes without one: its targets, its task, its classes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypedDict, Unpack

from certify.checker.data.cells import Cell
from certify.checker.data.columns import Columns, divided, reference, target_columns, weight_column
from certify.checker.data.dataset import Dataset, follow, parse_gamma
from certify.checker.data.prepared import Matrix, feature_columns, levels_of, numbers
from certify.checker.data.reading import USUAL, Reading
from certify.checker.data.recipe import (
    TASKS,
    Preprocessing,
    label_number,
    label_text,
    standardization,
)
from certify.checker.data.recorded import MAX_LEVELS, Pairs
from certify.checker.data.row_numbers import refuse_header_of_numbers, refuse_row_numbers
from certify.checker.data.table import Choice, Table, read_table
from certify.checker.errors import DataError
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import SQUARED, read_loss
from certify.checker.text.names import counted, listed, quoted, shown

BALANCED = "balanced"
# Of labels to weights; labels that are not there weigh 1.
ClassWeight = Mapping[Any, Fraction | int | str | float]


class RecipeOptions(TypedDict, total=False):
    """What may be chosen of a recipe, whatever the data comes from; all of it has a default.

    Attributes:
        task: "classification", "regression", or "auto", the default, for the rule of
            `certify.checker.data.recipe`.
        bias: whether to append a column of ones to the features.
        standardize: whether to shift and scale every feature to mean 0 and variance 1, up to the rounding of
            `certify.checker.data.recipe.standardization`.
        class_weight: of a classification, by label what the weights of its samples are multiplied by, or
            "balanced": the number of samples over the number of classes and the class's samples.
        loss: what will be trained for, on which the task "auto" depends; the squared one by default.
        categorical: names or 1-based positions of the features that become a column of zeros and ones for
            each of their levels.
        standardize_target: whether to shift and scale the targets of a regression, as `standardize` features.
    """

    task: str
    bias: bool
    standardize: bool
    class_weight: ClassWeight | str | None
    loss: Loss | str
    categorical: Sequence[str]
    standardize_target: bool


def read_dataset(
    path: str | os.PathLike[str],
    *,
    targets: Sequence[str] = (),
    sample_weight: str | None = None,
    features: Sequence[str] = (),
    reading: Reading = USUAL,
    **options: Unpack[RecipeOptions],
) -> Dataset:
    """Read a CSV or Parquet file (see `certify.checker.data.table.read_table`) and choose the recipe for it.

    Args:
        path: the file.
        targets: names or 1-based positions of the target columns; if empty, the last column that is no
            weight, not ignored and none of the features named. All other columns are features.
        sample_weight: name or 1-based position of a column of positive weights, which is no feature.
        features: names or 1-based positions of the only columns to be features; if empty, all others.
        reading: how the file is read, and what of it is left out.
        options: see `RecipeOptions`.

    Raises:
        DataError: if the file, the choice of columns or a weight is unusable.
    """
    return from_table(
        read_table(
            path, reading, choose=only(features, targets, sample_weight, reading.ignore) if features else None
        ),
        targets=targets,
        sample_weight=sample_weight,
        features=features,
        **options,
    )


def only(
    features: Sequence[str], targets: Sequence[str], sample_weight: str | None, ignore: Sequence[str]
) -> Choice:
    """Return what ignores all columns but the features, the targets and the weights; see `read_dataset`."""

    def others(frame: Table) -> tuple[str, ...]:
        ignored = {frame.column(name, "ignored column") for name in ignore}
        frame = replace(frame, ignored=frozenset(ignored))
        named = [frame.column(name, "feature") for name in features]
        both = sorted(set(named) & ignored)
        if both:
            raise DataError(
                f"{frame.source}: the column {quoted(frame.names[both[0]])} is a feature and ignored: "
                "use it or "
                "ignore it"
            )
        weight = weight_column(frame, (), sample_weight)
        used = {*named, *_targets(frame, targets, weight, features), weight}
        return tuple(reference(frame, k, "column") for k in range(len(frame.names)) if k not in used)

    return others


def _targets(table: Table, targets: Sequence[str], weight: int | None, features: Sequence[str]) -> list[int]:
    """Return the target columns that are named, else the last column that is nothing else."""
    named = [table.column(name, "feature") for name in features]
    chosen = target_columns(table, targets)
    for column in chosen:
        if column in named:
            raise DataError(
                f"{table.source}: the column {quoted(table.names[column])} is a feature and a target: "
                "choose two "
                "columns"
            )
    taken = {*named, *table.ignored, weight}
    others = [k for k in range(len(table.names)) if k not in taken]
    if not chosen and not others:
        raise DataError(
            f"{table.source}: no column is left for a target, besides features, weights and what is ignored: "
            "name it with --target, or ignore and choose fewer columns"
        )
    return chosen or others[-1:]


def from_table(
    table: Table,
    *,
    targets: Sequence[str] = (),
    sample_weight: str | None = None,
    features: Sequence[str] = (),
    **options: Unpack[RecipeOptions],
) -> Dataset:
    """Choose the recipe for a table; see `read_dataset`. Where features are named, all else is ignored."""
    refuse_header_of_numbers(table)
    weight = weight_column(table, (), sample_weight)
    chosen = _targets(table, targets, weight, features)
    weight_column(table, chosen, sample_weight)
    named = chosen if targets else []
    refuse_row_numbers(table, {*named, *(table.column(name) for name in features)})
    return choose_recipe(
        divided(table, chosen, weight),
        table,
        targets=tuple(reference(table, column) for column in chosen),
        sample_weight=None if weight is None else reference(table, weight, "sample weight"),
        source=table.source,
        **options,
    )


def choose_recipe(
    columns: Columns,
    table: Table,
    *,
    targets: tuple[str, ...],
    sample_weight: str | None,
    source: str,
    task: str = "auto",
    bias: bool = False,
    standardize: bool = False,
    class_weight: ClassWeight | str | None = None,
    loss: Loss | str = SQUARED,
    categorical: Sequence[str] = (),
    standardize_target: bool = False,
) -> Dataset:
    """Choose the recipe for columns that are divided already; see `read_dataset`.

    Args:
        columns: what their columns are for.
        table: the table that they are of, in which categorical columns are found.
        targets: what the recipe calls the targets.
        sample_weight: what it calls the column of weights; None if there is none.
        source: the path as given, or "arrays".
        task: see `RecipeOptions`, like all that follow.
        bias: of features.
        standardize: features.
        class_weight: of labels.
        loss: of a sample.
        categorical: columns.
        standardize_target: of a regression.
    """
    labels = columns.labels
    levels = levels_of(table, columns, tuple((name, ()) for name in categorical))
    levels = {place: _levels(columns.features.select([place])) for place in levels}
    kind = read_loss(loss) if isinstance(loss, str) else loss
    _, inputs = feature_columns(columns, levels)
    task = _task(labels, task, kind)
    classes = classes_of(labels) if task == "classification" else ()
    if standardize_target and classes:
        raise DataError(
            f"{labels.source}: classes cannot be standardised: leave the standardisation of the target out"
        )
    recipe = Preprocessing(
        targets,
        task,
        classes,
        bias,
        _standardization(inputs) if standardize else None,
        sample_weight,
        reading=table.reading,
        categorical=tuple(
            (reference(table, columns.places[k], "categorical column"), each) for k, each in levels.items()
        ),
        standardize_targets=(
            _standardization(numbers(labels, "regression target")) if standardize_target else None
        ),
    )
    recipe = replace(recipe, class_weights=class_weights_of(recipe, labels, class_weight))
    return follow(recipe, columns, levels, source)


def _levels(column: Table) -> tuple[str, ...]:
    """List the levels of a categorical column, sorted as classes are."""
    levels = sorted_labels(row[0] for row in column.rows)
    if not 2 <= len(levels) <= MAX_LEVELS:
        remedy = "" if column.of_array else " with --ignore"
        raise DataError(
            f"{column.source}: the column {quoted(column.names[0])} has {counted(len(levels), 'level')}, and "
            f"a categorical one has 2 to {MAX_LEVELS}: leave it out{remedy}"
        )
    return levels


def _standardization(rows: Matrix) -> Pairs:
    return tuple(map(standardization, zip(*rows, strict=True)))


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


def _task(labels: Table, task: str, loss: Loss) -> str:
    if task not in ("auto", *TASKS):
        raise DataError(f"the task {task!r} is unknown: use auto, {' or '.join(TASKS)}")
    return natural_task(labels, loss) if task == "auto" else task


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
    classes = sorted_labels(row[0] for row in labels.rows)
    if len(classes) == 1:
        raise DataError(
            f"{labels.source}: every row has the class {quoted(classes[0])}: choose another target, or the "
            "task regression"
        )
    if len(classes) > MAX_CLASSES:
        raise DataError(
            f"{labels.source}: the target has {len(classes)} different labels and at most {MAX_CLASSES} can "
            "be classes: choose another target, or the task regression"
        )
    return classes


def sorted_labels(labels: Iterable[Cell]) -> tuple[str, ...]:
    """Return the names of different labels, sorted as numbers if all of them are numbers, else as texts."""
    values = {label_text(label): label_number(label) for label in labels}
    numbers = {name: number for name, number in values.items() if number is not None}
    return tuple(sorted(numbers, key=numbers.__getitem__) if len(numbers) == len(values) else sorted(values))
