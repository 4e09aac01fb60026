"""The columns of a table: which are targets, weights and features, and what they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.text.names import listed, quoted, shown


def target_names(table: Table, targets: Sequence[str]) -> tuple[str, ...]:
    """Return the names, as `Dataset.target_names` has them, of columns given by name or 1-based position.

    Raises:
        DataError: if there is no such column, or more than one, or one comes twice.
    """
    own = own_names(table)
    return tuple(own[column] for column in target_columns(table, targets))


def target_columns(table: Table, targets: Sequence[str]) -> list[int]:
    """Return the 0-based indices of the columns that have these names or 1-based positions.

    Raises:
        DataError: if there is no such column, or more than one, or one comes twice.
    """
    columns = [column_of(table, target) for target in ([targets] if isinstance(targets, str) else targets)]
    for k, column in enumerate(columns):
        if column in columns[:k]:
            raise DataError(
                f"{table.source}: the target column {quoted(table.names[column])} is named twice: "
                "name it once"
            )
    return columns


def weight_column(table: Table, targets: Sequence[int], name: str | None) -> int | None:
    """Return the 0-based index of the column of weights, by its name or 1-based position; None for none.

    Raises:
        DataError: if there is no such column, or more than one, or it is a target.
    """
    if name is None:
        return None
    column = column_of(table, name, "sample weight")
    if column in targets:
        raise DataError(
            f"{table.source}: the column {quoted(table.names[column])} is a target and the sample weight: "
            "choose two columns"
        )
    return column


def column_of(table: Table, target: str, role: str = "target") -> int:
    """Return the 0-based index of the column that has this name or 1-based position.

    Raises:
        DataError: if there is no such column, or more than one.
    """
    width = len(table.names)
    found = {k for k, name in enumerate(table.names) if name == target.strip()}
    if re.fullmatch("[0-9]{1,9}", target.strip()) and 1 <= int(target) <= width:
        found.add(int(target) - 1)
    if not found:
        raise DataError(
            f"{table.source} has no column {quoted(target)}: give one of the names "
            f"{listed(map(shown, table.names))}, or a position from 1 to {width}"
        )
    if len(found) > 1:
        raise DataError(
            f"{table.source}: the {role} {quoted(target)} can mean each of the columns "
            f"{listed(str(k + 1) for k in sorted(found))}: give these columns names of their own"
        )
    return found.pop()


def own_names(table: Table) -> tuple[str, ...]:
    """The columns' names, which differ: those that are not unique, or digits, give way to the position."""
    counts = Counter(table.names)
    return tuple(
        str(k + 1) if counts[name] > 1 or name.isdecimal() else name for k, name in enumerate(table.names)
    )


@dataclass(frozen=True)
class ColumnNames:
    """What the columns are called, as `own_names` has them.

    Attributes:
        features: of the features.
        targets: of the targets.
        weight: of the weights; None if there is no such column.
    """

    features: tuple[str, ...]
    targets: tuple[str, ...]
    weight: str | None = None


def file_names(table: Table, targets: Sequence[int], weight: int | None) -> ColumnNames:
    """Return what a file's columns are called, by the indices of the targets and of the weights."""
    own = own_names(table)
    return ColumnNames(
        tuple(name for k, name in enumerate(own) if k not in targets and k != weight),
        tuple(own[k] for k in targets),
        None if weight is None else own[weight],
    )


def divided(table: Table, targets: Sequence[int], weight: int | None) -> tuple[Table, Table, Table | None]:
    """Divide a table into features, targets and weights."""
    features = [k for k in range(len(table.names)) if k not in targets and k != weight]
    if not features:
        others = "a target" if weight is None else "a target or the sample weight"
        raise DataError(f"{table.source}: every column is {others}: leave at least one as a feature")
    weights = None if weight is None else table.select([weight])
    return table.select(features), table.select(targets), weights
