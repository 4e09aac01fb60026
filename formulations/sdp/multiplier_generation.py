"""SDP-NN by its dual, with multipliers generated as they are needed; the fastest way to a certified bound.

Of the 2n^2 multipliers few are positive at the optimum. They belong to products that the primal matrix would
make negative, and a good first guess are the pairs of forms least correlated under the Gaussian measure on u,
for which E[alpha alpha^T] is known in closed form (the arc-cosine kernel). For up to a hundred directions the
primal matrix then stays inside all inequalities: whichever stop a step are added before it is taken. With
more, near-parallel samples would stop every step; there, inequalities are added after they are violated.

Rows of X on one line are merged and the rows get unit length before anything is computed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from formulations.arrays import Matrix
from formulations.lines import Directions, MergedRows, directions
from formulations.loss import SquaredLoss
from formulations.sdp.activation_region import Geometry, Region
from formulations.sdp.interior_point import Direction, InteriorPoint
from formulations.sdp.multipliers import DualSolution, Multipliers

MAX_FREE_VARIABLES = 4000  # n (c + 1); the Newton matrix is dense

_STRICT_DIRECTIONS = 100

_BATCH = 400
_DROP = 1e-3
_MAX_STEPS = 600
_PATIENCE = 120.0  # seconds, where no limit is given and the strict method is out of reach


def solve_dual(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    tolerance: float = 1e-6,
    time_limit: float | None = None,
    on_progress: Callable[[float, float, int], None] | None = None,
) -> DualSolution:
    """Solve SDP-NN for N and its multipliers; every intermediate point is dual feasible, so stopping is safe.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        tolerance: of the complementarity gap, relative to the value.
        time_limit: in seconds; by default none for up to a hundred directions, two minutes beyond.
        on_progress: called with (dual value, relative gap, number of multipliers) after each step.

    Returns:
        A strictly feasible dual point. `status` is "optimal", "stalled" (double precision gave no more),
        "time limit" or "interrupted"; `value` is the primal objective where it is "optimal", otherwise the
        dual value again.

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
        return _solution(lines, merged, Y, None, gamma, "optimal", begun)
    search = _Search(lines, merged, gamma)
    if time_limit is None and len(lines.units) > _STRICT_DIRECTIONS:
        time_limit = _PATIENCE
    deadline = None if time_limit is None else begun + time_limit
    status = search.run(tolerance, deadline, on_progress)
    return _solution(lines, merged, Y, search, gamma, status, begun)


class _Search:
    """The interior-point method on the whole space, with its changing set of multipliers."""

    def __init__(self, lines: Directions, merged: MergedRows, gamma: float) -> None:
        geometry = Geometry(lines.units, merged.targets, gamma, merged.forms, merged.radii)
        self.gamma = gamma
        self.strict = len(lines.units) <= _STRICT_DIRECTIONS
        self.region = Region.whole(geometry)
        targets = merged.targets.ravel()
        self.iterate = InteriorPoint(np.zeros(len(targets)), targets, [self.region])

    def run(
        self,
        tolerance: float,
        deadline: float | None,
        on_progress: Callable[[float, float, int], None] | None,
    ) -> str:
        """Move until the gap is small, time is up, Ctrl-C comes or precision ends; return which."""
        self.goal = 0.3
        try:
            for _ in range(_MAX_STEPS):
                try:
                    ended = self._step(tolerance)
                except linalg.LinAlgError:
                    return "stalled"
                if on_progress is not None:
                    on_progress(self.iterate.dual_value(), self.iterate.relative_gap(), len(self.region.y))
                if ended:
                    return "optimal"
                if deadline is not None and time.perf_counter() > deadline:
                    return "time limit"
        except KeyboardInterrupt:
            return "interrupted"
        return "stalled"

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

    def multipliers(self) -> Multipliers:
        """Return those of the lines' unit rows, in units of the level gamma^2."""
        region = self.region
        count, scale = len(region.open), 1 / region.geometry.scales
        table = np.zeros((2 * count, 2 * count))
        table[region.pairs[:, 0], region.pairs[:, 1]] = self.gamma * region.y
        table *= np.outer(np.tile(scale, 2), np.tile(scale, 2))
        # Pairs f <= g with alphas first: symmetric tables hold half of a product on either side.
        a, b, c = table[:count, :count], table[:count, count:], table[count:, count:]
        slack = self.gamma * region.slack * scale**2
        return Multipliers((a + a.T) / 2, b.copy(), (c + c.T) / 2, slack)


def _solution(
    lines: Directions,
    merged: MergedRows,
    Y: Matrix,
    search: _Search | None,
    gamma: float,
    status: str,
    begun: float,
) -> DualSolution:
    entries: NDArray[np.float64] = np.zeros_like(merged.targets)
    multipliers = Multipliers.zero(len(lines.units))
    excess = 0.0
    if search is not None:
        entries = search.iterate.N.reshape(merged.targets.shape)
        multipliers = search.multipliers()
        if status == "optimal":
            excess = search.iterate.gap
    N = merged.spread(lines, Y, entries)
    value = SquaredLoss(Y).dual_value(N)
    return DualSolution(
        dual_point=N,
        multipliers=lines.spread(multipliers, N) if len(lines.units) else Multipliers.zero(len(Y)),
        value=value + excess,
        dual_value=value,
        solver="interior-point",
        status=status,
        seconds=time.perf_counter() - begun,
    )
