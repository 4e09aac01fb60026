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
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.checker.data.table import Cell, parse_number
from certify.checker.errors import CertificateError
from certify.checker.numbers.integers import over_common_denominator

TASKS = ("classification", "regression")
STANDARDIZATION_BITS = 20

# Bounds on a recipe read from a certificate, beyond what any that is written reaches.
MAX_ENTRIES = 100_000
MAX_LENGTH = 4000

_RATIONAL = re.compile(r"-?[0-9]+(?:/0*[1-9][0-9]*)?")


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
    """

    targets: tuple[str, ...]
    task: str
    classes: tuple[str, ...] = ()
    bias: bool = False
    standardize: tuple[tuple[Fraction, Fraction], ...] | None = None
    sample_weight: str | None = None
    class_weights: tuple[Fraction, ...] = ()

    @property
    def is_weighted(self) -> bool:
        """Whether samples have weights."""
        return self.sample_weight is not None or bool(self.class_weights)

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values, rationals as "p/q"; of weights only what is used."""
        pairs = self.standardize
        weights: dict[str, Any] = {}
        if self.sample_weight is not None:
            weights["sample_weight"] = self.sample_weight
        if self.class_weights:
            weights["class_weights"] = list(map(str, self.class_weights))
        return {
            "targets": list(self.targets),
            "task": self.task,
            "classes": list(self.classes),
            "bias": self.bias,
            "standardize": None if pairs is None else [[str(shift), str(scale)] for shift, scale in pairs],
            **weights,
        }

    @classmethod
    def from_json(cls, obj: object) -> Preprocessing:
        """Read what `to_json` wrote, trusting nothing.

        Raises:
            CertificateError: if `obj` is not a recipe as `to_json` writes it.
        """
        keys = {"targets", "task", "classes", "bias", "standardize"}
        optional = {"sample_weight", "class_weights"}
        if not isinstance(obj, dict) or obj.keys() - optional != keys:
            raise _malformed(f"is not an object with the keys {', '.join(sorted(keys))}")
        task, bias, pairs = obj["task"], obj["bias"], obj["standardize"]
        targets, classes = _texts(obj["targets"], "targets"), _texts(obj["classes"], "classes")
        if not targets:
            raise _malformed("names no target")
        if task not in TASKS:
            raise _malformed(f"has a task other than {' and '.join(TASKS)}")
        if task == "classification" and (len(targets) != 1 or len(classes) < 2):
            raise _malformed("is a classification without exactly one target and at least two classes")
        if task == "regression" and classes:
            raise _malformed("is a regression with classes")
        if not isinstance(bias, bool):
            raise _malformed("has a bias other than true and false")
        return cls(
            targets,
            task,
            classes,
            bias,
            None if pairs is None else _pairs(pairs),
            _column(obj["sample_weight"]) if "sample_weight" in obj else None,
            _class_weights(obj["class_weights"], classes) if "class_weights" in obj else (),
        )


def parse_rational(text: str) -> Fraction | None:
    """Read "p/q" or "p", in ASCII digits and of any length that the caller allows; None if it is not one."""
    return Fraction(text) if _RATIONAL.fullmatch(text) else None


def label_text(label: Cell) -> str:
    """The name of the class of a label: a number in lowest terms, or the text."""
    number = _label_number(label)
    return str(label if number is None else number)


def standardization(column: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """Return the (shift, scale) that bring a column nearly to mean 0 and (population) variance 1.

    Both are dyadic with about `STANDARDIZATION_BITS` bits, so that the standardised data stay short
    rationals; a constant column is shifted to zero exactly and not scaled.
    """
    (entries,), denominator = over_common_denominator([column])
    n, total = len(entries), sum(entries)
    # The mean is total / size and the standard deviation sqrt(spread) / size.
    size = n * denominator
    spread = n * sum(entry * entry for entry in entries) - total * total
    if spread == 0:
        return column[0], Fraction(1)
    exponent = STANDARDIZATION_BITS - size.bit_length() + spread.bit_length() // 2
    scale = (
        math.isqrt(int(Fraction(size * size, spread) * Fraction(4) ** exponent)) * Fraction(2) ** -exponent
    )
    # Rounding the mean relative to itself would leave a narrow column such as a year off centre.
    unit = Fraction(2) ** (exponent - 2 * STANDARDIZATION_BITS)
    return round(Fraction(total, size) / unit) * unit, scale


def _label_number(label: Cell) -> Fraction | None:
    return parse_number(label) if isinstance(label, str) else label


def _texts(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_ENTRIES:
        raise _malformed(f"has no list of at most {MAX_ENTRIES} {key}")
    if not all(isinstance(text, str) and len(text) <= MAX_LENGTH for text in value):
        raise _malformed(f"has {key} that are not texts of at most {MAX_LENGTH} characters")
    if len(set(value)) < len(value):
        raise _malformed(f"repeats one of its {key}")
    return tuple(value)


def _pairs(value: object) -> tuple[tuple[Fraction, Fraction], ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ENTRIES:
        raise _malformed(f"standardises by something else than a list of at most {MAX_ENTRIES} pairs")
    pairs = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise _malformed("standardises a feature by something else than a shift and a scale")
        shift, scale = map(_rational, pair)
        if scale <= 0:
            raise _malformed("has a scale that is not positive")
        pairs.append((shift, scale))
    return tuple(pairs)


def _column(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        raise _malformed(f"has a sample_weight that is not a text of at most {MAX_LENGTH} characters")
    return value


def _class_weights(value: object, classes: tuple[str, ...]) -> tuple[Fraction, ...]:
    if not isinstance(value, list) or not classes or len(value) != len(classes):
        raise _malformed("has class_weights that are not a list with one for each class")
    weights = tuple(map(_rational, value))
    if min(weights) <= 0:
        raise _malformed("has a class weight that is not positive")
    return weights


def _rational(value: object) -> Fraction:
    number = parse_rational(value) if isinstance(value, str) and len(value) <= MAX_LENGTH else None
    if number is None or str(number) != value:
        raise _malformed('has a shift, a scale or a weight that is not a text "p/q" in lowest terms')
    return number


def _malformed(reason: str) -> CertificateError:
    return CertificateError(f"the certificate's preprocessing {reason}: use an unaltered certificate")
