"""Turn an array or a data frame into a table of exact numbers: a float is the dyadic rational that it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from certify.checker.data.cells import FILL_IN, MAX_DIGITS, Cell, exact_text, is_missing
from certify.checker.data.table import RawTable, Table, fill
from certify.checker.errors import DataError

_BINARY = frozenset({"mpf", "Float"})  # of mpmath and sympy
_MAX_BINARY_EXPONENT = 100_000
_MISSING_TYPES = frozenset({"NoneType", "NAType", "NaTType"})


def array_table(values: Any, source: str, *, vector: bool = False) -> Table:
    """Take over lists, a numpy array, an object of pandas, polars or pyarrow, or a matrix, entry by entry.

    Each entry is taken at its exact value: a float is the dyadic rational that it is.

    Args:
        values: n x d; with `vector` also n entries, which become one column.
        source: the array's name in messages, such as "X".
        vector: whether a one-dimensional array is welcome.

    Raises:
        DataError: if the array is not rectangular, or an entry is not a finite number or a text.
    """
    if type(values).__name__ == "LazyFrame":  # of polars
        values = values.collect()
    entries = _entries(values)
    if entries is None:
        raise DataError(f"{source} is of type {type(values).__name__}: give a list, an array or a data frame")
    if not entries:
        raise DataError(f"{source} has no rows: give at least one")
    rows = [_entries(entry) for entry in entries]
    named = getattr(values, "column_names", getattr(values, "columns", ()))
    names = [str(name) for name in named]
    default = [f"{source.lower()}{k + 1}" for k in range(len(rows[0] or ()))]
    if vector and all(row is None for row in rows):
        rows = [[entry] for entry in entries]
        name = getattr(values, "name", None)
        names = [] if name in (None, "") else [str(name)]
        default = [source.lower()]
    full = []
    for i, row in enumerate(rows):
        if row is None:
            raise DataError(
                f"{source}, row {i + 1} is a single entry: give a two-dimensional array, "
                "such as a list of rows or .reshape(-1, 1)"
            )
        if len(row) != len(names or default):
            raise DataError(
                f"{source}, row {i + 1} has {len(row)} entries and row 1 has {len(names or default)}: "
                "give all rows the same length"
            )
        full.append(row)
    if not (names or default):
        raise DataError(f"{source} has no columns: give at least one")
    frame = Table(source, tuple(names or default), (), bool(names), of_array=True)
    return fill(RawTable(frame, full, exact_entry, is_missing_entry))


def exact_entry(value: Any) -> Cell:
    """The exact value of an entry of an array; a string stays text even if it spells a number."""
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, str):
        text = value.strip()
        exact_text(text)
        return text
    if type(value).__name__ in _MISSING_TYPES:
        raise ValueError(f"the entry is missing; {FILL_IN}")
    if isinstance(value, Decimal):
        # as_integer_ratio would build the vast integers of a vast exponent.
        decimal = exact_text(str(value))
        if isinstance(decimal, Fraction):
            return decimal
    try:
        number = _exact_number(value)
    except (ValueError, OverflowError):
        raise ValueError(f"the entry is {value}; {FILL_IN}") from None
    if number is None:
        raise ValueError(f"the entry is of type {type(value).__name__}; give a number or a text")
    if max(abs(number.numerator), number.denominator) >= 10**MAX_DIGITS:
        raise ValueError(f"the entry has more than {MAX_DIGITS} digits; round it")
    return number


def _exact_number(value: Any) -> Fraction | None:
    """Return the number that a float or a rational is, also of flint, sympy, mpmath or gmpy2; else None.

    Raises:
        ValueError, OverflowError: if it is not finite, or has a vast exponent.
    """
    if hasattr(value, "as_integer_ratio"):
        return Fraction(*map(int, value.as_integer_ratio()))
    if type(value).__name__ in _BINARY:
        sign, mantissa, exponent, _ = map(int, value._mpf_)
        if abs(exponent) > _MAX_BINARY_EXPONENT or (exponent and not mantissa):
            raise ValueError
        return (-mantissa if sign else mantissa) * Fraction(2) ** exponent
    if hasattr(value, "numerator") and hasattr(value, "denominator"):
        return Fraction(int(value.numerator), int(value.denominator))
    return None


def is_missing_entry(value: Any) -> bool:
    """Say whether an entry stands for a value that is not there."""
    if isinstance(value, str):
        return is_missing(value.strip())
    if type(value).__name__ in _MISSING_TYPES:
        return True
    return isinstance(value, float) and math.isnan(value)


def _entries(values: Any) -> list[Any] | None:
    """The rows of an array or the entries of a row; None for a single entry."""
    if isinstance(values, list | tuple | range):
        return list(values)
    if hasattr(values, "itertuples"):  # pandas; its to_numpy could turn large integers into floats
        return list(values.itertuples(index=False, name=None))
    if hasattr(values, "column_names"):  # a table of pyarrow
        return list(zip(*(column.to_pylist() for column in values.columns), strict=True))
    # Of polars; of numpy, pandas and matrices; of a column of polars or pyarrow.
    for method in ("iter_rows", "tolist", "to_list", "to_pylist"):
        if hasattr(values, method):
            entries = getattr(values, method)()
            return None if not isinstance(entries, Iterable) or isinstance(entries, str) else list(entries)
    return None
