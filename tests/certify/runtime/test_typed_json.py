"""Values of declared types as JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from certify.runtime.typed_json import from_json, result_type, to_json


class Colour(Enum):
    RED = "r"
    BLUE = "b"


@dataclass(frozen=True)
class Inner:
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Other:
    flag: bool


@dataclass(frozen=True)
class Whole:
    ratio: Fraction
    value: float
    pair: tuple[int, float]
    part: Inner | Other | None
    colour: Colour | None
    parts: tuple[Inner, ...]


class Shape:
    """One of what is below it."""


class Round(Shape):
    """Likewise, a floor lower."""


@dataclass(frozen=True)
class Circle(Round):
    radius: Fraction


@dataclass(frozen=True)
class Point(Shape):
    pass


inners = st.builds(Inner, st.integers(), st.lists(st.text()).map(tuple))
wholes = st.builds(
    Whole,
    st.fractions(),
    st.floats(allow_nan=False),
    st.tuples(st.integers(), st.floats(allow_nan=False)),
    st.none() | inners | st.builds(Other, st.booleans()),
    st.none() | st.sampled_from(Colour),
    st.lists(inners, max_size=3).map(tuple),
)


def test_a_base_class_stands_for_the_dataclasses_below_it() -> None:
    shapes = (Circle(Fraction(1, 3)), Point(), Circle(Fraction(2)))
    assert from_json(to_json(shapes, tuple[Shape, ...]), tuple[Shape, ...]) == shapes
    for text in ('["Inner", {"count": "0x1", "names": []}]', '["Round", {}]', '{"radius": ["0x1", "0x3"]}'):
        with pytest.raises(ValueError, match="no value of the type"):
            from_json(text, Shape)


@given(wholes)
def test_what_is_written_is_read(whole: Whole) -> None:
    assert from_json(to_json(whole, Whole), Whole) == whole


def test_integers_of_any_length() -> None:
    assert from_json(to_json(-(10**9000), int), int) == -(10**9000)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=3), st.data())
def test_arrays(shape: list[int], data: st.DataObject) -> None:
    size = int(np.prod(shape))
    entries = data.draw(st.lists(st.floats(), min_size=size, max_size=size))
    array = np.array(entries, dtype=np.float64).reshape(shape)
    read = from_json(to_json(array.T, NDArray[np.float64]), NDArray[np.float64])
    assert read.shape == array.T.shape
    np.testing.assert_array_equal(read, array.T)
    read[...] = 0  # it is the reader's own


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (int, 1),
        (int, "one"),
        (float, "1.0"),
        (float, 1),
        (bool, 0),
        (str, None),
        (Fraction, ["0x1", "0x0"]),
        (Colour, "GREEN"),
        (Colour, "__class__"),
        (Inner, {"count": "0x1"}),
        (Inner, {"count": "0x1", "names": [], "more": 1}),
        (Inner, []),
        (tuple[int, int], ["0x1"]),
        (Inner | None, [2, None]),
        (Inner | None, None),
        (NDArray[np.float64], {"shape": [2], "data": ""}),
        (NDArray[np.float64], {"shape": [-1], "data": ""}),
        (NDArray[np.float64], {"shape": [True], "data": "AAAAAAAA8D8="}),
        (NDArray[np.float64], {"shape": [1], "data": "%"}),
        (NDArray[np.float64], [1.0]),
    ],
)
def test_what_is_no_value_is_refused(kind: Any, plain: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        from_json(json.dumps(plain), kind)


def test_what_is_no_json_is_refused() -> None:
    for text in (b"", b"\xff", b"[" * 100_000, b"\x80\x04N."):
        with pytest.raises(ValueError):  # noqa: PT011
            from_json(text, int)


def test_the_type_of_a_result() -> None:
    from functools import partial

    from certify.tightness.lifted_matrix import LiftedDiagnosis, diagnose

    assert result_type(partial(partial(diagnose, cuts=1), gamma=1)) is LiftedDiagnosis


class Named(NamedTuple):
    part: int
    name: str


@dataclass(frozen=True)
class Tables:
    rows: NDArray[np.intp]
    table: NDArray[np.float64]
    slack: Mapping[int, float]
    pairs: tuple[tuple[Named, Named], ...]


def test_tables_by_number_and_by_name() -> None:
    value = Tables(
        np.array([[3, 1]], dtype=np.intp), np.array([0.1]), {7: -0.0}, ((Named(1, "a"), Named(-1, "b")),)
    )
    text = to_json(value, Tables)
    back = from_json(text, Tables)
    assert back.rows.dtype == np.intp
    assert back.rows.tolist() == [[3, 1]]
    assert back.table.tolist() == [0.1]
    assert back.slack == {7: 0.0}
    assert back.pairs == value.pairs
    assert isinstance(back.pairs[0][1], Named)
    for old, new in [('[["0x7"', '[["seven"'), ('[1], "data"', '[2], "data"'), ('"b"', "3")]:
        with pytest.raises(ValueError, match="no value of the type"):
            from_json(text.replace(old, new), Tables)
