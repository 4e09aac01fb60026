"""Losses that are rational, and whose bound is: nu . y - E |nu|_1, for some less |nu|^2 / 2w."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain
from operator import mul

from certify.checker.numbers.integers import dot
from certify.checker.problems.losses.loss import VALUE_BITS, Loss, Row, with_weights


class RationalLoss(Loss):
    """A loss whose values and bounds are computed in integers.

    Attributes:
        is_quadratic: whether the bound has the term - |nu|^2 / 2w.
    """

    is_quadratic: bool = False

    @property
    def parameter(self) -> Fraction:
        """The number in the text; 0 if there is none."""
        return Fraction(0)

    @property
    def insensitivity(self) -> Fraction:
        """What a prediction may be away from its target at no cost: E in the bound."""
        return Fraction(0)

    @property
    def bound_formula(self) -> str:
        """The inner product, for quadratic losses less half of the square."""
        return self._bound_formula("1/2 |N_i|^2")

    @property
    def weighted_bound_formula(self) -> str:
        """The same, the square over the weight."""
        return self._bound_formula("1/(2 w_i) |N_i|^2")

    def _bound_formula(self, square: str) -> str:
        margin = f" - {self.insensitivity} |N_i|_1" if self.insensitivity else ""
        return f"<N_i, Y_i>{margin}" + (f" - {square}" if self.is_quadratic else "")

    @abstractmethod
    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return 2 one^2 times the loss of z / one and y / one, in integers.

        Args:
            prediction: z, of length c.
            target: y, likewise.
            one: positive, a multiple of the parameter's denominator.
        """

    def value_above(self, prediction: Row, target: Row, bits: int = VALUE_BITS) -> Fraction:
        """Return the loss itself."""
        one = math.lcm(self.parameter.denominator, *(e.denominator for e in (*prediction, *target)))
        z, y = ([int(entry * one) for entry in row] for row in (prediction, target))
        return Fraction(self.scaled_value(z, y, one), 2 * one * one)

    def total_value(
        self,
        predictions: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
        weights: Iterable[int] | None = None,
        weight_denominator: int = 1,
    ) -> Fraction:
        """Return the weighted sum of the values, computed in integers."""
        of_prediction = denominator * self.parameter.denominator
        of_target = scale * self.parameter.denominator
        one, total = scale * of_prediction, 0
        for prediction, target, weight in with_weights(predictions, targets, weights):
            z, y = [of_prediction * entry for entry in prediction], [of_target * entry for entry in target]
            total += weight * self.scaled_value(z, y, one)
        return Fraction(total, 2 * one * one * weight_denominator)

    def bound(self, nu: Row, target: Row, weight: Fraction = Fraction(1)) -> Fraction:
        """Return the best b with w l(z, y) >= b - nu . z for all z, for a nu in the domain."""
        total = sum(map(mul, nu, target), Fraction(0)) - self.insensitivity * sum(map(abs, nu))
        return total - sum(map(mul, nu, nu)) / (2 * weight) if self.is_quadratic else total

    def bound_below(
        self, nu: Row, target: Row, weight: Fraction = Fraction(1), bits: int = VALUE_BITS
    ) -> Fraction:
        """Return the bound itself."""
        return self.bound(nu, target, weight)

    def total_bounds(
        self,
        dual_point: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
        weights: Iterable[int] | None = None,
        weight_denominator: int = 1,
        *,
        bits: int = VALUE_BITS,
    ) -> tuple[Fraction, Fraction]:
        """Return twice the sum of the bounds; where weights divide squares, each square rounded to 2^-bits.

        A common multiple of all weights may be too long to sum over.
        """
        rows, ys = list(dual_point), list(targets)
        if [*map(len, rows)] != [*map(len, ys)]:
            raise ValueError("zip: the dual point and the targets differ in shape")
        entries = list(chain.from_iterable(rows))
        linear = Fraction(dot(entries, list(chain.from_iterable(ys))), scale * denominator)
        if self.insensitivity:
            linear -= self.insensitivity * Fraction(sum(map(abs, entries)), scale)
        if not self.is_quadratic:
            return linear, linear
        if weights is None:
            total = linear - Fraction(dot(entries, entries), 2 * scale * scale)
            return total, total
        least = most = 0
        for nu, weight in zip(rows, weights, strict=True):
            part, divisor = dot(nu, nu) * weight_denominator << bits, 2 * weight * scale * scale
            least += part // divisor
            most -= -part // divisor
        return linear - Fraction(most, 1 << bits), linear - Fraction(least, 1 << bits)


def differences(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Return the entries of a row less those of another."""
    return [a - b for a, b in zip(first, second, strict=True)]
