"""The recipe that turns raw columns into a training problem: chosen once, recorded, followed exactly.

Targets are *classes* if they are texts, or if they are integers of which there are at most
`MAX_INTEGER_CLASSES` different ones and fewer than half as many as there are rows; otherwise they are
numbers to be fitted. Several targets are always numbers. A loss of labels takes a single column as classes,
and a loss of numbers, but for the squared one, takes a column of numbers as such. The user may override this
rule. Labels that are the same number, such as "1" and "1.0", are one class; classes are sorted as numbers if
all of them are numbers, else as texts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.checker.data import recorded
from certify.checker.data.cells import Cell, parse_number
from certify.checker.data.reading import USUAL, Reading
from certify.checker.data.recorded import Categories, Pairs
from certify.checker.numbers.integers import over_common_denominator

TASKS = ("classification", "regression")
STANDARDIZATION_BITS = 20


@dataclass(frozen=True)
class Preprocessing:
    """What is done to the columns of a file, or to two arrays, before training.

    Attributes:
        targets: the target columns: names, or 1-based positions as text where a name does not single
            one out (in a file without header); for arrays, the names of y's columns.
        task: "classification" or "regression".
        classes: the labels in one-hot order, a number in lowest terms ("1", "3/2"); () for regression.
        bias: whether a column of ones is appended to the features, after standardisation.
        standardize: (shift, scale) of each feature, which becomes (x - shift) * scale; None if features
            are left as they are.
        sample_weight: the column of the samples' weights, as `targets` has columns; None if there is none.
        class_weights: what the weight of a sample is multiplied by, for each of `classes`; () for nothing.
        reading: how the file is read; nothing is made of it where the data are arrays.
        categorical: the feature columns that become a column of zeros and ones for each of their levels, each
            as `targets` has columns, with its levels as `classes` has labels.
        standardize_targets: (shift, scale) of each target, as of features; None if targets are left as they
            are.
    """

    targets: tuple[str, ...]
    task: str
    classes: tuple[str, ...] = ()
    bias: bool = False
    standardize: Pairs | None = None
    sample_weight: str | None = None
    class_weights: tuple[Fraction, ...] = ()
    reading: Reading = USUAL
    categorical: Categories = ()
    standardize_targets: Pairs | None = None

    @property
    def is_weighted(self) -> bool:
        """Whether samples have weights."""
        return self.sample_weight is not None or bool(self.class_weights)

    @property
    def takes_all_as_it_is(self) -> bool:
        """Whether the file is read as usual, and all of its columns enter as numbers, targets or weights."""
        return self.reading == USUAL and not self.categorical

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values, rationals as "p/q"; from the weights on only what is used."""
        used: dict[str, Any] = {}
        if self.sample_weight is not None:
            used["sample_weight"] = self.sample_weight
        if self.class_weights:
            used["class_weights"] = list(map(str, self.class_weights))
        if self.reading != USUAL:
            used["reading"] = self.reading.to_json()
        if self.categorical:
            used["categorical"] = [[column, list(levels)] for column, levels in self.categorical]
        if self.standardize_targets is not None:
            used["standardize_targets"] = _as_json(self.standardize_targets)
        return {
            "targets": list(self.targets),
            "task": self.task,
            "classes": list(self.classes),
            "bias": self.bias,
            "standardize": None if self.standardize is None else _as_json(self.standardize),
            **used,
        }

    @classmethod
    def from_json(cls, obj: object) -> Preprocessing:
        """Read what `to_json` wrote, trusting nothing.

        Raises:
            CertificateError: if `obj` is not a recipe as `to_json` writes it.
        """
        keys = {"targets", "task", "classes", "bias", "standardize"}
        if not isinstance(obj, dict) or obj.keys() - _OPTIONAL.keys() != keys:
            raise recorded.malformed(f"is not an object with the keys {', '.join(sorted(keys))}")
        task, pairs = obj["task"], obj["standardize"]
        targets = recorded.texts(obj["targets"], "targets")
        classes = recorded.texts(obj["classes"], "classes")
        if not targets:
            raise recorded.malformed("names no target")
        if task not in TASKS:
            raise recorded.malformed(f"has a task other than {' and '.join(TASKS)}")
        if task == "classification" and (len(targets) != 1 or len(classes) < 2):
            raise recorded.malformed(
                "is a classification without exactly one target and at least two classes"
            )
        if task == "regression" and classes:
            raise recorded.malformed("is a regression with classes")
        if task == "classification" and "standardize_targets" in obj:
            raise recorded.malformed("standardises the targets of a classification")
        bias = recorded.truth(obj["bias"], "bias")
        if "class_weights" in obj:
            _require_a_weight_for_each(classes, obj["class_weights"])
        return cls(
            targets,
            task,
            classes,
            bias,
            None if pairs is None else recorded.pairs(pairs),
            **{key: read(obj[key]) for key, read in _OPTIONAL.items() if key in obj},
        )


def label_text(label: Cell) -> str:
    """The name of the class of a label: a number in lowest terms, or the text."""
    number = label_number(label)
    return str(label if number is None else number)


def standardization(column: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """Return the (shift, scale) that bring a column nearly to mean 0 and (population) variance 1.

    Both are dyadic with about `STANDARDIZATION_BITS` bits, so that the standardised data stay short
    rationals; a constant column is shifted to zero exactly and not scaled.
    """
    (entries,), denominator = over_common_denominator([column])
    counts = Counter(entries)
    n, total = len(entries), sum(entry * count for entry, count in counts.items())
    # The mean is total / size and the standard deviation sqrt(spread) / size.
    size = n * denominator
    spread = n * sum(entry * entry * count for entry, count in counts.items()) - total * total
    if spread == 0:
        return column[0], Fraction(1)
    exponent = STANDARDIZATION_BITS - size.bit_length() + spread.bit_length() // 2
    scale = (
        math.isqrt(int(Fraction(size * size, spread) * Fraction(4) ** exponent)) * Fraction(2) ** -exponent
    )
    # Rounding the mean relative to itself would leave a narrow column such as a year off centre.
    unit = Fraction(2) ** (exponent - 2 * STANDARDIZATION_BITS)
    return round(Fraction(total, size) / unit) * unit, scale


def label_number(label: Cell) -> Fraction | None:
    """Return the number that a label spells; None if it is another text."""
    return parse_number(label) if isinstance(label, str) else label


def _class_weights(value: object) -> tuple[Fraction, ...]:
    assert isinstance(value, list)
    weights = tuple(map(recorded.rational, value))
    if min(weights) <= 0:
        raise recorded.malformed("has a class weight that is not positive")
    return weights


def _require_a_weight_for_each(classes: tuple[str, ...], value: object) -> None:
    if not isinstance(value, list) or not classes or len(value) != len(classes):
        raise recorded.malformed("has class_weights that are not a list with one for each class")


def _as_json(pairs: Pairs) -> list[list[str]]:
    return [[str(shift), str(scale)] for shift, scale in pairs]


_OPTIONAL: dict[str, Callable[[object], Any]] = {
    "sample_weight": lambda value: recorded.one_text(value, "sample_weight"),
    "class_weights": _class_weights,
    "reading": Reading.from_json,
    "categorical": recorded.categories,
    "standardize_targets": recorded.pairs,
}
