"""The searches of the method "sdp": the first-order method and the interior-point method."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from certify.bounds.proof_time import leaves_seconds
from certify.bounds.relaxation.bound import Relaxation
from certify.bounds.searching import Allowance, Found, Task
from formulations.first_order import all_rows
from formulations.sdp import multiplier_generation
from formulations.sdp.multipliers import DualSolution

# Beyond this the exact check of one leaf takes minutes, and of blocks of samples less.
_LARGEST_LEAF = 1000  # rows
_FEW = 300  # rows, whose proof takes little time whatever it is
_PATIENCE = 120.0  # seconds, where no limit is given
_LONGEST_STEP = 2.0  # seconds of the first-order method, which asks often
# A relative gap that methods on few of many rows do not close.
_CLOSE = 0.15
# Below this share of the network's loss after so much of its time the first-order method gives up.
_PROMISING, _EARLY = 0.5, 0.25


@dataclass(frozen=True)
class FirstOrderSearch:
    """SDP-NN on all rows by first-order methods.

    Attributes:
        may_give_up: whether to stop after a quarter of the time where little is proved by then, as another
            search waits.
    """

    may_give_up: bool

    method = "sdp"
    label = "sdp"
    promising = 1.0
    settled = 1 - _CLOSE

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
            say(_shortened(words))

        for point in all_rows.improve(task.X, task.Y, task.gamma, seconds_left=left, on_step=step):
            seconds = leaves_seconds(_orders(point, task.X.shape))
            if best is not None and seconds > seconds_left():
                break  # what is already there can be proved in time
            allowance.proof_seconds = seconds
            best = Found(point.value, point.search, seconds, _first_order(point, True))
            yield best
            if point.value >= task.enough:
                break
        if best is not None and left() > 0:
            yield replace(best, outcome=_first_order(point, False))


def _orders(point: all_rows.Found, shape: tuple[int, ...]) -> list[int]:
    """Return the orders of the leaves that a proof will have."""
    n, d = shape
    if n <= _FEW:
        return [n + d]
    return [len(rows) + d for rows, _ in point.shares()]


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
    settled = 1.0

    def improve(
        self, task: Task, seconds_left: Callable[[], float], say: Callable[[str], None]
    ) -> Iterator[Found]:
        """Solve the relaxation, or come as far as time allows."""
        n, d = task.X.shape
        allowance = Allowance(seconds_left, _PATIENCE if n > SMALL else math.inf)
        allowance.proof_seconds = leaves_seconds([n + d])
        for found in multiplier_generation.improve(task.X, task.Y, task.gamma, seconds_left=allowance.left):
            allowance.step()
            words = f"interior point, {found.multipliers} multipliers"
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
    ended_early = solution.status in ("time limit", "interrupted")
    return Relaxation(
        method, solution.solver, None if ended_early else solution.value, solution, cut_short=ended_early
    )


def _shortened(words: str) -> str:
    """Leave out the bound, which is said for all searches together."""
    return words.partition(", ")[2] if words.startswith("bound ") else words


def _first_order(found: all_rows.Found, cut_short: bool) -> Callable[[], Relaxation]:
    def outcome() -> Relaxation:
        solution, shares = found.solution(), tuple(found.shares())
        if len(shares) == 1 and len(solution.dual_point) <= _LARGEST_LEAF:
            shares = ()
        return Relaxation("sdp", "first-order", None, solution, cut_short=cut_short, shares=shares)

    return outcome


def _interior_point(found: multiplier_generation.Found) -> Callable[[], Relaxation]:
    return lambda: relaxation("sdp", found.solution())
