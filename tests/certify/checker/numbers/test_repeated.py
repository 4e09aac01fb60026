"""Tables whose entries are few objects: what is made of them, and how often it is made."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.numbers import repeated
from certify.checker.numbers.repeated import each_once, mapped

TABLES = st.lists(st.lists(st.fractions(), max_size=4), max_size=5)


@given(TABLES)
def test_maps_entries_as_one_by_one(rows: list[list[Fraction]]) -> None:
    assert mapped(rows, lambda x: 2 * x) == tuple(tuple(2 * x for x in row) for row in rows)


@given(TABLES)
def test_yields_all_entries(rows: list[list[Fraction]]) -> None:
    assert set(each_once(rows)) == {x for row in rows for x in row}


def test_computes_once_for_an_object_and_shares_the_result() -> None:
    one, other = Fraction(1, 3), Fraction(2, 3)
    asked = []

    def function(x: Fraction) -> Fraction:
        asked.append(x)
        return x + 1

    found = mapped([(one, other), (other, one)], function)
    assert asked == [one, other]
    assert found[0][0] is found[1][1]
    assert list(each_once([(one, other, one), (other,)])) == [one, other]


def test_does_with_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated, "MOST_REMEMBERED", 2)
    rows = [tuple(Fraction(10 * i + k) for k in range(4)) for i in range(5)]
    assert mapped(rows, int) == tuple(tuple(map(int, row)) for row in rows)
    assert sorted(each_once(rows)) == sorted(x for row in rows for x in row)


def test_rows_may_be_made_on_the_way() -> None:
    rows = ((Fraction(i), Fraction(i + 1)) for i in range(200))
    assert mapped(rows, int) == tuple((i, i + 1) for i in range(200))


def test_entries_may_be_made_on_the_way() -> None:
    # A range has no entries that stay: what is made after one may have its identity.
    rows = [range(1000, 1005), range(2000, 2005), range(1000, 1005)]
    assert mapped(rows, lambda x: 2 * x) == tuple(tuple(2 * x for x in row) for row in rows)
    assert set(each_once(rows)) == {*rows[0], *rows[1]}
