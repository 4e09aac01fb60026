"""SDP-NN by its dual, with multipliers generated as they are needed; the fastest way to a certified bound.

Of the 2n^2 multipliers few are positive at the optimum. They belong to products that the primal matrix would
make negative, and a good first guess are the pairs of forms least correlated under the Gaussian measure on u,
for which E[alpha alpha^T] is known in closed form (the arc-cosine kernel). For up to a hundred directions the
primal matrix then stays inside all inequalities: whichever stop a step are added before it is taken. With
more, near-parallel samples would stop every step; there, inequalities are added after they are violated.

Rows of X on one line are merged and the rows get unit length before anything is computed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from formulations.arrays import Indices, Matrix, Vector
from formulations.lines import Directions, MergedRows, directions
from formulations.losses.squared import SquaredLoss
from formulations.sdp.activation_region import Geometry, Region
from formulations.sdp.interior_point import Direction, InteriorPoint
from formulations.sdp.multipliers import DualSolution, Multipliers
from formulations.sdp.rows.completion import least_residuals

MAX_FREE_VARIABLES = 4000  # n (c + 1); the Newton matrix is dense

_STRICT_DIRECTIONS = 100

_BATCH = 400
_DROP = 1e-3
_MAX_STEPS = 600
PATIENCE = 120.0  # seconds, where no limit is given and the strict method is out of reach


@dataclass(frozen=True)
class Found:
    """A dual point after a step of the method.

    Attributes:
        value: its dual value (a loss), up to rounding a lower bound of the optimum.
        gap: the complementarity gap, relative to the value.
        multipliers: how many there are.
        solution: returns it with its multipliers.
        left_of: returns, for the inputs and targets of further samples, k x d and k x c, how much of each
            target is beyond reach (`formulations.sdp.rows.completion`), of length k.
    """

    value: float
    gap: float
    multipliers: int
    solution: Callable[[], DualSolution]
    left_of: Callable[[Matrix, Matrix], Vector]


def improve(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    tolerance: float = 1e-6,
    seconds_left: Callable[[], float] = lambda: math.inf,
) -> Iterator[Found]:
    """Solve SDP-NN for N and its multipliers; every intermediate point is dual feasible, so stopping is safe.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        tolerance: of the complementarity gap, relative to the value.
        seconds_left: after which to stop; asked after each step.

    Yields:
        A strictly feasible dual point after each step. The status of the last one is "optimal", "stalled"
        (double precision gave no more) or "time limit", of those before "interrupted"; `value` is the primal
        objective where it is "optimal", otherwise the dual value again.

    Raises:
        ValueError: if gamma is not positive or the problem is too large.
    """
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}; it has to be a positive number")
    if Y.size + len(Y) > MAX_FREE_VARIABLES:
        raise ValueError(
            f"{len(Y)} samples with {Y.shape[1]} targets are beyond this method, which takes "
            f"n (c + 1) <= {MAX_FREE_VARIABLES}; use the Shor relaxation"
        )
    begun = time.perf_counter()
    lines = directions(X)
    merged = MergedRows.of(lines, Y)
    if not np.any(merged.targets):
        whole = _solution(lines, merged, Y, None, "optimal", begun)
        yield Found(
            whole.dual_value, 0.0, 0, lambda: whole, lambda _, targets: np.linalg.norm(targets, axis=1)
        )
        return
    search = _Search(lines, merged, gamma)
    elsewhere = SquaredLoss(Y).dual_value(merged.spread(lines, Y, np.zeros_like(merged.targets)))

    def found(status: str) -> Found:
        reached = search.reached()
        return Found(
            elsewhere + search.iterate.dual_value(),
            search.iterate.relative_gap(),
            len(reached.y),
            lambda: _solution(lines, merged, Y, reached, status, begun),
            lambda more, targets: least_residuals(reached.region, reached.L, more, targets),
        )

    for status in search.run(tolerance, seconds_left):
        yield found(status)


def solve_dual(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    tolerance: float = 1e-6,
    time_limit: float | None = None,
) -> DualSolution:
    """Return the last that `improve` finds.

    The arguments are its own, and the time limit is in seconds; by default there is none for up to a hundred
    directions, and two minutes beyond.
    """
    if time_limit is None and len(directions(X).units) > _STRICT_DIRECTIONS:
        time_limit = PATIENCE
    deadline = math.inf if time_limit is None else time.perf_counter() + time_limit
    *_, last = improve(X, Y, gamma, tolerance=tolerance, seconds_left=lambda: deadline - time.perf_counter())
    return last.solution()


@dataclass(frozen=True)
class _Reached:
    """A dual point of the merged rows with its multipliers, and what it leaves of the complementarity gap.

    The arrays are the iterate's own, which are replaced and not written to.
    """

    region: Region
    gamma: float
    N: Vector
    gap: float
    meets_all: bool  # whether the primal matrix meets all inequalities
    pairs: Indices
    y: Vector
    slack: Vector
    L: Matrix

    def multipliers(self) -> Multipliers:
        """Return those of the lines' unit rows, in units of the level gamma^2."""
        region = self.region
        count, scale = len(region.open), 1 / region.geometry.scales
        table = np.zeros((2 * count, 2 * count))
        table[self.pairs[:, 0], self.pairs[:, 1]] = self.gamma * self.y
        table *= np.outer(np.tile(scale, 2), np.tile(scale, 2))
        # Pairs f <= g with alphas first: symmetric tables hold half of a product on either side.
        a, b, c = table[:count, :count], table[:count, count:], table[count:, count:]
        slack = self.gamma * self.slack * scale**2
        return Multipliers((a + a.T) / 2, b.copy(), (c + c.T) / 2, slack)


class _Search:
    """The interior-point method on the whole space, with its changing set of multipliers."""

    def __init__(self, lines: Directions, merged: MergedRows, gamma: float) -> None:
        geometry = Geometry(lines.units, merged.targets, gamma, merged.forms, merged.radii)
        self.gamma = gamma
        self.strict = len(lines.units) <= _STRICT_DIRECTIONS
        self.region = Region.whole(geometry)
        targets = merged.targets.ravel()
        self.iterate = InteriorPoint(np.zeros(len(targets)), targets, [self.region])
        self.ended = False

    def run(self, tolerance: float, seconds_left: Callable[[], float]) -> Iterator[str]:
        """Move until the gap is small, time is up or precision ends.

        Yields:
            "interrupted" after each step, and at last which of these it was.
        """
        self.goal = 0.3
        for _ in range(_MAX_STEPS):
            try:
                self.ended = self._step(tolerance)
            except linalg.LinAlgError:
                break
            if self.ended:
                yield "optimal"
                return
            yield "interrupted"
            if seconds_left() <= 0:
                yield "time limit"
                return
        yield "stalled"

    def reached(self) -> _Reached:
        """Return where the iterate is."""
        region, iterate = self.region, self.iterate
        gap = iterate.relative_gap() * iterate.dual_value()
        meets_all = self.strict or self.ended
        return _Reached(
            region, self.gamma, iterate.N, gap, meets_all, region.pairs, region.y, region.slack, region.L
        )

    def _step(self, tolerance: float) -> bool:
        """Take one step, or prepare it; say whether all is done."""
        direction = self.iterate.direction()
        if self.strict:
            return self._strict_step(direction) and self.iterate.relative_gap() < tolerance
        self.iterate.move(direction)
        self.region.drop(_DROP)
        return self._stage(tolerance)

    def _strict_step(self, direction: Direction) -> bool:
        """Step inside all inequalities, or add those that leave too little of it; say if it was taken."""
        region = self.region
        first, second = region.unused_pairs()
        values = region.gram(region.L)[first, second]
        change = region.gram(direction.blocks[0].L)[first, second]
        with np.errstate(over="ignore"):  # what is reached only at infinity does not block
            reach = np.where(change < 0, values / np.maximum(-change, 1e-300), np.inf)
        nearest = float(np.min(reach, initial=np.inf))
        length = min(direction.primal_length, 0.95 * nearest)
        blocking = np.flatnonzero(reach < 1.05 * direction.primal_length)
        blocking = blocking[np.argsort(reach[blocking])[:1000]]
        taken = length >= direction.primal_length / 2
        if taken:
            self.iterate.move(direction, length)
            region.drop(_DROP)
        # What has just been dropped may be outside anew, but it does not block.
        region.include(np.column_stack([first[blocking], second[blocking]]), least_slack=0.0)
        return taken

    def _stage(self, tolerance: float) -> bool:
        """Where the gap has reached its goal, add what is violated; say whether all is done."""
        gap = self.iterate.relative_gap()
        if gap > self.goal:
            return False
        worst = self.region.violated(_BATCH, inside=1e-7)
        if not len(worst) and gap <= tolerance:
            return True
        self.goal = max(tolerance, self.goal / 2)
        self.region.include(worst, least_slack=0.03)
        return False


def _solution(
    lines: Directions,
    merged: MergedRows,
    Y: Matrix,
    reached: _Reached | None,
    status: str,
    begun: float,
) -> DualSolution:
    entries: NDArray[np.float64] = np.zeros_like(merged.targets)
    multipliers = Multipliers.zero(len(lines.units))
    gap: float | None = 0.0
    if reached is not None:
        entries = reached.N.reshape(merged.targets.shape)
        multipliers = reached.multipliers()
        gap = reached.gap if reached.meets_all else None
    N = merged.spread(lines, Y, entries)
    value = SquaredLoss(Y).dual_value(N)
    return DualSolution(
        dual_point=N,
        multipliers=lines.spread(multipliers, N) if len(lines.units) else Multipliers.zero(len(Y)),
        value=value + (gap or 0.0) if status == "optimal" else value,
        dual_value=value,
        solver="interior-point",
        status=status,
        seconds=time.perf_counter() - begun,
        gap=gap,
    )
