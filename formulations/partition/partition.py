"""A bound beyond SDP-NN: a sparse dual point, and its proof region by region (docs/method.md, section 3c).

A dual point may be zero on most samples: what is left is a bound for the few others, and so for all. There
SDP-NN takes a second, and the time goes into what it lacks, the signs of x_i . u. Regions that carry the
bound are divided at the row whose sign is least clear, and the joint program goes on from there: it is
feasible.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.squared import SquaredLoss
from formulations.sdp.activation_region import Form, Geometry, Region
from formulations.sdp.interior_point import InteriorPoint
from formulations.sdp.multiplier_generation import MAX_FREE_VARIABLES, solve_dual

ROWS = 48
_POOL = 90  # rows on which SDP-NN is asked how many it needs
_POOL_SECONDS = 15.0
_SUPPORT = 0.02  # of the longest row of N: shorter ones are not needed
_FIRST_GOAL = 0.3
_GOAL = 0.03  # relative gap at which the next regions are divided
_BATCH = 100  # multipliers a region and a stage
_MINOR = 0.05  # of the largest ambiguity: less of it, and a region is left alone
_MAX_STEPS = 60
_DROP = 0.03  # relative to its forms, of a multiplier under Z^-1 and of its slack under L
_INSIDE = 0.03  # a product counts as negative where the correlation is below minus that
_LEAST_SLACK = 0.03  # of a new multiplier's product, relative to the lengths of its two forms
_BACK = 0.2  # share of the way to the interior that a division goes back


@dataclass(frozen=True)
class RegionProof:
    """What a region's form needs to be semidefinite, in units of gamma times a level's.

    Attributes:
        signs: (row, 1 or -1) of each pivot that is settled there, in the order of the divisions.
        slack: for each open row what multiplies alpha_i beta_i.
        products: pairs of forms with their positive multipliers.
    """

    signs: tuple[tuple[int, int], ...]
    slack: Mapping[int, float]
    products: tuple[tuple[Form, Form, float], ...]


@dataclass(frozen=True)
class PartitionSolution:
    """A dual point, feasible on each region as far as floating point can tell.

    Attributes:
        dual_point: N, n x c.
        pivots: rows of X, linearly independent, whose signs tell the regions apart.
        regions: they cover the space.
        interior: slack of every row with which N = 0 is strictly feasible everywhere.
        dual_value: <N, Y> - 1/2 |N|_F^2 (a loss).
        status: "divided" as far as it goes, "enough", "time limit" or "interrupted".
        seconds: wall time.
        in_frame: whether coordinates are to tell the pivots' signs, which settles combinations of pivots,
            too; without, the integers of a proof are shorter.
    """

    dual_point: Matrix
    pivots: tuple[int, ...]
    regions: tuple[RegionProof, ...]
    interior: Mapping[int, float]
    dual_value: float
    status: str
    seconds: float
    in_frame: bool = True


@dataclass(frozen=True)
class Found:
    """Where the search is after a step; the best point so far.

    Attributes:
        value: its dual value (a loss), up to rounding a lower bound of the optimum.
        regions: how many there are by now; the best point may have fewer.
        samples: so many are looked at.
        solution: returns it with its regions.
    """

    value: float
    regions: int
    samples: int
    solution: Callable[[], PartitionSolution]


def improve(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    hint: Matrix,
    *,
    rows: int = ROWS,
    enough: float = np.inf,
    seconds_left: Callable[[], float] = lambda: math.inf,
    threads: int | None = None,
) -> Iterator[Found]:
    """Search for a dual point on few rows and a partition of the space on which it is feasible.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        hint: a dual point, n x c, the residual of a good network: its longest rows are looked at first.
        rows: so many samples are looked at, and no more unless SDP-NN needs more.
        enough: the bound (a loss) at which the search may end.
        seconds_left: after which to stop; asked after each step.
        threads: that share the regions; as many as there are cores by default.

    Yields:
        The best so far after each step; only the last one's solution has a status other than "interrupted".
    """
    begun = time.perf_counter()
    chosen = _choose_rows(X, Y, gamma, hint, rows, seconds_left())
    elsewhere = np.where(np.any(X != 0, axis=1)[:, None], 0.0, Y)
    loss = SquaredLoss(Y)
    value_elsewhere = loss.dual_value(elsewhere)
    if not len(chosen):
        seconds = time.perf_counter() - begun
        whole = PartitionSolution(elsewhere, (), (), {}, value_elsewhere, "enough", seconds)
        yield Found(value_elsewhere, 0, 0, lambda: whole)
        return
    geometry = Geometry(X[chosen], Y[chosen], gamma)
    search = _Search(geometry, enough - value_elsewhere, seconds_left, threads)
    names = [int(i) for i in chosen]

    def found(status: str) -> Found:
        best, pivots = search.best, tuple(search.pivots)

        def solution() -> PartitionSolution:
            entries, states = best
            N = elsewhere.copy()
            N[chosen] = entries.reshape(len(chosen), -1)
            return PartitionSolution(
                dual_point=N,
                pivots=tuple(names[i] for i in pivots),
                regions=tuple(_proof(state, geometry.scales, names) for state in states),
                interior=dict(zip(names, (search.shor / geometry.scales**2).tolist(), strict=True)),
                dual_value=loss.dual_value(N),
                status=status,
                seconds=time.perf_counter() - begun,
            )

        return Found(value_elsewhere + search.best_value, len(search.regions), len(chosen), solution)

    for status in search.run():
        yield found(status)


def solve_partition(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    hint: Matrix,
    *,
    rows: int = ROWS,
    enough: float = np.inf,
    time_limit: float = np.inf,
) -> PartitionSolution:
    """Return the best that `improve` finds; the arguments are its own, and the time limit is in seconds."""
    deadline = time.perf_counter() + time_limit
    *_, last = improve(
        X, Y, gamma, hint, rows=rows, enough=enough, seconds_left=lambda: deadline - time.perf_counter()
    )
    return last.solution()


def largest_outputs(n: int) -> float:
    """Return the most outputs of so many samples with which SDP-NN can be asked which of them it needs."""
    return math.inf if n <= ROWS else MAX_FREE_VARIABLES // min(n, _POOL) - 1


def _choose_rows(X: Matrix, Y: Matrix, gamma: float, hint: Matrix, rows: int, seconds_left: float) -> Indices:
    """Return the longest rows of the hint: so many, or as many of them as SDP-NN makes use of."""
    live = np.flatnonzero(np.any(X != 0, axis=1))
    order = live[np.argsort(-np.linalg.norm(hint[live], axis=1), kind="stable")]
    if len(order) <= rows:
        return order
    pool = order[:_POOL]
    limit = max(0.0, min(_POOL_SECONDS, 0.1 * seconds_left))
    found = solve_dual(X[pool], Y[pool], gamma, tolerance=1e-3, time_limit=limit)
    sizes = np.linalg.norm(found.dual_point, axis=1)
    used = int(np.sum(sizes > _SUPPORT * sizes.max(initial=0.0))) if found.status == "optimal" else 0
    return order[: max(rows, used)]


class _State(NamedTuple):
    """A region's dual variables; see `Region`."""

    signs: Mapping[int, int]
    open: Sequence[int]
    names: Sequence[Form]
    slack: Vector
    pairs: Indices
    y: Vector


def _proof(state: _State, scales: Vector, names: Sequence[int]) -> RegionProof:
    def named(form: Form) -> Form:
        return Form(form.part, names[form.row])

    products = []
    for (f, g), value in zip(state.pairs.tolist(), state.y.tolist(), strict=True):
        a, b = state.names[f], state.names[g]
        products.append((named(a), named(b), value / float(scales[a.row] * scales[b.row])))
    slack = state.slack / scales[list(state.open)] ** 2
    return RegionProof(
        tuple((names[i], sign) for i, sign in state.signs.items()),
        {names[i]: value for i, value in zip(state.open, slack.tolist(), strict=True)},
        tuple(products),
    )


class _Search:
    """The interior-point method on all regions, with its growing partition.

    Attributes:
        best: the flattened N of the largest dual value so far, with its regions.
        best_value: that value.
    """

    def __init__(
        self, geometry: Geometry, enough: float, seconds_left: Callable[[], float], threads: int | None
    ) -> None:
        self.geometry, self.enough, self.seconds_left = geometry, enough, seconds_left
        self._threads = threads
        self.pivots: list[int] = []
        self.shor = geometry.shor_slack()
        self.regions = [Region.whole(geometry)]
        targets = geometry.targets.ravel()
        self.iterate = InteriorPoint(np.zeros(len(targets)), targets, self.regions, threads)
        self.best_value = -np.inf
        self._keep()

    def _keep(self) -> None:
        """Remember the iterate if it is the best one; its arrays are replaced, never written to."""
        value = self.iterate.dual_value()
        if value > self.best_value:
            self.best_value = value
            states = [_State(r.signs, r.open, r.names, r.slack, r.pairs, r.y) for r in self.regions]
            self.best = self.iterate.N, states

    def run(self) -> Iterator[str]:
        """Solve and divide in turns; yield "interrupted" after each step, and at last why it ended."""
        goal = _FIRST_GOAL
        while True:
            for _ in self._solve(goal):
                yield "interrupted"
            goal = 0.1
            if self.iterate.dual_value() >= self.enough:
                yield "enough"
                return
            if self.seconds_left() <= 0:
                yield "time limit"
                return
            if not self._divide():
                yield "divided"
                return

    def _solve(self, goal: float) -> Iterator[None]:
        iterate = self.iterate
        for _ in range(_MAX_STEPS):
            try:
                iterate.move(iterate.direction())
            except np.linalg.LinAlgError:
                return
            for region in self.regions:
                region.drop(_DROP)
            self._keep()
            yield
            if self.seconds_left() <= 0 or iterate.dual_value() >= self.enough:
                return
            gap = iterate.relative_gap()
            if gap < goal:
                fresh = [region.violated(_BATCH, _INSIDE) for region in self.regions]
                if gap < _GOAL and not any(map(len, fresh)):
                    return
                goal = max(_GOAL, goal / 2)
                for region, pairs in zip(self.regions, fresh, strict=True):
                    region.include(pairs, _LEAST_SLACK)

    def _divide(self) -> bool:
        """Divide the regions that are least clear; say whether there were any."""
        N = self.iterate.N.reshape(self.geometry.targets.shape)
        gains = [region.ambiguity(N) for region in self.regions]
        self._choose_pivot(gains)
        best: list[tuple[float, int]] = []
        for gain in gains:
            candidates = [(gain[i], -i) for i in self.pivots if i in gain]
            value, row = max(candidates, default=(0.0, 0))
            best.append((value, -row))
        values = sorted((value for value, _ in best), reverse=True)
        if not values[0] > 0:
            return False
        least = max(values[min(len(values) - 1, max(1, len(values) // 2))], _MINOR * values[0])
        regions: list[Region] = []
        for region, (value, row) in zip(self.regions, best, strict=True):
            regions.extend(region.split(row, self.iterate.N) if value >= least and value > 0 else [region])
        self.regions = regions
        self.iterate = InteriorPoint(self.iterate.N, self.iterate.targets, regions, self._threads)
        self._go_back()
        return True

    def _go_back(self) -> None:
        """Move away from the boundary: what ends one solution is too close to it for the next to start."""
        mu = self.iterate.mu
        self.iterate.N = (1 - _BACK) * self.iterate.N
        for region in self.regions:
            region.relax(self.shor, _BACK)
            region.refresh(self.iterate.N)
            region.centre(mu)

    def _choose_pivot(self, gains: Sequence[Mapping[int, float]]) -> None:
        """Add the row that is least clear in all regions together and independent of the pivots so far."""
        rows = self.geometry.rows
        if len(self.pivots) == rows.shape[1]:
            return
        total: Vector = np.zeros(len(rows))
        for gain in gains:
            for i, value in gain.items():
                total[i] += value
        basis = np.linalg.qr(rows[self.pivots].T)[0] if self.pivots else np.zeros((rows.shape[1], 0))
        distance = np.linalg.norm(rows - (rows @ basis) @ basis.T, axis=1)
        total[distance < 1e-6] = 0.0
        if total.max() > 0:
            self.pivots.append(int(np.argmax(total)))
