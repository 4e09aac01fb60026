"""Write a user's data for Coq such that they can be compared with the file that they come from.

Names and labels are a user's own text and may hold anything. They enter the file of Coq as literals in which
no quote, line end or character that is not printed stands as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from certify.checker.data.cells import as_number
from certify.checker.data.dataset import Dataset
from certify.checker.data.recipe import label_text
from certify.checker.data.recorded import Pairs
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.losses.loss import SIGNS
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.training import TrainingProblem
from certify.trust.coq.terms import chunked, integer, list_of

_PLACES = 30  # the most decimal places that are written as such
_BITS = 400  # of the longest integer that is written in decimal


def text(value: str) -> str:
    r"""Write a text as a literal of `string_scope`; different texts have different literals.

    A backslash is doubled, and a character that is not printed is written as its number: `\u{a}`.
    """
    shown = "".join(
        c if c.isprintable() and c != "\\" else "\\\\" if c == "\\" else f"\\u{{{ord(c):x}}}" for c in value
    )
    return '"' + shown.replace('"', '""') + '"'


def rational(value: Fraction) -> str:
    """Write a rational as a term of `Q_scope`: a decimal if it is a short one, else a fraction."""
    places = _decimal_places(value.denominator)
    if places is not None and abs(value.numerator).bit_length() <= _BITS:
        digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
        whole, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
        return f"{'-' * (value < 0)}{whole}{'.' * (places > 0)}{decimals}"
    if max(abs(value.numerator), value.denominator).bit_length() <= _BITS:
        return f"({value.numerator} # {value.denominator})"
    return f"(Qmake {integer(value.numerator)}%Z (Z.to_pos {integer(value.denominator)}%Z))"


def training_data(problem: TrainingProblem, dataset: Dataset | None) -> Iterator[str]:
    """Yield the sentences that define `table` and what is made of it: `samples` and `weight_decay`.

    Args:
        problem: what the theorem is about.
        dataset: where it comes from; None if that is nothing but the problem itself.
    """
    yield "Open Scope string_scope.\nOpen Scope Q_scope."
    yield f"Definition problem_sha256 : string := {text(problem.sha256())}."
    yield f"Definition weight_decay : Q := {rational(problem.gamma)}."
    if dataset is None:
        inputs = _rows(problem.inputs, problem.input_denominator)
        if problem.weights is None:
            yield from _table("list Q", inputs, _targets(problem))
        else:
            weights = _rows((problem.weights,), problem.weight_denominator)[0]
            yield from _table("(Q * list Q)", inputs, _pairs(weights, _targets(problem)))
        yield f"Definition samples : list (list Q * {sample_kind(problem)}) := table."
    else:
        yield from _of_dataset(dataset, problem)
    yield "Close Scope Q_scope.\nClose Scope string_scope."


def sample_kind(problem: TrainingProblem) -> str:
    """Return the type of what a sample has besides its features: a target, or a weight and a target."""
    return "list Q" if problem.weights is None else "(Q * list Q)"


def matrix_data(matrix: SymmetricMatrix) -> Iterator[str]:
    """Yield the sentences that define `M`, the matrix that a theorem is about, in decimals and fractions."""
    yield "Open Scope Q_scope."
    yield f"Definition matrix_sha256 : string := {text(matrix.sha256())}%string."
    names = []
    for number, row in enumerate(_rows(matrix.entries, matrix.denominator)):
        names.append((yield from chunked(f"M_{number}", "Q", row)))
    rows = yield from chunked("M_rows", "list Q", (f"\n  {row}" for row in names))
    yield f"Definition M : list (list Q) := {rows}."
    yield "Close Scope Q_scope."


def _of_dataset(dataset: Dataset, problem: TrainingProblem) -> Iterator[str]:
    recipe, labels = dataset.preprocessing, dataset.labels
    yield f"Definition feature_names : list string := {_texts(dataset.feature_names)}."
    yield f"Definition target_names : list string := {_texts(labels.names)}."
    inputs, label, factors = "fst row", "snd row", []
    features = [list(map(rational, row)) for row in dataset.features]
    if recipe.task == "classification":
        yield f"Definition class_names : list string := {_texts(recipe.classes)}."
        kind, column = "string", [text(label_text(row[0])) for row in labels.rows]
    else:
        kind, column = "list Q", _lists(labels.rows)
    if problem.weights is not None and recipe.sample_weight is not None:
        # The weights stand before the targets, as the file has them.
        kind, column = f"(Q * {kind})", _pairs(map(rational, _column_weights(dataset)), column)
        label, factors = "snd (snd row)", ["fst (snd row)"]
    yield from _table(kind, features, column)
    if problem.weights is not None and recipe.class_weights:
        pairs = zip(map(text, recipe.classes), map(rational, recipe.class_weights), strict=True)
        by_class = list_of(f"({name}, {weight})" for name, weight in pairs)
        yield f"Definition class_weights : list (string * Q) := {by_class}."
        factors.append(f"class_weight class_weights ({label})")
    if recipe.standardize is not None:
        yield from _standardization("standardization", recipe.standardize, "feature")
        inputs = "standardised standardization (fst row)"
    if recipe.bias:
        inputs = f"({inputs} ++ [1])%list"
    outputs = label
    if recipe.task == "classification":
        encoding = "signs" if problem.loss.encoding == SIGNS else "one_hot"
        outputs = f"{encoding} class_names ({label})"
    elif recipe.standardize_targets is not None:
        yield from _standardization("target_standardization", recipe.standardize_targets, "target")
        outputs = f"standardised target_standardization ({label})"
    if problem.weights is not None:
        outputs = f"({' * '.join(factors)}, {outputs})"
    yield (
        f"Definition samples : list (list Q * {sample_kind(problem)}) :=\n"
        f"  map (fun row => ({inputs}, {outputs})) table."
    )


def _standardization(name: str, pairs: Pairs, role: str) -> Iterator[str]:
    shifts_and_scales = (f"\n  ({rational(shift)}, {rational(scale)})" for shift, scale in pairs)
    shifts = yield from chunked(name, "Q * Q", shifts_and_scales)
    yield f"(* The shift and the scale of each {role}. *)"
    yield f"Definition {name} : list (Q * Q) := {shifts}."


def _column_weights(dataset: Dataset) -> list[Fraction]:
    """Return the weights as they stand in their column: without what the classes weigh."""
    recipe = dataset.preprocessing
    assert dataset.weights is not None
    if not recipe.class_weights:
        return list(dataset.weights)
    by_class = dict(zip(recipe.classes, recipe.class_weights, strict=True))
    return [
        weight / by_class[label_text(row[0])]
        for weight, row in zip(dataset.weights, dataset.labels.rows, strict=True)
    ]


def _table(kind: str, features: Iterable[Sequence[str]], targets: Iterable[str]) -> Iterator[str]:
    """Yield the definition of `table`: its rows in the order of the file, each with its target at the end."""
    rows = (f"\n  ({list_of(x)}, {y})" for x, y in zip(features, targets, strict=True))
    table = yield from chunked("table", f"list Q * {kind}", rows)
    yield f"Definition table : list (list Q * {kind}) := {table}."


def _rows(rows: IntegerRows, denominator: int) -> list[list[str]]:
    return [[rational(Fraction(entry, denominator)) for entry in row] for row in rows]


def _targets(problem: TrainingProblem) -> list[str]:
    return list(map(list_of, _rows(problem.targets, problem.target_denominator)))


def _pairs(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return [f"({a}, {b})" for a, b in zip(first, second, strict=True)]


def _lists(rows: Iterable[Sequence[Fraction | str]]) -> list[str]:
    return [list_of(rational(number) for number in map(as_number, row) if number is not None) for row in rows]


def _texts(values: Iterable[str]) -> str:
    return list_of(map(text, values))


def _decimal_places(denominator: int) -> int | None:
    """Return how many decimal places a fraction with this denominator has; None if it is no short decimal."""
    for places in range(_PLACES + 1):
        if 10**places % denominator == 0:
            return places
    return None
