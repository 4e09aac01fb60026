from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from certify.checker.data.choice import from_table
from certify.checker.data.table import read_table
from certify.checker.errors import DataError
from certify.datasets.groups import split_table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    path.write_text("set,x,y\n2,1,0.5\n1,2,0.25\n2,3,0.75\n")
    return path


def test_a_table_for_each_value_in_the_order_of_the_rows(file: Path) -> None:
    first, second = split_table(read_table(file), "set")
    assert [first.source, second.source] == [f"{file}, set 2", f"{file}, set 1"]
    assert first.names == ("x", "y")
    assert first.rows == ((Fraction(1), Fraction(1, 2)), (Fraction(3), Fraction(3, 4)))
    assert first.lines == (2, 4)
    assert from_table(second).inputs == ((Fraction(2),),)
    assert split_table(read_table(file), "1", most=1) == (first,)


def test_messages_name_the_group_and_the_line(file: Path) -> None:
    file.write_text("set,x,y\n2,1,0.5\n1,2,0.25\n2,no,0.75\n")
    with pytest.raises(DataError, match=r"many.csv, set 2, line 4, column 'x': 'no' is text"):
        from_table(split_table(read_table(file), "set")[0])


def test_a_group_that_is_no_column(file: Path) -> None:
    with pytest.raises(DataError, match="has no column 'kind'"):
        split_table(read_table(file), "kind")
