"""The main job: an exact interval around the global optimum of a training problem.

Training gives the upper bound, a semidefinite relaxation a dual point; `certify.root_leaf` makes a proof of
it, and the independent checker has the last word on what is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.certificate import Certificate
from certify.certificate_file import from_text, to_text
from certify.check import Verdict, check_certificate
from certify.data import Dataset, from_arrays
from certify.errors import DataError
from certify.exact import decimal_down
from certify.interrupts import Interrupts
from certify.problem import ReLUNetwork, TrainingProblem
from certify.progress import Clock, Observer
from certify.relaxation import Relaxation, choose, residual_relaxation, solve
from certify.report import Interval, Report, Status
from certify.root_leaf import Arrays
from formulations.train import TrainingResult, train


@dataclass(frozen=True)
class Settings:
    """What the user may choose.

    Attributes:
        gamma: the weight decay, a positive number; "0.1", "1/10" and 0.1 are all one tenth.
        loss: a name of `certify.problem.LOSSES`.
        method: "sdp", "shor", or "auto", which takes the stronger one that the size allows.
        solver: a name of `certify.relaxation.SOLVERS`.
        precision: "double", or "high" for a bound within 1e-12 of the relaxation's value (small problems).
        gap: the relative gap that is wanted.
        time_limit: seconds, or None.
        seed: of the random starts.
    """

    gamma: Fraction | int | str | float = "0.1"
    loss: str = "squared"
    method: str = "auto"
    solver: str = "auto"
    precision: str = "double"
    gap: float = 1e-3
    time_limit: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        if not self.gap >= 0:
            raise DataError(f"the wanted gap is {self.gap}: give a number that is at least 0")
        if self.time_limit is not None and not self.time_limit > 0:
            raise DataError(f"the time limit is {self.time_limit} seconds: give a positive number")


def bound(
    X: Any,
    y: Any,
    gamma: Fraction | int | str | float = 0.1,
    *,
    task: str = "auto",
    bias: bool = False,
    standardize: bool = False,
    loss: str = "squared",
    method: str = "auto",
    solver: str = "auto",
    precision: str = "double",
    gap: float = 1e-3,
    time_limit: float | None = None,
    seed: int = 0,
    observer: Observer | None = None,
) -> Report:
    """Enclose the global optimum of two-layer ReLU training on arrays, with a proof.

    Args:
        X: n x d features: lists, a numpy array, a pandas or polars frame; floats count as the dyadic
            rationals they are.
        y: n labels or numbers, or n x c numbers.
        gamma: the weight decay.
        task: "auto", "classification" (one-hot) or "regression".
        bias: append a column of ones to the features.
        standardize: shift and scale the features by recorded dyadic coefficients.
        loss: see `Settings`, like all that follow.
        method: "auto", "sdp" or "shor".
        solver: of the method "sdp".
        precision: "double" or "high".
        gap: the relative gap that counts as success.
        time_limit: seconds.
        seed: of the random starts.
        observer: watches the work; silent by default.

    Returns:
        The report; its interval is exact and its certificate has been checked.

    Raises:
        DataError: if the data is no training problem.
        SolverError: if the solver asked for cannot run.
    """
    dataset = from_arrays(X, y, task=task, bias=bias, standardize=standardize)
    settings = Settings(gamma, loss, method, solver, precision, gap, time_limit, seed)
    return bound_dataset(dataset, settings, observer or Observer())


def bound_dataset(dataset: Dataset, settings: Settings, observer: Observer) -> Report:
    """Do the work of `bound` on an exact dataset; Ctrl-C ends it early with the best valid result."""
    problem = dataset.problem(settings.gamma, settings.loss)
    choice = choose(problem, settings.method, settings.solver, settings.precision)
    clock = Clock(settings.time_limit, observer)
    arrays = Arrays.of(problem)
    with Interrupts() as interrupts:
        training = _train(arrays, settings, clock, interrupts)
        relaxation = None
        if not interrupts.came and not clock.expired:
            relaxation = solve(problem, arrays, choice, clock, interrupts)
        if relaxation is None:
            relaxation = residual_relaxation(arrays, training.hidden, training.output)
        certificate, verdict = _prove(problem, dataset, relaxation, clock)
        network = ReLUNetwork.from_floats(training.hidden, training.output)
        interval = Interval(certificate.bound, problem.objective(network))
    if interval.lower > interval.upper:
        raise AssertionError("the certified bound exceeds the loss of a network: please report this as a bug")
    if interrupts.came:
        status = Status.INTERRUPTED
    elif interval.relative_gap <= Fraction(settings.gap):
        status = Status.GAP_REACHED
    else:
        cut_short = clock.expired or (clock.limited and relaxation.cut_short)
        status = Status.TIME_LIMIT if cut_short else Status.METHOD_LIMIT
    return Report(
        interval=interval,
        certificate=certificate,
        verdict=verdict,
        network=network,
        problem=problem,
        dataset=dataset,
        method=relaxation.method,
        solver=relaxation.solver,
        estimate=relaxation.estimate,
        status=status,
        wanted_gap=settings.gap,
        stages=tuple(clock.stages),
        training=training,
        seconds=clock.elapsed,
    )


def _train(arrays: Arrays, settings: Settings, clock: Clock, interrupts: Interrupts) -> TrainingResult:
    def run(time_limit: float | None) -> TrainingResult:
        return train(
            arrays.X,
            arrays.Y,
            arrays.gamma,
            seed=settings.seed,
            time_limit=time_limit,
            on_progress=lambda what, loss: clock.observer.update(f"{what}, loss {loss:.8g}"),
        )

    with clock.stage("train") as words:
        try:
            with interrupts.allowed():
                result = run(clock.remaining(0.4))
        except KeyboardInterrupt:  # it came before the training could catch it
            result = run(0.0)
        neurons = result.hidden.shape[1]
        words.append(f"loss {result.loss:.8g} with {neurons} neuron{'s' * (neurons != 1)}")
    return result


def _prove(
    problem: TrainingProblem, dataset: Dataset, relaxation: Relaxation, clock: Clock
) -> tuple[Certificate, Verdict]:
    with clock.stage("prove") as words:
        certificate = relaxation.certify(problem, dataset.preprocessing)
        words.append(f"lower bound {decimal_down(certificate.bound, 10)}")
    with clock.stage("check") as words:
        # What is checked is what a reader of the file will have.
        certificate = from_text(to_text(certificate))
        verdict = check_certificate(certificate, problem)
        words.append("valid, in exact arithmetic" if verdict.valid else verdict.reason)
    if not verdict.valid:
        raise AssertionError(
            "the checker refuses the certificate it was made for: please report this as a bug"
        )
    return certificate, verdict
