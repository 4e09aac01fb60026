from pathlib import Path

import numpy as np
import pytest

from certify.checker.data.choice import read_dataset
from certify.checker.errors import DataError
from certify.datasets.arrays import from_arrays
from certify.datasets.held_out import held_out_arrays, read_held_out


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_numbers_become_what_training_made_of_its_own(tmp_path: Path) -> None:
    train = written(tmp_path, "train.csv", "kind,x,y\na,1,s\nb,3,t\na,5,u\n")
    dataset = read_dataset(train, standardize=True, bias=True, categorical=["kind"])
    # No row has the level b, or the classes s and u; x = 3 is the mean.
    test = read_held_out(written(tmp_path, "test.csv", "kind,x,y\na,3,t\n"), dataset)
    assert test.targets.tolist() == [[0, 1, 0]]
    expected = np.array(dataset.inputs, dtype=float)
    assert test.inputs[0, [0, 1, 3]].tolist() == expected[0, [0, 1, 3]].tolist()
    assert test.inputs[0, 2] == pytest.approx(0, abs=1e-6)


def test_two_classes_are_signs_where_the_loss_takes_signs() -> None:
    dataset = from_arrays([[1], [2]], ["no", "yes"], loss="logistic")
    test = held_out_arrays([[3], [4]], ["yes", "no"], dataset, "logistic")
    assert test.targets.tolist() == [[1], [-1]]


def test_targets_of_a_regression_are_standardised_as_in_training() -> None:
    dataset = from_arrays([[1], [2]], [1.0, 3.0], task="regression", standardize_target=True)
    test = held_out_arrays([[5]], [5.0], dataset)
    assert test.targets[0, 0] == pytest.approx(3, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,z,label\n1,2,a\n", "the features x, z and the training data x, y"),
        ("x,y,label\n1,2,c\n", "line 2.*the class 'c' is not one of the recorded classes a, b"),
        ("x,y\n1,2\n", "no column 'label'"),
    ],
)
def test_other_columns_and_classes_are_refused(tmp_path: Path, text: str, words: str) -> None:
    dataset = read_dataset(written(tmp_path, "train.csv", "x,y,label\n1,2,a\n2,1,b\n"))
    with pytest.raises(DataError, match=words):
        read_held_out(written(tmp_path, "test.csv", text), dataset)


def test_another_number_of_targets_is_refused() -> None:
    dataset = from_arrays([[1], [2]], [[1.0, 2], [3, 4]], task="regression")
    with pytest.raises(DataError, match="1 target and the training data 2"):
        held_out_arrays([[5]], [5.0], dataset)


@pytest.mark.parametrize("row", ["1e350,2,3", "1,2,-1e350", "1e61,2,3"])
def test_numbers_beyond_floats_are_refused(tmp_path: Path, row: str) -> None:
    dataset = read_dataset(written(tmp_path, "train.csv", "x,y,z\n1,2,3\n2,1,0.5\n"), task="regression")
    with pytest.raises(DataError, match=r"test.csv has a number beyond 1e\+60: rescale the columns"):
        read_held_out(written(tmp_path, "test.csv", f"x,y,z\n{row}\n"), dataset)


def test_what_training_scales_to_usual_numbers_needs_not_be_usual(tmp_path: Path) -> None:
    text = "x,z\n1e-350,1\n3e-350,2\n"
    train = written(tmp_path, "train.csv", text)
    dataset = read_dataset(train, task="regression", standardize=True)
    assert read_held_out(train, dataset).inputs.tolist() == [
        [float(x) for x in row] for row in dataset.inputs
    ]
