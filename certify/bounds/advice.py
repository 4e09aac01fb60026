"""What may be done where the gap stayed larger than was wanted, in a sentence or two."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.bounds.names import LARGEST_TREE_FEATURES
from certify.bounds.report import Report, Status
from certify.checker.problems.training import TrainingProblem

# Of the features' largest entries. Where they differ by a factor of thousands, as those of wine do, the gap
# is twice as large as on standardised features, and more.
_UNEVEN = 10
_ONE_BLOCK = 1000  # samples, beyond which SDP-NN is solved in blocks

_TIME = {
    Status.INTERRUPTED: "Run to its end it may come closer; a checkpoint keeps the work till then.",
    Status.TIME_LIMIT: "A longer time limit may bring it closer; a checkpoint keeps the work till then.",
    Status.PATIENCE: "With a time limit the search goes on until that is used up.",
}


@dataclass(frozen=True)
class Situation:
    """What advice follows from.

    Attributes:
        status: why the work ended.
        method: that gave the lower bound.
        n: the number of samples.
        d: the number of features, a column of ones included.
        spread: the largest entry of a feature, over that of the feature where it is smallest.
        standardized: whether the features were brought to mean 0 and variance 1.
    """

    status: Status
    method: str
    n: int
    d: int
    spread: Fraction
    standardized: bool


def advice(situation: Situation) -> str | None:
    """Return what may bring the bounds closer, in a sentence or two; None if they are close enough."""
    if situation.status is Status.GAP_REACHED:
        return None
    more_time = _TIME.get(situation.status)
    sentences = [] if more_time is None else [more_time]
    return " ".join([*sentences, _beside_time(situation)])


def _beside_time(it: Situation) -> str:
    few = it.d <= LARGEST_TREE_FEATURES
    if few and it.method != "tree":
        return f"With {it.d} features the method tree can close the gap."
    if few:
        return "A larger gamma makes for a smaller tree, which a search finishes sooner."
    if it.method == "tree":
        return f"With {it.d} features a tree grows too large: the method auto proves more."
    if it.method == "shor" and it.status is Status.METHOD_LIMIT:
        return "Shor's relaxation is weak: the method auto proves more."
    if it.spread >= _UNEVEN and not it.standardized:
        return (
            f"The largest entries of the features differ by a factor of {int(it.spread)}: on standardised "
            "ones, which are another problem, the relaxations prove much more."
        )
    if it.n > _ONE_BLOCK:
        return (
            f"{it.n} samples are taken in blocks, which costs: fewer samples, a larger gamma, or at most "
            f"{LARGEST_TREE_FEATURES} features, which a tree can take, give closer bounds."
        )
    return (
        f"A larger gamma makes the relaxations tighter, and with at most {LARGEST_TREE_FEATURES} features a "
        "tree can close the gap."
    )


def spread(problem: TrainingProblem) -> Fraction:
    """Return the largest entry of a feature over that of the feature where it is smallest.

    Features that are zero everywhere do not count.
    """
    largest = [max(map(abs, column)) for column in zip(*problem.inputs, strict=True)]
    counting = [entry for entry in largest if entry]
    return Fraction(max(counting), min(counting)) if counting else Fraction(1)


def advice_for(report: Report) -> str | None:
    """Return what may bring the bounds of a report closer; None if they are as close as was wanted."""
    problem = report.problem
    return advice(
        Situation(
            report.status,
            report.method,
            problem.n,
            problem.d,
            spread(problem),
            report.dataset.preprocessing.standardize is not None,
        )
    )
