"""Matrices from files and arrays, at their exact values, and what is refused."""

import gzip
import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.io import mmwrite

from certify.checker.data.matrix_file import read_matrix
from certify.checker.errors import CertifyError, DataError
from certify.checker.problems.matrix import SymmetricMatrix
from certify.datasets.matrices import as_matrix, save_matrix

F = Fraction
MATRIX = SymmetricMatrix.from_rationals([[F(1, 10), F(-1, 3)], [F(-1, 3), 2]])


@pytest.mark.parametrize(
    "text",
    [
        "0.1,-1/3\n-1/3,2\n",
        "a,b\n0.1,-1/3\n-1/3,2.0\n",
        "1e-1;-2/6\n-1/3;4/2\n",
        "\n .1 , -1/3\n-1/3, +2\n",
    ],
)
def test_csv(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    assert read_matrix(path) == MATRIX


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    save_matrix(MATRIX, path)
    assert path.read_text() == "1/10,-1/3\n-1/3,2\n"
    assert read_matrix(path) == MATRIX
    with pytest.raises(CertifyError, match="cannot be written"):
        save_matrix(MATRIX, tmp_path / "no" / "m.csv")


def test_a_single_number(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("-0.5\n")
    assert read_matrix(path) == SymmetricMatrix(((-1,),), 2)


@pytest.mark.parametrize(
    "text",
    [
        "%%MatrixMarket matrix coordinate real symmetric\n% a comment\n2 2 3\n1 1 0.1\n2 1 -4e-1\n2 2 2\n",
        "%%MatrixMarket matrix coordinate real general\n2 2 4\n1 1 0.1\n2 1 -.4\n1 2 -0.4\n2 2 2\n",
        "%%matrixmarket MATRIX array real symmetric\n2 2\n0.1\n-0.4\n2\n",
        "%%MatrixMarket matrix array real general\n2 2\n0.1\n-0.4\n-0.4\n2\n",
    ],
)
def test_matrix_market(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.mtx"
    path.write_text(text)
    assert read_matrix(path) == SymmetricMatrix.from_rationals([[F(1, 10), F(-2, 5)], [F(-2, 5), 2]])


def test_matrix_market_of_scipy(tmp_path: Path) -> None:
    entries = np.array([[4, 0, -1], [0, 0, 3], [-1, 3, 2]])
    matrices: tuple[Any, ...] = (entries, sparse.coo_array(entries), sparse.coo_array(entries * 0.5))
    for place, matrix in enumerate(matrices):
        for symmetry in ("general", "symmetric"):
            path = tmp_path / f"{place}{symmetry}.mtx"
            mmwrite(path, matrix, symmetry=symmetry)
            assert read_matrix(path) == as_matrix(matrix)


def test_pattern(tmp_path: Path) -> None:
    path = tmp_path / "m.mtx"
    path.write_text("%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 3\n")
    assert read_matrix(path).entries == ((0, 1, 0), (1, 0, 0), (0, 0, 1))


def test_arrays_are_taken_at_their_exact_values(tmp_path: Path) -> None:
    floats = np.array([[0.1, -0.25], [-0.25, 3.0]])
    exact = SymmetricMatrix.from_rationals([[F(0.1), F(-1, 4)], [F(-1, 4), 3]])
    np.save(tmp_path / "m.npy", floats)
    for given in (floats, floats.tolist(), pd.DataFrame(floats), sparse.csr_array(floats)):
        assert as_matrix(given) == exact
    assert read_matrix(tmp_path / "m.npy") == exact
    assert as_matrix([["1/10", F(-1, 3)], [F(-1, 3), 2]]) == MATRIX
    assert as_matrix(MATRIX) is MATRIX


def test_the_hash_is_that_of_the_numbers() -> None:
    assert MATRIX.sha256() == as_matrix([["2/20", "-2/6"], ["-1/3", "2.0"]]).sha256()
    text = b"certify matrix 1\norder 2\ndenominator 30\n3 -10\n-10 60\n"
    assert MATRIX.sha256() == hashlib.sha256(text).hexdigest()
    others = ([[1]], [[2]], [["1/2"]], [[1, 0], [0, 1]], [[1, 2], [2, 1]])
    assert len({as_matrix(other).sha256() for other in others}) == len(others)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2\n3,4\n", "row 2, column 1 is 3 and row 1, column 2 is 2"),
        ("1,2,3\n2,1,3\n", "not square"),
        ("1,nan\nnan,1\n", "line 1, column 2: the cell is nan"),
        ("1,inf\ninf,1\n", "the cell is inf"),
        ("1,\n,1\n", "blank"),
        ("1,1/0\n1/0,1\n", "'1/0' is no number"),
        ("1,x\nx,1\n", "'x' is no number"),
        ("", "empty"),
        ("1,2\n3\n", "line 2 has 1 cell and line 1 has 2"),
        ("1,2e999\n2e999,1\n", "exponent"),
        ("1,0\n" * 513, "513 rows"),
    ],
)
def test_bad_csv(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        read_matrix(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            b",0,1\n0,1,2\n1,2,1\n",
            "line 1, column 1: the cell is blank; give every entry, and no names of rows",
        ),
        (b"1,\n,1\n", "give every entry"),
        (b"1;1,5\n1,5;1\n", "write decimals with a point and thousands without a comma"),
        (b"a,b\n0,1,2\n1,2,1\n", "give every row the same number of cells"),
        (b"sep=;\n1;2;3\n2;1;3\n", "remove that line"),
        (b'"1,2"\n"2,1"\n', "separate its cells by comma, semicolon or tab"),
        (b"PK\0\0", "save the matrix as CSV in UTF-8, or as .mtx in the Matrix Market format"),
        (b"1,\xff\n", "save the matrix as CSV in UTF-8"),
    ],
)
def test_no_option_is_advised_that_no_command_on_matrices_has(
    text: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(text)
    with pytest.raises(DataError) as refused:
        read_matrix(path)
    assert words in str(refused.value)
    assert "--" not in str(refused.value)


@pytest.mark.parametrize("text", ["7/2\n", "3.5\n", '"7/2"'])
def test_one_entry(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    assert read_matrix(path) == SymmetricMatrix(((7,),), 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1"),
        ("%%MatrixMarket matrix coordinate complex symmetric\n1 1 1\n1 1 1 0\n", "line 1"),
        ("%%MatrixMarket matrix coordinate real symmetric\n", "line 2"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2\n", "line 2"),
        ("%%MatrixMarket matrix coordinate real symmetric\n-1 2 1\n", "line 2"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 3 1\n1 1 1\n", "2 x 3"),
        ("%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 1\n", "2 x 3"),
        ("%%MatrixMarket matrix array real symmetric\n999999999 999999999\n1\n", "promises"),
        (
            "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 1 1\n",
            "1 of the 2 entries that it promises",
        ),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n3 1 1\n", "line 3"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n0 1 1\n", "line 3"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 1\n", "line 3"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 1 x\n", "'x' is no number"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 1 nan\n", "nan"),
        ("%%MatrixMarket matrix array real symmetric\n1 1\n1\n2\n", "line 4"),
        ("%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n", "not symmetric"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n1 1 1\n", "line 4 gives row 1"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n2 1 1\n1 2 1\n", "line 4 gives row 1"),
    ],
)
def test_bad_matrix_market(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "m.mtx"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        read_matrix(path)
    assert words in str(refused.value)
    assert str(path) in str(refused.value)


def test_bad_numpy_files(tmp_path: Path) -> None:
    path = tmp_path / "m.npy"
    with pytest.raises(DataError, match=r"m\.npy"):
        read_matrix(path)
    path.write_bytes(b"no array")
    with pytest.raises(DataError, match=r"m\.npy"):
        read_matrix(path)
    np.save(path, np.array([object()]), allow_pickle=True)
    with pytest.raises(DataError, match=r"m\.npy"):
        read_matrix(path)
    for bad in (np.zeros((2, 3)), np.zeros(3), np.zeros((0, 0)), np.array([[np.nan]]), np.zeros((2, 2, 2))):
        np.save(path, bad)
        with pytest.raises(DataError, match=r"m\.npy"):
            read_matrix(path)
    np.save(path, np.eye(3))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match=r"m\.npy"):
        read_matrix(path)


@pytest.mark.parametrize(
    "header",
    [
        "(" * 9000,
        "-" * 9000 + "1",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }",
    ],
)
def test_numpy_files_with_forged_headers(header: str, tmp_path: Path) -> None:
    path = tmp_path / "m.npy"
    text = header.encode() + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
    with pytest.raises(DataError, match=r"m\.npy is no numpy array"):
        read_matrix(path)


def test_numbers_must_not_be_too_long() -> None:
    assert as_matrix([[10**1300]]).entries == ((10**1300,),)
    primes = [10**1000 + 453 + 2 * k for k in range(5)]
    with pytest.raises(DataError, match="round them"):
        as_matrix([[F(1, primes[i]) if i == j else F(0) for j in range(5)] for i in range(5)])


def test_bad_arrays() -> None:
    examples: tuple[Any, ...] = (
        None,
        3,
        [],
        [[]],
        [1, 2],
        [[1, 2], [3]],
        [[1, 2], [3, 4]],
        [[float("nan")]],
        [[1j]],
    )
    for bad in examples:
        with pytest.raises(DataError, match="M"):
            as_matrix(bad)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.txt", "1 -1\n-1 1\n"),
        ("m.txt", "  1.0e+00   -1.0 \n -1  1.0 \n"),
        ("m.mtx", "%%MatrixMarket matrix array real symmetric\n2 2\n1.0D+00\n-1.0d+00\n1.0D0\n"),
        ("m.mtx", "%%MatrixMarket matrix array integer symmetric\n% a\n  % b\n\n2 2\n1\n-1\n1\n"),
    ],
)
def test_as_other_programs_write_it(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert read_matrix(path).entries == ((1, -1), (-1, 1))
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_matrix(packed) == read_matrix(path)
