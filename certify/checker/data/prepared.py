"""Columns of a table as the numbers of a training problem: numbers, levels as columns, standardised.

Every step is exact. What a recipe records is compared with what the data have, so that no recipe can make an
easy problem, or an empty one, of hard data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import cast

from certify.checker.data.cells import as_number, is_missing, is_number
from certify.checker.data.columns import Columns
from certify.checker.data.recipe import label_text, standardization
from certify.checker.data.recorded import Categories, Pairs
from certify.checker.data.table import HEADER_HINT, Table
from certify.checker.errors import DataError
from certify.checker.numbers.repeated import each_once, mapped
from certify.checker.text import names
from certify.checker.text.names import counted

Matrix = tuple[tuple[Fraction, ...], ...]
# Of the 0-based indices of categorical features to their levels.
Levels = Mapping[int, Sequence[str]]

_MINUS = str.maketrans("\N{MINUS SIGN}\N{EN DASH}", "--")  # as word processors have it
MAX_BITS = 14_000  # of an integer of the problem: Python writes at most 4300 digits


def levels_of(table: Table, columns: Columns, categorical: Categories) -> dict[int, tuple[str, ...]]:
    """Return the levels of categorical columns, by their place among the features.

    Args:
        table: in which the columns are found by name or 1-based position.
        columns: the same table, divided.
        categorical: the columns, with their levels.

    Raises:
        DataError: if one is no feature, or comes twice.
    """
    found: dict[int, tuple[str, ...]] = {}
    for name, levels in categorical:
        column = table.column(name, "categorical column")
        if column not in columns.places:
            raise DataError(
                f"{table.source}: the categorical column {names.quoted(name)} is no feature: leave it "
                "out there"
            )
        place = columns.places.index(column)
        if place in found:
            raise DataError(
                f"{table.source}: the categorical column {names.quoted(name)} is named twice: name it once"
            )
        found[place] = levels
    return found


def feature_columns(
    columns: Columns, levels: Levels, *, complete: bool = True
) -> tuple[tuple[str, ...], Matrix]:
    """Return the features' names and numbers, n x d, a column for each level of one that is categorical.

    Args:
        columns: of the data.
        levels: of the categorical features.
        complete: whether every level has to occur, as `one_hot` has it.

    Raises:
        DataError: if a cell of another column is no number, or a level is not as the data have it.
    """
    if not levels:
        return columns.feature_names, numbers(columns.features, "feature")
    titles: list[str] = []
    parts: list[Matrix] = []
    for k, name in enumerate(columns.feature_names):
        column = columns.features.select([k])
        if k in levels:
            titles += [f"{name}={level}" for level in levels[k]]
            parts.append(one_hot(column, levels[k], "level", complete=complete))
        else:
            titles.append(name)
            parts.append(numbers(column, "feature"))
    rows = tuple(tuple(cell for part in row for cell in part) for row in zip(*parts, strict=True))
    refuse_vast(rows, columns.features.source)
    return tuple(titles), rows


def standardised(rows: Matrix, pairs: Pairs, source: str, role: str) -> Matrix:
    """Shift and scale columns by what is recorded for them.

    Args:
        rows: n rows of numbers.
        pairs: the (shift, scale) of each column.
        source: of the rows, for messages.
        role: what they are: "feature" or "target".

    Raises:
        DataError: if another number of them is recorded, or what is recorded does not standardise them.
    """
    if len(pairs) != len(rows[0]):
        raise DataError(
            f"{source} has {counted(len(rows[0]), role)} and the recipe standardises {len(pairs)}: use "
            "the data "
            "that the recipe was made for"
        )
    # With any other scales a recipe could make an easy problem, or an empty one, of the same data.
    if pairs != tuple(map(standardization, zip(*rows, strict=True))):
        raise DataError(
            f"{source}: the recorded standardisation does not bring these {role}s to mean 0 and "
            "variance 1; use "
            "the data that the recipe was made for"
        )
    rows = shifted(rows, pairs)
    refuse_vast(rows, f"{source}, standardised,")
    return rows


def shifted(rows: Matrix, pairs: Pairs) -> Matrix:
    """Return (x - shift) scale for the (shift, scale) of each column."""
    columns = (
        mapped([column], partial(_shifted, shift=shift, scale=scale))[0]
        for column, (shift, scale) in zip(zip(*rows, strict=True), pairs, strict=True)
    )
    return tuple(zip(*columns, strict=True))


def _shifted(x: Fraction, shift: Fraction, scale: Fraction) -> Fraction:
    return (x - shift) * scale


def one_hot(labels: Table, classes: Sequence[str], role: str = "class", *, complete: bool = True) -> Matrix:
    """Return a column of zeros and ones for each recorded class, or level, of a table's only column.

    Args:
        labels: the column.
        classes: those that are recorded, in the order of the columns.
        role: what they are: "class" or "level".
        complete: whether each has to occur; samples that nobody trains on need not have all.

    Raises:
        DataError: if a row has another one, or no row has one of them that has to occur.
    """
    labelled = [label_text(row[0]) for row in labels.rows]
    known, occurring = set(classes), set(labelled)
    plural = "classes" if role == "class" else f"{role}s"
    for i, name in enumerate(labelled):
        if name not in known:
            raise DataError(
                f"{labels.where(i, 0)}: the {role} {names.quoted(name)} is not one of the recorded {plural} "
                f"{names.listed(map(names.shown, classes))}; use the data that the recipe was made for"
            )
    for name in classes:
        if complete and name not in occurring:
            raise DataError(
                f"{labels.source}: no row has the recorded {role} {names.quoted(name)}: use the data that "
                "the recipe was made for"
            )
    unit = {name: tuple(Fraction(name == other) for other in classes) for name in classes}
    return tuple(unit[name] for name in labelled)


def numbers(table: Table, role: str) -> Matrix:
    """Return the cells of a table that may hold nothing but numbers; True is 1, and False 0."""
    rows: list[tuple[Fraction, ...]] = []
    for i, row in enumerate(table.rows):
        if set(map(type, row)) == {Fraction}:
            rows.append(cast(tuple[Fraction, ...], row))
            continue
        exact = []
        for k, cell in enumerate(row):
            number = as_number(cell)
            if number is None:
                text = str(cell)
                may_be_a_name = i == 0 and table.may_begin_with_a_header
                remedy = HEADER_HINT if may_be_a_name else _remedy(text, role, table)
                raise DataError(
                    f"{table.where(i, k)}: {names.quoted(text)} is text and a {role} must be a number; "
                    f"write a decimal such as 5.1{remedy}"
                )
            exact.append(number)
        rows.append(tuple(exact))
    refuse_vast(rows, table.source)
    return tuple(rows)


def _remedy(text: str, role: str, table: Table) -> str:
    if is_missing(text):
        return ", or leave out all rows that miss a value" + " with --drop-missing" * (not table.of_array)
    if role == "feature" and table.of_array:
        return ", or name the column in categorical"
    if is_number(text.translate(_MINUS), table.reading.decimal):
        return ", with the minus sign - of a keyboard"
    return ", or name the column with --ignore or --categorical" if role == "feature" else ""


def refuse_vast(rows: Iterable[Sequence[Fraction]], source: str) -> None:
    """Refuse numbers whose integers over a common denominator would exceed `MAX_BITS`."""
    integer_bits, denominators = -MAX_BITS, set()
    for x in each_once(rows):
        integer_bits = max(integer_bits, x.numerator.bit_length() - x.denominator.bit_length() + 1)
        denominators.add(x.denominator)
    common = 1
    for denominator in denominators:
        common = math.lcm(common, denominator)
        if common.bit_length() + max(integer_bits, 0) > MAX_BITS:
            raise DataError(
                f"{source} has numbers that need integers of more than {MAX_BITS} bits over a common "
                "denominator: round them to fewer digits or rescale them"
            )
