"""Cut the text of a CSV file into rows, by the separator that fits, and find its header."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.data.cells import is_number, is_truth_value
from certify.checker.data.reading import Reading
from certify.checker.errors import DataError
from certify.checker.text.letters import ascii_lower, is_letter
from certify.checker.text.names import counted

_GUESSED = (";", "\t", ",")
_NO_NAMES = frozenset({"na", "n/a", "nan", "null", "none", "inf", "infinity"})


@dataclass(frozen=True)
class Row:
    """The cells of a row, without blanks at their ends, and the 1-based line on which it begins."""

    line: int
    cells: list[str]


def split(source: str, text: str, reading: Reading, *, of_matrix: bool) -> list[Row]:
    """Cut a text into rows of one length.

    Args:
        source: the path, for messages.
        text: the file.
        reading: which may have the separator.
        of_matrix: whether a single column is welcome, and cells may also be separated by whitespace.

    Raises:
        DataError: if it is no table.
    """
    guessed = [separator for separator in _GUESSED if separator != reading.decimal]
    candidates = guessed if reading.separator is None else [reading.separator]
    if of_matrix and reading.separator is None and not any(map(text.count, _GUESSED)):
        candidates = [*candidates, " "]
    readings = []
    for separator in candidates:
        with suppress(DataError):
            readings.append(_rows(source, text, separator))
    rectangular = [rows for rows in readings if len({len(row.cells) for row in rows}) == 1]
    best = max(rectangular, key=_merit, default=[])
    if best and (len(best[0].cells) > 1 or (of_matrix and not any(map(text.count, guessed)))):
        return best
    raise _no_table(source, text, candidates, of_matrix=of_matrix)


def _no_table(source: str, text: str, candidates: list[str], *, of_matrix: bool) -> DataError:
    """Return what is wrong under the likeliest separator: of those in the first line, else in the text."""
    first = text.lstrip().partition("\n")[0]
    rows = _rows(source, text, max(candidates, key=lambda each: (first.count(each), text.count(each))))
    if not rows:
        return DataError(f"{source} is empty: give a table of numbers")
    width = len(rows[0].cells)
    for row in rows:
        if len(row.cells) == width:
            continue
        remedy = "give every row the same number of cells"
        if rows[0].cells[0].startswith("sep="):  # of Excel
            remedy = "remove that line" if of_matrix else "remove that line, and say --sep"
        elif not of_matrix and all(len(other.cells) == width + 1 for other in rows[1:]):
            remedy = "name the first column, as of row names, and leave it out with --ignore 1"
        return DataError(
            f"{source}, line {row.line} has {counted(len(row.cells), 'cell')} and line {rows[0].line} has "
            f"{width}: {remedy}"
        )
    if of_matrix:
        return DataError(f"{source} has a single column: separate its cells by comma, semicolon or tab")
    return DataError(
        f"{source} has a single column: give features and a target, separated by comma, semicolon or tab, or "
        "name another separator with --sep, | or whitespace"
    )


def has_header(rows: list[Row], decimal: str) -> bool:
    """Decide by the rule in the docstring of `certify.checker.data.table.read_table`."""
    first, *body = (row.cells for row in rows)
    if not body:
        return any(map(_is_name, first)) and not any(is_number(cell, decimal) for cell in first)
    names = numbers = 0
    for title, column in zip(first, zip(*body, strict=True), strict=True):
        if 2 * sum(is_number(cell, decimal) or is_truth_value(cell) for cell in column) >= len(column):
            names += _is_name(title) and not is_truth_value(title)
            numbers += is_number(title, decimal)
    return names > numbers


def _rows(source: str, text: str, separator: str) -> list[Row]:
    if separator == " ":
        text = text.replace("\t", " ")
    # A strict reader reports a quote that is never closed; a lenient one would swallow the rows after it.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True
    )
    rows = []
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if separator == " " and len(cells) > 1 and not cells[-1]:
                del cells[-1]  # spaces before the end of the line
            if cells not in ([], [""]):
                rows.append(Row(line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{source}, line {line} is not valid CSV ({error}): close every quote, and double the quotes "
            "inside a quoted cell"
        ) from None
    return rows


def _merit(rows: list[Row]) -> tuple[bool, Fraction, int]:
    width = len(rows[0].cells)
    numbers = sum(is_number(cell.replace(",", ".", 1)) for row in rows for cell in row.cells)
    return width > 1, Fraction(numbers, width * len(rows)), width


def _is_name(cell: str) -> bool:
    begins_like_a_number = cell.startswith((*"0123456789+-.,",))
    if begins_like_a_number or ascii_lower(cell) in _NO_NAMES:
        return False
    return any(map(is_letter, cell))
