"""SDP-NN on all rows of a data set, at any time with the best dual point so far.

What is found is a dual point with its multipliers, so that stopping is safe at any time:

- Up to a thousand rows by *splitting* (`formulations.first_order.splitting`), which finds the multipliers of
  all n^2 products at once. Now and then these get the best slack (`formulations.first_order.slack`) and are
  taken as the start of a climb.
- Beyond by *climbing in blocks* (`formulations.first_order.arrow`). Multipliers inside small blocks of rows
  come first, where one look costs little; then the blocks are merged in pairs, each at the sum of its parts.

docs/solvers.md has what each does on which data.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Indices, Matrix, Vector
from formulations.first_order.arrow import Block, Point, feasible_shares, multipliers, value
from formulations.first_order.projected_lbfgs import maximise
from formulations.first_order.slack import improve_slack
from formulations.first_order.splitting import Splitting
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.multipliers import DualSolution, Multipliers

_BLOCK_SIZE = 36  # the least number of units in a block
_LARGEST_BLOCK = 1000  # units, with a Cholesky factorisation of that order a look
_LARGEST_SPLITTING = 1000  # units, with an eigenvalue decomposition of that order a step
_NEW_MULTIPLIERS = 4  # for each unit and table, before a climb
_FIRST_LOOK = 60  # steps of the splitting before its multipliers are looked at
_SPLITTING_SHARE = 2.0  # how much longer than the last look the splitting goes on before the next
_TIME_FOR_LOOK = 2.0  # of the last one, that is left for one at the end
_WORTH_CLIMBING = 0.75  # of the splitting's value, that is proved without
_LEAST_GAIN = 1e-5  # of |Y|^2 / 2, in ten steps of a climb
Stage = tuple[float, float, int]
# Powers of the norm, and barriers relative to |Y|^2 / 2 in all, of the climbs at one size of blocks,
# and the most steps.
_FIRST = ((16, 1e-1, 150), (32, 3e-2, 150), (64, 1e-2, 150), (128, 1e-3, 150))
_LATER = ((64, 1e-2, 150), (256, 1e-3, 150))
_AFTER_SPLITTING = ((24, 0.0, 150), (64, 0.0, 150), (256, 0.0, 150))
_PATIENCE = 3  # looks with too little gain
_NO_GAIN = 1e-5  # relative
_NO_CHANGE = 1e-4  # of the splitting's value, relative


@dataclass(frozen=True)
class Found:
    """A dual point that is better than all before.

    Attributes:
        value: its dual value (a loss), up to rounding a lower bound of the optimum.
        search: what found it, in words.
        estimate: of the value of the relaxation, by the splitting; None where it has not run.
        solution: returns it with its multipliers.
        shares: returns the blocks that its multipliers keep to: the rows of X of each, and what it takes of
            gamma (|u|^2 + |v|^2), a form of order d + c in (u, v).
    """

    value: float
    search: str
    estimate: float | None
    solution: Callable[[], DualSolution]
    shares: Callable[[], list[tuple[Indices, Matrix]]] = list


def improve(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    seed: int = 0,
    seconds_left: Callable[[], float] = lambda: math.inf,
    on_step: Callable[[str], None] = lambda words: None,
) -> Iterator[Found]:
    """Find better and better dual points; it ends where splitting gains nothing any more.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        seed: of the blocks' composition.
        seconds_left: after which to stop; it may change its mind.
        on_step: told what goes on, often.

    Raises:
        ValueError: if the data is no training problem.
    """
    begun = time.perf_counter()
    problem = UnitProblem.of(X, Y, gamma)
    if not np.any(problem.targets):
        zero = Multipliers.zero(len(problem.units))
        solution = problem.solution(problem.targets, zero, "none", "optimal", 0.0)
        yield Found(solution.dual_value, "no target that a network fits", solution.value, lambda: solution)
        return
    search = _Search(problem, seconds_left, on_step)
    few = len(problem.units) <= _LARGEST_SPLITTING
    for found in search.splits() if few else search.climbs_in_blocks(seed):
        yield search.found(found, begun)


@dataclass(frozen=True)
class _Best:
    value: float
    search: str
    estimate: float | None
    blocks: Sequence[tuple[Block, Point]]


class _Search:
    def __init__(
        self, problem: UnitProblem, seconds_left: Callable[[], float], on_step: Callable[[str], None]
    ) -> None:
        self.problem, self.seconds_left, self.on_step = problem, seconds_left, on_step
        self.seconds = time.perf_counter
        self.size = float(np.sum(problem.targets**2)) / 2
        self.best = 0.0

    def is_over(self) -> bool:
        """Whether time is up."""
        return self.seconds_left() <= 0

    def found(self, best: _Best, begun: float) -> Found:
        """Say it in the units of the data."""
        problem = self.problem

        def blocks() -> list[Block]:
            found = [Block(problem, block.members) for block, _ in best.blocks]
            for block, (_, at) in zip(found, best.blocks, strict=True):
                block.go_to(at)
            return found

        def shares() -> list[tuple[Indices, Matrix]]:
            of_units = feasible_shares(problem, blocks())
            return [
                (problem.rows_of(block.members), problem.share(share))
                for (block, _), share in zip(best.blocks, of_units, strict=True)
            ]

        def solution() -> DualSolution:
            entries, table = multipliers(problem, blocks())
            seconds = time.perf_counter() - begun
            return problem.solution(entries, table, "block ascent", best.search, seconds)

        return Found(self.loss(best.value), best.search, best.estimate, solution, shares)

    def loss(self, value: float) -> float:
        return value * self.problem.loss_unit + self.problem.beyond_reach

    def climbs_in_blocks(self, seed: int) -> Iterator[_Best]:
        count = len(self.problem.units)
        number = 1 << max(0, (count // _BLOCK_SIZE).bit_length() - 1)
        order = np.random.default_rng(seed).permutation(count)
        blocks = [Block(self.problem, np.sort(order[start::number])) for start in range(number)]
        stages: Sequence[Stage] = _FIRST
        while True:
            words = f"{len(blocks)} blocks" if len(blocks) > 1 else "all rows"
            for stage in stages:
                if best := self.climb(blocks, stage, words, None):
                    yield best
                if self.is_over():
                    return
            if len(blocks) == 1 or 2 * max(len(block.members) for block in blocks) > _LARGEST_BLOCK:
                return
            blocks = [first.merged(second) for first, second in zip(blocks[::2], blocks[1::2], strict=True)]
            stages = _LATER

    def splits(self) -> Iterator[_Best]:
        """Split, and look at what its multipliers prove: more and more seldom, and at the end."""
        splitting = Splitting(self.problem)
        patience, spent, looking, estimate = _PATIENCE, 0.0, 0.0, np.inf
        while patience:
            begun = self.seconds()
            splitting.extrapolate()
            splitting.advance()
            spent += self.seconds() - begun
            self.on_step(f"bound {self.loss(self.best):.6g}, splitting, step {splitting.steps}")
            if self.is_over():
                return
            is_last = self.seconds_left() < _TIME_FOR_LOOK * looking
            if not is_last and (splitting.steps < _FIRST_LOOK or spent < _SPLITTING_SHARE * looking):
                continue
            before, begun = self.best, self.seconds()
            yield from self.climb_from(splitting, at_once=is_last)
            looking, spent = self.seconds() - begun, 0.0
            if is_last or self.is_over():
                return
            last, estimate = estimate, splitting.primal_value()
            moves = self.best > before * (1 + _NO_GAIN) or abs(estimate - last) > _NO_CHANGE * estimate
            patience = _PATIENCE if moves else patience - 1

    def climb_from(self, splitting: Splitting, *, at_once: bool) -> Iterator[_Best]:
        """Climb from its multipliers, with the best slack before and after each climb.

        Args:
            splitting: with what it has found so far.
            at_once: climb even where it is so far from the end that more steps would gain more.
        """
        primal = splitting.primal_value()
        estimate, words = self.loss(primal), f"splitting, {splitting.steps} steps"
        block = self.whole(*splitting.multipliers())
        if not improve_slack(block, is_over=self.is_over):
            return
        if best := self.looked_at(block, words, estimate):
            yield best
        if not at_once and self.best < _WORTH_CLIMBING * primal:
            return
        for stage in _AFTER_SPLITTING:
            if self.is_over():
                return
            if best := self.climb([block], stage, words, estimate):
                yield best
            improve_slack(block, is_over=self.is_over)
            if best := self.looked_at(block, words, estimate):
                yield best

    def whole(self, entries: Matrix, table: Multipliers) -> Block:
        """Return the block of all units at this point."""
        block = Block(self.problem, np.arange(len(self.problem.units)))
        block.entries = entries
        block.tables = [table.alpha_alpha, table.alpha_beta, table.beta_beta]
        block.slack = table.slack
        return block

    def looked_at(self, block: Block, words: str, estimate: float) -> _Best | None:
        """Return the point where the block is, if it is a new best."""
        here = value([block], 1, 0.0)
        if here is None or here.proved <= self.best:
            return None
        self.best = here.proved
        return _Best(self.best, words, estimate, [(block, block.point)])

    def climb(
        self, blocks: Sequence[Block], stage: Stage, words: str, estimate: float | None
    ) -> _Best | None:
        """Climb from where the blocks are, and leave them at the top; return a point that is a new best."""
        power, barrier, most_steps = stage
        weight = barrier * self.size / len(self.problem.units)
        value(blocks, power, weight)
        for block in blocks:
            block.choose(_NEW_MULTIPLIERS)
        cuts = np.cumsum([len(block.nonnegative) for block in blocks])[:-1]
        improved: list[list[tuple[Block, Point]]] = []

        def look(variables: Vector) -> tuple[float, Vector] | None:
            for block, part in zip(blocks, np.split(variables, cuts), strict=True):
                block.take(part)
            here = value(blocks, power, weight)
            if here is None:
                return None
            if here.proved > self.best:
                self.best = here.proved
                improved[:] = [[(block, block.point) for block in blocks]]
                self.on_step(f"bound {self.loss(self.best):.6g}, {words}")
            return here.smooth, here.slope

        start = np.concatenate([block.variables() for block in blocks])
        ascent = maximise(
            look,
            start,
            np.concatenate([block.nonnegative for block in blocks]),
            most_steps,
            least_gain=_LEAST_GAIN * self.size,
            is_over=self.is_over,
        )
        look(ascent.point)
        if not improved:
            return None
        return _Best(self.best, words, estimate, improved[0])
