"""Searches for dual points that say what they have so far, and their run one after the other.

`certify.bounds.portfolio` runs them beside each other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from certify.bounds.method import Options, Outcome, Work
from certify.bounds.report import GapPoint, below
from certify.bounds.start import EarlierPoint
from certify.checker.errors import SolverError
from certify.checker.problems.training import TrainingProblem
from formulations.arrays import Matrix

# Rounding, and the step to the interior that pays for it, take a little of the gap that is wanted.
_AIM = 0.9
_EARLIER = "earlier run"
_TELLING = 30.0  # seconds after its first bound, from which on a search's pace says where it will be
_VISIBLE = 1e-5  # of a bound, that is gained from one point of its history to the next
_FADING = 0.7  # of the longest step, with each that is shorter


@dataclass(frozen=True)
class Task:
    """What a search needs of the work; it can be sent to another process.

    Attributes:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        hint: the dual point of the best network, n x c.
        upper: the loss of the best network.
        gap: the relative gap that is wanted.
        threads: that the search may take.
        start: the best that an earlier run had; None for none.
    """

    X: Matrix
    Y: Matrix
    gamma: float
    hint: Matrix
    upper: float
    gap: float
    threads: int
    start: EarlierPoint | None = None

    @classmethod
    def of(cls, work: Work, threads: int, kept: Keeper) -> Task:
        """Take it out of the work, and of what an earlier run had."""
        arrays, best = work.arrays.for_relaxations, work.generation.best
        earlier = max(kept.read, key=lambda bound: bound.value, default=None)
        start = None if earlier is None else earlier.point
        return cls(arrays.X, arrays.Y, arrays.gamma, best.dual_point, best.loss, work.gap, threads, start)

    @property
    def first_rows(self) -> Matrix:
        """A dual point, n x c, whose longest rows come first: an earlier run's, then the network's."""
        if self.start is None:
            return self.hint
        start = self.start.dual_point
        sizes = np.linalg.norm(start, axis=1)
        used = sizes > 0
        longest = float(np.linalg.norm(self.hint, axis=1).max(initial=0.0))
        if not used.any() or not longest:
            return self.hint
        return np.where(used[:, None], start, self.hint * (float(sizes[used].min()) / (2 * longest)))

    @property
    def enough(self) -> float:
        """The bound (a loss) at which a search may end."""
        return below(self.upper, _AIM * self.gap)

    def share(self, part: float) -> float:
        """Return the bound (a loss) that leaves a gap of 1 - part."""
        return below(self.upper, 1 - part)


class Bound(Outcome, Protocol):
    """An outcome that takes its history from who watched the search."""

    def with_curve(self, curve: tuple[GapPoint, ...]) -> Bound:
        """Return the same with both bounds over time."""


class EarlierBound(Bound, Protocol):
    """A bound of an earlier run."""

    @property
    def point(self) -> EarlierPoint:
        """Where a search may go on from."""


@dataclass(frozen=True)
class Found:
    """The best so far.

    Attributes:
        value: the lower bound (a loss) before it is checked.
        words: where the search is.
        proof_seconds: that writing its proof and checking it will take.
        outcome: returns it on its way to a certificate.
    """

    value: float
    words: str
    proof_seconds: float
    outcome: Callable[[], Bound]


class Search(Protocol):
    """A search that may be stopped once it has said something, and that can be sent to another process."""

    @property
    def method(self) -> str:
        """The name of the method that it belongs to."""

    @property
    def label(self) -> str:
        """What it is called where its method has more than one."""

    @property
    def steady(self) -> bool:
        """Whether it gains little by little, so that its pace says where it will be."""

    @property
    def promising(self) -> float:
        """The share of the network's loss from which on others have proved so much that it need not begin."""

    @property
    def settled(self) -> float:
        """The share of the network's loss from which on, once it has ended, no other would come closer."""

    def improve(
        self, task: Task, seconds_left: Callable[[], float], say: Callable[[str], None]
    ) -> Iterator[Found]:
        """Find better and better bounds; the last is said again if it was not time that ended the search.

        Args:
            task: what to bound.
            seconds_left: after which to stop; infinite without a limit.
            say: told what goes on, often.

        Raises:
            ValueError: if the search does not take the problem.
        """


class SearchingMethod(Protocol):
    """A method whose work is searches."""

    def searches(self, problem: TrainingProblem, options: Options) -> tuple[Search, ...]:
        """Return what is tried in turn until one proves enough, for a problem that the method takes."""


class Allowance:
    """What is left to a search when its proof, and the step that it is in, have had their time.

    Attributes:
        proof_seconds: what the proof of the best bound so far will take.
    """

    def __init__(
        self, seconds_left: Callable[[], float], patience: float = math.inf, longest_step: float = math.inf
    ) -> None:
        """Begin.

        Args:
            seconds_left: until all has to be done; infinite without a limit.
            patience: seconds from now on, where there is no limit.
            longest_step: seconds that are left for a step at most.
        """
        self._seconds_left = seconds_left
        self._begun = self._last = time.monotonic()
        self._patience, self._longest = patience, longest_step
        self._step = 0.0
        self.proof_seconds = 0.0

    def step(self) -> None:
        """Take notice that a step is done; the next may take as long as the longest of the last ones."""
        now = time.monotonic()
        self._step = min(self._longest, max(now - self._last, _FADING * self._step))
        self._last = now

    def left(self) -> float:
        """Return the seconds that are left."""
        limit = self._seconds_left()
        if math.isinf(limit):
            return self._begun + self._patience - time.monotonic()
        return limit - self.proof_seconds - self._step


class Keeper(Protocol):
    """Where bounds are kept, as `certify.bounds.saved_bounds.SavedBounds` does."""

    @property
    def read(self) -> Sequence[EarlierBound]:
        """What an earlier run had."""

    @property
    def are_due(self) -> bool:
        """Whether it is time to keep what there is."""

    def keep(self, label: str, bound: Bound, *, at_once: bool = False) -> None:
        """Keep a bound if it is a search's best."""


class Board:
    """What all searches of a run have so far, and the line that says so."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._words: dict[str, str] = {}
        self._curves: dict[str, list[GapPoint]] = {}
        self._values: dict[str, float] = {}

    def say(self, label: str, words: str) -> None:
        """A search has news."""
        self._words[label] = words
        self._work.clock.observer.update(self.line)

    def found(self, label: str, value: float, words: str) -> None:
        """A search has so much of a bound."""
        curve = self._curves.setdefault(label, [])
        if not curve or value > curve[-1].lower + _VISIBLE * abs(curve[-1].lower):
            curve.append(GapPoint(self._work.clock.elapsed, value, self.upper, label))
        self._values[label] = max(value, self._values.get(label, -math.inf))
        self.say(label, words)

    def resume(self, kept: Keeper) -> list[Bound]:
        """Begin with what an earlier run had; return it."""
        best = max((bound.value for bound in kept.read), default=-math.inf)
        if kept.read:
            self.found(_EARLIER, best, "resumed")
        return [bound.with_curve(self.curve(_EARLIER)) for bound in kept.read if bound.value == best]

    def lost(self, label: str, value: float, words: str) -> None:
        """A search has died, and only so much of its bound is left."""
        self._values[label] = value
        self.say(label, words)

    def curve(self, label: str) -> tuple[GapPoint, ...]:
        """Return what a search had over time."""
        return tuple(self._curves.get(label, ()))

    def expected(self, label: str, seconds: float) -> float:
        """Return what a steady search would have after some more seconds, at the pace of its last third.

        That is more than it will have, as paces fall; infinite where it has had too little time to tell.
        """
        curve = self._curves.get(label, [])
        now = self._work.clock.elapsed
        third = (now - curve[0].seconds) / 3 if curve else 0.0
        if third < _TELLING / 3:
            return math.inf
        before = max(point.lower for point in curve if point.seconds <= now - third)
        last = curve[-1].lower
        return last + (last - before) * seconds / third

    @property
    def proved(self) -> float:
        """The largest lower bound (a loss) before it is checked; minus infinity for none."""
        return max(self._values.values(), default=-math.inf)

    @property
    def upper(self) -> float:
        """The loss of the best network."""
        return self._work.generation.best.loss

    @property
    def line(self) -> str:
        """Both bounds, and what each search does."""
        words = "; ".join(f"{label}: {words}" for label, words in self._words.items())
        if not self._values:
            return f"upper {self.upper:.6g} | {words}"
        best = max(self._values, key=self._values.__getitem__)
        gap = 100 * (self.upper - self.proved) / abs(self.upper) if self.upper else 0.0
        return f"lower {self.proved:.6g} ({best})  upper {self.upper:.6g}  gap {gap:.3g} % | {words}"

    def summary(self, outcomes: Sequence[Outcome]) -> Iterator[str]:
        """Yield in words how the run ended."""
        if not outcomes:
            yield "nothing was found"
            return
        best = max(outcomes, key=lambda outcome: outcome.value)
        if best.estimate is None:
            yield f"lower bound {best.value:.8g}, to be checked"
        else:
            yield f"{best.method} value {best.estimate:.8g} by {best.solver} (an estimate)"
        if self._work.interrupts.came:
            yield "interrupted"
        elif best.cut_short and not self._work.clock.limited:
            yield "--time-limit SECONDS lets it go on"


def is_enough(ended: Search | None, value: float, task: Task) -> bool:
    """Say whether a bound is as wanted, or a search that has just ended leaves nothing to the others."""
    return value >= task.enough or (ended is not None and value >= task.share(ended.settled))


def in_turn(searches: Sequence[Search], work: Work, kept: Keeper, threads: int) -> tuple[Bound, ...]:
    """Run searches here, each with all the time that is left, until one has the gap that is wanted.

    Args:
        searches: to run.
        work: to do.
        kept: where bounds are kept, and an earlier run's are.
        threads: that a search may take.

    Returns:
        What they found, the largest lower bound first; nothing if Ctrl-C or the time limit came before.

    Raises:
        SolverError: if a search does not take the problem.
    """
    board = Board(work)
    task = Task.of(work, threads, kept)
    with work.clock.stage("relax") as result:
        outcomes: list[Bound] = board.resume(kept)
        for search in searches:
            if work.is_over or is_enough(None, board.proved, task):
                break
            if board.proved >= task.share(search.promising):
                continue
            found = _run(search, task, work, board, kept)
            if found is not None:
                bound = found.outcome()
                kept.keep(search.label, bound, at_once=True)
                outcomes.append(bound.with_curve(board.curve(search.label)))
            if is_enough(search, board.proved, task):
                break
        result.extend(board.summary(outcomes))
    return in_order(outcomes)


def _run(search: Search, task: Task, work: Work, board: Board, kept: Keeper) -> Found | None:
    """Return the last that a search finds."""
    found: Found | None = None
    try:
        with work.interrupts.allowed():
            for found in search.improve(task, work.seconds_left, partial(board.say, search.label)):
                board.found(search.label, found.value, found.words)
                if kept.are_due:
                    kept.keep(search.label, found.outcome())
    except KeyboardInterrupt:
        pass
    except ValueError as error:
        raise SolverError(str(error)) from error
    return found


def in_order(outcomes: Sequence[Bound]) -> tuple[Bound, ...]:
    """Return the largest lower bound first; of equal ones, the one of the search that comes first."""
    return tuple(sorted(outcomes, key=lambda outcome: -outcome.value))
