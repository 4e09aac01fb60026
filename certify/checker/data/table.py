"""Read a CSV file into a table of exact cells: rationals and texts.

A decimal stays the decimal it is ("5.1" is 51/10). Missing, infinite and vast cells are refused on reading,
with the place where they stand, so that every cell of a `Table` is a number of modest size or a text.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from certify.checker.errors import DataError
from certify.checker.text.letters import ascii_lower, is_letter
from certify.checker.text.names import quoted

Cell = Fraction | str

MAX_BYTES = 1 << 30  # of a text file, as the proved checker has it
MAX_LENGTH = 1000  # characters of a cell or of a name
MAX_EXPONENT = 400
MAX_DIGITS = MAX_LENGTH + MAX_EXPONENT  # what the two allow a CSV number; the bound for arrays as well

_BLOCK = 1 << 20  # bytes
SEPARATORS = (";", "\t", ",")

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]+(?:,[0-9]+)+")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_MISSING_MARKERS = frozenset({"na", "n/a", "nan", "null", "none", "inf", "infinity"})
FILL_IN = "fill it in or remove the row"


@dataclass(frozen=True)
class Table:
    """A rectangular table of exact cells that remembers where each one came from.

    Attributes:
        source: the path as given, or the name of the array; messages begin with it.
        names: one for each column: the header's; without one, the 1-based positions as text for a file,
            and x1, x2, ... for an array called X.
        rows: the cells, every row as long as `names`.
        has_header: whether the names are the data's own.
        lines: the 1-based line of the file on which each row begins; None where rows are just counted.
    """

    source: str
    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    has_header: bool
    lines: tuple[int, ...] | None = None

    def where(self, row: int, column: int) -> str:
        """Say in words where a cell stands, for an error message; both indices are 0-based."""
        line = f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"
        name = quoted(self.names[column]) if self.has_header else self.names[column]
        return f"{self.source}, {line}, column {name}"

    def select(self, columns: Sequence[int]) -> Table:
        """Keep the columns of these 0-based indices, in this order."""
        return replace(
            self,
            names=tuple(self.names[k] for k in columns),
            rows=tuple(tuple(row[k] for k in columns) for row in self.rows),
        )


# By the end of a file's name, in small letters: formats that are no text are none of the checker's business.
READERS: dict[str, Callable[[str], Table]] = {}


def read_table(path: str | os.PathLike[str], *, least_columns: int = 2) -> Table:
    """Read a file: by the reader that `READERS` has for the end of its name, as CSV otherwise.

    CSV is UTF-8 text, with or without a byte order mark, with any line ends, and with quotes as in RFC
    4180; blank lines are skipped and blanks around a cell are dropped.

    The separator is the one of `;` tab and `,` that cuts every row into the same number of cells, at
    least two; if several do, the one under which the largest share of the cells are numbers (a decimal
    comma, which is refused afterwards, included), then the one that yields most cells.

    The first row is a header if, among the columns that hold numbers below it (in at least half of their
    cells), more carry a name in the first row than a number. A name has a letter, does not begin like a
    number, and is not a marker of a missing value such as NA. Hence "5.1,3.5,setosa" is data, a header
    may hold a few numbers or blanks, and a header that consists of numbers is read as data. A single row
    is a header if it holds a name and no number.

    Args:
        path: of the file.
        least_columns: 1 where a single column is welcome.

    Raises:
        DataError: if the file cannot be read, is not a table, or has a blank, NaN, infinite or vast cell.
    """
    source = os.fspath(path)
    for suffix, read in READERS.items():
        if ends_in(source, suffix):
            return read(source)
    return _csv_table(source, _split(source, read_text(source), least_columns))


def ends_in(source: str, *suffixes: str) -> bool:
    """Say whether a path ends in one of these, which are in small letters."""
    return ascii_lower(source).endswith(suffixes)


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


# --- cells ---------------------------------------------------------------------------------------------


def fill(frame: Table, rows: Iterable[Sequence[Any]], exact: Callable[[Any], Cell]) -> Table:
    """Give a table without rows its cells; `exact` raises ValueError with a reason and a remedy."""
    for name in frame.names:
        if len(name) > MAX_LENGTH:
            raise DataError(
                f"{frame.source} has a column name of {len(name)} characters: shorten it to {MAX_LENGTH}"
            )
    cells = []
    for i, row in enumerate(rows):
        exact_row = []
        for k, value in enumerate(row):
            try:
                exact_row.append(exact(value))
            except ValueError as reason:
                raise DataError(f"{frame.where(i, k)}: {reason}") from None
        cells.append(tuple(exact_row))
    return replace(frame, rows=tuple(cells))


def exact_text(text: str) -> Cell:
    """Return the number that a text spells, or the text.

    Raises:
        ValueError: with a reason and a remedy, if the cell is blank, not finite or vast.
    """
    number = parse_number(text)
    if number is not None:
        return number
    if not text:
        raise ValueError(f"the cell is blank; {FILL_IN}")
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"the cell is {text}; {FILL_IN}")
    if _WITH_COMMA.fullmatch(text):
        raise ValueError(f"the cell is {text!r}; write decimals with a point and thousands without a comma")
    return text


# --- CSV -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    line: int
    cells: list[str]


def read_text(source: str) -> str:
    """Read a whole file of UTF-8 text.

    Raises:
        DataError: if it cannot be read, or is something else.
    """
    data = bytearray()
    try:
        with open(source, "rb") as file:
            # Block by block: a pipe or a device has no size that could be asked for, nor need it have an end.
            while block := file.read(_BLOCK):
                data += block
                if b"\0" in block:
                    raise DataError(f"{source} is not a text file in UTF-8: save the table as CSV in UTF-8")
                if len(data) > MAX_BYTES:
                    raise DataError(f"{source} is larger than {MAX_BYTES >> 20} MiB, the most that is read")
    except FileNotFoundError:
        raise DataError(f"{source} does not exist: check the path") from None
    except IsADirectoryError:
        raise DataError(f"{source} is a directory: give the CSV or Parquet file itself") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{source} cannot be read ({reason}): check the path and its permissions") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{source}, line {line} is not UTF-8 text: save the table as CSV in UTF-8") from None


def _split(source: str, text: str, least_columns: int) -> list[_Row]:
    """Cut the text with the best separator into rows of one length."""
    readings = []
    for separator in SEPARATORS:
        with suppress(DataError):
            readings.append(_rows(source, text, separator))
    rectangular = [rows for rows in readings if len({len(row.cells) for row in rows}) == 1]
    best = max(rectangular, key=_merit, default=[])
    single = least_columns == 1 and not any(separator in text for separator in SEPARATORS)
    if best and (single or len(best[0].cells) > 1):
        return best
    # No separator fits, so the likeliest one tells what is wrong.
    rows = _rows(source, text, max(SEPARATORS, key=text.count))
    if not rows:
        raise DataError(f"{source} is empty: give a table of numbers")
    for row in rows:
        if len(row.cells) != len(rows[0].cells):
            raise DataError(
                f"{source}, line {row.line} has {len(row.cells)} cells and line {rows[0].line} has "
                f"{len(rows[0].cells)}: give every row the same number of cells"
            )
    raise DataError(
        f"{source} has a single column: give features and a target, separated by comma, semicolon or tab"
    )


def _rows(source: str, text: str, separator: str) -> list[_Row]:
    # A strict reader reports a quote that is never closed; a lenient one would swallow the rows after it.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True
    )
    rows = []
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if cells not in ([], [""]):
                rows.append(_Row(line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{source}, line {line} is not valid CSV ({error}): close every quote, and double the quotes "
            "inside a quoted cell"
        ) from None
    return rows


def _merit(rows: list[_Row]) -> tuple[bool, Fraction, int]:
    width = len(rows[0].cells)
    numbers = sum(_is_number(cell.replace(",", ".", 1)) for row in rows for cell in row.cells)
    return width > 1, Fraction(numbers, width * len(rows)), width


def _csv_table(source: str, rows: list[_Row]) -> Table:
    has_header = _has_header(rows)
    body = rows[1:] if has_header else rows
    if not body:
        raise DataError(f"{source} has a header and no rows: add the data below it")
    titles = rows[0].cells if has_header else [""] * len(rows[0].cells)
    frame = Table(
        source,
        tuple(title or str(k + 1) for k, title in enumerate(titles)),
        (),
        has_header,
        tuple(row.line for row in body),
    )
    return fill(frame, (row.cells for row in body), exact_text)


def _has_header(rows: list[_Row]) -> bool:
    """Decide by the rule in the docstring of `read_table`."""
    first, *body = (row.cells for row in rows)
    if not body:
        return any(map(_is_name, first)) and not any(map(_is_number, first))
    names = numbers = 0
    for title, column in zip(first, zip(*body, strict=True), strict=True):
        if 2 * sum(map(_is_number, column)) >= len(column):
            names += _is_name(title)
            numbers += _is_number(title)
    return names > numbers


def _is_number(cell: str) -> bool:
    return len(cell) <= MAX_LENGTH and _NUMBER.fullmatch(cell) is not None


def _is_name(cell: str) -> bool:
    begins_like_a_number = cell.startswith((*"0123456789+-.,",))
    if begins_like_a_number or ascii_lower(cell) in _MISSING_MARKERS:
        return False
    return any(map(is_letter, cell))
