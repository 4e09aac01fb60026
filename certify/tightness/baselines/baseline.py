"""What a baseline is, what it is given, and the record that it leaves.

A baseline is a method of others, written from its paper or called in its package. It is one of

    Kind.LOSS        a network, with its exact loss: an upper bound of the optimum,
    Kind.ESTIMATE    a value that is a solver's word,
    Kind.PREDICTOR   predictions alone, to which no loss of a network belongs.

None of them is trusted: a loss is recomputed at the exact weights, and the rest is never called a bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

import numpy as np

from certify.bounds.method import is_plain
from certify.checker.errors import DataError, SolverError
from certify.checker.numbers.rounding import float_up
from certify.checker.problems.training import TrainingProblem
from certify.datasets.held_out import HeldOut
from certify.floats.problem import Arrays
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.runtime.worker import run_in_child
from certify.tightness.accuracy import Scores, accuracy
from certify.tightness.names import BASELINE_WORDS
from certify.tightness.quantities import Kind
from formulations.arrays import Matrix
from formulations.losses.loss import Loss

_T = TypeVar("_T")


@dataclass(frozen=True)
class BaselineSettings:
    """What a baseline may be told; each takes what it knows.

    Attributes:
        seed: of what is random in it.
        width: how many neurons a network has at first.
        patterns: how many activation patterns are drawn, at most.
        rank: of the factor of a semidefinite matrix; None for its order.
        iterations: limit of those of admm and frank-wolfe; None for their own.
        time_limit: seconds, after which a method ends with what it has, or without a result; None for none.
    """

    seed: int = 0
    width: int = 300
    patterns: int = 100
    rank: int | None = None
    iterations: int | None = None
    time_limit: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for value, name in (
            (self.width, "width"),
            (self.patterns, "number of patterns"),
            (self.rank, "rank"),
            (self.iterations, "number of iterations"),
        ):
            if value is not None and value < 1:
                raise DataError(f"the {name} is {value}: give a number that is at least 1")
        if self.time_limit is not None and not self.time_limit > 0:
            raise DataError(f"the time limit is {self.time_limit}: give a positive number of seconds")


@dataclass(frozen=True)
class BaselineProblem:
    """A training problem without output bias, and samples that are held out.

    Attributes:
        exact: the problem.
        arrays: the same in floating point.
        test: what predictions are wanted for; None for nothing.
    """

    exact: TrainingProblem
    arrays: Arrays
    test: HeldOut | None = None

    @classmethod
    def of(cls, problem: TrainingProblem, test: HeldOut | None = None) -> BaselineProblem:
        """Take a problem with its arrays.

        Raises:
            DataError: if floating point loses one of its numbers.
        """
        return cls(problem, Arrays.of(problem), test)

    @cached_property
    def is_plain(self) -> bool:
        """Whether the loss is the squared one, and there are neither weights nor an output bias."""
        return is_plain(self.exact)

    def network(self, hidden: Matrix, output: Matrix, notes: str = "", **details: float) -> Outcome:
        """Return the outcome of a network.

        Args:
            hidden: u_j as columns, d x m.
            output: v_j as rows, m x c.
            notes: what else there is to know.
            details: numbers of the run.
        """
        loss = loss_at_most(self.exact, ReLUNetwork.from_floats(hidden, output))

        def predict(inputs: Matrix) -> Matrix:
            return np.asarray(np.maximum(inputs @ hidden, 0.0) @ output)

        predictions = None if self.test is None else predict(self.test.inputs)
        fitted = predict(self.arrays.X)
        weights = (np.asarray(hidden, dtype=float), np.asarray(output, dtype=float))
        return Outcome(Kind.LOSS, loss, predictions, fitted, notes=notes, details=details, weights=weights)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a baseline came to.

    Attributes:
        kind: what `loss` is, or that there is none.
        loss: exact for a network, a float for an estimate, None for a predictor.
        predictions: on the inputs that are held out, t x c; None without any, or where it makes none.
        fitted: on the inputs of the problem, n x c; None where it makes none.
        seconds: wall time.
        notes: what else there is to know, in a few words.
        details: numbers of the run by their names.
        weights: u_j as columns (d x m) and v_j as rows (m x c) of its network; None where it has none.
    """

    kind: Kind
    loss: Fraction | float | None
    predictions: Matrix | None = None
    fitted: Matrix | None = None
    seconds: float = 0.0
    notes: str = ""
    details: dict[str, float] = field(default_factory=dict)
    weights: tuple[Matrix, Matrix] | None = None

    def scores(self, problem: BaselineProblem) -> Scores | None:
        """Return how often classes were named; None where the outcome makes no predictions."""
        if self.fitted is None:
            return None
        test = None
        if self.predictions is not None and problem.test is not None:
            test = accuracy(self.predictions, problem.test.targets)
        return Scores(accuracy(self.fitted, problem.arrays.Y), test)

    def to_json(self) -> dict[str, object]:
        """Return the machine-readable record, without predictions; a loss is rounded up."""
        return {
            "kind": self.kind.name.lower(),
            "value": float_up(self.loss) if isinstance(self.loss, Fraction) else self.loss,
            "seconds": round(self.seconds, 3),
            "notes": self.notes,
            "details": self.details,
        }


@dataclass(frozen=True)
class Baseline:
    """A method of others.

    Attributes:
        name: by which it is asked for.
        kind: of its outcomes.
        source: who described it.
        solve: the method; it raises SolverError in a sentence where it is not for the problem.
        seeded: whether it depends on the seed, so that several runs say more than one.
    """

    name: str
    kind: Kind
    source: str
    solve: Callable[[BaselineProblem, BaselineSettings], Outcome]
    seeded: bool = False

    @property
    def words(self) -> str:
        """What it is, in one clause."""
        return BASELINE_WORDS[self.name]

    def run(self, problem: BaselineProblem, settings: BaselineSettings | None = None) -> Outcome:
        """Apply it, and take its time.

        Raises:
            SolverError: if it is not for the problem, or came to nothing in its time.
            KeyboardInterrupt: on Ctrl-C.
        """
        if problem.exact.output_bias.exists:
            raise SolverError(f"{self.name} knows no output bias: use a problem without one")
        begun = time.perf_counter()
        outcome = self.solve(problem, settings or BaselineSettings())
        return replace(outcome, seconds=time.perf_counter() - begun)


def deadline(settings: BaselineSettings, now: Callable[[], float]) -> Callable[[], bool]:
    """Return what says whether the time of a run that begins now is up.

    Args:
        settings: with the time limit.
        now: returns the time in seconds.
    """
    limit, begun = settings.time_limit, now()
    return lambda: limit is not None and now() - begun >= limit


def solved_apart(
    name: str,
    solve: Callable[[Matrix, Loss, float], _T],
    problem: BaselineProblem,
    settings: BaselineSettings,
) -> _T:
    """Return `solve(X, loss, gamma)` from a process of its own, which ends when the time is up.

    Raises:
        SolverError: if the function refuses the problem in a ValueError, its process died, or the
            time was up.
    """
    arrays = problem.arrays
    try:
        found = run_in_child(solve, arrays.X, arrays.loss, arrays.gamma, time_limit=settings.time_limit)
    except (ValueError, SolverError) as error:
        raise SolverError(f"{name} is left out: {error}") from error
    if found is None:
        raise SolverError(f"{name} came to no result within {settings.time_limit:.3g} s: give it more time")
    return found


def needs_plain(problem: BaselineProblem, name: str) -> None:
    """Refuse what is not the squared loss without weights.

    Raises:
        SolverError: in one sentence.
    """
    if not problem.is_plain:
        raise SolverError(
            f"{name} is for the squared loss without weights, and left out for {problem.exact.loss.text}"
        )
