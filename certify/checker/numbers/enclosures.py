"""Logarithms and exponentials between rationals: ball arithmetic, rounded outward to dyadic numbers.

A ball of python-flint's `arb` encloses the true number at any precision; what a precision decides is how
wide it is. Nothing here is a float.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from flint import arb, ctx, fmpq

from certify.checker.errors import DataError

FINEST = 1024  # a number above zero and below 2**-FINEST is rounded up to that
LARGEST = 1 << 22  # bits of a number


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with balls of so many bits."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def ball(value: Fraction) -> arb:
    """Enclose a rational."""
    return arb(fmpq(value.numerator, value.denominator))


def entropy(q: Fraction) -> arb:
    """Enclose -q log q, which is 0 at 0.

    Raises:
        ValueError: if q is negative.
    """
    if q < 0:
        raise ValueError("there is no entropy of a negative number")
    if q in (0, 1):
        return arb(0)
    return -ball(q) * ball(q).log()


def softplus(x: Fraction) -> arb:
    """Enclose log(1 + exp x), whatever the size of x."""
    return ball(max(x, Fraction(0))) + ball(-abs(x)).exp().log1p()


def log_sum_exp(values: list[Fraction]) -> tuple[Fraction, arb]:
    """Return m and an enclosure of r with log(sum of exp) = m + r, m the largest value."""
    largest = max(values)
    return largest, sum((ball(value - largest).exp() for value in values), arb(0)).log()


def ends(enclosure: arb) -> tuple[Fraction, Fraction]:
    """Return a dyadic number below and one above all that a ball encloses.

    Raises:
        DataError: if it is not finite, or beyond 2**LARGEST in size.
    """
    return -_above(-enclosure), _above(enclosure)


def above(enclosure: arb) -> Fraction:
    """Return a dyadic number above all that a ball encloses; raise as `ends`."""
    return _above(enclosure)


def _above(enclosure: arb) -> Fraction:
    upper = enclosure.upper()
    if not upper.is_finite():
        raise DataError("a logarithm or an exponential has no finite enclosure: rescale the numbers")
    mantissa, exponent = (int(part) for part in upper.man_exp())
    if exponent + mantissa.bit_length() > LARGEST:
        raise DataError(f"a loss is beyond 2^{LARGEST} in size: rescale the numbers")
    if exponent >= -FINEST - mantissa.bit_length():
        return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)
    # Smaller than the finest number in size.
    return Fraction(1, 1 << FINEST) if mantissa > 0 else Fraction(0)
