"""The values of a recorded recipe, read as JSON that may come from anybody."""

from __future__ import annotations

import re
from fractions import Fraction

from certify.checker.errors import CertificateError

# Bounds on a recipe read from a certificate, beyond what any that is written reaches.
MAX_ENTRIES = 100_000
MAX_LENGTH = 4000
MAX_LEVELS = 1000

_RATIONAL = re.compile(r"-?[0-9]+(?:/0*[1-9][0-9]*)?")

Pairs = tuple[tuple[Fraction, Fraction], ...]
Categories = tuple[tuple[str, tuple[str, ...]], ...]


def parse_rational(text: str) -> Fraction | None:
    """Read "p/q" or "p", in ASCII digits and of any length that the caller allows; None if it is not one."""
    return Fraction(text) if _RATIONAL.fullmatch(text) else None


def texts(value: object, key: str) -> tuple[str, ...]:
    """Read a list of different texts."""
    if not isinstance(value, list) or len(value) > MAX_ENTRIES:
        raise malformed(f"has no list of at most {MAX_ENTRIES} {key}")
    if not all(isinstance(text, str) and len(text) <= MAX_LENGTH for text in value):
        raise malformed(f"has {key} that are not texts of at most {MAX_LENGTH} characters")
    if len(set(value)) < len(value):
        raise malformed(f"repeats one of its {key}")
    return tuple(value)


def one_text(value: object, key: str) -> str:
    """Read a text."""
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        raise malformed(f"has a {key} that is not a text of at most {MAX_LENGTH} characters")
    return value


def truth(value: object, key: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise malformed(f"has a {key} other than true and false")
    return value


def pairs(value: object) -> Pairs:
    """Read the (shift, scale) of columns, at least one; scales are positive."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ENTRIES:
        raise malformed(f"standardises by something else than a list of at most {MAX_ENTRIES} pairs")
    found = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise malformed("standardises a column by something else than a shift and a scale")
        shift, scale = map(rational, pair)
        if scale <= 0:
            raise malformed("has a scale that is not positive")
        found.append((shift, scale))
    return tuple(found)


def categories(value: object) -> Categories:
    """Read the categorical columns, at least one, each with two levels or more."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ENTRIES:
        raise malformed(f"has no list of at most {MAX_ENTRIES} categorical columns")
    found = []
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            raise malformed("has a categorical column that is not a column and a list of levels")
        levels = texts(entry[1], "levels")
        if not 2 <= len(levels) <= MAX_LEVELS:
            raise malformed(f"has a categorical column that has not 2 to {MAX_LEVELS} levels")
        found.append((one_text(entry[0], "categorical column"), levels))
    return tuple(found)


def rational(value: object) -> Fraction:
    """Read a rational in lowest terms."""
    number = parse_rational(value) if isinstance(value, str) and len(value) <= MAX_LENGTH else None
    if number is None or str(number) != value:
        raise malformed('has a shift, a scale or a weight that is not a text "p/q" in lowest terms')
    return number


def malformed(reason: str) -> CertificateError:
    """Return the error that a recipe is none."""
    return CertificateError(f"the certificate's preprocessing {reason}: use an unaltered certificate")
