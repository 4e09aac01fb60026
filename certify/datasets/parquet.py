"""Parquet files as exact tables; pyarrow is imported when one is read."""

from __future__ import annotations

import json
from collections.abc import Mapping

from certify.checker.data.table import RawTable, Table
from certify.checker.errors import DataError
from certify.datasets.array_table import exact_entry, is_missing_entry


def read_parquet(source: str) -> RawTable:
    """Read a Parquet file, without the columns that its metadata calls the index of a pandas frame.

    Raises:
        DataError: if it cannot be read, is no table, or pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise DataError(
            f"{source} is a Parquet file and pyarrow is not installed: pip install 'certify[parquet]', "
            "or save the table as CSV"
        ) from None
    try:
        # Unlike read_table, ParquetFile does not read columns out of the path.
        columns = parquet.ParquetFile(source).read()
    except FileNotFoundError:
        raise DataError(f"{source} does not exist: check the path") from None
    except (ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise DataError(f"{source} cannot be read as Parquet ({reason}): write it anew or use CSV") from None
    index = _index_columns(columns.schema.metadata)
    columns = columns.select([k for k, name in enumerate(columns.column_names) if name not in index])
    if not columns.num_rows or not columns.num_columns:
        raise DataError(f"{source} is empty: give a table of numbers")
    frame = Table(source, tuple(columns.column_names), (), True)
    rows = zip(*(column.to_pylist() for column in columns.columns), strict=True)
    return RawTable(frame, rows, exact_entry, is_missing_entry)


def _index_columns(metadata: Mapping[bytes, bytes] | None) -> frozenset[str]:
    """Return the columns that are the index of a pandas frame; a range is none."""
    try:
        index = json.loads((metadata or {})[b"pandas"])["index_columns"]
        return frozenset(name for name in index if isinstance(name, str))
    except (KeyError, TypeError, ValueError):
        return frozenset()
