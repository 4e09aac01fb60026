"""Weights of samples and classes, and targets as signs: from files and arrays to the problem and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from certify import check
from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.nodes import Leaf
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset, reread_dataset
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import CertificateError, DataError
from certify.checker.expected import Expected
from certify.checker.obligations import Obligation
from certify.datasets.arrays import from_arrays, reapply_arrays

F = Fraction
CONTENT = "a,w,kind\n1,2,x\n2,0.5,y\n3,1,x\n5,1/3,y\n".replace("1/3", "0.25")
THREE = "a,kind\n1,x\n2,y\n3,z\n"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str) -> Path:
        path = tmp_path / "data.csv"
        path.write_text(content)
        return path

    return write_file


def rationals(*values: Fraction | float) -> tuple[Fraction, ...]:
    return tuple(Fraction(value) for value in values)


def recorded(dataset: Dataset) -> Preprocessing:
    """The recipe after its way through a certificate."""
    return Preprocessing.from_json(json.loads(json.dumps(dataset.preprocessing.to_json())))


def certificate_of(dataset: Dataset, loss: str, rows: Sequence[Sequence[int]] | None = None) -> Certificate:
    """The certificate of the bound 0, or of another dual point of which the tree proves nothing."""
    problem = dataset.problem(1, loss)
    point = tuple(map(tuple, rows)) if rows else ((0,) * problem.c,) * problem.n
    return Certificate(
        problem_sha256=problem.sha256(),
        gamma=F(1),
        loss=problem.loss.text,
        output_bias="none",
        preprocessing=dataset.preprocessing,
        bound=F(0),
        dual_point=point,
        dual_exponent=0,
        frame=Frame.identity(problem.d),
        tree=(Leaf(1, 1),),
        method="by hand",
    )


class TestSampleWeights:
    def test_a_column_is_no_feature(self, write: Write) -> None:
        path = write(CONTENT)
        for name in ("w", "2", " w "):
            dataset = read_dataset(path, sample_weight=name)
            assert dataset.weights == rationals(2, 0.5, 1, 0.25)
            assert [int(row[0]) for row in dataset.inputs] == [1, 2, 3, 5]
            assert dataset.feature_names == ("a",)
            assert (dataset.preprocessing.sample_weight, dataset.weight_name) == ("w", "w")
            assert dataset.preprocessing.to_json()["sample_weight"] == "w"
            assert reread_dataset(path, recorded(dataset)) == dataset
        problem = dataset.problem(1)
        assert (problem.weights, problem.weight_denominator) == ((8, 2, 4, 1), 4)
        assert problem.weight(3) == F(1, 4)
        assert problem.loss_at_zero() == F(15, 4) / 2

    def test_the_last_column_may_be_the_weight(self, write: Write) -> None:
        path = write("a,y,w\n1,3.5,1\n2,4,3\n")
        dataset = read_dataset(path, sample_weight="w")
        assert (dataset.target_names, dataset.feature_names) == (("y",), ("a",))

    def test_without_a_header(self, write: Write) -> None:
        path = write("1,3.5,1\n2,4,3\n")
        dataset = read_dataset(path, sample_weight="3", targets=("2",))
        assert dataset.weights == rationals(1, 3)
        assert reread_dataset(path, recorded(dataset)) == dataset

    @pytest.mark.parametrize(
        ("content", "name", "sentence"),
        [
            (CONTENT, "v", "has no column 'v'"),
            (CONTENT, "kind", "'x' is text and a sample weight must be a number"),
            ("a,w,y\n1,0,1\n2,1,2\n", "w", "line 2, column 'w': the sample weight 0 is not positive"),
            ("a,w,y\n1,1,1\n2,-0.5,2\n", "w", "line 3, column 'w': the sample weight -0.5 is not positive"),
            ("a,w,y\n1,1,1\n2,nan,2\n", "w", "the cell is nan"),
            ("a,w,y\n1,1,1\n2,big,2\n", "w", "'big' is text and a sample weight must be a number"),
            ("w,y\n1,1\n2,2\n", "w", "every column is a target or the sample weight"),
        ],
    )
    def test_refuses(self, write: Write, content: str, name: str, sentence: str) -> None:
        with pytest.raises(DataError, match=sentence):
            read_dataset(write(content), sample_weight=name, targets=("y",) if ",y\n1" in content else ())

    def test_a_target_is_no_weight(self, write: Write) -> None:
        with pytest.raises(DataError, match="'w' is a target and the sample weight: choose two"):
            read_dataset(write(CONTENT), sample_weight="w", targets=("w",))

    def test_weights_of_one_are_none(self, write: Write) -> None:
        dataset = read_dataset(write("a,w,y\n1,1,3\n2,1.0,4\n"), sample_weight="w")
        problem = dataset.problem(1)
        assert problem.weights is None
        assert problem.sha256() == read_dataset(write("a,y\n1,3\n2,4\n")).problem(1).sha256()

    def test_canonical_text(self, write: Write) -> None:
        dataset = read_dataset(write(CONTENT), sample_weight="w")
        assert "".join(dataset.problem("1/2", "hinge", "free").canonical_text()) == (
            "certify problem 1\nloss hinge\noutput_bias free\ngamma 1/2\nsize 4 1 1\ndenominators 1 1 4\n"
            "1 ; -1 ; 8\n2 ; 1 ; 2\n3 ; -1 ; 4\n5 ; 1 ; 1\n"
        )
        assert "".join(dataset.problem(1, "huber 0.5").canonical_text()).startswith(
            "certify problem 1\nloss huber 1/2\n"
        )


class TestClassWeights:
    def test_multiply_the_column(self, write: Write) -> None:
        path = write(CONTENT)
        dataset = read_dataset(path, sample_weight="w", class_weight={"y": "1/3"})
        assert dataset.weights == rationals(2, F(1, 6), 1, F(1, 12))
        assert dataset.preprocessing.class_weights == rationals(1, F(1, 3))
        assert dataset.preprocessing.to_json()["class_weights"] == ["1", "1/3"]
        assert reread_dataset(path, recorded(dataset)) == dataset
        assert dataset.describe().endswith(
            "target kind: 2 classes (x, y), one-hot; weights w_i: the column w times 1 for x, (1/3) for y"
        )

    def test_balanced(self) -> None:
        dataset = from_arrays([[1], [2], [3], [4]], list("aaab"), class_weight="balanced")
        assert dataset.preprocessing.class_weights == rationals(F(2, 3), 2)
        even = from_arrays([[1], [2]], list("ab"), class_weight="balanced")
        assert even.preprocessing.class_weights == ()
        assert even.weights is None

    def test_labels_are_as_in_the_data(self) -> None:
        y = [0, 1, 0, 1, 0, 1]
        spellings: list[dict[Any, Any]] = [{1: 2}, {"1": 2.0}, {np.int64(1): "2"}, {1.0: F(2), "0": 1}]
        for given in spellings:
            dataset = from_arrays([[k] for k in range(6)], y, class_weight=given)
            assert dataset.preprocessing.class_weights == rationals(1, 2)

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"z": 2}, "the class weight of 'z' is of none of the classes x, y"),
            ({"x": 0}, "the class weight of 'x' is not positive"),
            ({"x": float("nan")}, "the class weight of 'x' is 'nan'"),
            ("even", "the class weight is 'even': give a weight to each label, or balanced"),
        ],
    )
    def test_refuses(self, write: Write, given: Any, sentence: str) -> None:
        with pytest.raises(DataError, match=sentence):
            read_dataset(write(CONTENT), class_weight=given)

    def test_a_regression_has_no_classes(self, write: Write) -> None:
        with pytest.raises(DataError, match="class weights are of a classification"):
            read_dataset(write("a,y\n1,0.5\n2,1.5\n"), class_weight={"x": 2})


class TestArrays:
    X, y = [[1.0], [2.0], [4.0]], [0.5, 1.5, -1.0]

    def test_weights_come_as_a_third_array(self) -> None:
        for given in ([1, 2, F(1, 2)], np.array([1.0, 2.0, 0.5]), pd.Series([1.0, 2.0, 0.5], name="mass")):
            dataset = from_arrays(self.X, self.y, sample_weight=given)
            assert dataset.weights == rationals(1, 2, 0.5)
            name = "mass" if isinstance(given, pd.Series) else "sample_weight"
            assert dataset.preprocessing.sample_weight == dataset.weight_name == name
            assert reapply_arrays(self.X, self.y, recorded(dataset), given) == dataset

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ([1, 2], "sample_weight has 2 and 1 column: give one weight per row of X"),
            ([[1, 2], [1, 2], [1, 2]], "sample_weight has 3 and 2 columns"),
            ([1, 2, 0], "sample_weight, row 3, column sample_weight: the sample weight 0 is not positive"),
            ([1, 2, float("nan")], "sample_weight, row 3"),
            ([1, 2, "a"], "'a' is text and a sample weight must be a number"),
        ],
    )
    def test_refuses(self, given: Any, sentence: str) -> None:
        with pytest.raises(DataError, match=sentence):
            from_arrays(self.X, self.y, sample_weight=given)

    def test_a_recipe_takes_what_it_was_made_for(self) -> None:
        plain = from_arrays(self.X, self.y)
        weighted = from_arrays(self.X, self.y, sample_weight=[1, 2, 3])
        with pytest.raises(DataError, match="takes one for each sample of the sample weights"):
            reapply_arrays(self.X, self.y, weighted.preprocessing)
        with pytest.raises(DataError, match="takes none of the sample weights"):
            reapply_arrays(self.X, self.y, plain.preprocessing, [1, 2, 3])

    def test_checked_with_the_weights_of_the_user(self) -> None:
        dataset = from_arrays(self.X, self.y, sample_weight=[1, 2, 3])
        certificate = certificate_of(dataset, "absolute")
        verdict = check(certificate, self.X, self.y, sample_weight=[1, 2, 3])
        assert verdict.valid
        assert "weights w_i: the column sample_weight" in str(verdict.statement)
        for weights in ([1, 2, 4], None):
            other = check(certificate, self.X, self.y, sample_weight=weights)
            assert (other.valid, other.obligation) == (False, Obligation.PROBLEM)
        with pytest.raises(DataError, match="sample_weight goes with X and y"):
            check(certificate, problem=dataset.problem(1, "absolute"), sample_weight=[1, 2, 3])


class TestRecipes:
    RECIPE = Preprocessing(("kind",), "classification", ("x", "y"))

    def test_old_recipes_keep_their_bytes(self) -> None:
        assert json.dumps(self.RECIPE.to_json()) == (
            '{"targets": ["kind"], "task": "classification", "classes": ["x", "y"], "bias": false, '
            '"standardize": null}'
        )

    @pytest.mark.parametrize(
        "entries",
        [
            {"sample_weight": None},
            {"sample_weight": 1},
            {"sample_weight": "w" * 4001},
            {"class_weights": None},
            {"class_weights": []},
            {"class_weights": ["1"]},
            {"class_weights": ["1", "2", "3"]},
            {"class_weights": ["1", "0"]},
            {"class_weights": ["1", "-2"]},
            {"class_weights": ["1", "2/4"]},
            {"class_weights": ["1", "0.5"]},
            {"class_weights": ["1", 2]},
            {"weights": []},
        ],
    )
    def test_hostile(self, entries: dict[str, Any]) -> None:
        with pytest.raises(CertificateError, match="the certificate's preprocessing"):
            Preprocessing.from_json(self.RECIPE.to_json() | entries)

    def test_a_regression_has_no_class_weights(self) -> None:
        recipe = Preprocessing(("y",), "regression").to_json() | {"class_weights": []}
        with pytest.raises(CertificateError, match="class_weights that are not a list"):
            Preprocessing.from_json(recipe)


class TestSigns:
    def test_two_classes_are_one_column(self, write: Write) -> None:
        dataset = read_dataset(write("a,kind\n1,x\n2,y\n3,x\n"))
        for loss in ("hinge", "squared-hinge", "logistic"):
            problem = dataset.problem(1, loss)
            assert problem.targets == ((-1,), (1,), (-1,))
        for loss in ("squared", "cross-entropy", "multiclass-hinge", "huber 1"):
            assert dataset.problem(1, loss).targets == ((1, 0), (0, 1), (1, 0))

    def test_more_are_one_against_the_rest(self, write: Write) -> None:
        dataset = read_dataset(write(THREE))
        assert dataset.problem(1, "hinge").targets == ((1, -1, -1), (-1, 1, -1), (-1, -1, 1))
        assert dataset.problem(1, "multiclass-hinge").targets == ((1, 0, 0), (0, 1, 0), (0, 0, 1))

    def test_numbers_are_as_they_are(self, write: Write) -> None:
        path = write("a,y\n1,1\n2,-1\n3,1\n")
        assert read_dataset(path, task="regression").problem(1, "hinge").targets == ((1,), (-1,), (1,))
        with pytest.raises(DataError, match="row 2 of the targets has 0: give those, or labels"):
            read_dataset(write("a,y\n1,1\n2,0\n"), task="regression").problem(1, "hinge")

    @pytest.mark.parametrize(
        ("loss", "task"),
        [
            ("squared", "classification"),
            ("poisson", "regression"),
            ("huber", "regression"),
            ("logistic", "classification"),
        ],
    )
    def test_what_integers_are_depends_on_the_loss(self, write: Write, loss: str, task: str) -> None:
        many = write("a,y\n" + "".join(f"{k},{k % 2}\n" for k in range(9)))
        assert read_dataset(many, loss=loss).preprocessing.task == task
        few = write("a,y\n1,0\n2,1\n")
        natural = {"squared": "regression"}.get(loss, task)
        assert read_dataset(few, loss=loss).preprocessing.task == natural
        texts = write("a,y\n1,no\n2,yes\n")
        assert read_dataset(texts, loss=loss).preprocessing.task == "classification"

    @pytest.mark.parametrize(
        ("content", "loss", "words"),
        [
            ("a,kind\n1,x\n2,y\n", "hinge", "2 classes (x, y), as -1 and 1) has"),
            (THREE, "logistic", "3 classes (x, y, z), each as 1 against the rest as -1) has"),
            (THREE, "cross-entropy 1/10", "3 classes (x, y, z), one-hot) has"),
        ],
    )
    def test_the_theorem_says_so(self, write: Write, content: str, loss: str, words: str) -> None:
        path = write(content)
        verdict = check(certificate_of(read_dataset(path), loss), data=path)
        assert words in str(verdict.statement)


class TestPins:
    def test_weights(self, write: Write, tmp_path: Path) -> None:
        path = write(CONTENT)
        dataset = read_dataset(path, sample_weight="w", class_weight={"y": 3})
        file = tmp_path / "weighted.cert"
        save_certificate(certificate_of(dataset, "hinge"), file)
        right: list[dict[str, Any]] = [
            {"sample_weight": "w"},
            {"sample_weight": "2"},
            {"class_weights": ("y=3",)},
            {"class_weights": ("y=3.0", "x=1")},
            {"weighted": True},
            {"loss": "hinge"},
        ]
        for pins in right:
            assert check(file, data=path, expected=Expected(**pins)).valid
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"sample_weight": "a"}, "expected sample weight a, found w"),
            ({"class_weights": ("y=2",)}, "expected class weights x=1, y=2, found class weights x=1, y=3"),
            ({"class_weights": ("x=3",)}, "found class weights x=1, y=3"),
            ({"weighted": False}, "expected no sample weights, found sample weights"),
            ({"loss": "logistic"}, "expected loss logistic, found hinge"),
        ]
        for pins, words in wrong:
            verdict = check(file, data=path, expected=Expected(**pins))
            assert (verdict.valid, verdict.obligation) == (False, Obligation.EXPECTATION)
            assert words in verdict.reason
        with pytest.raises(DataError, match="has no column 'v'"):
            check(file, data=path, expected=Expected(sample_weight="v"))
        with pytest.raises(DataError, match="class weight of 'z' is of none of the classes x, y"):
            check(file, data=path, expected=Expected(class_weights=("z=1",)))

    def test_what_a_certificate_chooses_is_shown(self, write: Write) -> None:
        path = write(CONTENT)
        dataset = read_dataset(path, sample_weight="w", class_weight={"y": 3})
        verdict = check(certificate_of(dataset, "squared"), data=path)
        assert "1/2 sum_i w_i |f(x_i) - y_i|^2 + 1/2 * sum_j" in str(verdict.statement)
        assert "weights w_i: the column w times 1 for x, 3 for y" in str(verdict.statement)
        assert verdict.subject is not None
        found = verdict.subject.to_json()
        assert (found["sample_weight"], found["class_weights"], found["weighted"]) == (
            "w",
            ["1/1", "3/1"],
            True,
        )

    def test_altered_class_weights_are_another_problem(self, write: Write) -> None:
        path = write(CONTENT)
        dataset = read_dataset(path, class_weight={"y": 3})
        certificate = certificate_of(dataset, "squared")
        for weights in ((), (F(1), F(2)), (F(3), F(1))):
            recipe = replace(dataset.preprocessing, class_weights=weights)
            verdict = check(replace(certificate, preprocessing=recipe), data=path)
            assert (verdict.valid, verdict.obligation) == (False, Obligation.PROBLEM)

    def test_a_column_that_is_not_there_is_other_data(self, write: Write) -> None:
        path = write(CONTENT)
        dataset = read_dataset(path, sample_weight="w")
        recipe = replace(dataset.preprocessing, sample_weight="v")
        verdict = check(replace(certificate_of(dataset, "squared"), preprocessing=recipe), data=path)
        assert (verdict.valid, verdict.obligation) == (False, Obligation.PROBLEM)
        assert "has no column 'v'" in verdict.reason

    def test_a_loss_has_one_spelling_in_a_certificate(self, write: Write) -> None:
        path = write("a,y\n1,0.5\n2,1.5\n")
        certificate = certificate_of(read_dataset(path), "huber 1/2")
        assert check(certificate, data=path).valid
        for text in ("huber 0.5", "huber 2/4"):
            verdict = check(replace(certificate, loss=text), data=path)
            assert (verdict.valid, verdict.obligation) == (False, Obligation.PROBLEM)
            assert "is not supported as it is spelled" in verdict.reason
