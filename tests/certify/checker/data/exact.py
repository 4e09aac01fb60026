"""Exact numbers, written shortly."""

from collections.abc import Sequence
from fractions import Fraction


def matrix(*rows: Sequence[Fraction | int | float]) -> tuple[tuple[Fraction, ...], ...]:
    """Return rows of fractions."""
    return tuple(tuple(Fraction(entry) for entry in row) for row in rows)
