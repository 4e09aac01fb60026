"""Read a symmetric matrix from a file, each entry at its exact value.

In a CSV or Matrix Market file a decimal stays the decimal it is, and in the first p/q is that fraction.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from fractions import Fraction

from certify.checker.data.cells import parse_number
from certify.checker.data.matrix_market import market_table
from certify.checker.data.table import Table, read_table
from certify.checker.data.text_file import ends_in
from certify.checker.errors import DataError
from certify.checker.problems.matrix import MAX_ORDER, SymmetricMatrix

SYMMETRIZE = "Take (M + M^T)/2, exactly, of the matrix M in the file"  # what the option of that name does
_RATIO = re.compile(r"([+-]?[0-9]+)/([0-9]+)")


# By the end of a file's name, in small letters.
MATRIX_READERS: dict[str, Callable[[str], Table]] = {".mtx": market_table}


def read_matrix(path: str | os.PathLike[str], *, symmetrize: bool = False) -> SymmetricMatrix:
    """Read a file: by the reader for the end of its name, Matrix Market for .mtx, or else as a table.

    Args:
        path: of the file.
        symmetrize: whether to take (M + M^T)/2, exactly, of the matrix M in the file.

    Raises:
        DataError: if the file cannot be read, or holds no symmetric matrix of finite numbers.
    """
    source = os.fspath(path)
    for suffix, read in MATRIX_READERS.items():
        if ends_in(source, suffix, f"{suffix}.gz"):
            return matrix_of(read(source), symmetrize=symmetrize)
    return matrix_of(read_table(source, of_matrix=True), symmetrize=symmetrize)


def matrix_of(table: Table, *, symmetrize: bool = False) -> SymmetricMatrix:
    """Return the matrix M that a table holds, or (M + M^T)/2.

    Raises:
        DataError: if it is not symmetric, or a cell is no number.
    """
    if len(table.rows) > MAX_ORDER:  # before the fractions of a vast table are read
        raise DataError(
            f"{table.source} has {len(table.rows)} rows: give a matrix of order at most {MAX_ORDER}"
        )
    rows = [
        [_number(cell, table.where(i, k)) for k, cell in enumerate(row)] for i, row in enumerate(table.rows)
    ]
    return SymmetricMatrix.from_rationals(rows, table.source, symmetrize=symmetrize)


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
