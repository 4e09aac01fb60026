"""Symmetric matrices from arrays and .npy files, each float the dyadic rational that it is, and to CSV."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.checker.data.matrix_file import matrix_of
from certify.checker.data.table import Table
from certify.checker.errors import CertifyError, DataError
from certify.checker.problems.matrix import SymmetricMatrix
from certify.datasets.array_table import array_table

MAX_FILE_BYTES = 1 << 28


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
    return matrix_of(array_table(values, source))


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


def read_npy(source: str) -> Table:
    """Read a .npy file; numpy is imported for it.

    Raises:
        DataError: if it cannot be read, or is no array of numbers.
    """
    return array_table(_numpy_array(source), source)


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
