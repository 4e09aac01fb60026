"""Rationals as texts and floats: exact, or rounded down or up as is asked."""

from __future__ import annotations

import math
import sys
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
)
from fractions import Fraction


def ratio_text(value: Fraction) -> str:
    """Write a rational as "p/q"."""
    return f"{value.numerator}/{value.denominator}"


def short_ratio(value: Fraction) -> str:
    """Write a rational as "p/q" or, where that is long, as a decimal that is about it."""
    text = str(value) if max(abs(value.numerator), value.denominator) < 10**12 else ""
    return text or f"about {decimal_down(value, 6)}"


def decimal_down(value: Fraction, digits: int = 10) -> str:
    """Write a rational with so many significant digits, rounded toward minus infinity."""
    return _decimal(value, digits, ROUND_FLOOR)


def decimal_up(value: Fraction, digits: int = 10) -> str:
    """Write a rational with so many significant digits, rounded toward plus infinity."""
    return _decimal(value, digits, ROUND_CEILING)


def _decimal(value: Fraction, digits: int, rounding: str) -> str:
    # The operands must be exact: only the division may round, and in the direction asked for.
    context = Context(prec=digits, rounding=rounding, Emin=-999_999, Emax=999_999)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient:f}" if -6 <= quotient.adjusted() < 16 else f"{quotient:e}"


def float_down(value: Fraction) -> float:
    """Return the largest float that is at most `value`."""
    nearest = _nearest_float(value)
    return nearest if Fraction(nearest) <= value else math.nextafter(nearest, -math.inf)


def float_up(value: Fraction) -> float:
    """Return the smallest float that is at least `value`."""
    return 0.0 - float_down(-value)  # of zero not -0.0


def _nearest_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return sys.float_info.max if value > 0 else -sys.float_info.max


def plain(value: Fraction) -> str:
    """Write a decimal as a decimal, any other rational as a fraction in parentheses."""
    for digits in range(30):
        if (value * 10**digits).denominator == 1:
            sign, number = ("-", -value) if value < 0 else ("", value)
            whole, rest = divmod(int(number * 10**digits), 10**digits)
            return f"{sign}{whole}.{rest:0{digits}}" if digits else f"{sign}{whole}"
    return f"({value})"
