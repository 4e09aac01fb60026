"""Cells of a table: exact rationals and texts, and which texts are numbers, truth values or missing.

A decimal stays the decimal it is ("5.1" is 51/10). Missing, infinite and vast cells are refused.
"""

from __future__ import annotations

import re
from fractions import Fraction

from certify.checker.text.letters import ascii_lower

Cell = Fraction | str

MAX_LENGTH = 1000  # characters of a cell or of a name
MAX_EXPONENT = 400
MAX_DIGITS = MAX_LENGTH + MAX_EXPONENT  # what the two allow a CSV number; the bound for arrays as well

POINT, COMMA = DECIMALS = (".", ",")

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]+(?:,[0-9]+)+")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_MISSING = frozenset({"", ".", "?", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null"})
_TRUTH = {**dict.fromkeys(("True", "true", "TRUE"), 1), **dict.fromkeys(("False", "false", "FALSE"), 0)}
_SWAPPED = str.maketrans(".,", ",.")
FILL_IN = "fill it in or remove the row"
FILL_IN_FILE = f"{FILL_IN}, or leave out all such rows with --drop-missing"
FILL_IN_MATRIX = "give every entry, and no names of rows"
OR_DECIMAL = ", or read decimal commas with --decimal ,"


def parse_number(text: str) -> Fraction | None:
    """Read a decimal such as "-5.1" or "1e-3" exactly; None if the text is not one.

    Only ASCII digits, a point and an exponent make a number: "1/3", "1_000", "0x1F" and "5,1" are texts.

    Raises:
        ValueError: with a reason and a remedy, if the number is too vast to compute with.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"the cell has {len(text)} characters; shorten it to at most {MAX_LENGTH}")
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    if abs(int(match[1] or 0)) > MAX_EXPONENT:
        raise ValueError(f"the exponent of {text[:40]!r} is beyond {MAX_EXPONENT}; rescale the column")
    return Fraction(text)


def exact_text(text: str, decimal: str = POINT, remedy: str = FILL_IN, or_decimal: str = "") -> Cell:
    """Return the number that a text spells, or the text.

    Args:
        text: without blanks at its ends.
        decimal: the decimal sign, of `DECIMALS`.
        remedy: what to do about a cell that has no value.
        or_decimal: what else to do about a decimal comma.

    Raises:
        ValueError: with a reason and a remedy, if the cell is blank, not finite or vast, or a number with
            another decimal sign.
    """
    pointed = text if decimal == POINT else text.translate(_SWAPPED)
    number = parse_number(pointed)
    if number is not None:
        return number
    if not text:
        raise ValueError(f"the cell is blank; {remedy}")
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"the cell is {text}; {remedy if is_missing(text) else FILL_IN}")
    if decimal == POINT and _WITH_COMMA.fullmatch(text):
        raise ValueError(
            f"the cell is {text!r}; write decimals with a point and thousands without a comma{or_decimal}"
        )
    if decimal == COMMA and (_WITH_COMMA.fullmatch(pointed) or parse_number(text) is not None):
        raise ValueError(
            f"the cell is {text!r} and the decimal sign a comma; write thousands without a point, or leave "
            "--decimal out"
        )
    return text


def is_number(text: str, decimal: str = POINT) -> bool:
    """Say whether a text spells a number, vast or not."""
    pointed = text if decimal == POINT else text.translate(_SWAPPED)
    return len(text) <= MAX_LENGTH and _NUMBER.fullmatch(pointed) is not None


def is_missing(text: str) -> bool:
    """Say whether a text stands for a value that is not there: blank, NA, NaN, null, "?", "." and such."""
    return ascii_lower(text) in _MISSING


def is_truth_value(text: str) -> bool:
    """Say whether a text is True or False, in capital or small letters."""
    return text in _TRUTH


def as_number(cell: Cell) -> Fraction | None:
    """Return a cell where numbers are wanted: True is 1 and False 0; None if it is another text."""
    if isinstance(cell, Fraction):
        return cell
    return Fraction(_TRUTH[cell]) if cell in _TRUTH else None
