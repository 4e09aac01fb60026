"""From a file or arrays to an exact training problem, by a recipe that a certificate can carry.

`read_dataset` and `from_arrays` choose the recipe (`certify.checker.data.recipe`). `reread_dataset` and
`reapply_arrays` follow a recorded one, as a checker does, and guess nothing but the separator and the
header of a file. Every step is exact: a file and a recipe make one problem, with one hash, everywhere.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.data.recipe import (
    Preprocessing,
    label_text,
    parse_rational,
    standardization,
)
from certify.checker.data.table import Table, parse_number, read_table
from certify.checker.errors import DataError
from certify.checker.problems.training import TrainingProblem
from certify.checker.text import names
from certify.checker.text.names import counted

Matrix = tuple[tuple[Fraction, ...], ...]

MAX_BITS = 14_000  # of an integer of the problem: Python writes at most 4300 digits


@dataclass(frozen=True)
class Dataset:
    """The exact numbers of a training problem that has no loss and no weight decay yet.

    Attributes:
        inputs: n x d, standardised and with the bias column if the recipe says so.
        targets: n x c, one-hot rows for classes.
        preprocessing: the recipe that led here.
        features: n rows, the features as they stand in the data: neither standardised nor with a bias.
        labels: the target columns as they stand there.
        feature_names: the columns of `features`: the data's own names; 1-based positions as
            text where a file has no header or a name is not unique or is a number itself; x1, x2, ... where
            an array has no names.
        target_names: likewise the columns that `targets` are made of, whatever the recipe calls them.
        source: the path as given, or "arrays".
        lines: the 1-based line of the file on which each row begins; None where rows are just counted.
    """

    inputs: Matrix
    targets: Matrix
    preprocessing: Preprocessing
    features: Matrix
    labels: Table
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    source: str
    lines: tuple[int, ...] | None = None

    def problem(
        self, gamma: Fraction | int | str | float, loss: str = "squared", output_bias: str = "none"
    ) -> TrainingProblem:
        """Add the weight decay and the loss.

        Args:
            gamma: positive; a float is taken as the shortest decimal that prints it, so that "0.1", "1/10"
                and 0.1 all mean one tenth.
            loss: a name of `certify.checker.problems.loss.LOSSES`.
            output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.

        Raises:
            DataError: if gamma is not a positive number, the loss or the output bias unknown.
        """
        return TrainingProblem.from_rationals(
            self.inputs, self.targets, parse_gamma(gamma), loss, output_bias
        )

    @property
    def constant_features(self) -> tuple[str, ...]:
        """The names of the features that are the same in every row."""
        columns = zip(*self.inputs, strict=True)
        return tuple(
            name for name, column in zip(self.feature_names, columns, strict=False) if len(set(column)) == 1
        )

    def describe(self) -> str:
        """Say in one sentence what is fitted to what."""
        source = self.source if self.source.isprintable() else repr(self.source)
        parts = [f"{source}: {counted(len(self.inputs), 'row')}", self.describe_features()]
        if self.preprocessing.bias:
            parts.append("with a bias")
        return ", ".join([*parts, self.describe_targets()])

    def describe_features(self) -> str:
        """Name the features, and say how they are standardised."""
        words = (
            f"{counted(len(self.feature_names), 'feature')} "
            f"({names.listed(map(names.column, self.feature_names))})"
        )
        if self.preprocessing.standardize is None:
            return words
        words += ", standardised to mean 0 and variance 1, up to rounding"
        constant = names.listed(map(names.column, self.constant_features))
        return f"{words} (but {constant}: constant, shifted to 0)" if constant else words

    def describe_targets(self) -> str:
        """Name the targets, and say what is made of them."""
        classes = self.preprocessing.classes
        words = "target " if len(self.target_names) == 1 else "targets "
        words += names.listed(map(names.column, self.target_names))
        if not classes:
            return f"{words}: regression"
        return f"{words}: {len(classes)} classes ({names.listed(map(names.shown, classes))}), one-hot"


def parse_gamma(gamma: Fraction | int | str | float, name: str = "gamma") -> Fraction:
    """Read a weight-decay strength, or another number with a name, exactly; see `Dataset.problem`.

    Raises:
        DataError: if it is not a number.
    """
    if isinstance(gamma, int | Fraction):
        return Fraction(gamma)
    text = float.__repr__(gamma) if isinstance(gamma, float) else str(gamma).strip()
    try:
        number = parse_number(text)
        number = parse_rational(text) if number is None else number
    except ValueError:
        number = None
    if number is None:
        raise DataError(f"{name} is {names.quoted(text)}: give a positive number such as 0.1")
    return number


def reread_dataset(path: str | os.PathLike[str], preprocessing: Preprocessing) -> Dataset:
    """Read a file by a recorded recipe.

    Raises:
        DataError: if the file is unusable or the recipe does not fit it, for instance because a label is
            not among the recorded classes or a recorded class does not occur.
    """
    return reapply_table(read_table(path), preprocessing)


def reapply_table(table: Table, preprocessing: Preprocessing) -> Dataset:
    """Take over a file's table by a recorded recipe; see `reread_dataset`."""
    chosen = _target_columns(table, preprocessing.targets)
    features, labels = _divided(table, chosen)
    inputs = _numbers(features, "feature")
    return _follow(preprocessing, inputs, _file_names(table, chosen), labels, table.source)


def target_names(table: Table, targets: Sequence[str]) -> tuple[str, ...]:
    """Return the names, as `Dataset.target_names` has them, of columns given by name or 1-based position.

    Raises:
        DataError: if there is no such column, or more than one, or one comes twice.
    """
    own = _own_names(table)
    return tuple(own[column] for column in _target_columns(table, targets))


def _target_columns(table: Table, targets: Sequence[str]) -> list[int]:
    columns = [column_of(table, target) for target in ([targets] if isinstance(targets, str) else targets)]
    for k, column in enumerate(columns):
        if column in columns[:k]:
            raise DataError(
                f"{table.source}: the target column {names.quoted(table.names[column])} is named twice: "
                "name it once"
            )
    return columns


def column_of(table: Table, target: str, role: str = "target") -> int:
    """Return the 0-based index of the column that has this name or 1-based position.

    Raises:
        DataError: if there is no such column, or more than one.
    """
    width = len(table.names)
    found = {k for k, name in enumerate(table.names) if name == target.strip()}
    if re.fullmatch("[0-9]{1,9}", target.strip()) and 1 <= int(target) <= width:
        found.add(int(target) - 1)
    if not found:
        raise DataError(
            f"{table.source} has no column {names.quoted(target)}: give one of the names "
            f"{names.listed(map(names.shown, table.names))}, or a position from 1 to {width}"
        )
    if len(found) > 1:
        raise DataError(
            f"{table.source}: the {role} {names.quoted(target)} can mean each of the columns "
            f"{names.listed(str(k + 1) for k in sorted(found))}: give these columns names of their own"
        )
    return found.pop()


def _own_names(table: Table) -> tuple[str, ...]:
    """The columns' names, which differ: those that are not unique, or digits, give way to the position."""
    counts = Counter(table.names)
    return tuple(
        str(k + 1) if counts[name] > 1 or name.isdecimal() else name for k, name in enumerate(table.names)
    )


def _file_names(table: Table, targets: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a file's features and of its targets."""
    own = _own_names(table)
    return tuple(name for k, name in enumerate(own) if k not in targets), tuple(own[k] for k in targets)


def _divided(table: Table, targets: Sequence[int]) -> tuple[Table, Table]:
    features = [k for k in range(len(table.names)) if k not in targets]
    if not features:
        raise DataError(f"{table.source}: every column is a target: leave at least one as a feature")
    return table.select(features), table.select(targets)


def _follow(
    recipe: Preprocessing,
    inputs: Matrix,
    own: tuple[tuple[str, ...], tuple[str, ...]],
    labels: Table,
    source: str,
) -> Dataset:
    feature_names, target_names = own
    features = inputs
    if recipe.standardize is not None:
        if len(recipe.standardize) != len(feature_names):
            raise DataError(
                f"{source} has {counted(len(feature_names), 'feature')} and the recipe standardises "
                f"{len(recipe.standardize)}: use the data that the recipe was made for"
            )
        # With any other scales a recipe could make an easy problem, or an empty one, of the same data.
        if recipe.standardize != tuple(map(standardization, zip(*inputs, strict=True))):
            raise DataError(
                f"{source}: the recorded standardisation does not bring these features to mean 0 and "
                "variance 1; use the data that the recipe was made for"
            )
        inputs = tuple(
            tuple((x - shift) * scale for x, (shift, scale) in zip(row, recipe.standardize, strict=True))
            for row in inputs
        )
        _refuse_vast(inputs, f"{source}, standardised,")
    if recipe.bias:
        inputs = tuple((*row, Fraction(1)) for row in inputs)
    one_hot = recipe.task == "classification"
    outputs = _one_hot(labels, recipe.classes) if one_hot else _numbers(labels, "regression target")
    return Dataset(
        inputs,
        outputs,
        recipe,
        features,
        labels,
        feature_names,
        target_names,
        source,
        labels.lines,
    )


def _one_hot(labels: Table, classes: tuple[str, ...]) -> Matrix:
    labelled = [label_text(row[0]) for row in labels.rows]
    recorded, occurring = set(classes), set(labelled)
    for i, name in enumerate(labelled):
        if name not in recorded:
            raise DataError(
                f"{labels.where(i, 0)}: the class {names.quoted(name)} is not one of the recorded classes "
                f"{names.listed(map(names.shown, classes))}; use the data that the recipe was made for"
            )
    for name in classes:
        if name not in occurring:
            raise DataError(
                f"{labels.source}: no row has the recorded class {names.quoted(name)}: use the data that "
                "the recipe was made for"
            )
    unit = {name: tuple(Fraction(name == other) for other in classes) for name in classes}
    return tuple(unit[name] for name in labelled)


def _numbers(table: Table, role: str) -> Matrix:
    """The cells of a table that may hold nothing but numbers."""
    rows = []
    for i, row in enumerate(table.rows):
        numbers = []
        for k, cell in enumerate(row):
            if isinstance(cell, str):
                may_be_a_header = table.lines is not None and i == 0 and not table.has_header
                raise DataError(
                    f"{table.where(i, k)}: {names.quoted(cell)} is text and a {role} must be a number; "
                    "write a decimal such as 5.1"
                    + (", or begin the names with letters if this is a header" if may_be_a_header else "")
                )
            numbers.append(cell)
        rows.append(tuple(numbers))
    _refuse_vast(rows, table.source)
    return tuple(rows)


def _refuse_vast(rows: Iterable[Sequence[Fraction]], source: str) -> None:
    """Refuse numbers whose integers over a common denominator would exceed `MAX_BITS`."""
    entries = [entry for row in rows for entry in row]
    integer_bits = max(x.numerator.bit_length() - x.denominator.bit_length() + 1 for x in entries)
    common = 1
    for denominator in {x.denominator for x in entries}:
        common = math.lcm(common, denominator)
        if common.bit_length() + max(integer_bits, 0) > MAX_BITS:
            raise DataError(
                f"{source} has numbers that need integers of more than {MAX_BITS} bits over a common "
                "denominator: round them to fewer digits or rescale them"
            )
