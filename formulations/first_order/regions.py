"""Bounds beyond SDP-NN with all rows: regions on which the signs of some rows are known, by splitting.

The whole space is divided where a row with a long N_i has the moments undecided between its alpha and its
beta. A half inherits the multipliers of the whole, so that the splitting goes on from where it is. Once it
has come close to its end, its N and multipliers are made feasible and are improved
(`formulations.first_order.divided`); then, if time is left for more of the same with more regions, these are
divided further.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Indices, Matrix
from formulations.first_order.divided import Divided, DividedPoint
from formulations.first_order.over import Over, in_threads
from formulations.first_order.splitting import Splitting
from formulations.first_order.unit_problem import UnitProblem
from formulations.losses.squared import SquaredLoss
from formulations.partition.partition import PartitionSolution, RegionProof
from formulations.sdp.activation_region import Form, Geometry
from formulations.sdp.multipliers import Multipliers

LARGEST = 1000  # units, with an eigenvalue decomposition of that order a step and region
_FIRST_STEPS = 300  # on the whole space
_BETWEEN = 80  # from one division to the next
_CONVERGING = 500  # on all regions
_STEPS_OF_LOOK = 900  # which a look takes as long as, where none has told
_DOUBLINGS = 4  # of the number of regions, from one look to the next
_MINOR = 0.05  # of the largest ambiguity: less of it, and a region is not divided
_CLIMBS = ((24.0, 150), (64.0, 150), (256.0, 150), (1024.0, 60))  # powers, and the most steps
Path = tuple[tuple[int, int], ...]  # (unit, sign) of the divisions that lead to a region
_GROWTH = 1.2  # of what steps and looks take, so that time is left
_MOST_ENTRIES = 20_000_000  # of all regions' matrices, of which some twenty copies are kept


@dataclass(frozen=True)
class Found:
    """A dual point with its regions that is better than all before.

    Attributes:
        value: its dual value (a loss), up to rounding a lower bound of the optimum.
        regions: how many there are.
        words: what found it.
        solution: returns it with its regions.
    """

    value: float
    regions: int
    words: str
    solution: Callable[[], PartitionSolution]


def improve(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    enough: float = math.inf,
    seconds_left: Callable[[], float] = lambda: math.inf,
    proof_seconds: Callable[[int], float] = lambda regions: 0.0,
    threads: int = 1,
    on_step: Callable[[str], None] = lambda words: None,
) -> Iterator[Found]:
    """Find better and better dual points, until nothing is gained, the bound is as wanted or time is up.

    Args:
        X: the inputs, n x d, no more than `LARGEST` rows.
        Y: the targets, n x c.
        gamma: positive.
        enough: the bound (a loss) at which the search may end.
        seconds_left: after which to stop; it may change its mind.
        proof_seconds: what the proof of so many regions will take, to be left of these.
        threads: that work on regions at the same time; the result does not depend on them, but for time.
        on_step: told what goes on, often.

    Raises:
        ValueError: if the data is no training problem.
    """
    begun = time.perf_counter()
    problem = UnitProblem.of(X, Y, gamma)
    if not np.any(problem.targets):
        return
    with ThreadPoolExecutor(threads) as pool:
        search = _Search(problem, in_threads(pool), seconds_left, proof_seconds, on_step)
        for point, paths, steps in search.run(lambda value: _loss(problem, value) >= enough):
            words = f"{len(paths)} regions, {steps} steps"

            def solution(
                point: DividedPoint = point, paths: Sequence[Path] = paths, words: str = words
            ) -> PartitionSolution:
                return _solution(problem, X, Y, gamma, point, paths, words, time.perf_counter() - begun)

            yield Found(_loss(problem, point.value), len(paths), words, solution)


def _loss(problem: UnitProblem, value: float) -> float:
    return value * problem.loss_unit + problem.beyond_reach


class _Search:
    def __init__(
        self,
        problem: UnitProblem,
        over: Over,
        seconds_left: Callable[[], float],
        proof_seconds: Callable[[int], float],
        on_step: Callable[[str], None],
    ) -> None:
        self._problem, self._over, self._seconds_left = problem, over, seconds_left
        self._proof_seconds, self._on_step = proof_seconds, on_step
        self._splitting = Splitting(problem, over)
        self._paths: list[Path] = [()]
        # For each region, of the last steps and the last look.
        self._step_seconds = 0.0
        self._look_seconds: float | None = None
        self.best = 0.0

    def _is_over(self) -> bool:
        return self._seconds_left() <= self._proof_seconds(len(self._splitting.regions))

    def run(self, is_enough: Callable[[float], bool]) -> Iterator[tuple[DividedPoint, Sequence[Path], int]]:
        """Divide, split and climb in turns."""
        self._advance(_FIRST_STEPS)
        while not self._is_over():
            best, regions = self.best, len(self._splitting.regions)
            has_grown = self._grow()
            if not has_grown and regions == 1:
                return
            steps = self._splitting.steps
            self._converge()
            if not has_grown and self._splitting.steps == steps:
                return  # what was looked at already
            begun = time.perf_counter()
            for point in self._look():
                yield point, self._paths, self._splitting.steps
                if is_enough(point.value):
                    return
            self._look_seconds = (time.perf_counter() - begun) / len(self._splitting.regions)
            if not has_grown and self.best == best:
                return

    def _grow(self) -> bool:
        """Have as many regions as time and memory allow; say whether there are more than before.

        A look at fewer of them first costs as much as half of what they all take, and proves less.
        """
        before = len(self._splitting.regions)
        for _ in range(_DOUBLINGS):
            if not (self._fits(2 * len(self._splitting.regions)) and self._divide()):
                break
            self._advance(_BETWEEN)
        return len(self._splitting.regions) > before

    def _converge(self) -> None:
        """Go on with the regions that there are; longer, where no time is left to do so after a look."""
        self._advance(_CONVERGING)
        regions = len(self._splitting.regions)
        left = self._seconds_left() - regions * self._seconds_of_look()
        if math.isfinite(left) and not self._fits(regions, left):
            self._advance(_CONVERGING)

    def _fits(self, regions: int, left: float | None = None) -> bool:
        """Say whether so many regions can come close to their end in the seconds that are left."""
        left = self._seconds_left() if left is None else left
        seconds = regions * (_CONVERGING * self._step_seconds + self._seconds_of_look())
        in_time = _GROWTH * seconds < left - self._proof_seconds(regions)
        return in_time and regions * self._splitting.size <= _MOST_ENTRIES

    def _seconds_of_look(self) -> float:
        """Return what a look takes for a region."""
        known = self._look_seconds
        return _STEPS_OF_LOOK * self._step_seconds if known is None else known

    def _advance(self, steps: int) -> None:
        """Go on, but leave the time for a look."""
        splitting, end = self._splitting, self._splitting.steps + steps
        begun, first, regions = time.perf_counter(), splitting.steps, len(splitting.regions)
        proof = self._proof_seconds(regions)
        while splitting.steps < end and self._seconds_left() - proof > regions * self._seconds_of_look():
            splitting.extrapolate()
            splitting.advance()
            self._step_seconds = (time.perf_counter() - begun) / (splitting.steps - first) / regions
            self._on_step(f"{regions} regions, step {splitting.steps}")

    def _look(self) -> Iterator[DividedPoint]:
        """Make the splitting's point feasible, and climb from there."""
        splitting = self._splitting
        entries, multipliers = splitting.multipliers()
        here = Divided(self._problem, splitting.regions, entries, multipliers, self._is_over, self._over)
        if not here.improve_slack():
            return
        here.look()
        if point := self._better(here):
            yield point
        for power, most_steps in _CLIMBS:
            here.climb(power, most_steps)
            if point := self._better(here):
                yield point
            if self._is_over() or not here.improve_slack():
                return
            here.look()
            if point := self._better(here):
                yield point

    def _better(self, here: Divided) -> DividedPoint | None:
        if here.best <= self.best:
            return None
        self.best = here.best
        self._on_step(f"{len(self._splitting.regions)} regions, climbing")
        return here.point()

    def _divide(self) -> bool:
        """Divide the regions that are least clear, each by its own row; say whether there were any."""
        splitting, problem = self._splitting, self._problem
        entries, _ = splitting.multipliers()
        weights = np.zeros(len(problem.units))
        np.add.at(weights, problem.lines, problem.radii * np.linalg.norm(entries, axis=1))
        gains = splitting.ambiguity() * weights
        is_open = splitting.regions == 0
        gains[~is_open | (is_open.sum(axis=1) == 1)[:, None]] = 0.0  # one row stays open
        best = gains.max(axis=1)
        chosen = best > _MINOR * best.max()
        if not chosen.any():
            return False
        units = np.where(chosen, gains.argmax(axis=1), -1).tolist()
        splitting.divide(units)
        self._paths = [
            longer
            for path, unit in zip(self._paths, units, strict=True)
            for longer in ([path] if unit < 0 else [(*path, (unit, 1)), (*path, (unit, -1))])
        ]
        return True


def _solution(
    problem: UnitProblem,
    X: Matrix,
    Y: Matrix,
    gamma: float,
    point: DividedPoint,
    paths: Sequence[Path],
    words: str,
    seconds: float,
) -> PartitionSolution:
    """Return a point in the units of the data."""
    N = problem.dual_point(point.entries)
    live = np.flatnonzero(np.any(X != 0, axis=1))
    geometry = Geometry(X[live], Y[live], gamma)
    interior = geometry.shor_slack() / geometry.scales**2
    rows = problem.representatives.tolist()
    named = [tuple((rows[unit], sign) for unit, sign in path) for path in paths]
    return PartitionSolution(
        dual_point=N,
        pivots=tuple(dict.fromkeys(row for path in named for row, _ in path)),
        regions=tuple(
            RegionProof(path, *_products(problem.multipliers_of_data(multipliers, N), live))
            for path, multipliers in zip(named, point.multipliers, strict=True)
        ),
        interior=dict(zip(live.tolist(), interior.tolist(), strict=True)),
        dual_value=SquaredLoss(Y).dual_value(N),
        status=words,
        seconds=seconds,
        in_frame=False,
    )


def _products(
    multipliers: Multipliers, live: Indices
) -> tuple[dict[int, float], tuple[tuple[Form, Form, float], ...]]:
    """Return the slack of rows that are not zero and the other multipliers, one for each product."""
    slack = {int(i): float(multipliers.slack[i]) for i in live}
    products = []
    for table, first, second in (
        (_once(multipliers.alpha_alpha), 1, 1),
        (multipliers.alpha_beta, 1, -1),
        (_once(multipliers.beta_beta), -1, -1),
    ):
        for i, j in np.argwhere(table > 0).tolist():
            products.append((Form(first, i), Form(second, j), float(table[i, j])))
    return slack, tuple(products)


def _once(table: Matrix) -> Matrix:
    """Return what each product of a symmetric table has in both of its places, above the diagonal."""
    return np.asarray(np.triu(table) + np.triu(table, 1))
