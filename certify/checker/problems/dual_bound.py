"""The lower bound on the optimum that a dual point proves, if its gauge is at most gamma.

Why is in docs/method.md, section 2. It is rational, and exact, but where a loss has logarithms or weights
divide squares: there it is enclosed between rationals, as closely as a claim asks for.
"""

from __future__ import annotations

from fractions import Fraction

from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem

PRECISIONS = (64, 128, 256, 512, 1024)  # bits, tried in turn
_MARGIN = 60  # bits: a claim that is not exact stays below by this part of itself


def dual_bound(problem: TrainingProblem, dual_point: IntegerRows, exponent: int) -> Fraction:
    """Return a claim that a dual point proves: the best one if that is rational, else a short one just below.

    It is what the samples prove less what the output bias takes (a loss). Just below is by 2^-60 of it, which
    leaves a checker that rounds in another way its room.

    Args:
        problem: the training problem.
        dual_point: N as n rows of c integers over 2**exponent, in the domain of the loss.
        exponent: at least 0.

    Raises:
        ValueError: if N is outside, where a logarithm would be asked of what has none.
    """
    low = high = Fraction(0)
    for bits in PRECISIONS:
        low, high = dual_bounds(problem, dual_point, exponent, bits)
        if low == high:
            return low
        if high - low <= abs(low) / (1 << _MARGIN + 8):
            break
    return _short_below(low - abs(low) / (1 << _MARGIN))


def dual_bounds(
    problem: TrainingProblem, dual_point: IntegerRows, exponent: int, bits: int
) -> tuple[Fraction, Fraction]:
    """Return two numbers between which the best claim of a dual point lies, equal where it is exact.

    Args:
        problem: the training problem.
        dual_point: as for `dual_bound`; so are errors.
        exponent: at least 0.
        bits: of the arithmetic.
    """
    unit = 1 << exponent
    low, high = problem.loss.total_bounds(
        dual_point,
        unit,
        problem.targets,
        problem.target_denominator,
        problem.weights,
        problem.weight_denominator,
        bits=bits,
    )
    sums = [Fraction(total, unit) for total in column_sums(dual_point)]
    toll = problem.output_bias.toll(sums, problem.gamma)
    return low - toll, high - toll


def proves(problem: TrainingProblem, dual_point: IntegerRows, exponent: int, claim: Fraction) -> bool:
    """Say whether a claim is at most what a dual point proves; what no precision decides is not proved.

    Args:
        problem: the training problem.
        dual_point: as for `dual_bound`.
        exponent: at least 0.
        claim: a loss.
    """
    for bits in PRECISIONS:
        low, high = dual_bounds(problem, dual_point, exponent, bits)
        if claim <= low:
            return True
        if claim > high:
            return False
    return False


def in_domain(problem: TrainingProblem, dual_point: IntegerRows, exponent: int) -> bool:
    """Say whether every row of a dual point lies in the domain of the problem's loss."""
    return problem.loss.in_domain(
        dual_point,
        1 << exponent,
        problem.targets,
        problem.target_denominator,
        problem.weights,
        problem.weight_denominator,
    )


def sample_bound(problem: TrainingProblem, sample: int, nu: tuple[int, ...], exponent: int) -> Fraction:
    """Return what one row of a dual point proves of its sample's loss (a loss), rounded down if not exact.

    Args:
        problem: the training problem.
        sample: its number, from 0.
        nu: its row, c integers over 2**exponent, in the domain.
        exponent: at least 0.
    """
    row = [Fraction(entry, 1 << exponent) for entry in nu]
    return problem.loss.bound_below(row, problem.target(sample), problem.weight(sample))


def column_sums(dual_point: IntegerRows) -> tuple[int, ...]:
    """Return N^T 1, which a free output bias requires to be zero."""
    return tuple(map(sum, zip(*dual_point, strict=True)))


def _short_below(value: Fraction) -> Fraction:
    """Return a dyadic number with few bits that is at most this one."""
    size = value.numerator.bit_length() - value.denominator.bit_length()
    shift = _MARGIN + 8 - size
    if shift <= 0:
        return Fraction(value.numerator // (value.denominator << -shift) << -shift)
    return Fraction((value.numerator << shift) // value.denominator, 1 << shift)
