"""From a file or arrays to an exact training problem, by a recipe that a certificate can carry.

`read_dataset` and `from_arrays` choose the recipe (`certify.checker.data.recipe`). `reread_dataset` and
`reapply_arrays` follow a recorded one, as a checker does, and guess nothing but the separator and the
header of a file. Every step is exact: a file and a recipe make one problem, with one hash, everywhere.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.data.columns import (
    ColumnNames,
    divided,
    file_names,
    target_columns,
    weight_column,
)
from certify.checker.data.recipe import (
    Preprocessing,
    label_text,
    parse_rational,
    standardization,
)
from certify.checker.data.table import Table, parse_number, read_table
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import decimal_down, plain
from certify.checker.problems.losses.loss import ONE_HOT, SIGNS, Loss
from certify.checker.problems.losses.table import SQUARED, read_loss
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.text import names
from certify.checker.text.names import counted

Matrix = tuple[tuple[Fraction, ...], ...]

MAX_BITS = 14_000  # of an integer of the problem: Python writes at most 4300 digits
_WIDEST = 12  # characters of a weight in a sentence


@dataclass(frozen=True)
class Dataset:
    """The exact numbers of a training problem that has no loss and no weight decay yet.

    Attributes:
        inputs: n x d, standardised and with the bias column if the recipe says so.
        targets: n x c, one-hot rows for classes; some losses take them as signs (`targets_for`).
        preprocessing: the recipe that led here.
        features: n rows, the features as they stand in the data: neither standardised nor with a bias.
        labels: the target columns as they stand there.
        feature_names: the columns of `features`: the data's own names; 1-based positions as
            text where a file has no header or a name is not unique or is a number itself; x1, x2, ... where
            an array has no names.
        target_names: likewise the columns that `targets` are made of, whatever the recipe calls them.
        source: the path as given, or "arrays".
        lines: the 1-based line of the file on which each row begins; None where rows are just counted.
        weights: of the samples, positive; None if there are none.
        weight_name: the column that they come from, as `target_names` has columns; None if they do not.
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
    weights: tuple[Fraction, ...] | None = None
    weight_name: str | None = None

    def __repr__(self) -> str:
        return f"Dataset({self.describe()})"

    def problem(
        self,
        gamma: Fraction | int | str | float,
        loss: Loss | str = SQUARED,
        output_bias: str = "none",
    ) -> TrainingProblem:
        """Add the weight decay and the loss.

        Args:
            gamma: positive; a float is taken as the shortest decimal that prints it, so that "0.1", "1/10"
                and 0.1 all mean one tenth.
            loss: itself, or a text that `certify.checker.problems.losses.table.read_loss` reads.
            output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.

        Raises:
            DataError: if gamma is not a positive number, the loss or the output bias is unknown, the
                targets are none of the loss, or hidden biases are free and a column of ones as well.
        """
        kind = read_loss(loss) if isinstance(loss, str) else loss
        if self.preprocessing.bias and OutputBias.of(output_bias).frees_hidden:
            raise DataError(
                f"the output bias {output_bias} frees the hidden biases, and a column of ones (bias) would "
                "be a hidden bias that the weight decay counts: leave one of the two out"
            )
        return TrainingProblem.from_rationals(
            self.inputs, self.targets_for(kind), parse_gamma(gamma), kind, output_bias, self.weights
        )

    def targets_for(self, loss: Loss) -> Matrix:
        """Return the targets, n x c, as a loss takes those of classes.

        As signs, two classes are one column, -1 for the first and 1 for the second, and more are a column
        each, 1 where a sample is of the class.
        """
        if not self.preprocessing.classes or loss.encoding != SIGNS:
            return self.targets
        rows = tuple(tuple(2 * entry - 1 for entry in row) for row in self.targets)
        return tuple(row[1:] for row in rows) if len(self.preprocessing.classes) == 2 else rows

    @property
    def constant_features(self) -> tuple[str, ...]:
        """The names of the features that are the same in every row."""
        columns = zip(*self.inputs, strict=True)
        return tuple(
            name for name, column in zip(self.feature_names, columns, strict=False) if len(set(column)) == 1
        )

    def describe(self, encoding: str = ONE_HOT) -> str:
        """Say in one sentence what is fitted to what.

        Args:
            encoding: of classes, as `Loss.encoding` has it.
        """
        source = self.source if self.source.isprintable() else repr(self.source)
        parts = [f"{source}: {counted(len(self.inputs), 'row')}", self.describe_features()]
        if self.preprocessing.bias:
            parts.append("with a bias")
        parts.append(self.describe_targets(encoding))
        return "; ".join([", ".join(parts), *self.describe_weights()])

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

    def describe_targets(self, encoding: str = ONE_HOT) -> str:
        """Name the targets, and say what is made of them; see `describe`."""
        words = "target " if len(self.target_names) == 1 else "targets "
        words += names.listed(map(names.column, self.target_names))
        classes = self.preprocessing.classes
        return f"{words}: {self.describe_classes(encoding)}" if classes else f"{words}: regression"

    def describe_classes(self, encoding: str = ONE_HOT) -> str:
        """Name the classes, and say how they are encoded; see `describe`."""
        classes = self.preprocessing.classes
        words = f"{len(classes)} classes ({names.listed(map(names.shown, classes))})"
        if encoding == SIGNS:
            return f"{words}, " + ("as -1 and 1" if len(classes) == 2 else "each as 1 against the rest as -1")
        return f"{words}, one-hot"

    def describe_weights(self) -> Iterator[str]:
        """Say where the weights of the samples come from, if they have any."""
        recipe, parts = self.preprocessing, []
        if self.weight_name is not None:
            parts.append(f"the column {names.column(self.weight_name)}")
        if recipe.class_weights:
            by_class = zip(recipe.classes, recipe.class_weights, strict=True)
            listed = names.listed(f"{_short(weight)} for {names.shown(name)}" for name, weight in by_class)
            parts.append(listed)
        if parts:
            yield f"weights w_i: {' times '.join(parts)}"


def _short(weight: Fraction) -> str:
    text = plain(weight)
    return text if len(text) <= _WIDEST else f"about {decimal_down(weight, 6)}"


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
    chosen = target_columns(table, preprocessing.targets)
    weight = weight_column(table, chosen, preprocessing.sample_weight)
    features, labels, weights = divided(table, chosen, weight)
    inputs = _numbers(features, "feature")
    return _follow(preprocessing, inputs, file_names(table, chosen, weight), labels, weights, table.source)


def _follow(
    recipe: Preprocessing,
    inputs: Matrix,
    own: ColumnNames,
    labels: Table,
    weights: Table | None,
    source: str,
) -> Dataset:
    feature_names, features = own.features, inputs
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
        own.targets,
        source,
        labels.lines,
        _weights(recipe, labels, weights),
        own.weight,
    )


def _weights(recipe: Preprocessing, labels: Table, weights: Table | None) -> tuple[Fraction, ...] | None:
    """Return the weights of the samples: what their column has, times what their class has."""
    if not recipe.is_weighted:
        return None
    column = [Fraction(1)] * len(labels.rows)
    if weights is not None:
        column = [row[0] for row in _numbers(weights, "sample weight")]
        for i, weight in enumerate(column):
            if weight <= 0:
                raise DataError(
                    f"{weights.where(i, 0)}: the sample weight {_short(weight)} is not positive; leave "
                    "out rows that should not count"
                )
    if recipe.class_weights:
        by_class = dict(zip(recipe.classes, recipe.class_weights, strict=True))
        column = [
            weight * by_class[label_text(row[0])] for weight, row in zip(column, labels.rows, strict=True)
        ]
        _refuse_vast([column], f"{labels.source}, weighted by class,")
    return tuple(column)


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
