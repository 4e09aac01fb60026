"""Names from data and certificates, made safe to stand in a sentence: none can add words of its own.

A name stands as it is if it is one word of letters, digits, `_`, `-` and `.`; any other stands in quotes,
with escapes for what a reader could not see or would see in another place: control characters, blanks that
are no spaces, invisible characters, combining marks, and letters that are written from right to left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import islice

MOST = 40  # characters of a name
LISTED = 6  # names in a sentence

_LEFT_TO_RIGHT = frozenset({"L", "EN"})
_LETTERS_WITHOUT_SHAPE = frozenset("\u115f\u1160\u3164\uffa0")


def shown(name: str, most: int = MOST) -> str:
    """Return a name for a sentence: a plain word as it is, else in quotes; cut after `most` characters."""
    if name and all(_is_letter(c) or c in "_-." for c in name[:most]):
        return name if len(name) <= most else name[:most] + "..."
    return quoted(name, most)


def quoted(text: str, most: int = MOST) -> str:
    """Return a text in quotes, what cannot be seen written as escapes; cut after `most` characters."""
    words = "".join(c if _is_visible(c) else _escape(c) for c in text[:most])
    return f"'{words}'" + "..." * (len(text) > most)


def column(name: str) -> str:
    """Return the name of a column for a sentence; digits are its 1-based position."""
    return f"column {name}" if name.isascii() and name.isdecimal() else shown(name)


def listed(words: Iterable[str]) -> str:
    """List the first words, and say whether there are more."""
    words = iter(words)
    first = list(islice(words, LISTED))
    return ", ".join([*first, *(["..."] if any(True for _ in words) else [])])


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 neuron", "2 neurons"."""
    return f"{count} {noun}{'s' * (count != 1)}"


def _is_letter(c: str) -> bool:
    if c.isascii():
        return c.isalnum()
    return c.isalnum() and unicodedata.bidirectional(c) in _LEFT_TO_RIGHT and c not in _LETTERS_WITHOUT_SHAPE


def _is_visible(c: str) -> bool:
    return _is_letter(c) or (c.isascii() and c.isprintable() and c not in "'\\")


def _escape(c: str) -> str:
    return "\\'" if c == "'" else c.encode("unicode_escape").decode("ascii")
