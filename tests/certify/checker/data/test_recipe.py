"""The choice of classes, the standardisation, and recipes read as hostile input."""

import json
import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.data.choice import classes_of, natural_task
from certify.checker.data.recipe import Preprocessing, label_text, standardization
from certify.checker.data.table import Table
from certify.checker.errors import CertificateError, DataError
from certify.datasets.array_table import array_table

F = Fraction

RATIONALS = st.builds(Fraction, st.integers(), st.integers(1, 1000))
TEXTS = st.text(max_size=20)


def labels(*cells: object) -> Table:
    return array_table(list(cells), "y", vector=True)


class TestNaturalTask:
    @pytest.mark.parametrize(
        ("table", "task"),
        [
            (labels("a", "b"), "classification"),
            (labels("1.5", "2.5"), "classification"),  # texts stay texts
            (labels(0, 1, 0, 1, 0), "classification"),
            (labels(0.0, 1.0, 0.0, 1.0, 0.0), "classification"),
            (labels(0, 1, 0, 1), "regression"),  # two values are not fewer than half of four rows
            (labels(0.5, 1, 0.5, 1, 0.5), "regression"),
            (labels(*range(20), *range(20), 0), "classification"),
            (labels(*range(20), *range(20)), "regression"),
            (labels(*range(21), *range(21), 0), "regression"),
            (labels(0, 1, 0, 1, "unknown"), "classification"),
            (labels([0, 1], [0, 1], [0, 1], [0, 1], [0, 1]), "regression"),
        ],
    )
    def test_rule(self, table: Table, task: str) -> None:
        assert natural_task(table) == task

    @pytest.mark.parametrize("table", [labels(1.5, 2.5, "NA", 3), labels(1, 2, "NA", 3)])
    def test_refuses_a_text_among_numbers(self, table: Table) -> None:
        with pytest.raises(DataError, match="y, row 3, column y: 'NA' is text in a target column of numbers"):
            natural_task(table)


class TestClasses:
    @pytest.mark.parametrize(
        ("table", "classes"),
        [
            (labels("setosa", "virginica", "setosa", "Versicolor"), ("Versicolor", "setosa", "virginica")),
            (labels(10, 9, 10, -1), ("-1", "9", "10")),
            (labels("10", "9", "9.0", "1e1"), ("9", "10")),
            (labels("10", "9", "a"), ("10", "9", "a")),
            (labels(0.5, -0.75, 2), ("-3/4", "1/2", "2")),
            (labels(True, False), ("0", "1")),
        ],
    )
    def test_order(self, table: Table, classes: tuple[str, ...]) -> None:
        assert classes_of(table) == classes
        assert {label_text(row[0]) for row in table.rows} == set(classes)

    @pytest.mark.parametrize(
        ("table", "sentence"),
        [
            (labels("a", "a"), "y: every row has the class 'a': choose another target"),
            (labels("1", "1.0"), "y: every row has the class '1': choose another target"),
            (labels(["a", "b"], ["c", "d"]), "y: classification takes one target column and 2 are given"),
            (labels(*map(str, range(1001))), "y: the target has 1001 different labels and at most 1000 can"),
        ],
    )
    def test_refuses(self, table: Table, sentence: str) -> None:
        with pytest.raises(DataError, match=re.escape(sentence)):
            classes_of(table)


class TestStandardization:
    def test_by_hand(self) -> None:
        # Mean 2 and standard deviation 1/2 are dyadic, so that nothing is rounded.
        assert standardization([F(3, 2), F(5, 2)]) == (F(2), F(2))

    def test_constant_column(self) -> None:
        assert standardization([F(1, 3)] * 4) == (F(1, 3), F(1))

    @given(
        st.lists(RATIONALS, min_size=2, max_size=8).filter(lambda x: len(set(x)) > 1),
        st.integers(-300, 300),
        st.integers(-(10**6), 10**6),
    )
    def test_mean_zero_and_variance_one(self, shape: list[Fraction], power: int, offset: int) -> None:
        column = [(x + offset) * F(10) ** power for x in shape]
        shift, scale = standardization(column)
        result = [(x - shift) * scale for x in column]
        mean = sum(result, F(0)) / len(result)
        variance = sum(((x - mean) ** 2 for x in result), F(0)) / len(result)
        assert abs(mean) <= F(1, 2**19)
        assert abs(variance - 1) <= F(1, 2**17)
        powers_of_two = scale.numerator & -scale.numerator, scale.denominator, shift.denominator
        assert all(power & (power - 1) == 0 for power in powers_of_two)
        assert (scale.numerator // powers_of_two[0]).bit_length() <= 21


PAIRS = st.tuples(RATIONALS, RATIONALS.map(abs).filter(bool))


@st.composite
def recipes(draw: st.DrawFn) -> Preprocessing:
    pairs = draw(st.none() | st.lists(PAIRS, min_size=1, max_size=3).map(tuple))
    bias = draw(st.booleans())
    if draw(st.booleans()):
        classes = draw(st.lists(TEXTS, min_size=2, max_size=4, unique=True).map(tuple))
        return Preprocessing((draw(TEXTS),), "classification", classes, bias, pairs)
    targets = draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True).map(tuple))
    return Preprocessing(targets, "regression", (), bias, pairs)


class TestJson:
    recipe = Preprocessing(
        ("species",), "classification", ("a", "b"), True, ((F(1, 3), F(2)), (F(0), F(1, 4)))
    )

    @given(recipes())
    def test_round_trip(self, recipe: Preprocessing) -> None:
        assert Preprocessing.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe

    def test_text(self) -> None:
        assert json.dumps(self.recipe.to_json()) == (
            '{"targets": ["species"], "task": "classification", "classes": ["a", "b"], "bias": true, '
            '"standardize": [["1/3", "2"], ["0", "1/4"]]}'
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"targets": []},
            {"targets": "species"},
            {"targets": ["a", "b"]},
            {"targets": [1]},
            {"targets": ["x" * 4001]},
            {"targets": None},
            {"task": "auto"},
            {"task": ["classification"]},
            {"task": "regression"},
            {"task": "regression", "classes": [], "targets": ["a", "a"]},
            {"classes": ["a"]},
            {"classes": ["a", "a"]},
            {"classes": ["a", None]},
            {"classes": {"a": "b"}},
            {"classes": [str(k) for k in range(100_001)]},
            {"bias": 1},
            {"bias": None},
            {"standardize": []},
            {"standardize": {}},
            {"standardize": [["0", "1", "2"]]},
            {"standardize": ["01"]},
            {"standardize": [[0, 1]]},
            {"standardize": [["0", "0"]]},
            {"standardize": [["0", "-1"]]},
            {"standardize": [["2/4", "1"]]},
            {"standardize": [["1/0", "1"]]},
            {"standardize": [["0.5", "1"]]},
            {"standardize": [["1e999999999", "1"]]},
            {"standardize": [["\u0663", "1"]]},
            {"standardize": [["9" * 4001, "1"]]},
            {"standardize": [["9" * 100_000, "1"]]},
            {"unknown": 1},
        ],
        ids=lambda change: str(change)[:40],
    )
    def test_refuses_any_other_value(self, change: dict[str, Any]) -> None:
        with pytest.raises(CertificateError, match="the certificate's preprocessing") as caught:
            Preprocessing.from_json({**self.recipe.to_json(), **change})
        assert len(str(caught.value)) < 200

    @pytest.mark.parametrize("obj", [None, [], "recipe", {}, 1, {"targets": ["a"]}])
    def test_refuses_what_is_no_recipe(self, obj: object) -> None:
        with pytest.raises(
            CertificateError, match="is not an object with the keys bias, classes, standardize"
        ):
            Preprocessing.from_json(obj)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["targets", "task", "classes", "bias", "standardize"]), inner, max_size=5
                )
            ),
        )
    )
    def test_never_fails_otherwise(self, obj: object) -> None:
        for hostile in (obj, *({**self.recipe.to_json(), key: obj} for key in self.recipe.to_json())):
            try:
                recipe = Preprocessing.from_json(hostile)
            except CertificateError:
                continue
            assert recipe.to_json() == hostile


def test_a_constant_number_is_a_regression_target() -> None:
    assert natural_task(labels(0.0, 0, 0, 0, 0)) == "regression"
    assert natural_task(labels("a", "a", "a", "a", "a")) == "classification"
