"""Parquet files as pandas writes them: with an index that is no column."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from certify.checker.data.choice import read_dataset
from certify.checker.data.reading import Reading
from certify.checker.data.table import read_table
from certify.checker.errors import DataError
from tests.certify.checker.data.exact import matrix

FRAME = pd.DataFrame({"a": [0.5, 1.5, 2.5, 3.5], "y": [1.0, 2.0, 4.0, 8.0]})


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME[FRAME.a > 1],
        FRAME.set_index(pd.Index([7, 8, 9, 10], name="id")),
        FRAME.set_index(pd.Index(list("wxyz"), name="y2")),
        FRAME.set_index(pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a"), (2, "b")])),
    ],
)
def test_the_index_of_a_frame_is_no_column(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "d.parquet"
    frame.to_parquet(path)
    dataset = read_dataset(path)
    assert (dataset.feature_names, dataset.target_names) == (("a",), ("y",))
    assert [row[0] for row in dataset.targets] == frame["y"].tolist()


def test_an_index_that_lost_its_metadata_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    FRAME.assign(__index_level_0__=[0, 2, 3, 5]).to_parquet(path)
    with pytest.raises(DataError, match=r"is called '?__index_level_0__'? and holds"):
        read_dataset(path)
    assert read_dataset(path, reading=Reading(ignore=("3",))).target_names == ("y",)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_rows_that_miss_a_value(tmp_path: Path, missing: Any) -> None:
    path = tmp_path / "d.parquet"
    FRAME.assign(a=pd.array([0.5, missing, 2.5, 3.5], dtype="Float64")).to_parquet(path)
    with pytest.raises(DataError, match="row 2, column 'a'"):
        read_table(path)
    dataset = read_dataset(path, reading=Reading(drop_missing=True))
    assert (len(dataset.inputs), dataset.labels.dropped) == (3, 1)


def test_truth_values(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    FRAME.assign(a=[True, False, True, True]).to_parquet(path)
    assert read_dataset(path).inputs == matrix((1,), (0,), (1,), (1,))


def test_has_no_separator(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    FRAME.to_parquet(path)
    with pytest.raises(DataError, match="is no text file: leave out its separator"):
        read_table(path, Reading(";"))


def test_cells_that_are_equal_are_one_object(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": [300, 7, 300], "b": [300.0, 0.5, 7.0], "y": [1, 2, 3]}).to_parquet(path)
    rows = read_table(path).rows
    assert rows[0][0] is rows[0][1] is rows[2][0]
    assert rows[1][0] is rows[2][1]
    assert rows == matrix((300, 300, 1), (7, 0.5, 2), (300, 7, 3))


def test_rows_come_in_several_batches(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": range(2500), "y": [0.5] * 2500}).to_parquet(path)
    assert [row[0] for row in read_table(path).rows] == list(range(2500))
