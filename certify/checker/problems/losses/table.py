"""All losses by their texts: what a user types, and what a certificate has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.errors import DataError
from certify.checker.problems.losses.entropies import CrossEntropy, Logistic, Poisson
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.margins import Hinge, MulticlassHinge, SquaredHinge
from certify.checker.problems.losses.regression import (
    Absolute,
    EpsilonInsensitive,
    Huber,
    Quantile,
    Squared,
)
from certify.checker.text.names import quoted

SQUARED = Squared()

_LONGEST = 400  # characters of a parameter; its exponent is no larger
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,9}))?")
_RATIO = re.compile(r"[+-]?[0-9]+/[0-9]*[1-9][0-9]*")


@dataclass(frozen=True)
class LossKind:
    """How a loss is made of the words of its text.

    Attributes:
        make: with the parameter, or without one.
        letter: what the parameter is called; "" if there is none.
        default: the parameter where a user leaves it out.
    """

    make: Callable[..., Loss]
    letter: str = ""
    default: Fraction = Fraction(0)


# By the first word of the text.
LOSSES: dict[str, LossKind] = {
    "squared": LossKind(Squared),
    "huber": LossKind(Huber, "D", Fraction(1)),
    "absolute": LossKind(Absolute),
    "quantile": LossKind(Quantile, "T", Fraction(1, 2)),
    "epsilon-insensitive": LossKind(EpsilonInsensitive, "E", Fraction(1, 10)),
    "hinge": LossKind(Hinge),
    "squared-hinge": LossKind(SquaredHinge),
    "multiclass-hinge": LossKind(MulticlassHinge),
    "logistic": LossKind(Logistic),
    "cross-entropy": LossKind(CrossEntropy, "S"),
    "poisson": LossKind(Poisson),
}
LOSS_WORDS = ", ".join(f"{word} {kind.letter}".rstrip() for word, kind in LOSSES.items())  # for people


def read_loss(text: str) -> Loss:
    """Return the loss that a user means: "huber", "huber 0.5" and "huber 1/2" are read.

    Raises:
        DataError: if there is none, or its parameter makes no sense.
    """
    word, *parameters = text.split(" ")
    kind = LOSSES.get(word)
    if kind is None or len(parameters) > bool(kind.letter):
        raise DataError(f"the loss {quoted(text)} is not supported: use one of {LOSS_WORDS}")
    if not kind.letter:
        return kind.make()
    if not parameters:
        return kind.make(kind.default)
    number = _number(parameters[0])
    if number is None or len(str(number)) > _LONGEST:
        raise DataError(
            f"the loss {quoted(text)} has no number of at most {_LONGEST} digits as its {kind.letter}: write "
            "a decimal or p/q"
        )
    return kind.make(number)


def recorded_loss(text: str) -> Loss:
    """Return the loss of a text in a certificate, which has one spelling.

    Raises:
        DataError: if it is none of them, spelled so.
    """
    loss = read_loss(text)
    if loss.text != text:
        raise DataError(
            f"the loss {quoted(text)} is not supported as it is spelled: it is {quoted(loss.text)}"
        )
    return loss


def _number(text: str) -> Fraction | None:
    if len(text) > _LONGEST:
        return None
    if _RATIO.fullmatch(text):
        return Fraction(text)
    match = _NUMBER.fullmatch(text)
    if match is None or abs(int(match[1] or 0)) > _LONGEST:
        return None
    return Fraction(text)
