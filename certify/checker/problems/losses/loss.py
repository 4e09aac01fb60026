"""What a loss is: what a network pays on a sample, and what a row of a dual point proves of that.

The premise of a certificate, |N^T relu(Xu)| <= gamma |u|, does not know the loss. What N proves is the sum
over the samples of w_i b(N_i / w_i, y_i), where b(nu, y) <= l(z, y) + nu . z for every prediction z and w_i
is the sample's weight (docs/method.md, section 2). b is finite on the loss's domain: a box, for some losses
with rows that sum to zero.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import repeat
from typing import NoReturn

from certify.checker.errors import DataError

Row = Sequence[Fraction]
Interval = tuple[Fraction | None, Fraction | None]  # None is infinite
IntegerTable = Sequence[Sequence[int]]

_KEPT = 10_000  # boxes
VALUE_BITS = 128  # of what a network pays, where that is not rational
ONE_HOT, SIGNS = "one-hot", "signs"  # what targets are made of classes


class Loss(ABC):
    """A convex loss of one sample with c outputs.

    Attributes:
        encoding: what targets are made of labels: `ONE_HOT` or `SIGNS`.
        task: what a column of numbers is where the user does not say so: "classification", "regression", or
            None if its numbers decide.
        is_exact: whether it is rational, its bound too, for rational arguments.
        zero_sum: whether the rows of a dual point must sum to zero.
    """

    encoding: str = ONE_HOT
    task: str | None = None
    is_exact: bool = True
    zero_sum: bool = False

    @property
    @abstractmethod
    def text(self) -> str:
        """The word in certificates and in the problem's hash, with the parameter, if any, in lowest terms."""

    @property
    def formula(self) -> str:
        """The sum over all samples, as a formula with its numbers, for people."""
        return self._formula("")

    @property
    def weighted_formula(self) -> str:
        """The same where samples have weights w_i."""
        return self._formula("w_i ")

    @abstractmethod
    def _formula(self, weight: str) -> str:
        """Write the sum over all samples, with the weight of each in its place."""

    @property
    @abstractmethod
    def bound_formula(self) -> str:
        """What a row N_i of a dual point proves of its sample's loss, as a formula for people."""

    @property
    def weighted_bound_formula(self) -> str:
        """The same where samples have weights w_i."""
        return self.bound_formula

    @property
    def mismatch_formula(self) -> str:
        """The sum over all samples of l(z, y) + nu . z - b(nu, y), as a formula for people."""
        return (
            "what the bounds of the samples leave of their losses, sum_i (loss_i + <N_i, f(x_i)> - bound_i)"
        )

    @property
    def target_words(self) -> str:
        """What targets may be, for people."""
        return "any numbers"

    def refuse_targets(self, targets: IntegerTable, denominator: int) -> None:  # noqa: B027
        """Refuse targets that this loss is not for.

        Args:
            targets: n x c integers over `denominator`.
            denominator: positive.

        Raises:
            DataError: naming the first row that does not fit.
        """

    def _refuse(self, row: int, found: str) -> NoReturn:
        raise DataError(
            f"the loss {self.text} takes {self.target_words} as targets, and row {row + 1} of the targets "
            f"{found}"
        )

    @abstractmethod
    def box(self, target: Row, weight: Fraction = Fraction(1)) -> tuple[Interval, ...]:
        """Return between what the entries of a sample's row of the dual point must lie, both ends included.

        Args:
            target: y, of length c.
            weight: of the sample, positive.
        """

    def in_domain(
        self,
        dual_point: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
        weights: Iterable[int] | None = None,
        weight_denominator: int = 1,
    ) -> bool:
        """Say whether every row of a dual point lies in the loss's domain.

        Args:
            dual_point: N as n x c integers over `scale`.
            scale: positive.
            targets: n x c integers over `denominator`.
            denominator: positive.
            weights: of the samples, n integers over `weight_denominator`; None for ones.
            weight_denominator: positive.
        """
        boxes: dict[tuple[tuple[int, ...], int], list[tuple[int | None, int | None]]] = {}
        for nu, target, weight in with_weights(dual_point, targets, weights):
            if self.zero_sum and sum(nu) != 0:
                return False
            key = tuple(target), weight
            if key not in boxes:
                if len(boxes) == _KEPT:  # targets that are all different are of no use again
                    boxes.clear()
                ends = self.box(over(target, denominator), Fraction(weight, weight_denominator))
                boxes[key] = [_integers_between(interval, scale) for interval in ends]
            for entry, (low, high) in zip(nu, boxes[key], strict=True):
                if (low is not None and entry < low) or (high is not None and entry > high):
                    return False
        return True

    @abstractmethod
    def value_above(self, prediction: Row, target: Row, bits: int = VALUE_BITS) -> Fraction:
        """Return at least l(z, y) of one sample of weight 1: exactly that if the loss `is_exact`.

        Args:
            prediction: z, of length c.
            target: y, likewise.
            bits: of the arithmetic with logarithms, which is rounded up.

        Raises:
            DataError: if the loss is too large to be written.
        """

    @abstractmethod
    def bound_below(
        self, nu: Row, target: Row, weight: Fraction = Fraction(1), bits: int = VALUE_BITS
    ) -> Fraction:
        """Return at most the best b with w l(z, y) >= b - nu . z for all z; exactly that if `is_exact`.

        Args:
            nu: in the domain of the loss, of length c.
            target: y, likewise.
            weight: w, positive.
            bits: of the arithmetic with logarithms, which is rounded down.

        Raises:
            ValueError: if a logarithm is asked of what is outside the domain.
        """

    def total_value(
        self,
        predictions: Iterable[Sequence[int]],
        scale: int,
        targets: Iterable[Sequence[int]],
        denominator: int,
        weights: Iterable[int] | None = None,
        weight_denominator: int = 1,
    ) -> Fraction:
        """Return at least the weighted sum of the values of all samples; exactly that if `is_exact`.

        Args:
            predictions: n x c integers over `scale`.
            scale: positive.
            targets: n x c integers over `denominator`.
            denominator: positive.
            weights: n integers over `weight_denominator`; None for ones.
            weight_denominator: positive.
        """
        total = sum(
            (
                weight * self.value_above(over(z, scale), over(y, denominator))
                for z, y, weight in with_weights(predictions, targets, weights)
            ),
            Fraction(0),
        )
        return total / weight_denominator

    @abstractmethod
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
        """Return two numbers between which the sum of all samples' bounds lies, or twice that sum itself.

        Args:
            dual_point: N in the domain, as n x c integers over `scale`.
            scale: positive.
            targets: n x c integers over `denominator`.
            denominator: positive.
            weights: n integers over `weight_denominator`; None for ones.
            weight_denominator: positive.
            bits: of the arithmetic where the sum is no short rational.

        Raises:
            ValueError: if a logarithm is asked of what is outside the domain.
        """


def with_weights(
    first: Iterable[Sequence[int]], second: Iterable[Sequence[int]], weights: Iterable[int] | None
) -> Iterator[tuple[Sequence[int], Sequence[int], int]]:
    """Go through the rows of two tables with the weights of the samples."""
    if weights is None:
        for (a, b), one in zip(zip(first, second, strict=True), repeat(1), strict=False):
            yield a, b, one
    else:
        yield from zip(first, second, weights, strict=True)


def over(row: Sequence[int], scale: int) -> list[Fraction]:
    """Return a row of integers over a scale."""
    return [Fraction(entry, scale) for entry in row]


def _integers_between(interval: Interval, scale: int) -> tuple[int | None, int | None]:
    """Return the smallest and the largest integer over a scale in an interval."""
    low, high = interval
    return (
        None if low is None else -(-low.numerator * scale // low.denominator),
        None if high is None else high.numerator * scale // high.denominator,
    )
