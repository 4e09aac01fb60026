"""The lower bound that a dual point proves once its gauge is known (docs/method.md, section 2); exact."""

from __future__ import annotations

from fractions import Fraction

from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem


def dual_bound(problem: TrainingProblem, dual_point: IntegerRows, exponent: int) -> Fraction:
    """Return <N, Y> - 1/2 |N|_F^2, and with a decayed output bias less |N^T 1|^2 / (2 gamma) (a loss).

    Args:
        problem: the training problem.
        dual_point: N as n rows of c integers over 2**exponent.
        exponent: at least 0.
    """
    pairs = [
        (entry, target)
        for row, targets in zip(dual_point, problem.targets, strict=True)
        for entry, target in zip(row, targets, strict=True)
    ]
    inner = sum(entry * target for entry, target in pairs)
    square = Fraction(sum(entry * entry for entry, _ in pairs))
    if problem.output_bias == "decayed":
        square += sum(total * total for total in column_sums(dual_point)) / problem.gamma
    return Fraction(inner, problem.target_denominator << exponent) - square / (2 << 2 * exponent)


def column_sums(dual_point: IntegerRows) -> tuple[int, ...]:
    """Return N^T 1, which a free output bias requires to be zero."""
    return tuple(map(sum, zip(*dual_point, strict=True)))
