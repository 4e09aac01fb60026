"""How a data file becomes a table: its text, its decimal sign, and what of its rows and columns is left out.

What is not said is as usual: the separator is guessed, decimals have a point, the text is UTF-8, and every
row and column enters. A certificate records what is unusual, so that its data are read again in the same
way.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from certify.checker.data import recorded
from certify.checker.data.cells import COMMA, DECIMALS, POINT
from certify.checker.errors import DataError
from certify.checker.text.names import quoted

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "whitespace"}
ENCODINGS = ("utf-8", "utf-16", "latin-1")


@dataclass(frozen=True)
class Reading:
    """How a file is read.

    Attributes:
        separator: what separates cells, of `SEPARATORS`; a space stands for any spaces and tabs. None to
            guess among semicolon, tab and comma.
        decimal: the decimal sign of numbers, of `DECIMALS`.
        encoding: of the text, of `ENCODINGS`.
        header: whether the first row has the columns' names; None to guess.
        ignore: the columns that are left out, each a name or a 1-based position as text.
        drop_missing: whether rows are left out that miss a value in a column that is not.

    Raises:
        DataError: if a value is none of these, or the separator is the decimal sign.
    """

    separator: str | None = None
    decimal: str = POINT
    encoding: str = "utf-8"
    header: bool | None = None
    ignore: tuple[str, ...] = ()
    drop_missing: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no way to read."""
        if self.separator not in (None, *SEPARATORS):
            raise DataError(
                f"the separator {quoted(str(self.separator))} is unknown: use , ; | tab or whitespace"
            )
        if self.decimal not in DECIMALS:
            raise DataError(f"the decimal sign {quoted(self.decimal)} is unknown: use . or ,")
        if self.encoding not in ENCODINGS:
            raise DataError(
                f"the encoding {quoted(self.encoding)} is unknown: use {', '.join(ENCODINGS)}, or "
                "convert the "
                "file to UTF-8"
            )
        if self.separator == self.decimal == COMMA:
            raise DataError("the comma is both separator and decimal sign: choose another --sep or --decimal")

    @property
    def is_of_text(self) -> bool:
        """Whether something is said that is about text files alone."""
        return (self.separator, self.decimal, self.encoding, self.header) != (None, POINT, "utf-8", None)

    def to_json(self) -> dict[str, Any]:
        """Return what is unusual, as JSON values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value != getattr(USUAL, name)
        }

    @classmethod
    def from_json(cls, obj: object) -> Reading:
        """Read what `to_json` wrote, trusting nothing.

        Raises:
            CertificateError: if it is no way to read.
        """
        if not isinstance(obj, dict) or obj.keys() - {field.name for field in fields(cls)}:
            raise recorded.malformed("has a reading that is not an object with entries of a reading")
        values: dict[str, Any] = dict(obj)
        for key in values.keys() & {"separator", "decimal", "encoding"}:
            recorded.one_text(values[key], key)
        for key in values.keys() & {"header", "drop_missing"}:
            recorded.truth(values[key], key)
        if "ignore" in values:
            values["ignore"] = recorded.texts(values["ignore"], "ignored columns")
        try:
            return cls(**values)
        except DataError as error:
            raise recorded.malformed(f"has an unknown reading ({error})") from error

    def words(self) -> list[str]:
        """Say what is unusual about the text, part by part."""
        parts = []
        if self.separator is not None:
            parts.append(f"cells separated by {SEPARATORS[self.separator]}")
        if self.decimal == COMMA:
            parts.append("decimal commas")
        if self.encoding != USUAL.encoding:
            parts.append(f"text in {self.encoding}")
        if self.header is not None:
            parts.append("the first row taken for names" if self.header else "the first row taken for data")
        return parts


USUAL = Reading()
