"""Reading integers from the text of an untrusted file."""

from __future__ import annotations

import re

from certify.checker.errors import CertificateError

MAX_INTEGER_DIGITS = 4000  # below the limit from which Python itself refuses to convert


_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


def read_integer(word: object, place: str) -> int:
    """Read an integer in decimal, of at most MAX_INTEGER_DIGITS characters.

    Raises:
        CertificateError: if it is none; `place` says where it stands.
    """
    if not isinstance(word, str) or len(word) > MAX_INTEGER_DIGITS or not _INTEGER.fullmatch(word):
        raise CertificateError(
            f"{place}: {_shown(word)} is not an integer of at most {MAX_INTEGER_DIGITS} characters"
        )
    return int(word)


def _shown(word: object) -> str:
    return repr(word) if len(repr(word)) <= 40 else repr(word)[:40] + "..."
