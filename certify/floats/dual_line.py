"""The multiples t N of a dual point: what they prove, and how one is rounded (docs/method.md, sections 2, 5).

Samples at x = 0 never enter the gauge, so that their rows of N are free: Y - 1 b^T, with the output bias b
that balances the other rows, or b = 0 without one. That leaves, as a function of t,

    t fit - t^2/2 square + constant .
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from certify.checker.numbers.integers import IntegerRows
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
    _targets: Matrix  # of the live samples
    _others: Vector  # the sum of the other targets, of length c
    _share: float  # what b moves by with a unit of the live rows' sum
    _is_unbalanced: bool  # nothing but the live rows could make the sum zero that has to be

    @classmethod
    def of(cls, X: Matrix, Y: Matrix, gamma: float, output_bias: str) -> DualLine:
        """Prepare a problem.

        Args:
            X: inputs, n x d.
            Y: targets, n x c.
            gamma: the weight decay.
            output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.
        """
        live = np.any(X != 0, axis=1)
        damping = np.count_nonzero(~live) + (gamma if output_bias == "decayed" else 0.0)
        share = 1 / damping if damping > 0 and output_bias != "none" else 0.0
        others = Y[~live].sum(axis=0)
        constant = 0.5 * (float(np.sum(Y[~live] ** 2)) - share * float(others @ others))
        return cls(live, constant, Y[live], others, share, output_bias == "free" and damping == 0)

    def admissible(self, N: Matrix) -> Matrix:
        """Return N, n x c, with the means of its columns taken away where nothing else balances them."""
        return N - N.mean(axis=0) if self._is_unbalanced else N

    def coefficients(self, N: Matrix) -> tuple[float, float]:
        """Return fit and square for an admissible N, n x c, whose rows at x = 0 do not count."""
        given = N[self.live]
        total = given.sum(axis=0)
        return (
            float(np.sum(given * self._targets)) - self._share * float(self._others @ total),
            float(np.sum(given**2)) + self._share * float(total @ total),
        )

    def best(self, N: Matrix, largest: float) -> tuple[float, float]:
        """Return the best t up to the largest, and its bound (a loss)."""
        fit, square = self.coefficients(N)
        scale = min(largest, fit / square) if square > 0 else 0.0
        return scale, scale * fit - scale**2 * square / 2 + self.constant


def rounded_dual_point(problem: TrainingProblem, N: Matrix, factor: Fraction, exponent: int) -> IntegerRows:
    """Return factor * N in integers over 2**exponent, with the best rows for the samples at x = 0.

    With a free output bias the columns sum to zero exactly, also where those of N do not.

    Args:
        problem: the exact problem.
        N: n x c; its rows at x = 0 do not count.
        factor: exact, like all that follows.
        exponent: at least 0.
    """
    live = [any(x) for x in problem.inputs]
    unit = 1 << exponent
    columns = []
    for entries, integers in zip(N.T.tolist(), zip(*problem.targets, strict=True), strict=True):
        targets = [Fraction(target, problem.target_denominator) for target in integers]
        column = _completed(problem, live, [factor * Fraction(entry) for entry in entries], targets)
        scaled = [unit * entry for entry in column]
        columns.append(_sums_kept(scaled) if problem.output_bias.exists else list(map(round, scaled)))
    return tuple(zip(*columns, strict=True))


def _completed(
    problem: TrainingProblem, live: list[bool], entries: list[Fraction], targets: list[Fraction]
) -> list[Fraction]:
    """Return one column of N with its best entries at x = 0, or balanced where there are none to do it."""
    if not problem.output_bias.exists:
        return [e if is_live else y for e, is_live, y in zip(entries, live, targets, strict=True)]
    # The best entries at x = 0 are y - b, and b is the sum of all entries over the penalty.
    damping = live.count(False) + (problem.gamma if problem.output_bias == "decayed" else 0)
    total = sum(
        (e if is_live else y for e, is_live, y in zip(entries, live, targets, strict=True)), Fraction()
    )
    if not damping:
        return [entry - total / len(entries) for entry in entries]
    b = total / damping
    return [e if is_live else y - b for e, is_live, y in zip(entries, live, targets, strict=True)]


def _sums_kept(values: list[Fraction]) -> list[int]:
    """Round so that no sum of first values moves by more than one half, and no value by more than one."""
    sums = [0, *map(round, accumulate(values))]
    return [later - earlier for earlier, later in pairwise(sums)]
