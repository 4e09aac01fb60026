"""The function `bound` and what it does: an exact interval around the global optimum of a training problem.

In go data and a weight decay. Training finds a good network, whose exact loss is the upper end. A method (a
proof tree, or a semidefinite relaxation) finds a dual point with a proof, which is written as a certificate;
what the exact checker says of that is the lower end. Out comes a `Report` with both. docs/method.md has the
mathematics.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from fractions import Fraction
from typing import Any

from certify.bounds.method import Options, Outcome, Work
from certify.bounds.methods import bound_from_below, choose
from certify.bounds.proofs.nothing_found import NothingFound
from certify.bounds.proofs.proving import Proved, prove_best
from certify.bounds.relaxation.bound import residual_relaxation
from certify.bounds.report import GapPoint, Interval, Report, Status
from certify.bounds.saved_bounds import SavedBound, SavedBounds
from certify.bounds.start import StartBound, read_start
from certify.bounds.tree.checkpoint import Checkpoint
from certify.bounds.warm_up import warm_up
from certify.checker.data.choice import ClassWeight
from certify.checker.data.dataset import Dataset
from certify.checker.errors import DataError
from certify.datasets.arrays import from_arrays
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.networks.given import loaded_network, network_of_classes
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Observer, observer_of
from certify.runtime.threads import single_threaded
from formulations.training.column_generation import ColumnGeneration
from formulations.training.train import RESTARTS, training_result

_AT_ONCE = 10.0  # seconds for a bound where no method had one
_AT_LEAST = 3.0  # of them, also where the time limit has left none
_INSISTENT = 2  # presses of Ctrl-C, of someone who does not wait for a proof
_LARGE = 2000  # entries of X, from which on training to the end takes minutes


@dataclass(frozen=True)
class Settings:
    """What the user may choose.

    Attributes:
        gamma: the weight decay, a positive number; "0.1", "1/10" and 0.1 are all one tenth.
        loss: a name of `certify.checker.problems.losses.table.LOSSES`.
        method: a name of `certify.bounds.names.METHODS`; "auto" takes the strongest that the size allows.
        solver: a name of `certify.bounds.names.SOLVERS`.
        precision: "double", or "high" for a bound within 1e-12 of the relaxation's value (small problems).
        gap: the relative gap that is wanted.
        time_limit: seconds, or None.
        seed: of the random starts.
        checkpoint: a file that keeps the best network and proof so far, and that a later run of the same
            problem continues from; None for none.
        start: the certificate of an earlier run of the same problem, below which this run does not end and
            whose dual point shows searches where to begin; None for none.
        output_bias: "none", "free", "decayed" by gamma as well, or "all-free", which frees a bias of each
            neuron too and needs the method "tree".
    """

    gamma: Fraction | int | str | float = "0.1"
    _: KW_ONLY
    loss: str = "squared"
    method: str = "auto"
    solver: str = "auto"
    precision: str = "double"
    gap: float = 1e-3
    time_limit: float | None = None
    seed: int = 0
    checkpoint: str | os.PathLike[str] | None = None
    start: str | os.PathLike[str] | None = None
    output_bias: str = "none"

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        if not 0 <= self.gap < math.inf:
            raise DataError(f"the wanted gap is {self.gap}: give a finite number that is at least 0")
        if self.seed < 0:
            raise DataError(f"the seed is {self.seed}: give a number that is at least 0")
        if self.time_limit is not None and not self.time_limit > 0:
            raise DataError(f"the time limit is {self.time_limit} seconds: give a positive number")


def bound(
    X: Any,
    y: Any,
    gamma: Fraction | int | str | float = 0.1,
    *,
    task: str = "auto",
    bias: bool = False,
    output_bias: str = "none",
    standardize: bool = False,
    sample_weight: Any = None,
    class_weight: ClassWeight | str | None = None,
    categorical: Sequence[str] = (),
    standardize_target: bool = False,
    loss: str = "squared",
    method: str = "auto",
    solver: str = "auto",
    precision: str = "double",
    gap: float = 1e-3,
    time_limit: float | None = None,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    start: str | os.PathLike[str] | None = None,
    network: Any = None,
    verbose: bool = False,
    observer: Observer | None = None,
) -> Report:
    """Enclose the global optimum of two-layer ReLU training on arrays, with a proof.

    Args:
        X: n x d features: lists, a numpy array, a pandas or polars frame; floats count as the dyadic
            rationals they are.
        y: n labels or numbers, or n x c numbers.
        gamma: the weight decay.
        task: "auto", "classification" (one-hot) or "regression".
        bias: append a column of ones to the features, a hidden bias.
        output_bias: "none"; "free" adds b to the predictions, and "decayed" also gamma/2 |b|^2 to the loss.
        standardize: bring every feature to mean 0 and variance 1, up to a recorded rounding.
        sample_weight: n positive numbers, by which the losses of the samples are multiplied; none by default.
        class_weight: of a classification, by label what the weights of its samples are multiplied by, or
            "balanced".
        categorical: names or 1-based positions of features that become a column of zeros and ones for each of
            their levels.
        standardize_target: shift and scale the targets of a regression as well; gamma is of their new scale.
        loss: see `Settings`, like all that follow.
        method: a name of `certify.bounds.names.METHODS`.
        solver: of the method "sdp".
        precision: "double" or "high".
        gap: the relative gap that counts as success.
        time_limit: seconds.
        seed: of the random starts.
        checkpoint: a file to keep the work in, and to continue from.
        start: the certificate of an earlier run of this problem; the bound is never below its own.
        network: a trained network of this problem that training starts from, as
            `certify.networks.given.loaded_network` reads it; the upper bound is its loss or less.
        verbose: print a line about each stage, and news of long ones.
        observer: watches the work instead.

    Returns:
        The report; its interval is exact and its certificate has been checked.

    Raises:
        DataError: if the data is no training problem.
        NetworkError: if the network is none for this problem.
        SolverError: if the solver asked for cannot run.
        CheckpointError: if the checkpoint cannot be used.
        CertificateError: if the certificate to start from is of another problem, or proves nothing.
    """
    dataset = from_arrays(
        X,
        y,
        task=task,
        bias=bias,
        standardize=standardize,
        sample_weight=sample_weight,
        class_weight=class_weight,
        loss=loss,
        categorical=categorical,
        standardize_target=standardize_target,
    )
    settings = Settings(
        gamma=gamma,
        loss=loss,
        method=method,
        solver=solver,
        precision=precision,
        gap=gap,
        time_limit=time_limit,
        seed=seed,
        checkpoint=checkpoint,
        start=start,
        output_bias=output_bias,
    )
    trained = None
    if network is not None:
        problem = dataset.problem(gamma, loss, output_bias)
        trained = network_of_classes(loaded_network(network), dataset.preprocessing.classes, problem)
    return bound_dataset(dataset, settings, observer_of(observer, verbose), trained)


@single_threaded
def bound_dataset(
    dataset: Dataset, settings: Settings, observer: Observer, trained: ReLUNetwork | None = None
) -> Report:
    """Do the work of `bound` on an exact dataset; Ctrl-C ends it early with the best valid result.

    Args:
        dataset: the data.
        settings: what the user chose.
        observer: watches the work.
        trained: a network of this problem that training starts from, instead of random ones; the upper bound
            is its loss or less.
    """
    problem = dataset.problem(settings.gamma, settings.loss, settings.output_bias)
    options = Options(settings.method, settings.solver, settings.precision)
    methods = choose(problem, options)
    clock = Clock(settings.time_limit, observer)
    checkpoint = None
    if settings.checkpoint is not None:
        shape = problem.n, problem.d, problem.c
        checkpoint = Checkpoint(settings.checkpoint, problem.sha256(), shape, problem.hidden_rows)
    with Interrupts(observer.note) as interrupts:
        arrays = Arrays.of(problem)
        proved = None
        if settings.start is not None:
            proved = read_start(settings.start, problem, clock, os.cpu_count() or 1)
        names = [method.name for method in methods]
        warm_up(clock, trees="tree" in names, relaxations=names != ["tree"])
        # The last digits take most of the time, and are lost in the gap.
        settled = settings.gap / 100 if arrays.X.size > _LARGE else 0.0
        # A tree goes on with the columns where it needs them.
        gap = settings.gap if names[0] == "tree" else 0.0
        generation, ending = _train(
            arrays, settings.seed, settled, gap, clock, interrupts, checkpoint, trained
        )
        work = Work(problem, arrays, generation, settings.gap, options, clock, interrupts, checkpoint, proved)
        earlier = SavedBounds(work).read
        outcomes = () if work.is_over or work.is_enough else bound_from_below(methods, work)
        cut_short = any(found.cut_short for found in outcomes if not isinstance(found, SavedBound))
        outcomes = _with_earlier(outcomes, earlier)
        training = training_result(generation, ending)
        network = ReLUNetwork.from_floats(training.hidden, training.output, training.output_bias)
        outcome, certificate, verdict = _proved(work, dataset, outcomes, network)
        upper = loss_at_most(problem, network)
        if trained is not None and (given := loss_at_most(problem, trained)) <= upper:
            network, upper = trained, given
        interval = Interval(certificate.bound, upper)
    if interval.lower > interval.upper:
        raise AssertionError("the certified bound exceeds the loss of a network: please report this as a bug")
    if interval.relative_gap <= Fraction(settings.gap):
        status = Status.GAP_REACHED
    elif interrupts.came:
        status = Status.INTERRUPTED
    elif clock.expired or (clock.limited and (cut_short or ending == "time_limit")):
        status = Status.TIME_LIMIT
    else:
        status = Status.PATIENCE if cut_short else Status.METHOD_LIMIT
    return Report(
        interval=interval,
        certificate=certificate,
        verdict=verdict,
        network=network,
        problem=problem,
        dataset=dataset,
        method=outcome.method,
        solver=outcome.solver,
        estimate=outcome.estimate,
        gap_curve=_curve(outcomes),
        status=status,
        wanted_gap=settings.gap,
        seed=settings.seed,
        stages=tuple(clock.stages),
        training=training,
        seconds=clock.elapsed,
    )


def _proved(work: Work, dataset: Dataset, outcomes: Sequence[Outcome], network: ReLUNetwork) -> Proved:
    """Prove the best outcome, or what can be had at once; after another Ctrl-C what needs no search."""
    given = () if work.start is None else (work.start,)
    try:
        with work.interrupts.allowed(_INSISTENT):
            wanted = (*outcomes, *given) or (_at_once(work, network),)
            return prove_best(work.problem, dataset, wanted, work.clock)
    except KeyboardInterrupt:
        if work.interrupts.is_exhausted:
            raise
        return prove_best(work.problem, dataset, given or (NothingFound(),), work.clock)


def _at_once(work: Work, network: ReLUNetwork) -> Outcome:
    """Return a bound that takes no search, where no method had one."""
    problem, arrays = work.problem, work.arrays
    if problem.output_bias.frees_hidden:
        return NothingFound()
    with work.clock.stage("relax") as words:
        trained = FloatNetwork.of(network, problem.d, problem.c)
        seconds = min(max(work.seconds_left(), _AT_LEAST), _AT_ONCE) / 2
        end = work.clock.elapsed + seconds
        N = trained.dual_point(arrays.X, arrays.loss)
        at_once = residual_relaxation(arrays, N, seconds, lambda: work.clock.elapsed > end)
        words.append("by the network's own dual point, at once")
    return NothingFound("shor") if at_once is None else replace(at_once, cut_short=True)


def _train(
    arrays: Arrays,
    seed: int,
    settled: float,
    gap: float,
    clock: Clock,
    interrupts: Interrupts,
    checkpoint: Checkpoint | None,
    start: ReLUNetwork | None,
) -> tuple[ColumnGeneration, str]:
    """Find a good network; return the generation it came from, and how that ended.

    Args:
        arrays: the problem.
        seed: of the random starts.
        settled: the relative gain of a round below which it ends early; 0 for training to the end.
        gap: that the method is to leave, where it can go on; 0 for training to the end.
        clock: times the stage; its limit leaves time for a method.
        interrupts: Ctrl-C ends it with the best network.
        checkpoint: where the network is kept, and may be taken up from.
        start: a network to start from, instead of random ones.
    """

    def tell(what: str, loss: float) -> None:
        clock.observer.update(f"{what}, loss {loss:.8g}")
        # What a run continues from should be worth more than starting afresh.
        if checkpoint is not None and what not in ("zero network", "random features"):
            checkpoint.save_network(generation.best.directions)

    with clock.stage("train") as words:
        generation = ColumnGeneration(
            arrays.X,
            arrays.loss,
            arrays.gamma,
            output_bias=arrays.output_bias,
            seed=seed,
            gap=gap,
            time_limit=clock.remaining(0.4),
            on_progress=tell,
            clock=lambda: clock.elapsed,
        )
        restarts = RESTARTS
        if checkpoint is not None and checkpoint.directions is not None and checkpoint.directions.size:
            restarts = 0
            generation.resume(checkpoint.directions)
            words.append(f"resumed at loss {generation.best.loss:.8g}")
        elif start is not None:
            restarts = 0
            given = FloatNetwork.of(start, arrays.hidden_rows, arrays.Y.shape[1])
            generation.resume(generation.directions_of(given.hidden))
            words.append(f"its own neurons, reweighed: loss {generation.best.loss:.8g}")
        try:
            with interrupts.allowed():
                ending = generation.run(restarts, settled=settled)
        except KeyboardInterrupt:
            ending = "interrupted"
        best = generation.best
        if checkpoint is not None:
            checkpoint.save_network(best.directions, at_once=True)
        neurons = len(best.output)
        words.append(f"loss {best.loss:.8g} with {neurons} neuron{'s' * (neurons != 1)}")
    return generation, ending


def _with_earlier(
    outcomes: Sequence[Outcome], earlier: Sequence[SavedBound | StartBound]
) -> tuple[Outcome, ...]:
    """Add the best bound that an earlier run had, where no search went on from it."""
    if not earlier or any(isinstance(outcome, SavedBound | StartBound) for outcome in outcomes):
        return tuple(outcomes)
    best = max(earlier, key=lambda saved: saved.value)
    return tuple(sorted([*outcomes, best], key=lambda outcome: -outcome.value))


def _curve(outcomes: Sequence[Outcome]) -> tuple[GapPoint, ...]:
    """Return the bounds of all searches over time."""
    points = (point for outcome in outcomes for point in outcome.curve)
    return tuple(sorted(points, key=lambda point: point.seconds))
