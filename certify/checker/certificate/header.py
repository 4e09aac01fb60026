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


class HeaderEntries:
    """Typed access to an object of the header; each value is taken once, and none may be left over."""

    def __init__(self, values: dict[str, Any], within: str = "") -> None:
        """Take its values over.

        Args:
            values: as JSON has them.
            within: the names of the objects that it lies in, each with what separates it from the next.
        """
        self._values = values
        self._within = within

    def place(self, *path: str) -> str:
        """Name an entry in a message."""
        return f"the header's {self._within + '.'.join(path)!r}"

    def _take(self, *path: str) -> object:
        *parents, key = path
        table = self._values
        for parent in parents:
            inner = table.get(parent)
            if not isinstance(inner, dict):
                raise CertificateError(f"{self.place(parent)} is not an object")
            table = inner
        if key not in table:
            raise CertificateError(f"the header has no {self._within + '.'.join(path)!r}")
        value: object = table.pop(key)
        if parents and not table:
            self._values.pop(parents[0])
        return value

    def has(self, name: str) -> bool:
        """Say whether there is an entry that has not been taken yet."""
        return name in self._values

    def object(self, name: str) -> HeaderEntries:
        """Take an object."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise CertificateError(f"{self.place(name)} is not an object")
        return HeaderEntries(value, f"{self._within}{name}.")

    def objects(self, name: str, limit: int) -> list[HeaderEntries]:
        """Take a list of at most so many objects."""
        value = self._take(name)
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise CertificateError(f"{self.place(name)} is not a list of objects")
        if len(value) > limit:
            raise CertificateError(
                f"{self.place(name)} has more than {limit} entries, the most that are read"
            )
        return [HeaderEntries(entry, f"{self._within}{name}[{i}].") for i, entry in enumerate(value)]

    def text(self, *path: str) -> str:
        """Take a text of at most 1000 printable ASCII characters."""
        value = self._take(*path)
        if not isinstance(value, str) or len(value) > 1000 or not (value.isascii() and value.isprintable()):
            raise CertificateError(
                f"{self.place(*path)} is not a text of at most 1000 printable ASCII characters"
            )
        return value

    def sha256(self, *path: str) -> str:
        """Take a hash in hexadecimal digits."""
        value = self.text(*path)
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise CertificateError(f"{self.place(*path)} is not 64 hexadecimal digits")
        return value

    def count(self, name: str, limit: int) -> int:
        """Take a JSON integer from 0 to a limit."""
        value = self._take(name)
        if type(value) is not int or not 0 <= value <= limit:
            raise CertificateError(f"{self.place(name)} is not an integer from 0 to {limit}")
        return value

    def integer(self, *path: str) -> int:
        """Take an integer, a text."""
        return read_integer(self._take(*path), self.place(*path))

    def ratio(self, *path: str) -> Fraction:
        """Take a rational "p/q" in lowest terms."""
        place = self.place(*path)
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
        place = self.place(*path)
        value = self._take(*path)
        if not isinstance(value, list) or not all(isinstance(row, str) for row in value):
            raise CertificateError(f"{place} is not a list of texts")
        return tuple(tuple(read_integer(word, place) for word in row.split(" ")) for row in value)

    def integer_row(self, *path: str) -> tuple[int, ...]:
        """Take a text of integers, separated by single spaces."""
        place, value = self.place(*path), self._take(*path)
        if not isinstance(value, str):
            raise CertificateError(f"{place} is not a text")
        return tuple(read_integer(word, place) for word in value.split(" "))

    def integers(self, *path: str) -> tuple[int, ...]:
        """Take a list of integers, each a text."""
        place = self.place(*path)
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
            unknown = self._within + min(self._values)[:40]
            raise CertificateError(f"the header has the unknown entry {unknown!r}")


class Header(HeaderEntries):
    """The header of a certificate.

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
        super().__init__(values)
        self.statement = self.text("statement")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise CertificateError("line 1: an entry of the header is given twice")
    return table


def _refuse_number(word: str) -> object:
    raise CertificateError(f"line 1: the header has the number {word[:40]}; only integers are allowed")
