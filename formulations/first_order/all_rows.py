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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.first_order.arrow import Block, Point, block_proofs, multipliers, value
from formulations.first_order.composition import Composition, stratified
from formulations.first_order.over import Over, in_threads, one_by_one
from formulations.first_order.projected_lbfgs import maximise
from formulations.first_order.slack import improve_slack
from formulations.first_order.splitting import Splitting
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import DualSolution, Multipliers

_BLOCK_SIZE = 36  # the least number of units in a block
LARGEST_BLOCK = 1000  # rows, with a Cholesky factorisation of that order a look
_LARGEST_SPLITTING = 1000  # units, with an eigenvalue decomposition of that order a step
LARGEST_TABLE = 3000  # rows of a block, those on one line counted apart
_WORTH_A_THREAD = 200  # units of a block; for smaller ones the lock of Python changes hands too often
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
        rows: how many rows each of the blocks has that its multipliers keep to.
        solution: returns it with its multipliers, in tables of all rows.
        blocks: returns it as proofs of these blocks, each with its own tables; a ValueError says where too
            many rows lie on the lines of one block.
    """

    value: float
    search: str
    estimate: float | None
    rows: tuple[int, ...]
    solution: Callable[[], DualSolution]
    blocks: Callable[[], list[BlockProof]]


def improve(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    compose: Composition = stratified,
    seed: int = 0,
    threads: int = 1,
    largest_block: int = LARGEST_BLOCK,
    start: Sequence[BlockProof] = (),
    seconds_left: Callable[[], float] = lambda: math.inf,
    on_step: Callable[[str], None] = lambda words: None,
) -> Iterator[Found]:
    """Find better and better dual points; it ends where splitting gains nothing any more.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        compose: makes the first blocks, which are merged later on.
        seed: of the blocks' composition.
        threads: that look at blocks at the same time; the result does not depend on them.
        largest_block: the most rows of X in one block.
        start: an earlier dual point's proof, in blocks that have each row once; nothing to start afresh. It
            is not taken where rows share a line.
        seconds_left: after which to stop; it may change its mind.
        on_step: told what goes on, often.

    Raises:
        ValueError: if the data is no training problem, or too many of its rows lie on one line.
    """
    begun = time.perf_counter()
    problem = UnitProblem.of(X, Y, gamma)
    with ThreadPoolExecutor(threads) as pool:
        over = in_threads(pool)
        search = _Search(problem, min(largest_block, LARGEST_BLOCK), over, seconds_left, on_step)
        given = search.blocks_at(start)
        blocks = given or search.first_blocks(compose, seed)
        if not np.any(problem.targets):
            for block in blocks:
                block.take(np.where(block.of_entries, 0.0, block.variables()))
            at_zero = [(block, block.point) for block in blocks]
            yield search.found(_Best(0.0, "no target that a network fits", 0.0, at_zero), begun)
            return
        splits = len(problem.units) <= _LARGEST_SPLITTING and len(X) <= largest_block
        if splits and given:
            for found in search.climb_whole(reduce(Block.merged, given), "an earlier run", None):
                yield search.found(found, begun)
        stages = _LATER if given else _FIRST
        for found in search.splits() if splits else search.climbs_in_blocks(blocks, stages):
            yield search.found(found, begun)


@dataclass(frozen=True)
class _Best:
    value: float
    search: str
    estimate: float | None
    blocks: Sequence[tuple[Block, Point]]


class _Search:
    def __init__(
        self,
        problem: UnitProblem,
        largest_block: int,
        over: Over,
        seconds_left: Callable[[], float],
        on_step: Callable[[str], None],
    ) -> None:
        self.problem, self.largest_block, self.over = problem, largest_block, over
        self.seconds_left, self.on_step = seconds_left, on_step
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

        def proofs() -> list[BlockProof]:
            return block_proofs(problem, blocks())

        def solution() -> DualSolution:
            entries, table = multipliers(problem, blocks())
            seconds = time.perf_counter() - begun
            return problem.solution(entries, table, "block ascent", best.search, seconds)

        rows = tuple(block.rows for block, _ in best.blocks)
        return Found(self.loss(best.value), best.search, best.estimate, rows, solution, proofs)

    def loss(self, value: float) -> float:
        return value * self.problem.loss_unit + self.problem.beyond_reach

    def first_blocks(self, compose: Composition, seed: int) -> list[Block]:
        """Return small blocks, whose number is a power of two, so that they can be merged in pairs.

        Raises:
            ValueError: if so many rows lie on one line that their tables would outgrow memory.
        """
        problem = self.problem
        (count, rank), c = problem.units.shape, problem.targets.shape[1]
        # A smaller block has a share that is larger than what it proves it for.
        size = max(_BLOCK_SIZE, rank + c)
        number = 1 << max(0, (count // size).bit_length() - 1)
        while True:
            members = compose(problem.units, problem.targets_of_units, number, seed)
            blocks = [Block(problem, of_block) for of_block in members]
            if (most := max(block.rows for block in blocks)) <= LARGEST_TABLE:
                return blocks
            if number >= count:
                raise ValueError(
                    f"{most} rows lie on one line through the origin, and a block takes {LARGEST_TABLE}: use "
                    "--method tree or shor"
                )
            number *= 2

    def blocks_at(self, proofs: Sequence[BlockProof]) -> list[Block]:
        """Return blocks at an earlier point; nothing where they could not be merged in pairs.

        Args:
            proofs: of blocks, which together have each row once.
        """
        number = len(proofs)
        if not number or number & (number - 1):
            return []
        problem, found = self.problem, []
        N = np.zeros((sum(len(proof.rows) for proof in proofs), problem.targets.shape[1]))
        for proof in proofs:
            N[list(proof.rows)] = proof.dual_rows
        entries = problem.groups_of(N)
        for proof in proofs:
            of_units = problem.of_block(proof)
            if of_units is None or not len(of_units[0]):
                return []
            units, table = of_units
            block = Block(problem, units)
            block.entries = entries[block.groups]
            block.tables = [table.alpha_alpha, table.alpha_beta, table.beta_beta]
            block.slack = table.slack
            block.choose(0)
            found.append(block)
        return found

    def climbs_in_blocks(self, blocks: list[Block], stages: Sequence[Stage]) -> Iterator[_Best]:
        """Climb, and merge the blocks in pairs, until one is left or they would become too large."""
        while True:
            most = max(block.rows for block in blocks)
            words = f"{len(blocks)} blocks of {most} rows" if len(blocks) > 1 else "all rows"
            for stage in stages:
                if best := self.climb(blocks, stage, words, None):
                    yield best
                if self.is_over():
                    return
            pairs = list(zip(blocks[::2], blocks[1::2], strict=False))
            if not pairs or max(one.rows + other.rows for one, other in pairs) > self.largest_block:
                return
            blocks = [first.merged(second) for first, second in pairs]
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
            self.on_step(f"splitting, step {splitting.steps}")
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
        entries, (table,) = splitting.multipliers()
        block = self.whole(entries, table)
        worth = 0.0 if at_once else _WORTH_CLIMBING * primal
        yield from self.climb_whole(block, words, estimate, worth)

    def climb_whole(
        self, block: Block, words: str, estimate: float | None, worth: float = 0.0
    ) -> Iterator[_Best]:
        """Climb from a block of all units, unless the best is worth less than so much after a first look."""
        if not improve_slack(block, is_over=self.is_over):
            return
        if best := self.looked_at(block, words, estimate):
            yield best
        if self.best < worth:
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

    def looked_at(self, block: Block, words: str, estimate: float | None) -> _Best | None:
        """Return the point where the block's tables are, if it is a new best."""
        block.choose(0)
        block.take(block.variables())
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
        large = max(len(block.members) for block in blocks) >= _WORTH_A_THREAD
        over = self.over if large else one_by_one
        weight = barrier * self.size / len(self.problem.units)
        value(blocks, power, weight, over)
        over(lambda block: block.choose(_NEW_MULTIPLIERS), blocks)
        cuts = np.cumsum([len(block.nonnegative) for block in blocks])[:-1]
        improved: list[list[tuple[Block, Point]]] = []

        def look(variables: Vector) -> tuple[float, Vector] | None:
            for block, part in zip(blocks, np.split(variables, cuts), strict=True):
                block.take(part)
            here = value(blocks, power, weight, over)
            if here is None:
                return None
            if here.proved > self.best:
                self.best = here.proved
                improved[:] = [[(block, block.point) for block in blocks]]
                self.on_step(words)
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
