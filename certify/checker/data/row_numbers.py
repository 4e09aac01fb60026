"""Columns and rows that number others: they are no data, and whoever meant them as such has to say so."""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction

from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.text.names import quoted

_LEAST = 3  # fewer numbers are too few to tell
_YEARS = range(1800, 2200)

# What pandas and R call a column that has no name, or how they write its name.
_NAMELESS = re.compile(r"Unnamed: [0-9]+(_level_[0-9]+)?|__index_level_[0-9]+__")


def refuse_row_numbers(table: Table, named: Collection[int]) -> None:
    """Refuse a column without a name whose cells are different integers, as row numbers are.

    Args:
        table: as read.
        named: the 0-based indices of the columns that the user has named, which are meant.

    Raises:
        DataError: with what to do.
    """
    if not table.has_header or len(table.rows) < _LEAST:
        return
    for k, name in enumerate(table.names):
        is_nameless = name == str(k + 1) or _NAMELESS.fullmatch(name) is not None
        if not is_nameless or k in named or k in table.ignored:
            continue
        cells = [row[k] for row in table.rows]
        if len(set(cells)) == len(cells) and all(
            isinstance(cell, Fraction) and cell.denominator == 1 for cell in cells
        ):
            called = "has no name" if name == str(k + 1) else f"is called {quoted(name)}"
            raise DataError(
                f"{table.source}: column {k + 1} {called} and holds different integers, as row numbers "
                "are: leave "
                f"it out with --ignore {k + 1}, or choose the columns with --features and --target"
            )


def refuse_header_of_numbers(table: Table) -> None:
    """Refuse a first row 0, 1, 2, ..., as pandas numbers columns, or of years, if nobody said what it is.

    Raises:
        DataError: with what to do.
    """
    if not table.may_begin_with_a_header or table.lines is None or len(table.names) < _LEAST:
        return
    first = table.rows[0][0]
    follow_each_other = list(table.rows[0]) == [
        first + k for k in range(len(table.names)) if isinstance(first, Fraction)
    ]
    if follow_each_other and (first == 0 or first in _YEARS):
        raise DataError(
            f"{table.source}, line {table.lines[0]} is {first}, {table.rows[0][1]}, {table.rows[0][2]}, ..., "
            "as columns are numbered: say --header if these are their names, or --no-header if they are "
            "data"
        )
