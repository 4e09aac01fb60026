"""Files and arrays become exact problems by a recipe, and again by the recorded recipe."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris

from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset, parse_gamma, reread_dataset
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import DataError
from certify.datasets.arrays import from_arrays, reapply_arrays
from tests.certify.checker.data.exact import matrix
from tests.places import ROOT

F = Fraction
IRIS = ROOT / "examples" / "iris.csv"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str) -> Path:
        path = tmp_path / "data.csv"
        path.write_text(content)
        return path

    return write_file


def recorded(dataset: Dataset) -> Preprocessing:
    """The recipe after its way through a certificate."""
    return Preprocessing.from_json(json.loads(json.dumps(dataset.preprocessing.to_json())))


class TestIris:
    dataset = read_dataset(IRIS)

    def test_numbers(self) -> None:
        iris = load_iris()
        assert [[float(x) for x in row] for row in self.dataset.inputs] == iris.data.tolist()
        assert self.dataset.inputs[0] == (F(51, 10), F(7, 2), F(7, 5), F(1, 5))
        assert [row.index(1) for row in self.dataset.targets] == iris.target.tolist()
        assert {sum(row) for row in self.dataset.targets} == {1}

    def test_recipe(self) -> None:
        classes = ("setosa", "versicolor", "virginica")
        assert self.dataset.preprocessing == Preprocessing(("species",), "classification", classes)

    def test_description(self) -> None:
        assert self.dataset.describe() == (
            f"{IRIS}: 150 rows, 4 features (sepal_length, sepal_width, petal_length, petal_width), "
            "target species: 3 classes (setosa, versicolor, virginica), one-hot"
        )

    def test_problem(self) -> None:
        problem = self.dataset.problem("0.1")
        assert (problem.n, problem.d, problem.c, problem.gamma) == (150, 4, 3, F(1, 10))
        assert (problem.input_denominator, problem.target_denominator) == (10, 1)
        assert problem.loss_at_zero() == 75

    def test_decimals_as_arrays_are_the_same_problem(self) -> None:
        frame = pd.read_csv(IRIS, dtype=str)
        decimals = [[Decimal(cell) for cell in row] for row in frame.iloc[:, :4].to_numpy()]
        same = from_arrays(decimals, frame["species"]).problem("0.1")
        assert same.sha256() == self.dataset.problem("0.1").sha256()


class TestGamma:
    @pytest.mark.parametrize("gamma", ["0.1", " 1e-1 ", "1/10", 0.1, np.float64(0.1), F(1, 10)])
    def test_one_tenth(self, gamma: Any) -> None:
        assert parse_gamma(gamma) == F(1, 10)

    @pytest.mark.parametrize(
        "gamma", ["", "abc", "nan", "1/0", "1e999", "1" * 5000, "1/" + "3" * 5000, float("inf"), float("nan")]
    )
    def test_refuses_what_is_no_number(self, gamma: Any) -> None:
        with pytest.raises(DataError, match=r"gamma is .*: give a positive number such as 0\.1"):
            TestIris.dataset.problem(gamma)

    @pytest.mark.parametrize("gamma", [0, "-0.5"])
    def test_refuses_what_is_not_positive(self, gamma: Any) -> None:
        with pytest.raises(DataError, match="give a positive weight-decay strength"):
            TestIris.dataset.problem(gamma)


class TestTargets:
    content = "a,b,2,c\n1,5,0.5,3\n2,6,1.5,4\n3,8,0.5,4\n"

    @pytest.mark.parametrize(
        ("targets", "names", "features", "first"),
        [
            ((), ("c",), ("a", "b", "3"), (3,)),
            (("a",), ("a",), ("b", "3", "c"), (1,)),
            (("4",), ("c",), ("a", "b", "3"), (3,)),
            (("3",), ("3",), ("a", "b", "c"), (F(1, 2),)),
            (("2",), (), (), None),
            ((" c ", "1"), ("c", "a"), ("b", "3"), (3, 1)),
        ],
    )
    def test_by_name_or_position(
        self,
        write: Write,
        targets: Sequence[str],
        names: tuple[str, ...],
        features: tuple[str, ...],
        first: tuple[int | F, ...] | None,
    ) -> None:
        path = write(self.content)
        if first is None:
            # The name "2" of the third column is also the position of another one.
            with pytest.raises(DataError, match="the target '2' can mean each of the columns 2, 3: give"):
                read_dataset(path, targets=targets)
            return
        dataset = read_dataset(path, targets=targets)
        assert dataset.preprocessing.targets == names
        assert dataset.feature_names == features
        assert dataset.targets[0] == first
        assert reread_dataset(path, recorded(dataset)) == dataset

    def test_a_single_target_need_not_be_in_a_list(self) -> None:
        assert read_dataset(IRIS, targets="species") == TestIris.dataset

    def test_without_header(self, write: Write) -> None:
        path = write("5.1,setosa,3.5\n4.9,virginica,3.0\n")
        dataset = read_dataset(path, targets=["2"])
        assert dataset.preprocessing == Preprocessing(("2",), "classification", ("setosa", "virginica"))
        assert dataset.feature_names == ("1", "3")
        assert dataset.inputs == ((F(51, 10), F(7, 2)), (F(49, 10), F(3)))
        assert "2 features (column 1, column 3), target column 2: 2 classes" in dataset.describe()
        assert reread_dataset(path, recorded(dataset)) == dataset

    def test_a_name_that_is_not_unique_is_recorded_by_position(self, write: Write) -> None:
        path = write("a,b,b\n1,5,0.5\n2,6,1.5\n")
        dataset = read_dataset(path)
        assert dataset.preprocessing.targets == ("3",)
        assert reread_dataset(path, recorded(dataset)) == dataset

    @pytest.mark.parametrize(
        ("targets", "sentence"),
        [
            (["d"], "has no column 'd': give one of the names a, b, b, or a position from 1 to 3"),
            (["0"], "has no column '0': give one of the names"),
            (["4"], "has no column '4': give one of the names"),
            (["-1"], "has no column '-1': give one of the names"),
            (["9" * 10_000], "has no column '9999"),
            (
                ["b"],
                "the target 'b' can mean each of the columns 2, 3: give these columns names of their own",
            ),
            (["a", "1"], "the target column 'a' is named twice: name it once"),
            (["1", "2", "3"], "every column is a target: leave at least one as a feature"),
        ],
    )
    def test_refuses(self, write: Write, targets: list[str], sentence: str) -> None:
        with pytest.raises(DataError, match=re.escape(sentence)) as caught:
            read_dataset(write("a,b,b\n1,5,0.5\n2,6,1.5\n"), targets=targets)
        assert "data.csv" in str(caught.value)
        assert len(str(caught.value)) < 300


class TestTask:
    @pytest.mark.parametrize(
        ("content", "options", "sentence"),
        [
            ("x,y\n1,a\n2,a\n", {}, "data.csv: every row has the class 'a': choose another target"),
            (
                "x,y\n1,a\n2,b\n",
                {"task": "regression"},
                "data.csv, line 2, column 'y': 'a' is text and a regression target must be a number; write",
            ),
            ("x,y\nb,1\n2,2\n", {}, "data.csv, line 2, column 'x': 'b' is text and a feature must be"),
            (
                "b,1\nc,2\n",
                {},
                "line 1, column 1: 'b' is text and a feature must be a number; write a decimal such as 5.1, "
                "or say --header if this row has the names of the columns",
            ),
            (
                "x,y\n1,1.5\n2,NA\n3,1.5\n",
                {},
                "data.csv, line 3, column 'y': 'NA' is text in a target column of numbers; write a number",
            ),
            (
                "x,y,z\n1,a,c\n2,b,d\n",
                {"targets": ["y", "z"]},
                "data.csv, line 2, column 'y': 'a' is text and a regression target must be a number",
            ),
            (
                "x,y,z\n1,a,c\n2,b,d\n",
                {"targets": ["y", "z"], "task": "classification"},
                "data.csv: classification takes one target column and 2 are given: choose one of them",
            ),
            ("x,y\n1,2\n2,3\n", {"task": "guess"}, "the task 'guess' is unknown: use auto, classification"),
        ],
    )
    def test_refuses(self, write: Write, content: str, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(DataError, match=re.escape(sentence)):
            read_dataset(write(content), **options)

    @pytest.mark.parametrize("content", ["x,y\nb,1\n2,2\n", "2,1\nb,2\n3,3\n"])
    def test_says_nothing_of_a_header_elsewhere(self, write: Write, content: str) -> None:
        with pytest.raises(
            DataError, match=r"such as 5\.1, or name the column with --ignore or --categorical$"
        ):
            read_dataset(write(content))

    def test_override(self, write: Write) -> None:
        path = write("x,y\n1,10\n2,9\n3,9.0\n4,10\n5,9\n")
        assert read_dataset(path).preprocessing.classes == ("9", "10")
        assert read_dataset(path).targets[:3] == matrix((0, 1), (1, 0), (1, 0))
        assert read_dataset(path, task="regression").targets[:3] == matrix([10], [9], [9])
        path = write("x,y\n1,0.5\n2,1.5\n")
        assert read_dataset(path).preprocessing == Preprocessing(("y",), "regression")
        assert read_dataset(path, task="classification").preprocessing.classes == ("1/2", "3/2")


class TestStandardizeAndBias:
    def test_by_hand(self, write: Write) -> None:
        path = write("p,q,y\n1.5,0.1,1\n2.5,0.1,2\n")
        dataset = read_dataset(path, standardize=True, bias=True)
        assert dataset.inputs == matrix((-1, 0, 1), (1, 0, 1))
        assert dataset.preprocessing.standardize == ((F(2), F(2)), (F(1, 10), F(1)))
        assert reread_dataset(path, recorded(dataset)) == dataset
        assert dataset.describe() == (
            f"{path}: 2 rows, 2 features (p, q), standardised to mean 0 and variance 1, up to "
            "rounding (but q: constant, shifted to 0), with a bias, target y: regression"
        )
        assert dataset.problem(1).d == 3

    def test_iris_as_a_float_computation_has_it(self) -> None:
        dataset = read_dataset(IRIS, standardize=True)
        data = load_iris().data
        expected = (data - data.mean(axis=0)) / data.std(axis=0)
        assert np.allclose(np.array(dataset.inputs, dtype=float), expected, rtol=0, atol=1e-5)


class TestReread:
    recipe = Preprocessing(("y",), "classification", ("a", "b"))

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (
                "x,y\n1,a\n2,c\n",
                "data.csv, line 3, column 'y': the class 'c' is not one of the recorded classes a, b;",
            ),
            ("x,y\n1,a\n2,a\n", "data.csv: no row has the recorded class 'b': use the data that the recipe"),
            ("x,z\n1,a\n2,b\n", "data.csv has no column 'y': give one of the names x, z"),
            ("y,z\na,1\nb,NA\n", "data.csv, line 3, column 'z': 'NA' is text and a feature must be a number"),
        ],
    )
    def test_refuses(self, write: Write, content: str, sentence: str) -> None:
        with pytest.raises(DataError, match=re.escape(sentence)):
            reread_dataset(write(content), self.recipe)

    def test_guesses_nothing(self, write: Write) -> None:
        path = write("x,y\n1,1\n2,2\n3,1\n4,2\n5,1\n")
        assert read_dataset(path).preprocessing.task == "classification"
        assert reread_dataset(path, Preprocessing(("y",), "regression")).targets[:2] == matrix([1], [2])
        reverse = Preprocessing(("y",), "classification", ("2", "1"))
        assert reread_dataset(path, reverse).targets[:2] == matrix((0, 1), (1, 0))

    def test_a_standardisation_of_other_features(self, write: Write) -> None:
        recipe = Preprocessing(("y",), "regression", (), False, ((F(0), F(1)),) * 2)
        with pytest.raises(DataError, match=r"data.csv has 1 feature and the recipe standardises 2: use"):
            reread_dataset(write("x,y\n1,1\n2,2\n"), recipe)

    @pytest.mark.parametrize("pair", [(F(0), F(1)), (F(3, 2), F(1, 10**9)), (F(1), F(2))])
    def test_a_standardisation_that_is_not_the_datas(
        self, write: Write, pair: tuple[Fraction, Fraction]
    ) -> None:
        """A scale near zero would make the problem an easy one, and its bound a false one for the data."""
        path = write("x,y\n1,1\n2,2\n")
        own = recorded(read_dataset(path, standardize=True))
        assert reread_dataset(path, own) == read_dataset(path, standardize=True)
        assert own.standardize is not None
        with pytest.raises(DataError, match="does not bring these features to mean 0"):
            reread_dataset(path, replace(own, standardize=(pair,)))

    def test_a_standardisation_into_vast_numbers(self) -> None:
        """Data that just fits does not when its denominators are multiplied by powers of two."""
        column = [[F(1, 3**2900)], [F(1, 5**1970)], [F(1, 7**1640)], [F(1, 11**60)]]
        assert from_arrays(column, [1, 2, 3, 4]).inputs[0] == (F(1, 3**2900),)
        with pytest.raises(DataError, match=r"standardised, has numbers that need integers of more"):
            from_arrays(column, [1, 2, 3, 4], standardize=True)


class TestParquet:
    def test_equals_the_arrays(self, tmp_path: Path) -> None:
        iris = load_iris()
        names = [f"f{k}" for k in range(4)]
        table = {name: iris.data[:, k] for k, name in enumerate(names)} | {"species": iris.target}
        path = tmp_path / "iris.parquet"
        pq.write_table(pa.table(table), path)
        dataset = read_dataset(path, bias=True)
        arrays = from_arrays(iris.data, iris.target, bias=True)
        assert (dataset.inputs, dataset.targets) == (arrays.inputs, arrays.targets)
        assert dataset.preprocessing.classes == ("0", "1", "2")
        assert reread_dataset(path, recorded(dataset)) == dataset


class TestArrays:
    X = ((0.1, 2), (3.5, -4), (1, 0))

    @pytest.mark.parametrize(
        "features",
        [
            X,
            np.array(X),
            pd.DataFrame(X, columns=["p", "q"]),
            pl.DataFrame({"p": [0.1, 3.5, 1.0], "q": [2, -4, 0]}),
        ],
        ids=["lists", "numpy", "pandas", "polars"],
    )
    def test_floats_are_dyadic(self, features: Any) -> None:
        dataset = from_arrays(features, ["b", "a", "b"])
        assert dataset.inputs == matrix((0.1, 2), (3.5, -4), (1, 0))
        assert dataset.targets == matrix((0, 1), (1, 0), (0, 1))
        assert dataset.feature_names == (("p", "q") if hasattr(features, "columns") else ("x1", "x2"))
        assert reapply_arrays(features, np.array(["b", "a", "b"]), recorded(dataset)) == dataset

    def test_integers_in_floats_follow_the_rule_for_integers(self) -> None:
        y = np.array([0.0, 1.0] * 5)
        assert from_arrays(np.arange(10.0).reshape(-1, 1), y).preprocessing.classes == ("0", "1")
        assert from_arrays(np.arange(10.0).reshape(-1, 1), y, task="regression").targets[1] == (F(1),)
        assert from_arrays(np.arange(10.0).reshape(-1, 1), y + 0.5).preprocessing.task == "regression"

    def test_one_hot_columns_are_a_regression_on_all(self) -> None:
        dataset = from_arrays(self.X, [[1, 0], [0, 1], [1, 0]])
        assert dataset.preprocessing == Preprocessing(("y1", "y2"), "regression")
        assert dataset.targets == matrix((1, 0), (0, 1), (1, 0))
        assert dataset.describe() == "arrays: 3 rows, 2 features (x1, x2), targets y1, y2: regression"

    def test_names(self) -> None:
        named = from_arrays(self.X, pd.Series(["a", "b", "a"], name="kind"))
        assert named.preprocessing.targets == ("kind",)
        assert from_arrays(self.X, [1.5, 2, 3]).preprocessing.targets == ("y",)

    @pytest.mark.parametrize(
        ("X", "y", "sentence"),
        [
            ([[1], [2]], [1, 2, 3], "X has 2 rows and y has 3: give one target per row of X"),
            ([["a"], [2]], [1, 2], "X, row 1, column x1: 'a' is text and a feature must be a number"),
            (
                [[1], [2]],
                [[1, "a"], [2, "b"]],
                "y, row 1, column y2: 'a' is text and a regression target must",
            ),
            ([[1], [2]], [1.5, float("nan")], "y, row 2, column y: the entry is nan; fill it in or remove"),
            ([[1], [2]], 3, "y is of type int: give a list"),
            ([[F(1, 2**9000)], [F(1, 3**4000)]], [1, 2], "X, row 1, column x1: the entry has more than 1400"),
            (
                [[F(1, 10**999 + k)] for k in range(9)],
                [*range(9)],
                "X has numbers that need integers of more",
            ),
        ],
    )
    def test_refuses(self, X: Any, y: Any, sentence: str) -> None:
        with pytest.raises(DataError, match=re.escape(sentence)):
            from_arrays(X, y)

    def test_reapply_needs_as_many_targets(self) -> None:
        with pytest.raises(DataError, match="y has 2 columns and the recipe 1 target: give the targets"):
            reapply_arrays(self.X, [[1, 2]] * 3, Preprocessing(("y",), "regression"))


@given(
    st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2), min_size=2),
    st.booleans(),
    st.booleans(),
)
def test_any_floats_make_a_problem_again(rows: list[list[float]], bias: bool, standardize: bool) -> None:
    X, y = [row[:1] for row in rows], [row[1] for row in rows]
    dataset = from_arrays(X, y, task="regression", bias=bias, standardize=standardize)
    again = reapply_arrays(X, y, recorded(dataset))
    assert again == dataset
    assert again.problem(1).sha256() == dataset.problem(1).sha256()


def test_names_are_safe_to_print() -> None:
    frame = pd.DataFrame({"\x1b[2J": [1.5, 2.5], **{f"f{k}": [1, 2] for k in range(9)}, "z" * 99: [0, 1]})
    sentence = from_arrays(frame, ["a\nb", "c"]).describe()
    assert sentence == (
        r"arrays: 2 rows, 11 features ('\x1b[2J', f0, f1, f2, f3, f4, ...), target y: "
        r"2 classes ('a\nb', c), one-hot"
    )
