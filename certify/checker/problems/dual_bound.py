"""The lower bound on the optimum that a dual point proves, if its gauge is at most gamma; exact.

Why is in docs/method.md, section 2.
"""

from __future__ import annotations

from fractions import Fraction

from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem


def dual_bound(problem: TrainingProblem, dual_point: IntegerRows, exponent: int) -> Fraction:
    """Return what the samples prove less what the output bias takes (a loss).

    Args:
        problem: the training problem.
        dual_point: N as n rows of c integers over 2**exponent.
        exponent: at least 0.
    """
    unit = 1 << exponent
    samples = problem.loss.total_bound(dual_point, unit, problem.targets, problem.target_denominator)
    sums = [Fraction(total, unit) for total in column_sums(dual_point)]
    return samples - problem.output_bias.toll(sums, problem.gamma)


def column_sums(dual_point: IntegerRows) -> tuple[int, ...]:
    """Return N^T 1, which a free output bias requires to be zero."""
    return tuple(map(sum, zip(*dual_point, strict=True)))
