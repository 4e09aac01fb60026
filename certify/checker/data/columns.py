"""The columns of a table: which are targets, weights and features, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.text.names import quoted


def column_names(table: Table, columns: Iterable[str], role: str = "target") -> tuple[str, ...]:
    """Return the names, as `own_names` has them, of columns given by name or 1-based position.

    Raises:
        DataError: if there is no such column, or more than one, or one comes twice.
    """
    own = own_names(table)
    return tuple(own[column] for column in _different(table, columns, role))


def target_columns(table: Table, targets: Sequence[str]) -> list[int]:
    """Return the 0-based indices of the columns that have these names or 1-based positions.

    Raises:
        DataError: if there is no such column, or more than one, or one comes twice or is ignored.
    """
    columns = _different(table, [targets] if isinstance(targets, str) else targets, "target")
    for column in columns:
        _refuse_ignored(table, column, "a target")
    return columns


def _different(table: Table, names: Iterable[str], role: str) -> list[int]:
    columns = [table.column(name, role) for name in names]
    for k, column in enumerate(columns):
        if column in columns[:k]:
            raise DataError(
                f"{table.source}: the {role} column {quoted(table.names[column])} is named twice: "
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
    column = table.column(name, "sample weight")
    if column in targets:
        raise DataError(
            f"{table.source}: the column {quoted(table.names[column])} is a target and the sample weight: "
            "choose two columns"
        )
    _refuse_ignored(table, column, "the sample weight")
    return column


def _refuse_ignored(table: Table, column: int, role: str) -> None:
    if column in table.ignored:
        raise DataError(
            f"{table.source}: the column {quoted(table.names[column])} is {role} and ignored: use it or "
            "ignore it"
        )


def reference(table: Table, column: int, role: str = "target") -> str:
    """Return the text by which `Table.column` finds a column again: its name, or position if not unique.

    Raises:
        DataError: if each of the two can mean another column.
    """
    name, position = table.names[column], str(column + 1)
    if table.names.count(name) == 1 and (name == position or not _is_position(table, name)):
        return name
    table.column(position, role)
    return position


def _is_position(table: Table, name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) <= 9 and 1 <= int(name) <= len(table.names)


def own_names(table: Table) -> tuple[str, ...]:
    """The columns' names, which differ: those that are not unique, or digits, give way to the position."""
    counts = Counter(table.names)
    return tuple(
        str(k + 1) if counts[name] > 1 or name.isdecimal() else name for k, name in enumerate(table.names)
    )


@dataclass(frozen=True)
class Columns:
    """A table divided by what its columns are for.

    Attributes:
        features: the columns that are left, in their order.
        labels: the target columns.
        weights: the column of the samples' weights; None if there is none.
        feature_names: what the features are called, as `own_names` has it.
        target_names: likewise the targets.
        weight_name: likewise the weights.
        places: of each feature, its 0-based index in the whole table.
        ignored: what the columns are called that are nothing.
    """

    features: Table
    labels: Table
    weights: Table | None
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    weight_name: str | None
    places: tuple[int, ...]
    ignored: tuple[str, ...] = ()


def divided(table: Table, targets: Sequence[int], weight: int | None) -> Columns:
    """Divide a table by the indices of the targets and of the weights; ignored columns are nothing.

    Raises:
        DataError: if no feature is left.
    """
    features = [
        k for k in range(len(table.names)) if k not in targets and k != weight and k not in table.ignored
    ]
    if not features:
        others = "a target" if weight is None else "a target or the sample weight"
        others += " or ignored" if table.ignored else ""
        raise DataError(f"{table.source}: every column is {others}: leave at least one as a feature")
    own = own_names(table)
    return Columns(
        table.select(features),
        table.select(targets),
        None if weight is None else table.select([weight]),
        tuple(own[k] for k in features),
        tuple(own[k] for k in targets),
        None if weight is None else own[weight],
        tuple(features),
        tuple(own[k] for k in sorted(table.ignored)),
    )
