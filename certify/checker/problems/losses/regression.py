"""Losses of numbers: squared, Huber's, absolute, quantile, epsilon-insensitive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.errors import DataError
from certify.checker.problems.losses.loss import Interval, Row, with_weights
from certify.checker.problems.losses.rational import RationalLoss, differences

_RESIDUAL = "f(x_i)_k - y_ik"


@dataclass(frozen=True)
class Squared(RationalLoss):
    """Half of the squared distance, 1/2 |z - y|^2."""

    is_quadratic = True

    @property
    def text(self) -> str:
        """The word."""
        return "squared"

    def _formula(self, weight: str) -> str:
        return f"1/2 sum_i {weight}|f(x_i) - y_i|^2" if weight else "1/2 |f(X) - Y|^2"

    @property
    def mismatch_formula(self) -> str:
        """The distance from the residual Y - f(X)."""
        return "1/2 |N - residual|^2"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return no limits."""
        return ((None, None),) * len(target)

    def in_domain(
        self,
        dual_point: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
        weights: Iterable[int] | None = None,
        weight_denominator: int = 1,
    ) -> bool:
        """Return True: the domain is everything."""
        return True

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return the square of the distance."""
        return sum(r * r for r in differences(prediction, target))

    def total_value(
        self,
        predictions: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
        weights: Iterable[int] | None = None,
        weight_denominator: int = 1,
    ) -> Fraction:
        """Return the weighted sum of the values, in one pass over the integers."""
        if weights is None:
            square = sum(
                (z * denominator - y * scale) ** 2
                for prediction, target in zip(predictions, targets, strict=True)
                for z, y in zip(prediction, target, strict=True)
            )
            return Fraction(square, 2 * (scale * denominator) ** 2)
        total = sum(
            weight * sum((z * denominator - y * scale) ** 2 for z, y in zip(prediction, target, strict=True))
            for prediction, target, weight in with_weights(predictions, targets, weights)
        )
        return Fraction(total, 2 * (scale * denominator) ** 2 * weight_denominator)

    def best_row(self, target: Row, shift: Row, weight: Fraction = Fraction(1)) -> tuple[Fraction, ...]:
        """Return w (y - s), of all nu the one with the largest bound less nu . s.

        That is the row of a sample at x = 0 with outputs s.
        """
        return tuple(weight * (y - s) for y, s in zip(target, shift, strict=True))

    def balance(
        self,
        targets: Sequence[Row],
        total: Row,
        penalty: Fraction,
        weights: Sequence[Fraction] | None = None,
    ) -> tuple[Fraction, ...]:
        """Return the s at which the best rows of samples at x = 0 and the other rows sum to penalty * s.

        That is the output bias which belongs to a dual point: (total + sum of w y) / (penalty + sum of w).

        Args:
            targets: of the samples at x = 0.
            total: the sum of the other rows, of length c.
            penalty: at least 0; positive where there are no such samples.
            weights: of the samples at x = 0; None for ones.
        """
        given = [Fraction(1)] * len(targets) if weights is None else weights
        sums = [
            entry + sum((w * y[j] for w, y in zip(given, targets, strict=True)), Fraction(0))
            for j, entry in enumerate(total)
        ]
        return tuple(entry / (penalty + sum(given)) for entry in sums)


@dataclass(frozen=True)
class Huber(RationalLoss):
    """For each output half of the square of the residual, beyond D its tangent."""

    task = "regression"
    threshold: Fraction = Fraction(1)
    is_quadratic = True

    def __post_init__(self) -> None:
        """Refuse a threshold that is not positive."""
        if self.threshold <= 0:
            raise DataError("the loss huber D takes a positive D, such as huber 1")

    @property
    def text(self) -> str:
        """The word and the threshold."""
        return f"huber {self.threshold}"

    @property
    def parameter(self) -> Fraction:
        """The threshold D."""
        return self.threshold

    def _formula(self, weight: str) -> str:
        beyond = f"max(0, |{_RESIDUAL}| - {self.threshold})^2"
        return f"1/2 sum_ik {weight}(({_RESIDUAL})^2 - {beyond})"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return [-wD, wD] for each output."""
        end = weight * self.threshold
        return ((-end, end),) * len(target)

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return the squares of the residuals less those of what is beyond D."""
        limit = int(self.threshold * one)
        total = 0
        for r in differences(prediction, target):
            beyond = max(0, abs(r) - limit)
            total += r * r - beyond * beyond
        return total


@dataclass(frozen=True)
class Absolute(RationalLoss):
    """The sum of the residuals' sizes."""

    task = "regression"

    @property
    def text(self) -> str:
        """The word."""
        return "absolute"

    def _formula(self, weight: str) -> str:
        return f"sum_ik {weight}|{_RESIDUAL}|"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return [-w, w] for each output."""
        return ((-weight, weight),) * len(target)

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return twice the sum of the sizes, times one."""
        return 2 * one * sum(map(abs, differences(prediction, target)))


@dataclass(frozen=True)
class Quantile(RationalLoss):
    """The pinball loss of each output, whose mean is least at the T-quantile."""

    task = "regression"
    level: Fraction = Fraction(1, 2)

    def __post_init__(self) -> None:
        """Refuse a level that is not between 0 and 1."""
        if not 0 < self.level < 1:
            raise DataError("the loss quantile T takes a T between 0 and 1, such as quantile 1/2")

    @property
    def text(self) -> str:
        """The word and the level."""
        return f"quantile {self.level}"

    @property
    def parameter(self) -> Fraction:
        """The level T."""
        return self.level

    def _formula(self, weight: str) -> str:
        return f"sum_ik {weight}max({self.level} (y_ik - f(x_i)_k), {1 - self.level} (f(x_i)_k - y_ik))"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return [-w (1 - T), w T] for each output."""
        return ((-weight * (1 - self.level), weight * self.level),) * len(target)

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return twice the sum of max(T r, (T - 1) r), r = y - z, times one."""
        p, q = self.level.as_integer_ratio()
        return 2 * (one // q) * sum(max(p * r, (p - q) * r) for r in differences(target, prediction))


@dataclass(frozen=True)
class EpsilonInsensitive(RationalLoss):
    """What each residual's size has above E."""

    task = "regression"
    width: Fraction = Fraction(1, 10)

    def __post_init__(self) -> None:
        """Refuse a negative width."""
        if self.width < 0:
            raise DataError(
                "the loss epsilon-insensitive E takes an E of at least 0, such as epsilon-insensitive 1/10"
            )

    @property
    def text(self) -> str:
        """The word and the width."""
        return f"epsilon-insensitive {self.width}"

    @property
    def parameter(self) -> Fraction:
        """The width E."""
        return self.width

    @property
    def insensitivity(self) -> Fraction:
        """The width E."""
        return self.width

    def _formula(self, weight: str) -> str:
        return f"sum_ik {weight}max(0, |{_RESIDUAL}| - {self.width})"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return [-w, w] for each output."""
        return ((-weight, weight),) * len(target)

    def scaled_value(self, prediction: Sequence[int], target: Sequence[int], one: int) -> int:
        """Return twice the sum of what is above E, times one."""
        width = int(self.width * one)
        return 2 * one * sum(max(0, abs(r) - width) for r in differences(prediction, target))
