"""SDP-NN where few samples matter, as with weak weight decay: its dual on a working set of samples.

A dual point on some samples, with zeros for all others, is one for all, and worth the same. So the samples
that a good network leaves the most of come first; the dual is solved for them
(`formulations.sdp.multiplier_generation`), and those others join whose targets the primal matrix cannot meet
(`formulations.sdp.rows.completion`). Samples whose rows of the dual point are zero leave again, but only
where the value has risen by a visible amount: so that no working set comes twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.squared import SquaredLoss
from formulations.sdp import multiplier_generation
from formulations.sdp.multiplier_generation import MAX_FREE_VARIABLES
from formulations.sdp.multipliers import DualSolution

_FIRST = 90  # samples, as many as the method without violated inequalities takes
_MORE = 40  # samples that join at a time
_ROUGH = 1e-3  # tolerance of the complementarity gap as long as a round gains more
_VISIBLE = 2e-3  # relative gain of a round, after which samples may leave
_ACTIVE = 1e-3  # length of a sample's row of the dual point times its input's, relative to the largest


@dataclass(frozen=True)
class Found:
    """The best dual point so far.

    Attributes:
        value: its dual value (a loss), up to rounding a lower bound of the optimum.
        samples: how many are in the working set now.
        multipliers: how many there are now.
        solution: returns it with its multipliers, zero outside of the working set.
    """

    value: float
    samples: int
    multipliers: int
    solution: Callable[[], DualSolution]


def improve(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    hint: Matrix,
    *,
    first: int = _FIRST,
    tolerance: float = 1e-6,
    seconds_left: Callable[[], float] = lambda: math.inf,
) -> Iterator[Found]:
    """Solve SDP-NN on growing sets of samples until no other sample promises more, or time is up.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        hint: a dual point, n x c, the residual of a good network: its longest rows come first.
        first: so many samples; if there are no more, this is `multiplier_generation.improve`.
        tolerance: of the gap to the value, relative.
        seconds_left: after which to stop; asked after each step.

    Yields:
        The best so far after each step, again where a step of a new working set is not better yet. Its
        solution's status is "optimal" where the working set was all samples, otherwise "interrupted", "time
        limit", "stalled", or "settled" for the last one where no other sample promises more.

    Raises:
        ValueError: if gamma is not positive, or a single sample has more targets than the method takes.
    """
    work = _WorkingSet(X, Y, hint, first)
    best: Found | None = None
    before, rough = 0.0, True
    while True:
        rows = work.rows
        found: multiplier_generation.Found | None = None
        goal = max(tolerance, _ROUGH) if rough and len(rows) < len(X) else tolerance
        for found in multiplier_generation.improve(
            X[rows], Y[rows], gamma, tolerance=goal, seconds_left=seconds_left
        ):
            if best is None or found.value >= best.value:
                solution = _extended(found.solution, rows, X, Y)
                best = Found(found.value, len(rows), found.multipliers, solution)
            yield replace(best, samples=len(rows), multipliers=found.multipliers)
        assert found is not None
        assert best is not None
        if len(rows) == len(X) or seconds_left() <= 0:
            return
        residuals = found.left_of(X[work.others], Y[work.others])
        promised = float(residuals @ residuals) / 2  # at most, if all others could be met together
        gained, before = best.value - before, best.value
        if promised <= tolerance * best.value or not work.change(
            found.solution().dual_point, residuals, may_leave=gained > _VISIBLE * best.value
        ):
            yield replace(best, solution=_with_status(best.solution, "settled"))
            return
        rough = gained > _ROUGH * best.value


class _WorkingSet:
    """The samples that are looked at; those at x = 0 are always among them, as they cost nothing.

    Attributes:
        rows: ascending.
    """

    def __init__(self, X: Matrix, Y: Matrix, hint: Matrix, first: int) -> None:
        self.lengths = np.linalg.norm(X, axis=1)
        self._at_zero = np.flatnonzero(self.lengths == 0)
        live = np.flatnonzero(self.lengths)
        self._most = max(1, MAX_FREE_VARIABLES // (Y.shape[1] + 1) - len(self._at_zero))
        order = live[np.argsort(-np.linalg.norm(hint[live], axis=1), kind="stable")]
        self._take(order[: min(first, self._most)])

    def _take(self, live: Indices) -> None:
        self.rows = np.union1d(live, self._at_zero)

    @property
    def others(self) -> Indices:
        """The samples that are not in it."""
        return np.setdiff1d(np.arange(len(self.lengths)), self.rows)

    def change(self, N: Matrix, residuals: Vector, *, may_leave: bool) -> bool:
        """Let samples join, those with the largest residuals first; return False if none can.

        Args:
            N: the dual point on the rows.
            residuals: of the others.
            may_leave: whether samples leave whose rows of N are zero.
        """
        sizes = np.linalg.norm(N, axis=1) * self.lengths[self.rows]
        active = sizes > _ACTIVE * sizes.max(initial=0.0)
        kept = self.rows[active if may_leave else self.lengths[self.rows] > 0]
        room = self._most - len(kept)
        order = np.argsort(-residuals, kind="stable")
        joining = self.others[order[residuals[order] > 0][: min(_MORE, room)]]
        if not len(joining):
            return False
        self._take(np.union1d(kept, joining))
        return True


def _extended(
    solution: Callable[[], DualSolution], rows: Indices, X: Matrix, Y: Matrix
) -> Callable[[], DualSolution]:
    """Return a solution on some rows as one on all, with zeros elsewhere."""
    if len(rows) == len(X):
        return solution

    def extended() -> DualSolution:
        found, n = solution(), len(X)
        N = np.zeros_like(Y)
        N[rows] = found.dual_point
        tables = found.multipliers.of_all(rows, n)
        value = SquaredLoss(Y).dual_value(N)
        status = "interrupted" if found.status == "optimal" else found.status
        return replace(
            found, dual_point=N, multipliers=tables, value=value, dual_value=value, status=status, gap=None
        )

    return extended


def _with_status(solution: Callable[[], DualSolution], status: str) -> Callable[[], DualSolution]:
    return lambda: replace(solution(), status=status)
