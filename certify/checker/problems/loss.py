"""Losses: what a network pays on a sample, and what a row of a dual point proves of that.

The premise of a certificate, |N^T relu(Xu)| <= gamma |u|, does not know the loss. What N proves is the sum
over the samples of b(N_i, y_i), where b(nu, y) <= l(z, y) + nu . z for every prediction z (docs/method.md,
section 2).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.errors import DataError
from certify.checker.text.names import quoted

Row = Sequence[Fraction]


class Loss(ABC):
    """A convex loss of one sample with c outputs, exact."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The word in certificates and in the problem's hash, with the parameters if there are any."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The sum over all samples, as a formula for people."""

    @property
    @abstractmethod
    def bound_formula(self) -> str:
        """What a row N_i of a dual point proves of its sample's loss, as a formula for people."""

    @property
    @abstractmethod
    def mismatch_formula(self) -> str:
        """The sum over all samples of l(z, y) + nu . z - b(nu, y), as a formula for people."""

    @abstractmethod
    def value(self, prediction: Row, target: Row) -> Fraction:
        """Return l(z, y) of one sample."""

    @abstractmethod
    def bound(self, nu: Row, target: Row) -> Fraction:
        """Return b with l(z, y) >= b - nu . z for all z (a loss)."""

    @abstractmethod
    def best_row(self, target: Row, shift: Row) -> tuple[Fraction, ...]:
        """Return the nu with the largest b(nu, y) - nu . s: the row of a sample at x = 0 with outputs s."""

    @abstractmethod
    def balance(self, targets: Sequence[Row], total: Row, penalty: Fraction) -> tuple[Fraction, ...]:
        """Return the s at which the best rows of samples at x = 0 and the other rows sum to penalty * s.

        That is the output bias which belongs to a dual point.

        Args:
            targets: of the samples at x = 0.
            total: the sum of the other rows, of length c.
            penalty: at least 0; positive where there are no such samples.
        """

    def total_value(
        self,
        predictions: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
    ) -> Fraction:
        """Return the sum of the values of all samples.

        Args:
            predictions: n x c integers over `scale`.
            scale: positive.
            targets: n x c integers over `denominator`.
            denominator: positive.
        """
        pairs = zip(predictions, targets, strict=True)
        return sum((self.value(_over(z, scale), _over(y, denominator)) for z, y in pairs), Fraction(0))

    def total_bound(
        self,
        dual_point: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
    ) -> Fraction:
        """Return the sum of the bounds of all samples, likewise with N as n x c integers over `scale`."""
        pairs = zip(dual_point, targets, strict=True)
        return sum((self.bound(_over(nu, scale), _over(y, denominator)) for nu, y in pairs), Fraction(0))


@dataclass(frozen=True)
class Squared(Loss):
    """Half of the squared distance, 1/2 |z - y|^2."""

    @property
    def text(self) -> str:
        """The word."""
        return "squared"

    @property
    def formula(self) -> str:
        """The sum."""
        return "1/2 |f(X) - Y|^2"

    @property
    def bound_formula(self) -> str:
        """The inner product less half of the square."""
        return "<N_i, Y_i> - 1/2 |N_i|^2"

    @property
    def mismatch_formula(self) -> str:
        """The distance from the residual Y - f(X)."""
        return "1/2 |N - residual|^2"

    def value(self, prediction: Row, target: Row) -> Fraction:
        """Return 1/2 |z - y|^2."""
        return sum(((z - y) ** 2 for z, y in zip(prediction, target, strict=True)), Fraction(0)) / 2

    def bound(self, nu: Row, target: Row) -> Fraction:
        """Return nu . y - 1/2 |nu|^2."""
        return sum((v * y - v * v / 2 for v, y in zip(nu, target, strict=True)), Fraction(0))

    def best_row(self, target: Row, shift: Row) -> tuple[Fraction, ...]:
        """Return y - s."""
        return tuple(y - s for y, s in zip(target, shift, strict=True))

    def balance(self, targets: Sequence[Row], total: Row, penalty: Fraction) -> tuple[Fraction, ...]:
        """Return (total + sum of the targets) / (penalty + their number)."""
        sums = [entry + sum(y[j] for y in targets) for j, entry in enumerate(total)]
        return tuple(entry / (penalty + len(targets)) for entry in sums)

    def total_value(
        self,
        predictions: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
    ) -> Fraction:
        """Return the sum of the values, computed in integers."""
        total = sum(
            (z * denominator - y * scale) ** 2
            for prediction, target in zip(predictions, targets, strict=True)
            for z, y in zip(prediction, target, strict=True)
        )
        return Fraction(total, 2 * (scale * denominator) ** 2)

    def total_bound(
        self,
        dual_point: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
    ) -> Fraction:
        """Return the sum of the bounds, computed in integers."""
        inner = square = 0
        for nu, target in zip(dual_point, targets, strict=True):
            for v, y in zip(nu, target, strict=True):
                inner += v * y
                square += v * v
        return Fraction(inner, scale * denominator) - Fraction(square, 2 * scale**2)


SQUARED = Squared()
# By the first word of the text, what reads the words after it.
LOSSES: dict[str, Callable[[Sequence[str]], Loss]] = {"squared": lambda parameters: SQUARED}


def read_loss(text: str) -> Loss:
    """Return the loss of a text such as "squared".

    Raises:
        DataError: if there is none.
    """
    word, *parameters = text.split(" ")
    loss = LOSSES[word](parameters) if word in LOSSES else None
    if loss is None or loss.text != text:
        raise DataError(f"the loss {quoted(text)} is not supported: use one of {', '.join(LOSSES)}")
    return loss


def _over(row: Sequence[int], scale: int) -> list[Fraction]:
    return [Fraction(entry, scale) for entry in row]
