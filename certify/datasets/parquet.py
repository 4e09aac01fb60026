"""Parquet files as exact tables; pyarrow is imported when one is read."""

from __future__ import annotations

from certify.checker.data.table import Table, fill
from certify.checker.errors import DataError
from certify.datasets.array_table import exact_entry


def read_parquet(source: str) -> Table:
    """Read a Parquet file.

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
    if not columns.num_rows or not columns.num_columns:
        raise DataError(f"{source} is empty: give a table of numbers")
    frame = Table(source, tuple(columns.column_names), (), True)
    return fill(frame, zip(*(column.to_pylist() for column in columns.columns), strict=True), exact_entry)
