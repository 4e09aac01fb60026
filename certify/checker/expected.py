"""What a user expects a certificate to prove, and in what a certificate differs from that.

A certificate says by itself which problem it is about. Whoever has a problem in mind pins what matters of it
here, and a certificate of anything else is rejected, with all differences in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.certificate.any_certificate import AnyCertificate, MatrixCertificate
from certify.checker.certificate.training import Certificate
from certify.checker.data.columns import column_names
from certify.checker.data.dataset import Dataset, parse_gamma
from certify.checker.data.recipe import TASKS, label_text
from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.problems.losses.table import read_loss
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.checker.problems.training import TrainingProblem
from certify.checker.statements import STATEMENTS
from certify.checker.subject import Training, short
from certify.checker.text.names import (
    column,
    listed,
    quoted,
    shown,
)

LEAST_DIGITS = 16  # of a hash
MAX_BITS = 13_000  # of a number: Python writes at most 4300 digits

_OF_DATA = (
    "targets",
    "task",
    "bias",
    "standardize",
    "sample_weight",
    "class_weights",
    "weighted",
    "as_is",
    "ignore",
    "drop_missing",
    "categorical",
    "standardize_target",
)
_OF_TRAINING = ("gamma", *_OF_DATA, "output_bias", "loss", "at_least")
_CHOICES: dict[str, Iterable[str]] = {
    "task": TASKS,
    "output_bias": OUTPUT_BIASES,
    "statement": STATEMENTS,
}

Number = Fraction | int | str | float


@dataclass(frozen=True)
class Expected:
    """What a certificate must be about; None is anything.

    Attributes:
        gamma: the weight decay, positive; a float is the shortest decimal that prints it.
        targets: the target columns, each a name or a 1-based position as text, in any order; () is any.
        task: "classification" or "regression".
        bias: whether a column of ones is appended to the features.
        output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.
        standardize: whether features are standardised.
        sample_weight: the column of the samples' weights: a name or a 1-based position as text.
        class_weights: the weights of the classes as texts LABEL=W, those left out being 1; () is any.
        weighted: whether samples have weights, of a column or by class.
        as_is: whether a file is read as usual, and every row and column of it enters as it is.
        ignore: the columns that are left out, as `targets` has columns; () is any.
        drop_missing: whether rows that miss a value are left out.
        categorical: the columns that are one-hot, as `targets` has columns; () is any.
        standardize_target: whether targets are standardised.
        loss: a text that `certify.checker.problems.losses.table.read_loss` reads.
        at_least: what the proved bound must not be below (a loss).
        statement: a name of `certify.checker.statements.STATEMENTS`.
        free: r, for complete positivity how many coordinates may have any sign; where the statement is
            expected to be of complete positivity, None is 0, which is what the words mean by themselves.
        problem: the hash of the exact problem or matrix, or at least its first 16 digits.

    Raises:
        DataError: if a value makes no sense, or two do not go together.
    """

    gamma: Number | None = None
    targets: tuple[str, ...] = ()
    task: str | None = None
    bias: bool | None = None
    output_bias: str | None = None
    standardize: bool | None = None
    sample_weight: str | None = None
    class_weights: tuple[str, ...] = ()
    weighted: bool | None = None
    as_is: bool | None = None
    ignore: tuple[str, ...] = ()
    drop_missing: bool | None = None
    categorical: tuple[str, ...] = ()
    standardize_target: bool | None = None
    loss: str | None = None
    at_least: Number | None = None
    statement: str | None = None
    free: int | None = None
    problem: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for field in ("targets", "ignore", "categorical"):
            columns = getattr(self, field)
            columns = (columns,) if isinstance(columns, str | int) else columns
            object.__setattr__(self, field, tuple(map(str, columns)))
        texts = tuple(f"{label}={weight}" for label, weight in _class_weights(self.class_weights))
        object.__setattr__(self, "class_weights", texts)
        for field, choices in _CHOICES.items():
            value = getattr(self, field)
            if value is not None and value not in choices:
                name = field.replace("_", " ")
                raise DataError(
                    f"the expected {name} {quoted(str(value))} is unknown: use {', '.join(choices)}"
                )
        if self.loss is not None:
            object.__setattr__(self, "loss", read_loss(self.loss).text)
        if self.gamma is not None and _number(self.gamma, "gamma") <= 0:
            raise DataError("the expected gamma is not positive: give a number such as 0.1")
        if self.at_least is not None:
            _number(self.at_least, "bound")
        if self.free is not None and self.free < 0:
            raise DataError(f"the expected number of free coordinates is {self.free}: give 0 or more")
        if self.problem is not None:
            digits = self.problem.strip().lower()
            if not re.fullmatch(rf"[0-9a-f]{{{LEAST_DIGITS},64}}", digits):
                raise DataError(
                    f"the expected problem is {quoted(self.problem)}: give the {LEAST_DIGITS} to 64 first "
                    "hexadecimal digits of its hash"
                )
            object.__setattr__(self, "problem", digits)
        if self.statement is not None:
            self._refuse_unsuitable(self.statement)

    def refuse_unsuitable(self, certificate: AnyCertificate, *, of_data: bool) -> None:
        """Refuse pins that say nothing of what a certificate is about.

        Args:
            certificate: whose statement is the expected one, if one is.
            of_data: whether the problem is made of data here, and not given as such.

        Raises:
            DataError: with the pins.
        """
        self._refuse_unsuitable(certificate.statement)
        if not of_data:
            self._refuse(_OF_DATA, "the problem is given as such, without data")

    def differences(
        self,
        certificate: Certificate,
        dataset: Dataset | None,
        table: Table | None,
        problem: TrainingProblem | None,
    ) -> Iterator[str]:
        """Say what is expected of a training problem otherwise than it is.

        Args:
            certificate: of training.
            dataset: what its recipe makes of the user's data; None if the problem is given as such.
            table: the columns in which targets are looked up: those of the file or of y; None likewise.
            problem: the exact one; None if the certificate's gamma or loss makes none.

        Raises:
            DataError: if an expected target is no column.
        """
        if self.gamma is not None and _number(self.gamma, "gamma") != certificate.gamma:
            gamma = _number(self.gamma, "gamma")
            yield _difference(f"gamma = {short(gamma)}", short(certificate.gamma))
        if dataset is not None and table is not None:
            yield from self._differences_of_data(dataset, table)
        for name in ("output_bias", "loss"):
            wanted, found = getattr(self, name), getattr(certificate, name)
            if wanted not in (None, found):
                yield _difference(f"{name.replace('_', ' ')} {wanted}", shown(found))
        if self.at_least is not None and certificate.bound < _number(self.at_least, "bound"):
            bound = decimal_up(_number(self.at_least, "bound"), 12)
            yield _difference(f"a bound of at least {bound}", decimal_down(certificate.bound, 12))
        if problem is not None:
            yield from self._differences_of_problem(problem.sha256)

    def _differences_of_data(self, dataset: Dataset, table: Table) -> Iterator[str]:
        recipe = dataset.preprocessing
        for word, names, found_names in (
            ("target", self.targets, dataset.target_names),
            ("ignored column", self.ignore, dataset.ignored),
            ("categorical column", self.categorical, tuple(name for name, _ in dataset.categorical)),
        ):
            wanted = column_names(table, names, word.removesuffix(" column"))
            if wanted and set(wanted) != set(found_names):
                plural = "" if len(wanted) == 1 else "s"
                yield _difference(f"{word}{plural} {_columns(wanted)}", _columns(found_names) or "none")
        if self.task not in (None, recipe.task):
            yield _difference(f"task {self.task}", recipe.task)
        if self.sample_weight is not None and self.sample_weight != dataset.weight_name:
            (wanted_name,) = column_names(table, [self.sample_weight])
            if wanted_name != dataset.weight_name:
                weight = "none" if dataset.weight_name is None else column(dataset.weight_name)
                yield _difference(f"sample weight {column(wanted_name)}", weight)
        if self.as_is not in (None, recipe.takes_all_as_it_is):
            yield _difference(f"the data {_taken(self.as_is)}", _taken(not self.as_is))
        if self.class_weights:
            yield from self._differences_of_classes(dataset)
        for name, wanted_switch, found in (
            ("sample weights", self.weighted, recipe.is_weighted),
            ("a hidden bias", self.bias, recipe.bias),
            ("standardisation", self.standardize, recipe.standardize is not None),
            ("rows left out that miss a value", self.drop_missing, recipe.reading.drop_missing),
            ("standardisation of targets", self.standardize_target, recipe.standardize_targets is not None),
        ):
            if wanted_switch not in (None, found):
                bare = name.removeprefix("a ")
                yield _difference(name, "none") if wanted_switch else _difference(f"no {bare}", name)

    def _differences_of_classes(self, dataset: Dataset) -> Iterator[str]:
        classes = dataset.preprocessing.classes
        wanted = dict(_class_weights(self.class_weights))
        unknown = sorted(wanted.keys() - set(classes))
        if unknown:
            raise DataError(
                f"the expected class weight of {quoted(unknown[0])} is of none of the classes "
                f"{listed(map(shown, classes)) or 'of this regression'}"
            )
        given = dataset.preprocessing.class_weights or (Fraction(1),) * len(classes)
        expected = tuple(wanted.get(name, Fraction(1)) for name in classes)
        if expected != given:
            yield _difference(
                f"class weights {_by_class(classes, expected)}", f"class weights {_by_class(classes, given)}"
            )

    def differences_of_statement(self, certificate: AnyCertificate) -> Iterator[str]:
        """Say if another statement is expected, before anything of the data is known."""
        found = certificate.statement
        if self.statement not in (None, found):
            yield _difference(f"statement {self.statement}", found)

    def differences_of_matrix(self, certificate: MatrixCertificate, matrix: SymmetricMatrix) -> Iterator[str]:
        """Say what is expected of a matrix, and of the cone of the statement, otherwise than it is."""
        if certificate.free is not None:
            wanted = 0 if self.free is None and self.statement is not None else self.free
            if wanted not in (None, certificate.free):
                yield _difference(f"free = {wanted}", str(certificate.free))
        yield from self._differences_of_problem(matrix.sha256)

    def _differences_of_problem(self, sha256: Callable[[], str]) -> Iterator[str]:
        if self.problem is not None and not sha256().startswith(self.problem):
            yield _difference(f"problem {self.problem}", sha256())

    def _refuse_unsuitable(self, statement: str) -> None:
        kind = STATEMENTS[statement]
        if kind.subject is not Training:
            self._refuse(_OF_TRAINING, f"the statement {statement} is of a matrix")
        if not kind.has_free:
            self._refuse(("free",), f"the statement {statement} has no free coordinates")

    def _refuse(self, names: tuple[str, ...], reason: str) -> None:
        given = [name.replace("_", " ") for name in names if getattr(self, name) not in (None, ())]
        if given:
            raise DataError(f"{reason}: expect nothing of its {', '.join(given)}")


def _class_weights(given: Iterable[str]) -> Iterator[tuple[str, Fraction]]:
    """Yield labels as recipes have them, with their weights, of texts LABEL=W."""
    for text in given:
        label, equals, weight = text.rpartition("=")
        if not equals:
            raise DataError(f"the expected class weight is {quoted(text)}: give LABEL=W, such as a=2")
        number = _number(weight, f"class weight of {quoted(label)}")
        if number <= 0:
            raise DataError(
                f"the expected class weight of {quoted(label)} is not positive: give a number such as 2"
            )
        try:
            yield label_text(label.strip()), number
        except ValueError as error:
            raise DataError(f"the expected class weight of {quoted(label)}: {error}") from None


def _by_class(classes: tuple[str, ...], weights: tuple[Fraction, ...]) -> str:
    return listed(f"{shown(name)}={short(weight)}" for name, weight in zip(classes, weights, strict=True))


def _number(value: Number, name: str) -> Fraction:
    number = parse_gamma(value, f"the expected {name}")
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > MAX_BITS:
        raise DataError(f"the expected {name} has more than {MAX_BITS} bits: round it")
    return number


def _difference(expected: str, found: str) -> str:
    return f"expected {expected}, found {found}"


def _taken(as_is: bool | None) -> str:
    return "as it is" if as_is else "changed"


def _columns(names: tuple[str, ...]) -> str:
    return listed(map(column, names))
