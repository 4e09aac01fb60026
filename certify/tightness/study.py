"""How tight the relaxations are, and how good the methods that train networks, side by side on a problem.

The certified optimum, which the proof tree gives, makes both measurable: SDP-NN is compared with the optimum
itself instead of with the best network that training happened to find, and every network with what none can
beat. The paper measures SDP-NN by the ratio of its value to a loss of SGD; where SGD is not optimal, or the
rounding, that ratio blames the relaxation for it (docs/tightness.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from functools import cached_property

from certify.bounds.report import Interval, least_loss
from certify.checker.data.dataset import Dataset, parse_gamma
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import float_down, float_up, ratio_text
from certify.checker.problems.training import TrainingProblem
from certify.datasets.held_out import HeldOut
from certify.floats.problem import Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Named, Observer
from certify.runtime.threads import single_threaded
from certify.tightness.accuracy import Scores
from certify.tightness.baselines.table import BASELINES
from certify.tightness.lifted_matrix import LiftedDiagnosis
from certify.tightness.looseness import Looseness
from certify.tightness.methods import is_known, measured
from certify.tightness.quantities import (
    BATCHES,
    FULL_BATCH,
    QUANTITIES,
    SDP_ESTIMATE,
    Bench,
    Kind,
    Row,
    measure,
    rounding_name,
)
from certify.tightness.settings import StudySettings

__all__ = ["Kind", "Outcome", "Row", "Study", "StudySettings", "Tightness", "study"]

SATISFIED = Fraction(1, 100)  # a relative gap to the optimum that nobody would train on for
_OF_LOSSES = (Kind.BOUND, Kind.ESTIMATE, Kind.LOSS)  # kinds of rows whose values are losses
TRUE_RATIO = "SDP-NN / optimum"
PAPER_RATIO, ROUNDED_RATIO = "SDP-NN / best SGD", "SDP-NN / rounding (paper)"


class Outcome(Enum):
    """How a training run ended, measured with the optimum; the value is what the tables print."""

    OPTIMAL = "within 1 %"
    UNFINISHED = "unfinished"
    STUCK = "stuck"
    OPEN = "open"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Outcome.OPTIMAL: "its certified gap is at most 1 %",
    Outcome.UNFINISHED: "a local descent from it takes away most of its excess over the best network",
    Outcome.STUCK: "a local descent from it leaves half or more of its excess over the best network",
    Outcome.OPEN: "it is within 1 % of the best network, but not certified to be so of the optimum",
}


@dataclass(frozen=True)
class Tightness:
    """All that was measured on one problem.

    Attributes:
        dataset: where the problem comes from; its source is the problem's name.
        problem: the exact problem.
        rows: in the order in which they were measured, the ratios last.
        seconds: wall time.
        diagnosis: of SDP-NN's matrix, on few samples.
    """

    dataset: Dataset
    problem: TrainingProblem
    rows: tuple[Row, ...]
    seconds: float
    diagnosis: LiftedDiagnosis | None = None

    @property
    def name(self) -> str:
        """The problem's name."""
        return self.dataset.source

    @property
    def lower(self) -> Fraction:
        """The best proved lower bound of the optimum; without any, what no predictions fall below."""
        return max([*self._values(Kind.BOUND), least_loss(self.problem)])

    @property
    def upper(self) -> Fraction:
        """The least exact loss of a network (that of the empty one, if no other is known)."""
        descents = [row.descent for row in self.rows if row.descent is not None]
        return min([*self._values(Kind.LOSS), *descents, self.problem.loss_at_zero()])

    @cached_property
    def looseness(self) -> Looseness | None:
        """Why SDP-NN is loose; None where its matrix was not looked at."""
        if self.diagnosis is None:
            return None
        return Looseness(self.diagnosis, self.lower, self.upper, self.dataset.lines)

    def of(self, quantity: str) -> tuple[Row, ...]:
        """Return the rows of a quantity that have a value."""
        return tuple(row for row in self.rows if row.quantity == quantity and row.value is not None)

    def gap(self, row: Row) -> Fraction | None:
        """Return the relative distance (upper - lower) / upper of a row to the optimum's other end.

        It is certified for a proved bound, to the best network, and for a network, to the best bound. For an
        estimate it is one; for anything else it is None.
        """
        if row.value is None or row.kind not in _OF_LOSSES:
            return None
        value = Fraction(row.value)
        lower, upper = (self.lower, value) if row.kind is Kind.LOSS else (value, self.upper)
        return Interval(lower, upper).relative_gap

    def factor(self, row: Row) -> float | None:
        """Return a row's value over the best proved bound of the optimum; None where that means nothing."""
        if row.value is None or row.kind not in _OF_LOSSES or self.lower <= 0:
            return None
        return float(Fraction(row.value) / self.lower)

    def outcome(self, row: Row) -> Outcome | None:
        """Say how a training run ended; None for what is no such run."""
        gap = self.gap(row)
        if gap is None or row.descent is None or row.value is None:
            return None
        if gap <= SATISFIED:
            return Outcome.OPTIMAL
        loss = Fraction(row.value)
        excess = loss - self.upper
        if excess <= SATISFIED * abs(loss):
            return Outcome.OPEN
        gain = loss - row.descent
        return Outcome.UNFINISHED if 2 * gain > excess else Outcome.STUCK

    def to_json(self, cut_certificate: str | None = None) -> dict[str, object]:
        """Return the machine-readable result; bounds are rounded down, losses and gaps up.

        Args:
            cut_certificate: the file that the certificate of the copositive cut was written to, if any.
        """
        lower, upper = self.lower, self.upper
        return {
            "problem": self.name,
            "n": self.problem.n,
            "d": self.problem.d,
            "c": self.problem.c,
            "loss": self.problem.loss.text,
            "gamma": float(self.problem.gamma),
            "gamma_exact": ratio_text(self.problem.gamma),
            "lower_bound": float_down(lower),
            "upper_bound": float_up(upper),
            "relative_gap": float_up(Interval(lower, upper).relative_gap),
            "seconds": round(self.seconds, 3),
            "rows": [self.row_to_json(row) for row in self.rows],
            "lifted_matrix": None if self.looseness is None else self.looseness.to_json(cut_certificate),
        }

    def row_to_json(self, row: Row) -> dict[str, object]:
        """Return one row with its gap and factor."""
        gap, outcome = self.gap(row), self.outcome(row)
        return {
            "quantity": row.quantity,
            "kind": row.kind.name.lower(),
            "seed": row.seed,
            "value": outward(row),
            "relative_gap": None if gap is None else float_up(gap),
            "factor": self.factor(row),
            "after_descent": None if row.descent is None else float_up(row.descent),
            "outcome": None if outcome is None else outcome.name.lower(),
            "seconds": round(row.seconds, 3),
            "note": row.note,
            **_accuracies(row.scores),
        }

    def _values(self, kind: Kind) -> list[Fraction]:
        return [Fraction(row.value) for row in self.rows if row.kind is kind and row.value is not None]


def _accuracies(scores: Scores | None) -> dict[str, object]:
    """Return the accuracies of a row, None where there are none."""
    test = None if scores is None else scores.test
    return {
        "train_accuracy": None if scores is None else scores.train.largest,
        "test_accuracy": None if test is None else test.largest,
        "test_accuracy_by_best_threshold": None if test is None else test.thresholded,
        "best_threshold": None if test is None else test.threshold,
    }


def outward(row: Row) -> float | None:
    """Return a row's value as a float: a bound rounded down, a loss up."""
    if not isinstance(row.value, Fraction):
        return row.value
    return float_up(row.value) if row.kind is Kind.LOSS else float_down(row.value)


@dataclass(frozen=True)
class Study:
    """The result of `study`.

    Attributes:
        problems: one for each data set and gamma, as far as the study came.
        settings: what was asked for.
        complete: False if Ctrl-C ended it.
    """

    problems: tuple[Tightness, ...]
    settings: StudySettings
    complete: bool

    def __repr__(self) -> str:
        return f"Study({len(self.problems)} problems{', incomplete' * (not self.complete)})"

    @property
    def omissions(self) -> tuple[str, ...]:
        """Why quantities were left out, each reason once."""
        return tuple(
            dict.fromkeys(
                row.note for found in self.problems for row in found.rows if row.kind is Kind.MISSING
            )
        )

    def to_json(self, cut_certificate: str | None = None) -> dict[str, object]:
        """Return the machine-readable result.

        Args:
            cut_certificate: the file that the certificate of the only problem's copositive cut was written
                to, if any.
        """
        return {
            "status": "complete" if self.complete else "interrupted",
            "problems": [found.to_json(cut_certificate) for found in self.problems],
        }


@single_threaded
def study(
    datasets: Sequence[Dataset],
    gammas: Sequence[Fraction | int | str | float] = ("0.1",),
    settings: StudySettings | None = None,
    observer: Observer | None = None,
    *,
    quantities: Sequence[str] = tuple(QUANTITIES),
    tests: Sequence[HeldOut | None] = (),
) -> Study:
    """Measure quantities on each data set with each weight decay; Ctrl-C ends it and keeps what is done.

    Args:
        datasets: see `certify.data.read_dataset` and `from_arrays`; tables call each by its `source`.
        gammas: the weight decays.
        settings: the defaults, unless given.
        observer: watches the work; silent by default.
        quantities: keys of `certify.tightness.quantities.QUANTITIES`, which are measured by default, and of
            `certify.tightness.baselines.table.BASELINES`.
        tests: samples that are held out of each data set, for the accuracy of baselines; none by default.

    Raises:
        DataError: if there is nothing to measure, a gamma is not a positive number, a quantity unknown, or
            there is another number of data sets than of tests.
    """
    settings, observer = settings or StudySettings(), observer or Observer()
    if not datasets or not gammas:
        raise DataError("there is no data or no gamma to study: give at least one of each")
    for name in quantities:
        if not is_known(name):
            known = ", ".join([*QUANTITIES, *BASELINES])
            raise DataError(f"the quantity {name!r} is unknown: use some of {known}")
    if tests and len(tests) != len(datasets):
        raise DataError(
            f"there are {len(tests)} test sets for {len(datasets)} data sets: give one for each, or none"
        )
    problems = [
        (dataset, dataset.problem(parse_gamma(gamma), settings.loss), test)
        for dataset, test in zip(datasets, tests or [None] * len(datasets), strict=True)
        for gamma in gammas
    ]
    at_work = [(dataset, problem, Arrays.of(problem), test) for dataset, problem, test in problems]
    found = []
    with Interrupts() as interrupts:
        for dataset, problem, arrays, test in at_work:
            name = f"{dataset.source}, gamma {float(problem.gamma):g}"
            clock = Clock(settings.time_limit, Named(observer, name))
            bench = Bench(dataset, problem, arrays, settings, clock, interrupts, test)
            for name in quantities:
                if bench.over:
                    break
                measure(bench, name, measured(name))
            if bench.rows:
                done = Tightness(dataset, problem, tuple(bench.rows), clock.elapsed, bench.diagnosis)
                found.append(replace(done, rows=(*done.rows, *ratios(done))))
            if bench.interrupted or interrupts.came:
                return Study(tuple(found), settings, complete=False)
    return Study(tuple(found), settings, complete=True)


def ratios(found: Tightness) -> list[Row]:
    """Return the paper's approximation ratios of SDP-NN next to the true one.

    The paper's takes for the optimum the best loss of SGD, of runs that came to their end; with the network
    that its matrix is rounded to, it is the guarantee that relaxation and rounding give together. The true
    one takes the lower end of the certified optimum, which makes it too large by the gap at most.
    """
    estimates = found.of(SDP_ESTIMATE)
    if not estimates or found.lower <= 0:
        return []
    value = float(estimates[0].value or 0.0)
    runs = [row for name in (FULL_BATCH, BATCHES) for row in found.of(name)]
    sgd = [float(row.value or 0.0) for row in runs if row.descent is not None]
    rounded = [float(row.value or 0.0) for row in found.of(rounding_name("paper", "rounded"))]
    known = {PAPER_RATIO: sgd, ROUNDED_RATIO: rounded, TRUE_RATIO: [float(found.lower)]}
    return [Row(name, Kind.RATIO, value / min(losses)) for name, losses in known.items() if losses]
