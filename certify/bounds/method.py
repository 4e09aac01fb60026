"""What every method of bounding the optimum from below has in common: the interface of the search.

A method first says whether it takes a problem. Then it is given what training found (`Work`), and returns an
`Outcome`: a lower bound in floating point that can write itself as certificates for the exact checker.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from certify.bounds.names import AUTO
from certify.bounds.proofs.proof_time import loss_seconds
from certify.bounds.report import GapPoint, below
from certify.bounds.start import StartBound
from certify.bounds.tree.checkpoint import Checkpoint
from certify.bounds.tree.search import MAX_FEATURES
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.losses.table import SQUARED
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import SHORTEST, Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock
from formulations.training.column_generation import ColumnGeneration


@dataclass(frozen=True)
class Options:
    """What the user asked for, in the words of `certify.bounds.names`."""

    method: str = AUTO
    solver: str = AUTO
    precision: str = "double"

    @property
    def is_plain(self) -> bool:
        """Whether solver and precision are left to the method."""
        return self.solver == AUTO and self.precision == "double"


@dataclass(frozen=True)
class Work:
    """What a method has to work with.

    Attributes:
        problem: the exact problem.
        arrays: the same in floats.
        generation: the column generation, with the best network and its dual point; it can go on.
        gap: the relative gap that is wanted.
        options: solver and precision.
        clock: its limit ends the work; it times the stages and tells the observer.
        interrupts: so does Ctrl-C.
        checkpoint: where proofs are kept, and may be taken up from; None for nowhere.
        start: an earlier run's bound, proved already; None for none.
    """

    problem: TrainingProblem
    arrays: Arrays
    generation: ColumnGeneration
    gap: float
    options: Options
    clock: Clock
    interrupts: Interrupts
    checkpoint: Checkpoint | None
    start: StartBound | None = None

    def seconds_left(self) -> float:
        """Return the seconds for a search, its proof and its check; infinitely many without a limit.

        The exact loss of the network has its time as well.
        """
        left = self.clock.remaining()
        if left is None:
            return math.inf
        problem, best = self.problem, self.generation.best
        return left - loss_seconds(problem.n, problem.d, problem.c, len(best.output))

    @property
    def is_enough(self) -> bool:
        """Whether what there is to start from has the gap that is wanted."""
        return self.start is not None and self.start.value >= below(self.generation.best.loss, self.gap)

    @property
    def is_over(self) -> bool:
        """Whether Ctrl-C came or time is up."""
        return self.interrupts.came or self.clock.expired


class Outcome(Protocol):
    """A lower bound in floating point, on its way to a certificate."""

    @property
    def method(self) -> str:
        """The name of the method that found it."""

    @property
    def solver(self) -> str:
        """What ran for it."""

    @property
    def estimate(self) -> float | None:
        """The solver's value of the relaxation (a loss, no bound); None where none was solved."""

    @property
    def value(self) -> float:
        """The lower bound before it is checked (a loss)."""

    @property
    def cut_short(self) -> bool:
        """Whether time ended the work, or it was stopped."""

    @property
    def curve(self) -> Sequence[GapPoint]:
        """Both bounds after each proof; empty where there was only one."""

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Write the proof exactly; each certificate leaves the checker more room than the one before."""


class BoundingMethod(Protocol):
    """A way to bound the optimum from below; `certify.bounds.methods.METHODS` has them all."""

    @property
    def name(self) -> str:
        """Its name, of `certify.bounds.names.DESCRIPTIONS`."""

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Return a sentence on why it cannot take this problem with these options; None if it can."""

    def bound(self, work: Work) -> Outcome | None:
        """Return what it found; None if there was nothing, or Ctrl-C or the time limit came before.

        Raises:
            SolverError: if a solver is not available or does not take the problem.
        """


def is_plain(problem: TrainingProblem) -> bool:
    """Say whether a problem has the squared loss, no sample weights and no output bias."""
    return problem.loss == SQUARED and problem.weights is None and not problem.output_bias.exists


def refuses_free_biases(problem: TrainingProblem) -> str | None:
    """Return the sentence of all methods but the tree, if hidden biases are free."""
    if not problem.output_bias.frees_hidden:
        return None
    return (
        "free hidden biases (the output bias all-free) are for the method tree, of at most "
        f"{MAX_FEATURES} features: use --method tree, or a hidden bias that is penalised (--bias)"
    )


def refuses_more(name: str, problem: TrainingProblem) -> str | None:
    """Return the sentence of what is for plain problems only (`is_plain`), if this is none.

    What else is for these divides by the squares of samples' lengths, which must be floats.
    """
    if (refusal := refuses_free_biases(problem)) is not None:
        return refusal
    least = Fraction(SHORTEST) * problem.input_denominator
    if any(0 < max(map(abs, row), default=0) < least for row in problem.inputs):
        return (
            f"a sample has features that are all below {SHORTEST:g} and not all 0, too short for {name}: use "
            "--method sdp or shor with neither --solver nor --precision, or round them to 0"
        )
    if problem.output_bias.exists:
        return f"{name} knows no output bias: use --method tree or sdp, or --output-bias none"
    if problem.weights is not None:
        return f"{name} knows no sample weights: use --method tree or sdp"
    if problem.loss != SQUARED:
        return f"{name} knows the squared loss alone, and not {problem.loss.text}: use --method tree or sdp"
    return None


def refuses_options(name: str, options: Options) -> str | None:
    """Return the sentence of a method that has nothing to choose, if something was chosen."""
    if options.is_plain:
        return None
    return f"the method {name} has one solver and double precision: leave --solver and --precision out"
