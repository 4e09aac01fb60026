"""Divide a table that holds several problems, by the values of one column."""

from __future__ import annotations

from dataclasses import replace

from certify.checker.data.recipe import label_text
from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.text.names import quoted, shown


def split_table(table: Table, column: str, most: int | None = None) -> tuple[Table, ...]:
    """Return one table for each value of a column, without that column, in the order of their first rows.

    The sources of the new tables name the value, and so do messages about them.

    Args:
        table: with at least two columns.
        column: a name or a 1-based position.
        most: keep the first so many values; None for all.

    Raises:
        DataError: if there is no such column, or nothing besides it.
    """
    index = table.column(column, "group")
    others = [k for k in range(len(table.names)) if k != index]
    if not others:
        raise DataError(f"{table.source} has no column besides {quoted(column)}: add features and a target")
    groups: dict[str, list[int]] = {}
    for i, row in enumerate(table.rows):
        groups.setdefault(label_text(row[index]), []).append(i)
    rest = table.select(others)
    return tuple(
        replace(
            rest,
            source=f"{table.source}, {shown(table.names[index])} {shown(value)}",
            rows=tuple(rest.rows[i] for i in rows),
            lines=None if table.lines is None else tuple(table.lines[i] for i in rows),
        )
        for value, rows in list(groups.items())[:most]
    )
