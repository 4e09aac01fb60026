"""What a verdict is about, in words and as values: the problem or the matrix that was checked.

Every word comes from the user's data or is the checker's own; no text of a certificate is passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from certify.checker.certificate.any_certificate import MatrixCertificate
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import ratio_text
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import column, listed
from certify.checker.training.words import theorem

_LONGEST_GAMMA = 60  # characters in a sentence


class Subject(Protocol):
    """What a certificate is checked against."""

    def canonical_text(self) -> Iterator[str]:
        """Yield the parts of the text whose hash a certificate states."""

    def brief(self) -> str:
        """Say in a line what the theorem does not."""

    def details(self) -> list[tuple[str, str]]:
        """Say at length what this is: names and values."""

    def to_json(self) -> dict[str, object]:
        """Return all that this is, and its hash."""


@dataclass(frozen=True)
class Training:
    """A training problem and, if it is known, what it was made of.

    Attributes:
        problem: the exact problem.
        dataset: the data, prepared; None for a problem that was given as such.
    """

    problem: TrainingProblem
    dataset: Dataset | None

    def canonical_text(self) -> Iterator[str]:
        """Yield the parts of the problem's text."""
        return self.problem.canonical_text()

    def theorem(self, bound: Fraction) -> str:
        """State a proved lower bound."""
        return theorem(self.problem, bound, self.dataset)

    def line(self) -> str:
        """Say in one line which problem this is."""
        problem = self.problem
        data = (
            f"n = {problem.n}, d = {problem.d}, c = {problem.c}"
            if self.dataset is None
            else self.dataset.describe(problem.loss.encoding)
        )
        return (
            f"{data}; gamma = {short(problem.gamma)}, loss {_loss(problem)}, "
            f"output bias {problem.output_bias.words}"
        )

    def brief(self) -> str:
        """Say what the theorem does not: the weight decay as a fraction, and the hash."""
        return f"Problem: gamma = {short(self.problem.gamma)}, sha256 {self.problem.sha256()}"

    def details(self) -> list[tuple[str, str]]:
        """Say the same at length: names and values."""
        problem, dataset = self.problem, self.dataset
        rows = [("samples", str(problem.n))]
        if dataset is None:
            rows += [("features", str(problem.d)), ("targets", str(problem.c))]
        else:
            recipe = dataset.preprocessing
            constant = listed(map(column, dataset.constant_features))
            standardized = "no"
            if recipe.standardize is not None:
                standardized = "mean 0 and variance 1, up to rounding" + (
                    f"; constant, shifted to 0: {constant}" if constant else ""
                )
            rows += [
                ("features", _columns(dataset.feature_names)),
                ("standardised", standardized),
                ("hidden bias", "a feature 1 after the others" if recipe.bias else _hidden_bias(problem)),
                ("targets", _columns(dataset.target_names)),
                ("task", recipe.task),
            ]
            if dataset.categorical:
                rows.append(("one-hot", dataset.describe_categorical()))
            if recipe.standardize_targets is not None:
                rows.append(("target scale", dataset.describe_targets()))
            if recipe.classes:
                rows.append(("classes", dataset.describe_classes(problem.loss.encoding)))
            rows += [("weights", words.removeprefix("weights ")) for words in dataset.describe_weights()]
            rows += [("reading", words) for words in dataset.describe_reading()]
        return [
            *rows,
            ("output bias", problem.output_bias.words),
            ("gamma", short(problem.gamma)),
            ("loss", _loss(problem)),
            ("sha256", problem.sha256()),
        ]

    def to_json(self) -> dict[str, object]:
        """Return all that the problem is, names at full length, and its hash; null is not known."""
        problem, dataset = self.problem, self.dataset
        recipe = None if dataset is None else dataset.preprocessing
        return {
            "statement": "training",
            "n": problem.n,
            "d": problem.d,
            "c": problem.c,
            "features": None if dataset is None else list(dataset.feature_names),
            "targets": None if dataset is None else list(dataset.target_names),
            "task": None if recipe is None else recipe.task,
            "classes": None if recipe is None else list(recipe.classes),
            "bias": None if recipe is None else recipe.bias,
            "standardize": None if recipe is None else recipe.standardize is not None,
            "standardize_targets": None if recipe is None else recipe.standardize_targets is not None,
            "categorical": None if dataset is None else [name for name, _ in dataset.categorical],
            "ignored": None if dataset is None else list(dataset.ignored),
            "dropped_rows": None if dataset is None else dataset.labels.dropped,
            "reading": None if recipe is None else recipe.reading.to_json(),
            "sample_weight": None if dataset is None else dataset.weight_name,
            "class_weights": None if recipe is None else list(map(ratio_text, recipe.class_weights)),
            "weighted": problem.weights is not None,
            "constant_features": None if dataset is None else list(dataset.constant_features),
            "gamma_exact": ratio_text(problem.gamma),
            "loss": problem.loss.text,
            "output_bias": problem.output_bias,
            "sha256": problem.sha256(),
        }


@dataclass(frozen=True)
class OfMatrix:
    """A statement of a symmetric matrix.

    Attributes:
        matrix: the exact matrix.
        statement: a name of `certify.checker.statements.STATEMENTS`.
        free: how many coordinates, the last ones, may have any sign; None where the statement has none.
    """

    matrix: SymmetricMatrix
    statement: str
    free: int | None

    @classmethod
    def of(cls, certificate: MatrixCertificate, matrix: SymmetricMatrix) -> OfMatrix:
        """Return what a certificate states of a matrix."""
        return cls(matrix, certificate.statement, certificate.free)

    def canonical_text(self) -> Iterator[str]:
        """Yield the matrix's text, in one part."""
        yield self.matrix.canonical_text()

    def brief(self) -> str:
        """Say what the theorem does not: the hash."""
        return f"Matrix: order {self.matrix.order}, sha256 {self.matrix.sha256()}"

    def details(self) -> list[tuple[str, str]]:
        """Say which matrix this is: names and values."""
        return [("order", str(self.matrix.order)), ("sha256", self.matrix.sha256())]

    def to_json(self) -> dict[str, object]:
        """Return the statement, the matrix's order and its hash."""
        return {
            "statement": self.statement,
            "order": self.matrix.order,
            "free": self.free,
            "sha256": self.matrix.sha256(),
        }


def short(value: Fraction) -> str:
    """Write a rational as p/q, shortened where it is long."""
    text = str(value)
    return text if len(text) <= _LONGEST_GAMMA else f"{text[:_LONGEST_GAMMA]}..."


def _hidden_bias(problem: TrainingProblem) -> str:
    return "free, one a neuron" if problem.output_bias.frees_hidden else "none"


def _loss(problem: TrainingProblem) -> str:
    return f"{problem.loss.text}, {problem.loss_formula}"


def _columns(names: tuple[str, ...]) -> str:
    return f"{len(names)}: {listed(map(column, names))}"
