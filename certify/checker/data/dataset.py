"""From a file or arrays to an exact training problem, by a recipe that a certificate can carry.

`read_dataset` and `from_arrays` choose the recipe (`certify.checker.data.recipe`). `reread_dataset` and
`reapply_arrays` follow a recorded one, as a checker does, and guess nothing but the separator and the
header of a file. Every step is exact: a file and a recipe make one problem, with one hash, everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.data.cells import parse_number
from certify.checker.data.columns import Columns, divided, target_columns, weight_column
from certify.checker.data.prepared import (
    Levels,
    Matrix,
    feature_columns,
    levels_of,
    numbers,
    one_hot,
    refuse_vast,
    standardised,
)
from certify.checker.data.recipe import Preprocessing, label_text
from certify.checker.data.recorded import Categories, Pairs, parse_rational
from certify.checker.data.table import Table, read_table
from certify.checker.errors import DataError
from certify.checker.numbers.repeated import each_once
from certify.checker.numbers.rounding import decimal_down, plain
from certify.checker.problems.losses.loss import ONE_HOT, SIGNS, Loss
from certify.checker.problems.losses.table import SQUARED, read_loss
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.text import names
from certify.checker.text.names import counted

_WIDEST = 12  # characters of a weight in a sentence


@dataclass(frozen=True)
class Dataset:
    """The exact numbers of a training problem that has no loss and no weight decay yet.

    Attributes:
        inputs: n x d, standardised and with the bias column if the recipe says so.
        targets: n x c, standardised if the recipe says so; one-hot rows for classes, which some losses take
            as signs (`targets_for`).
        preprocessing: the recipe that led here.
        features: n rows, the features as they stand in the data, neither standardised nor with a bias, but
            with a column for each level of one that is categorical.
        labels: the target columns as they stand there.
        feature_names: the columns of `features`: the data's own names; 1-based positions as
            text where a file has no header or a name is not unique or is a number itself; x1, x2, ... where
            an array has no names; "name=level" for the level of a categorical column.
        target_names: likewise the columns that `targets` are made of, whatever the recipe calls them.
        source: the path as given, or "arrays".
        lines: the 1-based line of the file on which each row begins; None where rows are just counted.
        weights: of the samples, positive; None if there are none.
        weight_name: the column that they come from, as `target_names` has columns; None if they do not.
        ignored: the columns that are left out, as `target_names` has columns.
        categorical: those that became a column for each level, likewise, with their levels.
        categorical_places: of these, their 0-based places among the features of the data.
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
    ignored: tuple[str, ...] = ()
    categorical: Categories = ()
    categorical_places: tuple[int, ...] = ()

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
            name
            for name, column in zip(self.feature_names, columns, strict=False)
            if len(set(each_once([column]))) == 1
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
        return "; ".join([", ".join(parts), *self.describe_weights(), *self.describe_reading()])

    def describe_features(self) -> str:
        """Name the features, and say how they are standardised."""
        words = (
            f"{counted(len(self.feature_names), 'feature')} "
            f"({names.listed(map(names.column, self.feature_names))})"
        )
        if self.categorical:
            words += f", of which {self.describe_categorical()}"
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
        if classes:
            return f"{words}: {self.describe_classes(encoding)}"
        pairs = self.preprocessing.standardize_targets
        return f"{words}: regression" + (f", {_shifted(pairs)}" if pairs is not None else "")

    def describe_classes(self, encoding: str = ONE_HOT) -> str:
        """Name the classes, and say how they are encoded; see `describe`."""
        classes = self.preprocessing.classes
        words = f"{len(classes)} classes ({names.listed(map(names.shown, classes))})"
        if encoding == SIGNS:
            return f"{words}, " + ("as -1 and 1" if len(classes) == 2 else "each as 1 against the rest as -1")
        return f"{words}, one-hot"

    def describe_categorical(self) -> str:
        """Say which columns are levels of others; "" for none."""
        columns = (
            f"{counted(len(levels), 'level')} of {names.column(name)}" for name, levels in self.categorical
        )
        return names.listed(columns)

    def describe_reading(self) -> Iterator[str]:
        """Say what of the data is left out, and how they are read, where that is unusual."""
        left_out = []
        if self.labels.dropped:
            left_out.append(f"{counted(self.labels.dropped, 'row')} with a value missing")
        if self.ignored:
            word = "the column" if len(self.ignored) == 1 else "the columns"
            left_out.append(f"{word} {names.listed(map(names.column, self.ignored))}")
        if left_out:
            yield f"left out: {' and '.join(left_out)}"
        words = self.preprocessing.reading.words()
        if words:
            yield f"read with {', '.join(words)}"

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


def _shifted(pairs: Pairs) -> str:
    """Say how targets are standardised; what a weight decay does depends on it."""
    each = (f"(y - {_short(shift)}) * {_short(scale)}" for shift, scale in pairs)
    return f"standardised to {names.listed(each)}"


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
    return reapply_table(read_table(path, preprocessing.reading), preprocessing)


def reapply_table(table: Table, preprocessing: Preprocessing) -> Dataset:
    """Take over a table, which was read as the recipe says, by the rest of the recipe."""
    if table.reading != preprocessing.reading:
        raise DataError(f"{table.source} was not read as the recipe says: read it by the recipe's reading")
    chosen = target_columns(table, preprocessing.targets)
    weight = weight_column(table, chosen, preprocessing.sample_weight)
    columns = divided(table, chosen, weight)
    return follow(preprocessing, columns, levels_of(table, columns, preprocessing.categorical), table.source)


def follow(recipe: Preprocessing, columns: Columns, levels: Levels, source: str) -> Dataset:
    """Make a data set of columns by a recipe.

    Args:
        recipe: what is done.
        columns: of the data.
        levels: of the categorical features.
        source: the path as given, or "arrays".

    Raises:
        DataError: if the recipe does not fit.
    """
    labels = columns.labels
    feature_names, features = feature_columns(columns, levels)
    inputs = features
    if recipe.standardize is not None:
        inputs = standardised(inputs, recipe.standardize, source, "feature")
    if recipe.bias:
        one = Fraction(1)
        inputs = tuple((*row, one) for row in inputs)
    if recipe.task == "classification":
        outputs = one_hot(labels, recipe.classes)
    else:
        outputs = numbers(labels, "regression target")
        if recipe.standardize_targets is not None:
            outputs = standardised(outputs, recipe.standardize_targets, source, "target")
    return Dataset(
        inputs,
        outputs,
        recipe,
        features,
        labels,
        feature_names,
        columns.target_names,
        source,
        labels.lines,
        _weights(recipe, labels, columns.weights),
        columns.weight_name,
        columns.ignored,
        tuple((columns.feature_names[place], tuple(each)) for place, each in sorted(levels.items())),
        tuple(sorted(levels)),
    )


def _weights(recipe: Preprocessing, labels: Table, weights: Table | None) -> tuple[Fraction, ...] | None:
    """Return the weights of the samples: what their column has, times what their class has."""
    if not recipe.is_weighted:
        return None
    column = [Fraction(1)] * len(labels.rows)
    if weights is not None:
        column = [row[0] for row in numbers(weights, "sample weight")]
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
        refuse_vast([column], f"{labels.source}, weighted by class,")
    return tuple(column)
