"""Levels as columns, and targets that are standardised: by hand, and as a certificate has them."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import pytest

from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset, reread_dataset
from certify.checker.data.recipe import Preprocessing, standardization
from certify.checker.errors import CertificateError, DataError
from certify.datasets.arrays import from_arrays, reapply_arrays
from tests.certify.checker.data.exact import matrix

ROWS = "colour,size,grade,yield\nred,1,10,4\nblue,2,9,8\nred,3,9.0,6\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "d.csv"
    path.write_text(ROWS)
    return path


def followed(path: Path, recipe: Preprocessing) -> Dataset:
    return reread_dataset(path, Preprocessing.from_json(json.loads(json.dumps(recipe.to_json()))))


class TestCategorical:
    def test_by_hand(self, path: Path) -> None:
        dataset = read_dataset(path, categorical=["grade", "1"], bias=True)
        assert dataset.feature_names == ("colour=blue", "colour=red", "size", "grade=9", "grade=10")
        assert dataset.inputs == matrix((0, 1, 1, 0, 1, 1), (1, 0, 2, 1, 0, 1), (0, 1, 3, 1, 0, 1))
        recipe = dataset.preprocessing
        assert recipe.categorical == (("grade", ("9", "10")), ("colour", ("blue", "red")))
        assert "of which 2 levels of colour, 2 levels of grade" in dataset.describe()
        assert followed(path, recipe) == dataset

    def test_arrays_are_as_the_file(self, path: Path) -> None:
        dataset = read_dataset(path, categorical=["colour"], standardize_target=True)
        X = [["red", 1, 10], ["blue", 2, 9], ["red", 3, 9]]
        again = from_arrays(X, [4, 8, 6], categorical=["1"], standardize_target=True)
        assert again.problem(1).sha256() == dataset.problem(1).sha256()
        assert reapply_arrays(X, [4, 8, 6], again.preprocessing) == again

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"categorical": ["yield"]}, "the categorical column 'yield' is no feature"),
            ({"categorical": ["colour", "1"]}, "the categorical column '1' is named twice"),
            ({"categorical": ["hue"]}, "has no column 'hue'"),
        ],
    )
    def test_refuses(self, path: Path, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(DataError) as caught:
            read_dataset(path, **options)
        assert sentence in str(caught.value)

    def test_refuses_a_single_level(self, path: Path) -> None:
        path.write_text("a,b,y\nu,1,2\nu,2,3\n")
        with pytest.raises(DataError, match="has 1 level, and a categorical one has 2 to 1000: leave it out"):
            read_dataset(path, categorical=["a"])

    @pytest.mark.parametrize("levels", [("blue",), ("blue", "green"), ("blue", "red", "teal")])
    def test_other_levels_are_of_other_data(self, path: Path, levels: tuple[str, ...]) -> None:
        recipe = read_dataset(path, categorical=["colour"], targets=["yield"]).preprocessing
        recipe = replace(recipe, categorical=(("colour", levels),))
        path.write_text(ROWS.replace(",9", ",10").replace("9.0", "10"))
        with pytest.raises((DataError, CertificateError)):
            followed(path, recipe)


class TestStandardizeTarget:
    def test_by_hand(self, path: Path) -> None:
        dataset = read_dataset(
            path, targets=["yield", "size"], categorical=["colour"], standardize_target=True
        )
        pairs = standardization((F(4), F(8), F(6))), standardization((F(1), F(2), F(3)))
        assert dataset.preprocessing.standardize_targets == pairs
        (shift, scale), _ = pairs
        assert [row[0] for row in dataset.targets] == [(y - shift) * scale for y in (4, 8, 6)]
        assert shift == 6
        assert (
            "regression, standardised to (y - 6) * about 0.612372, (y - 2) * about 1.22474"
            in dataset.describe()
        )
        assert followed(path, dataset.preprocessing) == dataset

    def test_any_other_scale_is_refused(self, path: Path) -> None:
        recipe = read_dataset(path, categorical=["colour"], standardize_target=True).preprocessing
        assert recipe.standardize_targets is not None
        ((shift, scale),) = recipe.standardize_targets
        for pair in ((shift, scale / 2), (shift + 1, scale)):
            with pytest.raises(DataError, match="does not bring these targets to mean 0 and variance 1"):
                followed(path, replace(recipe, standardize_targets=(pair,)))

    def test_is_of_numbers(self, path: Path) -> None:
        with pytest.raises(DataError, match="classes cannot be standardised"):
            read_dataset(path, targets=["colour"], standardize_target=True)
        recipe = read_dataset(path, targets=["colour"]).preprocessing
        with pytest.raises(CertificateError, match="standardises the targets of a classification"):
            followed(path, replace(recipe, standardize_targets=((F(0), F(1)),)))


@pytest.mark.parametrize(
    "value",
    [
        [], {}, [["a"]], [["a", ["u"]]], [["a", ["u", "u"]]], [[1, ["u", "v"]]], [["a", [1, 2]]],
        [["a", [str(k) for k in range(1001)]]],
    ],
)  # fmt: skip
def test_json_of_others(path: Path, value: Any) -> None:
    obj = read_dataset(path, categorical=["colour"]).preprocessing.to_json()
    with pytest.raises(CertificateError, match="use an unaltered certificate"):
        Preprocessing.from_json(obj | {"categorical": value})
