"""The searches of the method "sdp": the first-order method and the interior-point method."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from certify.bounds.proofs.proof_time import blocks_seconds, leaves_seconds
from certify.bounds.relaxation.bound import BlocksSolution, Relaxation
from certify.bounds.searching import Allowance, Found, Task
from formulations.first_order import all_rows
from formulations.sdp.multipliers import DualSolution
from formulations.sdp.rows import row_generation

_PROOF_SHARE = 0.4  # of the time, where blocks of samples may be as small as that needs
_PATIENCE = 120.0  # seconds, where no limit is given
_TOLERANCE, _TOLERANCE_OF_MANY = 1e-6, 1e-4  # of the interior-point method, relative
_LONGEST_STEP = 2.0  # seconds of the first-order method, which asks often
# A relative gap that methods on few of many rows do not close.
_CLOSE = 0.15
# A relative gap that is not worth the time of regions with all rows.
_CLOSE_FOR_REGIONS = 0.02
# The share of the relaxation's value after which time is better spent on regions, where its value is too low.
_NEARLY_ALL = 0.95
_MOVING = 0.05  # of an estimate of that value, from one look to the next: the splitting is far from its end
# Below this share of the network's loss after so much of its time the first-order method gives up.
_PROMISING, _EARLY = 0.5, 0.25


@dataclass(frozen=True)
class FirstOrderSearch:
    """SDP-NN on all rows by first-order methods.

    Attributes:
        may_give_up: whether to stop after a quarter of the time where little is proved by then, as another
            search waits.
        gives_way: whether to stop once most of the relaxation's value is proved, where that value is less
            than what is wanted, as regions with all rows wait.
    """

    may_give_up: bool
    gives_way: bool = False

    method = "sdp"
    label = "sdp"
    steady = False  # as it looks at its splitting more and more seldom
    promising = 1.0

    @property
    def settled(self) -> float:
        """The share from which on no other search comes closer, or not by much."""
        return 1 - (_CLOSE_FOR_REGIONS if self.gives_way else _CLOSE)

    def improve(
        self, task: Task, seconds_left: Callable[[], float], say: Callable[[str], None]
    ) -> Iterator[Found]:
        """Improve a dual point until it proves the gap that is wanted, nothing is gained, or time is up."""
        allowance = Allowance(seconds_left, _PATIENCE, _LONGEST_STEP)
        later = (1 - _EARLY) * allowance.left()  # what is left when it may give up
        best: Found | None = None

        def left() -> float:
            proved = 0.0 if best is None else best.value
            if self.may_give_up and proved < _PROMISING * task.upper:
                return allowance.left() - later
            return allowance.left()

        def step(words: str) -> None:
            allowance.step()
            say(words)

        n, d = task.X.shape
        c = task.Y.shape[1]
        estimate, moves = 0.0, True
        for point in all_rows.improve(
            task.X,
            task.Y,
            task.gamma,
            threads=task.threads,
            largest_block=largest_block(n, d, c, seconds_left()),
            start=() if task.start is None else task.start.proofs,
            seconds_left=left,
            on_step=step,
        ):
            seconds = blocks_seconds(point.rows, d, c)
            if best is not None and seconds > seconds_left():
                break  # what is already there can be proved in time
            allowance.proof_seconds = seconds
            best = Found(point.value, point.search, seconds, _first_order(point, True))
            yield best
            if point.value >= task.enough:
                break
            if self.gives_way and point.estimate is not None:
                wanted = min(task.enough, task.share(self.settled))
                # Of one look there may be several points, and an early estimate is far below the value.
                if point.estimate != estimate:
                    moves = abs(point.estimate - estimate) > _MOVING * point.estimate
                    estimate = point.estimate
                if not moves and _NEARLY_ALL * estimate < point.value and estimate < wanted:
                    break
        if best is not None and left() > 0:
            yield replace(best, outcome=_first_order(point, False))


def largest_block(n: int, d: int, c: int, seconds: float) -> int:
    """Return the most rows of a block, so that the proof leaves most of the time to the search.

    Args:
        n: the number of samples.
        d: the number of features.
        c: the number of outputs.
        seconds: for both; infinite without a limit.
    """
    seconds = 2 * _PATIENCE if math.isinf(seconds) else seconds
    block = min(n, all_rows.LARGEST_BLOCK)
    while block > SMALL and blocks_seconds([block] * (n // block), d, c) > _PROOF_SHARE * seconds:
        block = (block + 1) // 2
    return block


@dataclass(frozen=True)
class InteriorPointSearch:
    """SDP-NN by the interior-point method.

    Attributes:
        promising: the share of the network's loss from which on it need not begin.
        label: what it is called.
    """

    promising: float = 1.0
    label: str = "sdp"

    method = "sdp"
    steady = True
    settled = 1.0

    def improve(
        self, task: Task, seconds_left: Callable[[], float], say: Callable[[str], None]
    ) -> Iterator[Found]:
        """Solve the relaxation, or come as far as time allows."""
        n, d = task.X.shape
        allowance = Allowance(seconds_left, _PATIENCE if n > SMALL else math.inf)
        allowance.proof_seconds = leaves_seconds([min(n, SMALL) + d])
        for found in row_generation.improve(
            task.X,
            task.Y,
            task.gamma,
            task.first_rows,
            first=SMALL,
            tolerance=_TOLERANCE if n <= SMALL else _TOLERANCE_OF_MANY,
            seconds_left=allowance.left,
        ):
            allowance.step()
            words = f"interior point, {found.samples} samples, {found.multipliers} multipliers"
            allowance.proof_seconds = leaves_seconds([found.samples + d])
            yield Found(found.value, words, allowance.proof_seconds, _interior_point(found))


SMALL = 100  # rows, for which the interior-point method takes seconds to its end


def after_first_order() -> InteriorPointSearch:
    """Return the interior-point method for where the first-order method has proved little.

    Where the weight decay is weak, fewer rows matter, the first-order method creeps, and the interior-point
    method proves more (docs/solvers.md).
    """
    return InteriorPointSearch(_PROMISING, "sdp by interior point")


def relaxation(method: str, solution: DualSolution) -> Relaxation:
    """Return a solver's result; where it ended early its value is no estimate of the relaxation's."""
    cut_short = solution.status in ("time limit", "interrupted")
    estimate = None if cut_short or solution.status == "settled" else solution.value
    return Relaxation(method, solution.solver, estimate, solution, cut_short=cut_short)


def _first_order(found: all_rows.Found, cut_short: bool) -> Callable[[], Relaxation]:
    def outcome() -> Relaxation:
        if len(found.rows) == 1 and found.rows[0] <= all_rows.LARGEST_BLOCK:
            return Relaxation("sdp", "first-order", None, found.solution(), cut_short=cut_short)
        blocks = BlocksSolution(found.value, tuple(found.blocks()))
        return Relaxation("sdp", "first-order", None, blocks, cut_short=cut_short)

    return outcome


def _interior_point(found: row_generation.Found) -> Callable[[], Relaxation]:
    return lambda: relaxation("sdp", found.solution())
