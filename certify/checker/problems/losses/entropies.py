"""Losses with logarithms: logistic, cross-entropy, Poisson; enclosed between rationals."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from certify.checker.errors import DataError
from certify.checker.numbers.enclosures import (
    above,
    ball,
    ends,
    entropy,
    log_sum_exp,
    precision,
    softplus,
)
from certify.checker.problems.losses.loss import (
    VALUE_BITS,
    IntegerTable,
    Interval,
    Loss,
    Row,
    over,
    with_weights,
)
from certify.checker.problems.losses.margins import SignedLoss, between_zero_and, written

_GUARD = 32  # bits, for the rounding of the sums
# What the rounding of probabilities to floats leaves; beyond it a row is meant as something else.
SUM_TOLERANCE = Fraction(1, 10**6)


class EntropicLoss(Loss):
    """A loss whose values and bounds are enclosed in ball arithmetic."""

    is_exact = False

    @abstractmethod
    def _loss(self, prediction: Row, target: Row) -> arb:
        """Enclose l(z, y) at the present precision."""

    @abstractmethod
    def _bound(self, nu: Row, target: Row) -> arb:
        """Enclose b(nu, y) of weight 1 at the present precision."""

    def value_above(self, prediction: Row, target: Row, bits: int = VALUE_BITS) -> Fraction:
        """Return a dyadic number above the loss."""
        with precision(bits + _GUARD):
            return above(self._loss(prediction, target))

    def bound_below(
        self, nu: Row, target: Row, weight: Fraction = Fraction(1), bits: int = VALUE_BITS
    ) -> Fraction:
        """Return a dyadic number below the bound."""
        with precision(bits + _GUARD):
            return ends(self._weighted(nu, target, weight))[0]

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
        """Return dyadic numbers below and above the sum of the bounds."""
        with precision(bits + _GUARD):
            total = arb(0)
            for nu, target, weight in with_weights(dual_point, targets, weights):
                w = Fraction(weight, weight_denominator)
                total += self._weighted(over(nu, scale), over(target, denominator), w)
            return ends(total)

    def _weighted(self, nu: Row, target: Row, weight: Fraction) -> arb:
        if weight == 1:
            return self._bound(nu, target)
        return ball(weight) * self._bound([entry / weight for entry in nu], target)


@dataclass(frozen=True)
class Logistic(SignedLoss, EntropicLoss):
    """log(1 + exp(-y z)) of each output."""

    @property
    def text(self) -> str:
        """The word."""
        return "logistic"

    def _formula(self, weight: str) -> str:
        return f"sum_ik {weight}log(1 + exp(-y_ik f(x_i)_k))"

    @property
    def bound_formula(self) -> str:
        """The binary entropy."""
        return "sum_k H(y_ik N_ik), H(q) = -q log q - (1 - q) log(1 - q)"

    @property
    def weighted_bound_formula(self) -> str:
        """The same of N_i over the weight."""
        return "w_i sum_k H(y_ik N_ik / w_i), H(q) = -q log q - (1 - q) log(1 - q)"

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return that y nu is between 0 and w."""
        return tuple(between_zero_and(weight * y) for y in target)

    def _loss(self, prediction: Row, target: Row) -> arb:
        return sum((softplus(-y * z) for z, y in zip(prediction, target, strict=True)), arb(0))

    def _bound(self, nu: Row, target: Row) -> arb:
        shares = [y * v for v, y in zip(nu, target, strict=True)]
        return sum((entropy(q) + entropy(1 - q) for q in shares), arb(0))


@dataclass(frozen=True)
class CrossEntropy(EntropicLoss):
    """The cross-entropy of the outputs' softmax, with labels smoothed: y becomes (1 - S) y + S/c.

    Targets are nonnegative and sum to about 1. The loss takes them as they are, so that nothing rests on what
    the rounding of probabilities leaves of their sum.
    """

    smoothing: Fraction = Fraction(0)
    zero_sum = True
    task = "classification"

    def __post_init__(self) -> None:
        """Refuse a smoothing that is no part."""
        if not 0 <= self.smoothing <= 1:
            raise DataError(
                "the loss cross-entropy S takes a label smoothing S from 0 to 1, such as cross-entropy 1/10"
            )

    @property
    def text(self) -> str:
        """The word, and the smoothing if there is any."""
        return f"cross-entropy {self.smoothing}" if self.smoothing else "cross-entropy"

    def _formula(self, weight: str) -> str:
        return f"-sum_ik {weight}{self._smoothed_words} log softmax(f(x_i))_k"

    @property
    def _smoothed_words(self) -> str:
        p, q = self.smoothing.as_integer_ratio()
        if not p:
            return "y_ik"
        uniform = f"{p}/({q} c)" if q > 1 else f"{p}/c"
        return uniform if p == q else f"({1 - self.smoothing} y_ik + {uniform})"

    @property
    def bound_formula(self) -> str:
        """The entropy of what N leaves of the targets."""
        return f"-sum_k q_ik log q_ik, q_ik = {self._smoothed_words} - N_ik"

    @property
    def weighted_bound_formula(self) -> str:
        """The same of N_i over the weight."""
        return f"-w_i sum_k q_ik log q_ik, q_ik = {self._smoothed_words} - N_ik / w_i"

    @property
    def target_words(self) -> str:
        """Probabilities."""
        return "probabilities that sum to 1 in each row"

    def refuse_targets(self, targets: IntegerTable, denominator: int) -> None:
        """Refuse negative ones, and rows whose sum is not 1 up to `SUM_TOLERANCE`."""
        for i, row in enumerate(targets):
            if min(row) < 0:
                self._refuse(i, f"has {written(min(row), denominator)}: give no negative ones")
            if abs(sum(row) - denominator) > SUM_TOLERANCE * denominator:
                self._refuse(
                    i,
                    f"sums to {written(sum(row), denominator)}: divide by it, or give labels (task "
                    "classification)",
                )

    def smoothed(self, target: Row) -> list[Fraction]:
        """Return (1 - S) y + S/c, which sums to what y does only where that is 1."""
        if not self.smoothing:
            return list(target)
        share = self.smoothing / len(target)
        return [(1 - self.smoothing) * y + share for y in target]

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return that nu is at most w times the smoothed target; its entries sum to zero besides."""
        return tuple((None, weight * y) for y in self.smoothed(target))

    def _loss(self, prediction: Row, target: Row) -> arb:
        smoothed = self.smoothed(target)
        mass = sum(smoothed, Fraction(0))
        largest, rest = log_sum_exp(list(prediction))
        inner = sum((y * z for z, y in zip(prediction, smoothed, strict=True)), Fraction(0))
        return ball(mass * largest - inner) + ball(mass) * rest

    def _bound(self, nu: Row, target: Row) -> arb:
        smoothed = self.smoothed(target)
        mass = sum(smoothed, Fraction(0))
        total = sum((entropy(y - v) for v, y in zip(nu, smoothed, strict=True)), arb(0))
        return total - entropy(mass)


@dataclass(frozen=True)
class Poisson(EntropicLoss):
    """exp z - y z of each output: for counts y of the mean exp z minus the log-likelihood, but for log y!."""

    task = "regression"

    @property
    def text(self) -> str:
        """The word."""
        return "poisson"

    def _formula(self, weight: str) -> str:
        return f"sum_ik {weight}(exp f(x_i)_k - y_ik f(x_i)_k)"

    @property
    def bound_formula(self) -> str:
        """What N leaves of the targets, less its logarithm times it."""
        return "sum_k (q_ik - q_ik log q_ik), q_ik = y_ik - N_ik"

    @property
    def weighted_bound_formula(self) -> str:
        """The same of N_i over the weight."""
        return "w_i sum_k (q_ik - q_ik log q_ik), q_ik = y_ik - N_ik / w_i"

    @property
    def target_words(self) -> str:
        """Counts."""
        return "numbers of at least 0"

    def refuse_targets(self, targets: IntegerTable, denominator: int) -> None:
        """Refuse negative ones."""
        for i, row in enumerate(targets):
            if min(row) < 0:
                self._refuse(i, f"has {written(min(row), denominator)}: give counts")

    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return that nu is at most w y."""
        return tuple((None, weight * y) for y in target)

    def _loss(self, prediction: Row, target: Row) -> arb:
        inner = sum((y * z for z, y in zip(prediction, target, strict=True)), Fraction(0))
        return sum((ball(z).exp() for z in prediction), arb(0)) - ball(inner)

    def _bound(self, nu: Row, target: Row) -> arb:
        rest = [y - v for v, y in zip(nu, target, strict=True)]
        return ball(sum(rest, Fraction(0))) + sum((entropy(q) for q in rest), arb(0))
