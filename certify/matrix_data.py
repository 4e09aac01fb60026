"""Read a symmetric matrix, each entry at its exact value, from a file or an array.

In a CSV or Matrix Market file a decimal stays the decimal it is, and in the first p/q is that fraction. A
float of a .npy file or an array is the dyadic rational that it is. Only the standard library is imported,
because the checker reads matrices with this module; numpy is imported when a .npy file is opened.
"""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.errors import CertifyError, DataError
from certify.matrix_market import market_table
from certify.symmetric_matrix import MAX_ORDER, SymmetricMatrix
from certify.table import Table, array_table, ends_in, parse_number, read_table

MAX_FILE_BYTES = 1 << 28

_RATIO = re.compile(r"([+-]?[0-9]+)/([0-9]+)")


def read_matrix(path: str | os.PathLike[str]) -> SymmetricMatrix:
    """Read a file: Matrix Market if its name ends in .mtx, numpy if in .npy, Parquet, or else CSV.

    Raises:
        DataError: if the file cannot be read, or holds no symmetric matrix of finite numbers.
    """
    source = os.fspath(path)
    if ends_in(source, ".mtx"):
        return _of_table(market_table(source))
    if ends_in(source, ".npy"):
        return as_matrix(_numpy_array(source), source)
    return _of_table(read_table(source, least_columns=1))


def as_matrix(values: Any, source: str = "M") -> SymmetricMatrix:
    """Take over a matrix given as lists of numbers, Fractions or texts "p/q", a numpy array or a data frame.

    Args:
        values: p x p.
        source: the matrix's name in messages.

    Raises:
        DataError: if it is no symmetric matrix of finite numbers.
    """
    if isinstance(values, SymmetricMatrix):
        return values
    if hasattr(values, "toarray"):  # scipy's sparse matrices
        values = values.toarray()
    return _of_table(array_table(values, source))


def save_matrix(matrix: SymmetricMatrix, path: str | os.PathLike[str]) -> None:
    """Write a matrix as CSV, in integers and fractions, which `read_matrix` reads back as it is.

    Raises:
        CertifyError: if the file cannot be written.
    """
    lines = [
        ",".join(str(Fraction(entry, matrix.denominator)) for entry in row) + "\n" for row in matrix.entries
    ]
    try:
        Path(path).write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise CertifyError(
            f"{path}: the matrix cannot be written ({error.strerror}); choose another path"
        ) from error


def _of_table(table: Table) -> SymmetricMatrix:
    if len(table.rows) > MAX_ORDER:  # before the fractions of a vast table are read
        raise DataError(
            f"{table.source} has {len(table.rows)} rows: give a matrix of order at most {MAX_ORDER}"
        )
    rows = [
        [_number(cell, table.where(i, k)) for k, cell in enumerate(row)] for i, row in enumerate(table.rows)
    ]
    return SymmetricMatrix.from_rationals(rows, table.source)


def _number(cell: Fraction | str, place: str) -> Fraction:
    if isinstance(cell, Fraction):
        return cell
    ratio = _RATIO.fullmatch(cell)
    try:
        number = parse_number(cell) if ratio is None else Fraction(int(ratio[1]), int(ratio[2]))
    except ZeroDivisionError:
        number = None
    if number is None:
        raise DataError(
            f"{place}: {cell[:40]!r} is no number; give decimals or fractions such as 1/3, without row names"
        )
    return number


def _numpy_array(source: str) -> Any:
    import numpy as np

    try:
        if Path(source).stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{source} is larger than {MAX_FILE_BYTES >> 20} MiB: give a smaller matrix")
        return np.load(source, allow_pickle=False)
    except OSError as error:
        raise DataError(
            f"{source} cannot be read ({error.strerror or 'it is cut short'}): check it"
        ) from None
    except DataError:
        raise
    except Exception:  # damaged bytes raise almost anything
        raise DataError(f"{source} is no numpy array of numbers: save it with numpy.save") from None
