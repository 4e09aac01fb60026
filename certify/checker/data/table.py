"""Read a file into a table of exact cells: rationals and texts.

Missing, infinite and vast cells are refused on reading, with the place where they stand, so that every cell
of a `Table` is a number of modest size or a text; but columns that are ignored may hold anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

from certify.checker.data.cells import (
    FILL_IN_FILE,
    FILL_IN_MATRIX,
    MAX_LENGTH,
    OR_DECIMAL,
    Cell,
    exact_text,
    is_missing,
)
from certify.checker.data.csv_rows import Row, has_header, split
from certify.checker.data.reading import USUAL, Reading
from certify.checker.data.text_file import MATRIX_AS_TEXT, TABLE_AS_TEXT, ends_in, read_text
from certify.checker.errors import DataError
from certify.checker.numbers.repeated import MOST_REMEMBERED
from certify.checker.text.names import listed, quoted, shown

HEADER_HINT = ", or say --header if this row has the names of the columns"


@dataclass(frozen=True)
class Table:
    """A rectangular table of exact cells that remembers where each one came from.

    Attributes:
        source: the path as given, or the name of the array; messages begin with it.
        names: one for each column: the header's; without one, the 1-based positions as text for a file,
            and x1, x2, ... for an array called X.
        rows: the cells, every row as long as `names`; "" in columns that are ignored.
        has_header: whether the names are the data's own.
        lines: the 1-based line of the file on which each row begins; None where rows are just counted.
        reading: how the file was read.
        ignored: the 0-based indices of the columns that are left out.
        dropped: how many rows were left out, as they miss a value.
        of_array: whether it comes from an array, and not from a file.
    """

    source: str
    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    has_header: bool
    lines: tuple[int, ...] | None = None
    reading: Reading = USUAL
    ignored: frozenset[int] = frozenset()
    dropped: int = 0
    of_array: bool = False

    @property
    def may_begin_with_a_header(self) -> bool:
        """Whether the first row may have names that were not taken for such."""
        return self.lines is not None and not self.has_header and self.reading.header is None

    def where(self, row: int, column: int) -> str:
        """Say in words where a cell stands, for an error message; both indices are 0-based."""
        line = f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"
        if self.lines is None and self.dropped:
            line += " of those that miss no value"
        name = quoted(self.names[column]) if self.has_header else self.names[column]
        return f"{self.source}, {line}, column {name}"

    def select(self, columns: Sequence[int]) -> Table:
        """Keep the columns of these 0-based indices, in this order."""
        return replace(
            self,
            names=tuple(self.names[k] for k in columns),
            rows=tuple(zip(*(map(itemgetter(k), self.rows) for k in columns), strict=True)),
            ignored=frozenset(i for i, k in enumerate(columns) if k in self.ignored),
        )

    def column(self, text: str, role: str = "target") -> int:
        """Return the 0-based index of the column that has this name or 1-based position.

        Raises:
            DataError: if there is no such column, or more than one.
        """
        width = len(self.names)
        wanted = text.strip()
        found = {k for k, name in enumerate(self.names) if name == wanted}
        if wanted.isascii() and wanted.isdecimal() and len(wanted) <= 9 and 1 <= int(wanted) <= width:
            found.add(int(wanted) - 1)
        if not found:
            raise DataError(
                f"{self.source} has no column {quoted(text)}: give one of the names "
                f"{listed(map(shown, self.names))}, or a position from 1 to {width}"
            )
        if len(found) > 1:
            raise DataError(
                f"{self.source}: the {role} {quoted(text)} can mean each of the columns "
                f"{listed(str(k + 1) for k in sorted(found))}: give these columns names of their own"
            )
        return found.pop()


@dataclass(frozen=True)
class RawTable:
    """A table whose cells are still as the file has them.

    Attributes:
        frame: a table without rows, but with the lines of all.
        rows: the cells, every row as long as the frame's names.
        exact: the exact value of a cell; raises ValueError with a reason and a remedy.
        is_missing: whether a cell stands for a value that is not there.
        header_hint: what else to do about a cell of the first row that has no exact value.
    """

    frame: Table
    rows: Iterable[Sequence[Any]]
    exact: Callable[[Any], Cell]
    is_missing: Callable[[Any], bool]
    header_hint: str = ""


# By the end of a file's name, in small letters: formats that are no text are none of the checker's business.
READERS: dict[str, Callable[[str], RawTable]] = {}

# Of these, what compares as equal has one exact value.
_COMPARABLE = frozenset({int, float, str})


class _Known(dict[Any, Cell]):
    """Exact values of cells, so that those which are equal are one object."""

    def __init__(self, exact: Callable[[Any], Cell]) -> None:
        self._exact = exact

    def __missing__(self, value: Any) -> Cell:
        cell = self._exact(value)
        if len(self) < MOST_REMEMBERED:
            self[value] = cell
        return cell


# Chooses the columns that are left out, as `Reading.ignore` has them, once their names are known.
Choice = Callable[[Table], tuple[str, ...]]


def read_table(
    path: str | os.PathLike[str],
    reading: Reading = USUAL,
    *,
    of_matrix: bool = False,
    choose: Choice | None = None,
) -> Table:
    """Read a file: by the reader that `READERS` has for the end of its name, as CSV otherwise.

    CSV is text, with or without a byte order mark, with any line ends, and with quotes as in RFC 4180; blank
    lines are skipped and blanks around a cell are dropped.

    If the reading has no separator, it is the one of `;` tab and `,` that cuts every row into the same number
    of cells, at least two; if several do, the one under which the largest share of the cells are numbers (a
    decimal comma, which is refused afterwards, included), then the one that yields most cells.

    If the reading does not say whether there is a header, the first row is one if, among the columns that
    hold numbers or True and False below it (in at least half of their cells), more carry a name in the
    first row than a number. A name has a letter, does not begin like a number, and is neither True nor
    False nor a marker of a missing value such as NA. Hence "5.1,3.5,setosa" is data, a header may hold a
    few numbers or blanks, and a header that consists of numbers is read as data. A single row is a header
    if it holds a name and no number.

    Args:
        path: of the file; "-" is standard input, and of a name in .gz the end before it counts.
        reading: how.
        of_matrix: whether a single column is welcome, and no option of a reading is there to be advised.
        choose: what else is left out, in place of the reading's columns.

    Raises:
        DataError: if the file cannot be read, is not a table, or has a blank, NaN, infinite or vast cell.
    """
    source = os.fspath(path)
    raw = _raw(source, reading, of_matrix=of_matrix)
    if choose is not None:
        reading = replace(reading, ignore=choose(raw.frame))
    ignored = frozenset(raw.frame.column(name, "ignored column") for name in reading.ignore)
    return fill(replace(raw, frame=replace(raw.frame, reading=reading, ignored=ignored)))


def _raw(source: str, reading: Reading, *, of_matrix: bool) -> RawTable:
    for suffix, read in READERS.items():
        if ends_in(source, suffix):
            if reading.is_of_text:
                raise DataError(
                    f"{source} is no text file: leave out its separator, decimal sign, encoding and header"
                )
            return read(source)
    text = read_text(source, reading.encoding, remedy=MATRIX_AS_TEXT if of_matrix else TABLE_AS_TEXT)
    rows = split(source, text, reading, of_matrix=of_matrix)
    return _csv_table(source, rows, reading, of_matrix=of_matrix)


def fill(raw: RawTable) -> Table:
    """Give a table its cells.

    Raises:
        DataError: with the place, if one of a column that is not ignored has no exact value; if no row is
        left.
    """
    frame = raw.frame
    for name in frame.names:
        if len(name) > MAX_LENGTH:
            raise DataError(
                f"{frame.source} has a column name of {len(name)} characters: shorten it to {MAX_LENGTH}"
            )
    kept, cells = [], []
    count = 0
    takes_all = not frame.ignored and not frame.reading.drop_missing
    known = _Known(raw.exact)
    for i, row in enumerate(raw.rows):
        count += 1
        if takes_all and _COMPARABLE.issuperset(map(type, row)):
            # Where this fails, the cells are looked at one by one, which finds the one to name.
            with suppress(ValueError):
                cells.append(tuple(map(known.__getitem__, row)))
                kept.append(i)
                continue
        used = [(k, value) for k, value in enumerate(row) if k not in frame.ignored]
        if frame.reading.drop_missing and any(raw.is_missing(value) for _, value in used):
            continue
        exact_row: list[Cell] = [""] * len(frame.names)
        for k, value in used:
            try:
                exact_row[k] = raw.exact(value)
            except ValueError as reason:
                hint = raw.header_hint if i == 0 and frame.may_begin_with_a_header else ""
                raise DataError(f"{frame.where(i, k)}: {reason}{hint}") from None
        kept.append(i)
        cells.append(tuple(exact_row))
    if not kept:
        raise DataError(
            f"{frame.source}: each row misses a value: leave out the columns that miss most with --ignore"
        )
    lines = None if frame.lines is None else tuple(frame.lines[i] for i in kept)
    return replace(frame, rows=tuple(cells), lines=lines, dropped=count - len(kept))


def _csv_table(source: str, rows: list[Row], reading: Reading, *, of_matrix: bool) -> RawTable:
    named = has_header(rows, reading.decimal) if reading.header is None else reading.header
    body = rows[1:] if named else rows
    if not body:
        raise DataError(f"{source} has a header and no rows: add the data below it")
    titles = rows[0].cells if named else [""] * len(rows[0].cells)
    frame = Table(
        source,
        tuple(title or str(k + 1) for k, title in enumerate(titles)),
        (),
        named,
        tuple(row.line for row in body),
    )
    cells = (row.cells for row in body)
    if of_matrix:
        return RawTable(frame, cells, partial(exact_text, remedy=FILL_IN_MATRIX), is_missing)
    exact = partial(exact_text, decimal=reading.decimal, remedy=FILL_IN_FILE, or_decimal=OR_DECIMAL)
    return RawTable(frame, cells, exact, is_missing, HEADER_HINT)
