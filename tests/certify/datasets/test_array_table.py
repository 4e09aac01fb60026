"""Numbers of many libraries, each at its exact value."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction as F
from typing import Any

import flint
import numpy as np
import pandas as pd
import pytest

from certify.checker.errors import DataError
from certify.datasets.array_table import array_table, exact_entry
from certify.datasets.arrays import from_arrays
from certify.datasets.matrices import as_matrix


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (flint.fmpz(3), F(3)),
        (flint.fmpq(-2, 6), F(-1, 3)),
        (F(1, 3), F(1, 3)),
        (Decimal("0.1"), F(1, 10)),
        (0.5, F(1, 2)),
        (np.float32(0.1), F(13421773, 2**27)),
        (True, F(1)),
    ],
)
def test_is_exact(value: Any, number: F) -> None:
    assert exact_entry(value) == number


def test_of_sympy_and_mpmath() -> None:
    sympy, mpmath = pytest.importorskip("sympy"), pytest.importorskip("mpmath")
    assert exact_entry(sympy.Integer(3)) == 3
    assert exact_entry(sympy.Rational(1, 3)) == F(1, 3)
    assert exact_entry(sympy.Float("-0.75")) == F(-3, 4)
    assert exact_entry(mpmath.mpf(-0.1)) == -F(0.1)
    assert exact_entry(mpmath.mpf(0)) == 0
    for value in (sympy.sqrt(2), sympy.pi, sympy.Symbol("x"), sympy.oo):
        with pytest.raises(ValueError, match="the entry is of type"):
            exact_entry(value)
    for value in (mpmath.inf * mpmath.mpf(1), mpmath.mpf("nan"), mpmath.mpf("1e1000000")):
        with pytest.raises(ValueError, match="fill it in"):
            exact_entry(value)


def test_an_enclosure_is_no_number() -> None:
    with pytest.raises(ValueError, match="the entry is of type arb"):
        exact_entry(flint.arb(1))


def test_matrices() -> None:
    rows = [[1, -1], [-1, 2]]
    assert as_matrix(flint.fmpz_mat(rows)) == as_matrix(rows)
    assert as_matrix(flint.fmpq_mat([[flint.fmpq(x, 3) for x in row] for row in rows])) == as_matrix(
        [[F(x, 3) for x in row] for row in rows]
    )


def test_tables_of_pyarrow_and_polars() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    expected = array_table(frame, "X")
    pyarrow = pytest.importorskip("pyarrow")
    assert array_table(pyarrow.Table.from_pandas(frame), "X") == expected
    assert array_table(pyarrow.array([1, 2]), "y", vector=True).rows == ((F(1),), (F(2),))
    polars = pytest.importorskip("polars")
    assert array_table(polars.LazyFrame({"a": [1, 2], "b": [0.5, 1.5]}), "X") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [("x", "or name the column in categorical"), ("?", "leave out all rows that miss a value")],
)
def test_no_option_of_the_command_line_is_advised(text: str, words: str) -> None:
    with pytest.raises(DataError) as refused:
        from_arrays(pd.DataFrame({"a": [text, "y"], "b": [1, 2]}), [0.5, 1.5])
    assert str(refused.value).endswith(words)


def test_rounding_that_is_not_symmetric_has_a_remedy() -> None:
    M = np.array([[1.0, 0.1], [0.1 + 2**-53, 1.0]])
    with pytest.raises(DataError, match=r"give \(M \+ M\.T\) / 2, which is symmetric"):
        as_matrix(M)
    assert as_matrix((M + M.T) / 2).order == 2
