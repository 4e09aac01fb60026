"""The header of a certificate file: one JSON object, read entry by entry.

Reading trusts nothing: each entry is bounded and of its documented form, and none may be left over.
"""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from typing import Any

from certify.checker.certificate.tokens import read_integer
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import CertificateError
from certify.checker.numbers.integers import IntegerRows

FORMAT = "certify-certificate"
VERSION = 1

MAX_HEADER_CHARACTERS = 1 << 25


def header_text(statement: str, entries: dict[str, Any]) -> str:
    """Write the header of a certificate of some statement, without a newline."""
    first = {"format": FORMAT, "version": VERSION, "statement": statement}
    return json.dumps({**first, **entries}, separators=(",", ":"), ensure_ascii=True)


def row_texts(rows: IntegerRows) -> list[str]:
    """Write a matrix as one text for each row."""
    return [" ".join(map(str, row)) for row in rows]


class Header:
    """Typed access to the header; each value is taken once, and none may be left over.

    Attributes:
        statement: what the certificate states; any text.
    """

    def __init__(self, line: str) -> None:
        if len(line) > MAX_HEADER_CHARACTERS:
            raise CertificateError(f"line 1: the header is longer than {MAX_HEADER_CHARACTERS} characters")
        try:
            values = json.loads(
                line,
                object_pairs_hook=_unique_keys,
                parse_float=_refuse_number,
                parse_constant=_refuse_number,
            )
        except (ValueError, RecursionError) as error:
            raise CertificateError(
                "line 1: the header is not JSON with integers of at most 4300 digits; "
                "give a file that certify wrote"
            ) from error
        if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
            raise CertificateError('line 1: the header does not say "format": "certify-certificate"')
        version = values.pop("version", None)
        if type(version) is not int or version != VERSION:
            raise CertificateError(
                f"the format version is {repr(version)[:40]}; this certify reads version {VERSION}"
            )
        self._values: dict[str, Any] = values
        self.statement = self.text("statement")

    def _take(self, *path: str) -> object:
        *parents, key = path
        table = self._values
        for parent in parents:
            inner = table.get(parent)
            if not isinstance(inner, dict):
                raise CertificateError(f"the header's {parent!r} is not an object")
            table = inner
        if key not in table:
            raise CertificateError(f"the header has no {'.'.join(path)!r}")
        value: object = table.pop(key)
        if parents and not table:
            self._values.pop(parents[0])
        return value

    def text(self, *path: str) -> str:
        """Take a text of at most 1000 printable ASCII characters."""
        value = self._take(*path)
        if not isinstance(value, str) or len(value) > 1000 or not (value.isascii() and value.isprintable()):
            raise CertificateError(
                f"the header's {'.'.join(path)!r} is not a text of at most 1000 printable ASCII characters"
            )
        return value

    def sha256(self, *path: str) -> str:
        """Take a hash in hexadecimal digits."""
        value = self.text(*path)
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise CertificateError(f"the header's {'.'.join(path)!r} is not 64 hexadecimal digits")
        return value

    def count(self, name: str, limit: int) -> int:
        """Take a JSON integer from 0 to a limit."""
        value = self._take(name)
        if type(value) is not int or not 0 <= value <= limit:
            raise CertificateError(f"the header's {name!r} is not an integer from 0 to {limit}")
        return value

    def integer(self, *path: str) -> int:
        """Take an integer, a text."""
        return read_integer(self._take(*path), f"the header's {'.'.join(path)!r}")

    def ratio(self, *path: str) -> Fraction:
        """Take a rational "p/q" in lowest terms."""
        place = f"the header's {'.'.join(path)!r}"
        value = self._take(*path)
        parts = value.split("/") if isinstance(value, str) else []
        if len(parts) != 2:
            raise CertificateError(f'{place} is not a fraction "p/q"')
        p, q = (read_integer(part, place) for part in parts)
        if q <= 0 or math.gcd(p, q) != 1:
            raise CertificateError(f"{place} is not a fraction in lowest terms with a positive denominator")
        return Fraction(p, q)

    def rows(self, *path: str) -> IntegerRows:
        """Take a matrix, one text for each row."""
        place = f"the header's {'.'.join(path)!r}"
        value = self._take(*path)
        if not isinstance(value, list) or not all(isinstance(row, str) for row in value):
            raise CertificateError(f"{place} is not a list of texts")
        return tuple(tuple(read_integer(word, place) for word in row.split(" ")) for row in value)

    def integers(self, *path: str) -> tuple[int, ...]:
        """Take a list of integers, each a text."""
        place = f"the header's {'.'.join(path)!r}"
        value = self._take(*path)
        if not isinstance(value, list):
            raise CertificateError(f"{place} is not a list of texts")
        return tuple(read_integer(word, place) for word in value)

    def preprocessing(self) -> Preprocessing | None:
        """Take a recipe, or null."""
        value = self._take("preprocessing")
        return None if value is None else Preprocessing.from_json(value)

    def finish(self) -> None:
        """Refuse entries that were not taken."""
        if self._values:
            raise CertificateError(f"the header has the unknown entry {min(self._values)[:40]!r}")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise CertificateError("line 1: an entry of the header is given twice")
    return table


def _refuse_number(word: str) -> object:
    raise CertificateError(f"line 1: the header has the number {word[:40]}; only integers are allowed")
