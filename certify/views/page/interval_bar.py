"""The bars of an interval: where the global optimum is between no loss and that of no network."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.bounds.report import Interval, least_loss
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.problems.training import TrainingProblem

_NARROW = Fraction(1, 50)  # of the whole bar, below which the interval has an enlarged one as well


@dataclass(frozen=True)
class Enlarged:
    """A part of the bar three times as long as the interval, which is its middle.

    Attributes:
        factor: by how much it is larger than in the whole bar, in words.
        lower: the interval's lower end.
        upper: its upper end.
        network: where a given network's loss is, in percent; None for none, or where it is beyond.
    """

    factor: str
    lower: str
    upper: str
    network: float | None


@dataclass(frozen=True)
class Bar:
    """The bar from the least loss that predictions can have to that of the network that is 0 everywhere.

    Attributes:
        least: its left end.
        most: its right end.
        left: the part before the interval, in percent of it.
        width: the interval, likewise.
        network: where a given network's loss is, likewise; None for none, or where it is beyond.
        enlarged: the interval again, if it is narrow.
    """

    least: str
    most: str
    left: float
    width: float
    network: float | None
    enlarged: Enlarged | None

    @classmethod
    def of(cls, problem: TrainingProblem, interval: Interval, network: Fraction | None = None) -> Bar:
        """Draw an interval, and perhaps the loss of a network."""
        least, most = least_loss(problem), problem.loss_at_zero()
        whole, width = most - least, interval.upper - interval.lower
        enlarged = None
        if 0 < width < _NARROW * whole:
            factor = decimal_down(whole / (3 * width), 2)
            enlarged = Enlarged(
                factor,
                decimal_down(interval.lower, 10),
                decimal_up(interval.upper, 10),
                None
                if network is None or network > interval.upper + width
                else _percent(network - interval.lower + width, 3 * width),
            )
        return cls(
            least=decimal_down(least, 6),
            most=decimal_up(most, 6),
            left=_percent(interval.lower - least, whole),
            width=_percent(width, whole),
            network=None if network is None or network > most else _percent(network - least, whole),
            enlarged=enlarged,
        )


def _percent(part: Fraction, whole: Fraction) -> float:
    return round(float(100 * part / whole), 3) if whole else 0.0
