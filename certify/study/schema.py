"""Reading tables of a TOML file whose keys are known: what is wrong becomes one sentence with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from certify.checker.data.dataset import parse_gamma
from certify.checker.errors import DataError
from certify.checker.text.names import quoted

# Reads a value, or raises a ValueError that says what it should be.
Reader = Callable[[Any], Any]
_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?")


@dataclass(frozen=True)
class Source:
    """A TOML file as text, to say where in it something stands.

    Attributes:
        name: of the file.
        text: of it.
    """

    name: str
    text: str

    def tables(self) -> dict[str, Any]:
        """Parse it.

        Raises:
            DataError: if it is no TOML.
        """
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            words = str(error)[:1].lower() + str(error)[1:]
            raise DataError(f"{self.name} is no TOML: {words}; correct it there") from None

    def line(self, table: str, place: int, key: str) -> int | None:
        """Return the 1-based line of a key.

        Args:
            table: "data" for [[data]], "" for the keys above all tables.
            place: from 0 on, among the tables of that name.
            key: of that table.
        """
        here, seen = "", {"": 0}
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := _HEADER.match(line):
                here = header[1]
                seen[here] = seen.get(here, -1) + 1
            elif here == table and seen[here] == place and re.match(rf'\s*"?{re.escape(key)}"?\s*[.=]', line):
                return number
        return None

    def error(self, table: str, place: int, key: str, words: str) -> DataError:
        """Return an error about a key."""
        line = self.line(table, place, key)
        where = self.name if line is None else f"{self.name}, line {line}"
        of = f" of [[{table}]]" if table else ""
        return DataError(f"{where}: the key {quoted(key)}{of} {words}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return what to do about a word that is unknown: the nearest known one, or all of them."""
    names = list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(names)}"


def read_keys(
    source: Source, table: str, place: int, values: Mapping[str, Any], readers: Mapping[str, Reader]
) -> dict[str, Any]:
    """Return the values of a table, each as its reader takes it.

    Raises:
        DataError: if a key is unknown, or a value is not what its reader takes.
    """
    found = {}
    for key, value in values.items():
        if key not in readers:
            raise source.error(table, place, key, f"is unknown: {nearest(key, readers)}")
        try:
            found[key] = readers[key](value)
        except ValueError as error:
            raise source.error(table, place, key, f"is {quoted(str(value))}: give {error}") from None
    return found


def text(value: Any) -> str:
    """Take a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value


def flag(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def count(value: Any) -> int:
    """Take a positive integer."""
    if type(value) is not int or value < 1:
        raise ValueError("an integer that is at least 1")
    return value


def seed(value: Any) -> int:
    """Take an integer that is not negative."""
    if type(value) is not int or value < 0:
        raise ValueError("an integer that is at least 0")
    return value


def seconds(value: Any) -> float:
    """Take a positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError("a positive number of seconds")
    return float(value)


def share(value: Any) -> float:
    """Take a number between 0 and 1."""
    if not isinstance(value, float) or not 0 < value < 1:
        raise ValueError("a number between 0 and 1")
    return value


def exact(value: Any) -> str:
    """Take a positive number, exactly, as a text: 0.1, "0.1" and "1/10" are themselves."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError('a positive number, such as 0.1 or "1/10"')
    written = value if isinstance(value, str) else repr(value)
    try:
        positive = parse_gamma(written) > 0
    except DataError:
        positive = False
    if not positive:
        raise ValueError('a positive number, such as 0.1 or "1/10"')
    return written


def by_gamma(value: Any) -> dict[str, float]:
    """Take a table with a positive number for each of some weight decays."""
    wanted = 'a table such as {"0.1" = 12.5}, of positive numbers by gamma'
    if not isinstance(value, dict) or not value:
        raise ValueError(wanted)
    try:
        return {exact(gamma): seconds(number) for gamma, number in value.items()}
    except ValueError:
        raise ValueError(wanted) from None


def one_of(*words: str) -> Reader:
    """Return a reader of one of some words."""

    def read(value: Any) -> str:
        if value not in words:
            hint = nearest(value, words) if isinstance(value, str) else ""
            raise ValueError(f"one of {', '.join(words)}" + (f" ({hint})" if "did you" in hint else ""))
        return str(value)

    return read


def some(reader: Reader) -> Reader:
    """Return a reader of one value or a list of them, as a tuple without repetitions."""

    def read(value: Any) -> tuple[Any, ...]:
        values = value if isinstance(value, list) else [value]
        try:
            found = tuple(dict.fromkeys(map(reader, values)))
        except ValueError as error:
            raise ValueError(f"{error}, or a list of such") from None
        if not found:
            raise ValueError("a list that is not empty")
        return found

    return read
