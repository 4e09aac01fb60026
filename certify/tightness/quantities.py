"""The quantities that a tightness study measures on one problem, and how each is obtained.

Each quantity is a function from a `Bench`, which holds the problem, to rows of the table; `QUANTITIES` lists
them in the order in which they are measured. To measure something else, add a function there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import partial
from typing import Literal

from certify.bounds.bound import bound_dataset
from certify.bounds.method import is_plain
from certify.bounds.report import LARGEST_DIAGNOSED, Report, Status
from certify.checker.data.dataset import Dataset
from certify.checker.errors import SolverError
from certify.checker.problems.training import TrainingProblem
from certify.checker.verdict import leaves_in_words
from certify.datasets.held_out import HeldOut
from certify.floats.problem import Arrays
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Within
from certify.runtime.worker import run_in_child
from certify.tightness.accuracy import Scores
from certify.tightness.lifted_matrix import LiftedDiagnosis, diagnose
from certify.tightness.relaxed import relaxed_loss, relaxed_matrix
from certify.tightness.settings import StudySettings
from formulations.arrays import Matrix
from formulations.first_order.moments import Moments
from formulations.rounding.rounding import round_to_network
from formulations.sdp.conic.reduced import ReducedSolution
from formulations.training.descent import descend_again
from formulations.training.sgd import random_network, train_by_sgd

CUTS = 10
LEAST_SECONDS = 0.1

TRAINING, SDP_ESTIMATE, SDP_PROVED = "column generation", "SDP-NN", "SDP-NN, certified"
SDP_CUT = "SDP-NN, copositive cuts"
SHOR, FULL_BATCH, BATCHES, LBFGS = "Shor", "SGD, full batch", "SGD, batches", "L-BFGS"
STEPS: tuple[Literal["paper", "stable"], ...] = ("paper", "stable")


class Kind(Enum):
    """What a number is, and so what may be concluded from it."""

    BOUND = "proved"
    ESTIMATE = "estimate"
    LOSS = "exact"
    PREDICTOR = "predictor"
    RATIO = "ratio"
    MISSING = "left out"


@dataclass(frozen=True)
class Row:
    """One number of the table.

    Attributes:
        quantity: its name.
        kind: what it is. A bound was checked in exact arithmetic, a loss is exact at the exact weights of a
            network, and an estimate is a solver's word. A predictor has no loss.
        value: a loss, or a ratio of two; None for a predictor, and where it was left out.
        seed: of the run, where it has one.
        descent: for a network that some method has trained, the exact loss where a local descent from it
            ends; None also where that was cut short.
        seconds: wall time.
        note: why it was left out, or what else there is to know.
        scores: how often classes were named rightly, where that was counted.
    """

    quantity: str
    kind: Kind
    value: Fraction | float | None
    seed: int | None = None
    descent: Fraction | None = None
    seconds: float = 0.0
    note: str = ""
    scores: Scores | None = None


@dataclass
class Bench:
    """One problem at work.

    Attributes:
        dataset: where it comes from.
        problem: the exact problem.
        arrays: the same in floating point.
        settings: of the study.
        clock: of this problem.
        interrupts: Ctrl-C.
        test: samples that are held out, if any.
        rows: what was measured so far.
        relaxed: SDP-NN with its primal matrix, once `primal` was asked for it.
        diagnosis: of this matrix, on few samples.
        interrupted: whether Ctrl-C ended a bound.
    """

    dataset: Dataset
    problem: TrainingProblem
    arrays: Arrays
    settings: StudySettings
    clock: Clock
    interrupts: Interrupts
    test: HeldOut | None = None
    rows: list[Row] = field(default_factory=list)
    relaxed: ReducedSolution | Moments | None = None
    diagnosis: LiftedDiagnosis | None = None
    interrupted: bool = False

    @property
    def over(self) -> bool:
        """Whether Ctrl-C came or the time is up."""
        return self.interrupted or self.interrupts.came or self.clock.expired

    @property
    def has_classes(self) -> bool:
        """Whether the targets are classes, which can be named rightly."""
        return bool(self.dataset.preprocessing.classes)

    def bound(self, method: str) -> Report:
        """Have a lower bound proved and checked, in half of the time that is left."""
        settings = self.settings.bounding(self.problem.gamma, method, self.clock.remaining(0.5))
        report = bound_dataset(self.dataset, settings, Within(self.clock.observer))
        self.interrupted = self.interrupted or report.status is Status.INTERRUPTED
        return report

    def loss(self, hidden: Matrix, output: Matrix) -> Fraction:
        """Return the exact loss of a network, hidden d x m and output m x c."""
        return loss_at_most(self.problem, ReLUNetwork.from_floats(hidden, output))

    def primal(self) -> ReducedSolution | Moments | None:
        """Return SDP-NN with its primal matrix, for what is made of it; None if the time is up first.

        It takes a second solver, for the one that proves bounds works with the dual alone.

        Raises:
            SolverError: if the problem is too large, or the solver fails.
        """
        if not is_plain(self.problem):
            raise SolverError(
                "the matrix of SDP-NN, its rounding and its cuts are for the squared loss without weights, "
                f"and left out for {self.problem.loss.text}"
            )
        if self.relaxed is None:
            self.relaxed = relaxed_matrix(self.arrays, self.clock, self.interrupts)
        return self.relaxed

    def descent(self, hidden: Matrix) -> Fraction:
        """Return the exact loss where a local descent from hidden weights, d x m, ends."""
        arrays = self.arrays
        end = descend_again(arrays.X, arrays.loss, arrays.gamma, hidden, should_stop=lambda: self.over)
        return self.loss(end.hidden, end.output)


def strongest(bench: Bench) -> Iterator[Row]:
    """Measure the optimum: the strongest bound that the size allows, and the best network known."""
    report = bench.bound("auto")
    training = sum(stage.seconds for stage in report.stages if stage.name == "train")
    yield _proved(report.method, report)
    yield Row(
        TRAINING,
        Kind.LOSS,
        report.interval.upper,
        seconds=training,
        note=f"{report.network.width} neurons",
    )


def semidefinite(bench: Bench) -> Iterator[Row]:
    """Measure SDP-NN: the solver's value, and what is proved.

    For other losses than the squared one, and with weights, what proves ends at a bound and not at the value,
    which is a general solver's then.
    """
    report = bench.bound("sdp")
    if not is_plain(bench.problem):
        yield from _value_of_a_general_solver(bench)
    elif report.estimate is not None:
        yield Row(SDP_ESTIMATE, Kind.ESTIMATE, report.estimate, note=f"value by {report.solver}")
    yield _proved(SDP_PROVED, report)


def _value_of_a_general_solver(bench: Bench) -> Iterator[Row]:
    """Measure SDP-NN's value, or say why it is left out; nothing where the time was up first."""
    if bench.over:
        return
    try:
        found = relaxed_loss(bench.arrays, bench.clock, bench.interrupts)
    except SolverError as error:
        yield Row(SDP_ESTIMATE, Kind.MISSING, None, note=str(error))
        return
    except KeyboardInterrupt:
        bench.interrupted = True  # and what is proved already is kept
        return
    if found is not None:
        # They differ by the solver's error; where the relaxation is exact the larger is above the optimum.
        value = min(found.value, found.dual_value)
        note = f"value by {found.solver}"
        yield Row(SDP_ESTIMATE, Kind.ESTIMATE, value, seconds=found.seconds, note=note)


def copositive_cut(bench: Bench) -> Iterator[Row]:
    """Measure SDP-NN with inequalities of CP-NN that it violates (docs/method.md, section 8).

    On the way its matrix is diagnosed.
    """
    if is_plain(bench.problem) and bench.problem.n > LARGEST_DIAGNOSED:
        raise SolverError(
            f"why SDP-NN is loose, and what copositive cuts are worth, is said for at most "
            f"{LARGEST_DIAGNOSED} rows, and the data has {bench.problem.n}: choose some of them"
        )
    relaxed = bench.primal()
    if relaxed is None:
        return
    solution = relaxed if isinstance(relaxed, ReducedSolution) else None
    begun = time.perf_counter()
    X, Y, gamma = bench.arrays.X, bench.arrays.Y, bench.arrays.gamma
    left = bench.clock.remaining(0.5)
    # The limit is for the work to keep, and the child's for what is not looked at in between.
    limits = (None, None) if left is None else (max(left, LEAST_SECONDS), bench.clock.remaining())
    try:
        with bench.interrupts.allowed():
            found = run_in_child(
                partial(diagnose, solution=solution, cuts=CUTS, time_limit=limits[0]),
                X,
                Y,
                gamma,
                time_limit=limits[1],
                on_tick=lambda seconds: bench.clock.observer.update(f"why it is loose, {seconds:.0f} s"),
            )
    except (ValueError, SolverError) as error:
        raise SolverError(f"SDP-NN with copositive cuts has no value ({error})") from error
    if found is None:
        return
    bench.diagnosis = found
    rounds = found.rounds
    seconds = time.perf_counter() - begun
    if found.zero:
        yield Row(SDP_CUT, Kind.ESTIMATE, found.value, seconds=seconds, note="no cut: its matrix is zero")
        return
    note = f"{len(rounds) - 1} cuts, from a distance of {rounds[0].distance:.1e} to {rounds[-1].distance:.1e}"
    yield Row(SDP_CUT, Kind.ESTIMATE, rounds[-1].value, seconds=seconds, note=note)


def shor(bench: Bench) -> Iterator[Row]:
    """Measure the Shor relaxation."""
    yield _proved(SHOR, bench.bound("shor"))


def _proved(quantity: str, report: Report) -> Row:
    early = report.status in (Status.TIME_LIMIT, Status.INTERRUPTED)
    leaves = report.certificate.leaves
    note = report.status.meaning if early else leaves_in_words(leaves)
    return Row(quantity, Kind.BOUND, report.interval.lower, seconds=report.seconds, note=note)


def rounding(bench: Bench) -> Iterator[Row]:
    """Measure the networks that SDP-NN's matrix is rounded to, before and after each stage of the repair.

    First as in the paper, then with a step that does not overshoot from a rotated start
    (docs/method.md, section 6).
    """
    relaxed = bench.primal()
    if relaxed is None:
        return
    X, Y, gamma = bench.arrays.X, bench.arrays.Y, bench.arrays.gamma
    for step in STEPS:
        with bench.interrupts.allowed():
            result = round_to_network(
                relaxed.lifted,
                X,
                Y,
                gamma,
                width=bench.settings.width,
                seed=None if step == "paper" else 0,
                step=step,
                time_limit=bench.clock.remaining(0.5),
            )
        for stage in result.stages:
            yield Row(
                rounding_name(step, stage.name),
                Kind.LOSS,
                bench.loss(stage.hidden, stage.output),
                seconds=result.seconds,
            )


def rounding_name(step: str, stage: str) -> str:
    """Return the name of the network after a stage of `formulations.rounding`, with a step of `STEPS`."""
    return f"rounding ({step}), {stage}"


def lbfgs(bench: Bench) -> Iterator[Row]:
    """Measure local descent from random networks."""
    d, c = bench.problem.d, bench.problem.c
    for seed in range(bench.settings.seeds):
        if bench.over:
            return
        begun = time.perf_counter()
        loss = bench.descent(random_network(d, bench.settings.width, c, seed)[0])
        seconds = time.perf_counter() - begun
        yield Row(LBFGS, Kind.LOSS, loss, seed, None if bench.over else loss, seconds)


def full_batch(bench: Bench) -> Iterator[Row]:
    """Measure gradient descent in PyTorch."""
    yield from _sgd(bench, FULL_BATCH, None)


def batches(bench: Bench) -> Iterator[Row]:
    """Measure stochastic gradient descent in PyTorch."""
    yield from _sgd(bench, BATCHES, bench.settings.batch_size)


def _sgd(bench: Bench, quantity: str, batch_size: int | None) -> Iterator[Row]:
    settings = bench.settings
    if not settings.seeds:
        return
    begun = time.perf_counter()
    try:
        runs = train_by_sgd(
            bench.arrays.X,
            bench.arrays.loss,
            bench.arrays.gamma,
            seeds=range(settings.seeds),
            width=settings.width,
            epochs=settings.epochs,
            batch_size=batch_size,
            learning_rate=settings.learning_rate,
            momentum=settings.momentum,
            should_stop=lambda: bench.over,
            on_progress=lambda epoch, loss: bench.clock.observer.update(f"epoch {epoch}, loss {loss:.6g}"),
        )
    except ImportError:
        raise SolverError(
            "SGD is left out because torch is not installed: pip install 'certify[torch]'"
        ) from None
    except ValueError as error:
        raise SolverError(f"SGD gives no network: {error}") from error
    seconds = (time.perf_counter() - begun) / len(runs)
    cut_short = bench.over
    for run in (run for run in runs if run.epochs):
        descent = bench.descent(run.hidden)
        yield Row(
            quantity,
            Kind.LOSS,
            bench.loss(run.hidden, run.output),
            run.seed,
            None if bench.over else descent,
            seconds,
            f"{'cut short after ' * cut_short}{run.epochs} epochs, first step {run.learning_rate:.2g}",
        )


QUANTITIES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "optimum": strongest,
    SDP_ESTIMATE: semidefinite,
    SDP_CUT: copositive_cut,
    SHOR: shor,
    "rounding": rounding,
    LBFGS: lbfgs,
    FULL_BATCH: full_batch,
    BATCHES: batches,
}


def measure(bench: Bench, name: str, quantity: Callable[[Bench], Iterator[Row]]) -> None:
    """Add the rows of a quantity of this name; what cannot be measured says why."""
    with bench.clock.stage(name) as words:
        before = len(bench.rows)
        try:
            for row in quantity(bench):
                bench.rows.append(row)
        except SolverError as error:
            bench.rows.append(Row(name, Kind.MISSING, None, note=str(error)))
        except KeyboardInterrupt:
            bench.interrupted = True
        found = [row for row in bench.rows[before:] if row.value is not None or row.scores is not None]
        words.append(
            _summary(found) if found else (bench.rows[-1].note if bench.rows[before:] else "nothing")
        )


def _summary(rows: list[Row]) -> str:
    values = [f"{float(row.value):.6g}" for row in rows if row.value is not None]
    if not values:
        return "predictions"
    return values[0] if len(values) == 1 else f"{values[0]} ... {values[-1]}"
