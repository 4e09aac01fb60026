"""Losses of labels by the margin: hinge and its square for targets +1 and -1, and Crammer and Singer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.numbers.integers import dot
from certify.checker.numbers.rounding import decimal_down, plain
from certify.checker.problems.losses.loss import SIGNS, IntegerTable, Interval, Loss, Row
from certify.checker.problems.losses.rational import RationalLoss, differences

_MARGIN = "y_ik f(x_i)_k"
_WIDEST = 20  # characters of a target in a message


class SignedLoss(Loss):
    """A loss of targets that are +1 and -1, each output for itself."""

    encoding = SIGNS
    task = "classification"

    @property
    def target_words(self) -> str:
        """The two."""
        return "the numbers 1 and -1"

    def refuse_targets(self, targets: IntegerTable, denominator: int) -> None:
        """Refuse all others."""
        for i, row in enumerate(targets):
            for entry in row:
                if abs(entry) != denominator:
                    self._refuse(
                        i, f"has {written(entry, denominator)}: give those, or labels (task classification)"
                    )


@dataclass(frozen=True)
class Hinge(SignedLoss, RationalLoss):
    """What each margin y z lacks to 1."""

    @property
    def text(self) -> str:
        """The word."""
        return "hinge"

    def _formula(self, weight: str) -> str:
        return f"sum_ik {weight}max(0, 1 - {_MARGIN})"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return that y nu is between 0 and w."""
        return tuple(between_zero_and(weight * y) for y in target)

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return twice the sum of what is lacking, times one."""
        return 2 * sum(max(0, one * one - y * z) for z, y in zip(prediction, target, strict=True))


@dataclass(frozen=True)
class SquaredHinge(SignedLoss, RationalLoss):
    """Half of the square of what each margin y z lacks to 1."""

    is_quadratic = True

    @property
    def text(self) -> str:
        """The word."""
        return "squared-hinge"

    def _formula(self, weight: str) -> str:
        return f"1/2 sum_ik {weight}max(0, 1 - {_MARGIN})^2"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return that y nu is at least 0."""
        return tuple((Fraction(0), None) if y > 0 else (None, Fraction(0)) for y in target)

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return the sum of the squares of what is lacking."""
        return sum(max(0, one - (y // one) * z) ** 2 for z, y in zip(prediction, target, strict=True))


@dataclass(frozen=True)
class MulticlassHinge(RationalLoss):
    """Crammer and Singer's: what the right class's output lacks to 1 more than any other's."""

    zero_sum = True
    task = "classification"

    @property
    def text(self) -> str:
        """The word."""
        return "multiclass-hinge"

    def _formula(self, weight: str) -> str:
        return f"sum_i {weight}(max_k (f(x_i)_k + 1 - y_ik) - <y_i, f(x_i)>)"

    @property
    def target_words(self) -> str:
        """One-hot rows."""
        return "one-hot rows"

    def refuse_targets(self, targets: IntegerTable, denominator: int) -> None:
        """Refuse rows that are no unit vectors."""
        for i, row in enumerate(targets):
            if sorted(row) != [0] * (len(row) - 1) + [denominator]:
                self._refuse(i, "is not one 1 among zeros: give those, or labels (task classification)")

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return that nu is at most w y; its entries sum to zero besides."""
        return tuple((None, weight * y) for y in target)

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return twice the largest z + 1 - y, less the right class's z, times one."""
        largest = max(differences(prediction, target)) + one
        return 2 * (one * largest - dot(prediction, target))


def between_zero_and(end: Fraction) -> Interval:
    """Return the interval with these two ends."""
    return (Fraction(0), end) if end > 0 else (end, Fraction(0))


def written(entry: int, denominator: int) -> str:
    """Write a target in a message."""
    value = Fraction(entry, denominator)
    text = plain(value)
    return text if len(text) <= _WIDEST else decimal_down(value, 6)
