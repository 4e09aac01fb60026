"""The multiples t N of a dual point: what they prove, and how one is rounded (docs/method.md, sections 2, 5).

Samples at x = 0 never enter the gauge, so that their rows of N are free, and the best ones are taken: for
the squared loss Y - 1 b^T, with the output bias b that balances the other rows, or b = 0 without one. That
leaves, as a function of t,

    t fit - t^2/2 square + constant .

`DualLine` is that function in floats, and the only place in floating point that knows what a dual point
proves; the exact rows are those of `checker.problems.losses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from certify.checker.errors import DataError
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.losses.regression import Squared
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from formulations.arrays import Matrix, Vector


@dataclass(frozen=True)
class DualLine:
    """The bounds of all multiples of a dual point, in floating point.

    Attributes:
        live: whether a sample is not at x = 0, for each.
        constant: what the samples at x = 0 cost every network (a loss).
    """

    live: NDArray[np.bool_]
    constant: float
    _targets: Matrix
    _others: Vector  # the sum of the other targets, of length c
    _share: float  # what b moves by with a unit of the live rows' sum
    _is_unbalanced: bool  # nothing but the live rows could make the sum zero that has to be
    _penalty: float  # of 1/2 |b|^2

    @classmethod
    def of(cls, X: Matrix, Y: Matrix, gamma: float, output_bias: str) -> DualLine:
        """Prepare a problem.

        Args:
            X: inputs, n x d.
            Y: targets, n x c.
            gamma: the weight decay.
            output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.
        """
        bias, live = OutputBias(output_bias), np.any(X != 0, axis=1)
        penalty = bias.penalty(gamma)
        damping = np.count_nonzero(~live) + penalty
        share = 1 / damping if damping > 0 and bias.exists else 0.0
        others = Y[~live].sum(axis=0)
        constant = 0.5 * (float(np.sum(Y[~live] ** 2)) - share * float(others @ others))
        return cls(live, constant, Y, others, share, bias.exists and damping == 0, penalty)

    def admissible(self, N: Matrix) -> Matrix:
        """Return N, n x c, with the means of its columns taken away where nothing else balances them."""
        return N - N.mean(axis=0) if self._is_unbalanced else N

    def coefficients(self, N: Matrix) -> tuple[float, float]:
        """Return fit and square for an admissible N, n x c, whose rows at x = 0 do not count."""
        given = N[self.live]
        total = given.sum(axis=0)
        return (
            float(np.sum(given * self._targets[self.live])) - self._share * float(self._others @ total),
            float(np.sum(given**2)) + self._share * float(total @ total),
        )

    def best(self, N: Matrix, largest: float) -> tuple[float, float]:
        """Return the best t up to the largest, and its bound (a loss)."""
        fit, square = self.coefficients(N)
        scale = min(largest, fit / square) if square > 0 else 0.0
        return scale, scale * fit - scale**2 * square / 2 + self.constant

    def rounding_cost(self, N: Matrix, unit: float) -> float:
        """Bound the change of what N proves where each of its entries moves by at most a unit (a loss)."""
        n, c = N.shape
        slopes, curvature = np.abs(self._targets - N), n * c / 2
        if self._penalty > 0:
            slopes = slopes + np.abs(N.sum(axis=0)) / self._penalty
            curvature += n * n * c / (2 * self._penalty)
        return float(slopes.sum() * unit + curvature * unit**2)


def rounded_dual_point(problem: TrainingProblem, N: Matrix, factor: Fraction, exponent: int) -> IntegerRows:
    """Return factor * N in integers over 2**exponent, with the best rows for the samples at x = 0.

    With a free output bias the columns sum to zero exactly, also where those of N do not.

    Args:
        problem: the exact problem.
        N: n x c; its rows at x = 0 do not count.
        factor: exact, like all that follows.
        exponent: at least 0.
    """
    rows = [[factor * Fraction(entry) for entry in row] for row in N.tolist()]
    unit = 1 << exponent
    columns = []
    for column in zip(*_completed(problem, rows), strict=True):
        scaled = [unit * entry for entry in column]
        columns.append(_sums_kept(scaled) if problem.output_bias.exists else list(map(round, scaled)))
    return tuple(zip(*columns, strict=True))


def _completed(problem: TrainingProblem, rows: list[list[Fraction]]) -> list[Sequence[Fraction]]:
    """Return N with its best rows at x = 0, or balanced where there are none to do it."""
    bias, loss = problem.output_bias, problem.loss
    if not isinstance(loss, Squared) or problem.weights is not None:
        raise DataError(
            f"the best rows of samples at x = 0 are not known for the loss {loss.text} or weights"
        )
    live = [any(x) for x in problem.inputs]
    targets = {
        i: [Fraction(entry, problem.target_denominator) for entry in problem.targets[i]]
        for i, is_live in enumerate(live)
        if not is_live
    }
    b: Sequence[Fraction] = [Fraction(0)] * problem.c
    if bias.exists:
        kept = [row for row, is_live in zip(rows, live, strict=True) if is_live]
        total = [sum(column, Fraction(0)) for column in zip(*kept, strict=True)] or list(b)
        penalty = bias.penalty(problem.gamma)
        if not targets and not penalty:
            means = [entry / len(rows) for entry in total]
            return [[entry - mean for entry, mean in zip(row, means, strict=True)] for row in rows]
        b = loss.balance(list(targets.values()), total, penalty)
    return [loss.best_row(targets[i], b) if i in targets else row for i, row in enumerate(rows)]


def _sums_kept(values: list[Fraction]) -> list[int]:
    """Round so that no sum of first values moves by more than one half, and no value by more than one."""
    sums = [0, *map(round, accumulate(values))]
    return [later - earlier for earlier, later in pairwise(sums)]
