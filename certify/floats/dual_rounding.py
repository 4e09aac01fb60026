"""A dual point made exact: integers over a power of two, in the loss's domain (docs/method.md, section 5).

The domain of a row is an interval for each entry, and for some losses the entries also sum to zero. Entries
are rounded into their intervals first; then what is left of a row's sum, and with a free output bias of a
column's, goes where there is the most room, to rows that are not zero first. These are a few units each, so
that no bound feels them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.losses.table import SQUARED
from certify.checker.problems.training import TrainingProblem
from formulations.arrays import Matrix

_AMPLE = 1 << 4096  # units, where an entry has no limit


def rounded_dual_point(
    problem: TrainingProblem, N: Matrix, factor: Fraction, exponent: int, X: Matrix | None = None
) -> IntegerRows:
    """Return factor * N in integers over 2**exponent, in the loss's domain.

    With a free output bias the columns sum to zero exactly, also where those of N do not. Samples at x = 0
    never enter a gauge: without an output bias no factor shrinks their rows, and for the squared loss they
    have their best ones, whatever those of N are.

    Args:
        problem: the exact problem.
        N: n x c, in the domain up to rounding.
        factor: exact, from 0 to 1 for other losses than the squared one, like all that follows.
        exponent: at least 0.
        X: the samples, n x d, where some count as zero that are not; by default those of the problem.
    """
    is_zero = [not any(x) for x in (problem.inputs if X is None else X.tolist())]
    is_kept = [zero and not problem.output_bias.exists for zero in is_zero]
    factors = [Fraction(1) if kept else factor for kept in is_kept]
    rows = [[each * Fraction(entry) for entry in row] for each, row in zip(factors, N.tolist(), strict=True)]
    unit = 1 << exponent
    if problem.loss != SQUARED or problem.weights is not None:
        return _Domain.of(problem, unit).rounded([[unit * entry for entry in row] for row in rows])
    columns = []
    for column in zip(*_completed(problem, rows, is_zero), strict=True):
        scaled = [unit * entry for entry in column]
        columns.append(_sums_kept(scaled) if problem.output_bias.exists else list(map(round, scaled)))
    return tuple(zip(*columns, strict=True))


@dataclass(frozen=True)
class _Domain:
    """The dual points of a problem with entries over one unit.

    Attributes:
        low: the least integer of each entry, n x c; None for no limit.
        high: the largest, likewise.
        zero_sum: whether each row sums to zero.
        balanced: whether each column does.
    """

    low: tuple[tuple[int | None, ...], ...]
    high: tuple[tuple[int | None, ...], ...]
    zero_sum: bool
    balanced: bool

    @classmethod
    def of(cls, problem: TrainingProblem, unit: int) -> _Domain:
        """Take the intervals of a problem's loss inwards to integers over the unit."""
        low, high = [], []
        for i in range(problem.n):
            box = problem.loss.box(problem.target(i), problem.weight(i))
            low.append(tuple(None if least is None else math.ceil(unit * least) for least, _ in box))
            high.append(tuple(None if most is None else math.floor(unit * most) for _, most in box))
        return cls(tuple(low), tuple(high), problem.loss.zero_sum, problem.output_bias.is_free)

    def rounded(self, rows: list[list[Fraction]]) -> IntegerRows:
        """Return integer rows of the domain near the given ones."""
        found = [
            [_clipped(round(entry), *ends) for entry, *ends in zip(row, low, high, strict=True)]
            for row, low, high in zip(rows, self.low, self.high, strict=True)
        ]
        if self.zero_sum:
            for i, row in enumerate(found):
                self._close(i, row)
        if self.balanced:
            (self._exchange if self.zero_sum else self._balance)(found)
        return tuple(map(tuple, found))

    def _close(self, i: int, row: list[int]) -> None:
        """Let a row sum to zero: entries may always fall, and rise where there is room."""
        excess = sum(row)
        order = sorted(range(len(row)), key=lambda k: self._room_above(i, k, row[k]), reverse=True)
        for k in order:
            step = min(-excess, self._room_above(i, k, row[k]))
            row[k] += step
            excess += step

    def _balance(self, rows: list[list[int]]) -> None:
        """Let the columns sum to zero, where each entry has an interval of its own."""
        for k in range(len(rows[0])):
            excess = sum(row[k] for row in rows)
            room = self._room_below if excess > 0 else self._room_above
            rooms = {i: room(i, k, row[k]) for i, row in enumerate(rows)}
            for i in sorted(rooms, key=lambda i: (any(rows[i]), rooms[i]), reverse=True):
                step = min(abs(excess), rooms[i])
                rows[i][k] -= step if excess > 0 else -step
                excess -= step if excess > 0 else -step

    def _exchange(self, rows: list[list[int]]) -> None:
        """Let the columns sum to zero where rows do: what one column has too much goes to another."""
        sums = [sum(column) for column in zip(*rows, strict=True)]
        for k in range(len(sums)):
            for other in range(len(sums)):
                amount = min(sums[k], -sums[other])
                if amount <= 0:
                    continue
                rooms = {i: self._room_above(i, other, row[other]) for i, row in enumerate(rows)}
                for i in sorted(rooms, key=lambda i: (any(rows[i]), rooms[i]), reverse=True):
                    step = min(amount, rooms[i])
                    rows[i][k] -= step
                    rows[i][other] += step
                    sums[k] -= step
                    sums[other] += step
                    amount -= step
                    if not amount:
                        break

    def _room_above(self, i: int, k: int, entry: int) -> int:
        high = self.high[i][k]
        return _AMPLE if high is None else high - entry

    def _room_below(self, i: int, k: int, entry: int) -> int:
        low = self.low[i][k]
        return _AMPLE if low is None else entry - low


def _clipped(entry: int, low: int | None, high: int | None) -> int:
    entry = entry if low is None else max(entry, low)
    return entry if high is None else min(entry, high)


def _completed(
    problem: TrainingProblem, rows: list[list[Fraction]], is_zero: Sequence[bool]
) -> list[Sequence[Fraction]]:
    """Return N with its best rows at x = 0, or balanced where there are none to do it; of the squared loss.

    The best row is the residual y - b that the output bias b leaves, which takes the other rows' sums along.
    """
    bias = problem.output_bias
    live = [not zero or bias.frees_hidden for zero in is_zero]
    targets = {i: problem.target(i) for i, is_live in enumerate(live) if not is_live}
    b: Sequence[Fraction] = [Fraction(0)] * problem.c
    if bias.exists:
        kept = [row for row, is_live in zip(rows, live, strict=True) if is_live]
        total = [sum(column, Fraction(0)) for column in zip(*kept, strict=True)] or b
        penalty = bias.penalty(problem.gamma)
        if not targets and not penalty:
            # Rows that are zero stay so: with free hidden biases they spare a proof.
            means = [entry / max(sum(map(any, rows)), 1) for entry in total]
            return [
                [entry - mean for entry, mean in zip(row, means, strict=True)] if any(row) else row
                for row in rows
            ]
        b = SQUARED.balance(list(targets.values()), total, penalty)
    return [SQUARED.best_row(targets[i], b) if i in targets else row for i, row in enumerate(rows)]


def _sums_kept(values: list[Fraction]) -> list[int]:
    """Round so that no sum of first values moves by more than one half, and no value by more than one."""
    sums = [0, *map(round, accumulate(values))]
    return [later - earlier for earlier, later in pairwise(sums)]
