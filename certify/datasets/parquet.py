"""Parquet files as exact tables; pyarrow is imported when one is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from certify.checker.data.table import RawTable, Table
from certify.checker.errors import DataError
from certify.datasets.array_table import exact_entry, is_missing_entry

_BATCH = 1000  # rows, which are there as objects of Python's at a time


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

    @contextmanager
    def readable() -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise DataError(f"{source} does not exist: check the path") from None
        except (ArrowException, OSError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise DataError(
                f"{source} cannot be read as Parquet ({reason}): write it anew or use CSV"
            ) from None

    def batches() -> Iterator[Any]:
        with readable():
            yield from file.iter_batches(_BATCH)

    with readable():
        # Unlike read_table, ParquetFile does not read columns out of the path.
        file = parquet.ParquetFile(source)
        schema, count = file.schema_arrow, file.metadata.num_rows
    index = _index_columns(schema.metadata)
    used = [k for k, name in enumerate(schema.names) if name not in index]
    if not count or not used:
        raise DataError(f"{source} is empty: give a table of numbers")
    frame = Table(source, tuple(schema.names[k] for k in used), (), True)
    rows = (
        row for batch in batches() for row in zip(*(batch.column(k).to_pylist() for k in used), strict=True)
    )
    return RawTable(frame, rows, exact_entry, is_missing_entry)


def _index_columns(metadata: Mapping[bytes, bytes] | None) -> frozenset[str]:
    """Return the columns that are the index of a pandas frame; a range is none."""
    try:
        index = json.loads((metadata or {})[b"pandas"])["index_columns"]
        return frozenset(name for name in index if isinstance(name, str))
    except (KeyError, TypeError, ValueError):
        return frozenset()
