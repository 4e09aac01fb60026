"""Read and write the integers of a certificate file, which never have more digits than a limit."""

from __future__ import annotations

import re

from certify.checker.errors import CertificateError

MAX_INTEGER_DIGITS = 4000  # below the limit from which Python itself refuses to convert
MAX_POWER = 13_000  # as many bits as the digits may have

INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_INTEGER_OF_A_NODE = re.compile(r"(0|-?[1-9][0-9]*)(?:p([1-9][0-9]{0,4}))?")
_SHORTER_AS_POWER = 14  # trailing zero bits from which on "MpE" is shorter than the digits


def read_integer(word: object, place: str) -> int:
    """Read an integer in decimal, of at most MAX_INTEGER_DIGITS characters.

    Raises:
        CertificateError: if it is none; `place` says where it stands.
    """
    if not isinstance(word, str) or len(word) > MAX_INTEGER_DIGITS or not INTEGER.fullmatch(word):
        raise CertificateError(
            f"{place}: {_shown(word)} is not an integer of at most {MAX_INTEGER_DIGITS} characters"
        )
    return int(word)


def read_integers(line: str, number: int) -> list[int]:
    """Read the integers of a line of the tree, separated by single spaces; "MpE" is M * 2**E.

    Args:
        line: without its newline.
        number: of the line, for messages.

    Raises:
        CertificateError: if one of them is none.
    """
    return [_integer_of_a_node(word, f"line {number}") for word in line.split(" ")]


def digits(value: int) -> str:
    """Write an integer of the tree, as "MpE" where that is shorter."""
    twos = min((value & -value).bit_length() - 1, MAX_POWER)
    return str(value) if twos < _SHORTER_AS_POWER else f"{value >> twos}p{twos}"


def _integer_of_a_node(word: str, place: str) -> int:
    if "p" not in word:
        return read_integer(word, place)
    match = _INTEGER_OF_A_NODE.fullmatch(word)
    if match is None or len(word) > MAX_INTEGER_DIGITS or int(match[2]) > MAX_POWER:
        raise CertificateError(f"{place}: {_shown(word)} is no integer MpE with E at most {MAX_POWER}")
    return int(match[1]) << int(match[2])


def _shown(word: object) -> str:
    return repr(word) if len(repr(word)) <= 40 else repr(word)[:40] + "..."
