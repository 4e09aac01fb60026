"""How files are read that are not as usual: their text, and what of it is left out."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.data import text_file
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset, reapply_table, reread_dataset
from certify.checker.data.reading import ENCODINGS, SEPARATORS, USUAL, Reading
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import read_table
from certify.checker.errors import CertificateError, DataError
from tests.certify.checker.data.exact import matrix

USUAL_ROWS = "a,b,y\n1.5,2,0.5\n1,2,3\n2,1,0.5\n"
INPUTS = matrix((1.5, 2), (1, 2), (2, 1))
TARGETS = matrix((0.5,), (3,), (0.5,))


def reread(path: Path, text: str | bytes, **options: Any) -> Dataset:
    """Read a file, and again by the recipe as a certificate has it; both must come to the same."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    dataset = read_dataset(path, **options)
    recipe = Preprocessing.from_json(json.loads(json.dumps(dataset.preprocessing.to_json())))
    assert recipe == dataset.preprocessing
    assert reread_dataset(path, recipe) == dataset
    return dataset


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "d.csv"


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        (USUAL_ROWS.replace(",", "|"), Reading("|")),
        (USUAL_ROWS.replace(",", " "), Reading(" ")),
        (USUAL_ROWS.replace(",", " \t "), Reading(" ")),
        ("  a   b\t y  \n1.5   2 0.5\n\t1 2 3 \n2 1 0.5", Reading(" ")),
        ('"a" "b" "y"\n1.5 2 0.5\n1 2 3\n2 1 0.5\n', Reading(" ")),
        (USUAL_ROWS.replace(",", ";").replace(".", ","), Reading(decimal=",")),
        (USUAL_ROWS.replace(",", "\t").replace(".", ","), Reading("\t", decimal=",")),
        (USUAL_ROWS.encode("utf-16"), Reading(encoding="utf-16")),
        (b"\xfe\xff" + USUAL_ROWS.encode("utf-16-be"), Reading(encoding="utf-16")),
        (USUAL_ROWS.encode("latin-1"), Reading(encoding="latin-1")),
        (USUAL_ROWS.replace("a,b,y", "2019,2020,2021"), Reading(header=True)),
        (USUAL_ROWS.replace("a,b,y", "0,1,2"), Reading(header=True)),
        (USUAL_ROWS.replace("a,b,y\n", ""), Reading(header=False)),
        ("id," + USUAL_ROWS.replace("\n", "\n inf,").removesuffix(" inf,"), Reading(ignore=("id",))),
        ("," + USUAL_ROWS.replace("\n", "\n7,").removesuffix("7,"), Reading(ignore=("1",))),
        (USUAL_ROWS + "NA,1,2\n1, ?,2\n1,2,\n<NA>,.,null\n", Reading(drop_missing=True)),
    ],
)
def test_reads_the_same_numbers(path: Path, text: str | bytes, reading: Reading) -> None:
    dataset = reread(path, text, reading=reading)
    assert (dataset.inputs, dataset.targets) == (INPUTS, TARGETS)
    assert dataset.preprocessing.reading == reading
    problem = dataset.problem("1/10")
    path.write_text(USUAL_ROWS)
    assert problem.sha256() == read_dataset(path).problem("1/10").sha256()


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("a|b|y\n1|2|3\n4|5|6\n", {}, "has a single column: give features and a target, separated by comma, "
         "semicolon or tab, or name another separator with --sep"),
        ("a;b;y\n1;2,5;3,25\n1,5;2,5\n", {}, "line 3 has 2 cells and line 1 has 3"),
        ("a;b;y\n1;2;0,5\n", {}, "read decimal commas with --decimal ,"),
        ("a;y\n1.234,5;2\n", {"reading": Reading(decimal=",")}, "is text"),
        ("a;y\n1.5;2\n", {"reading": Reading(decimal=",")}, "write thousands without a point"),
        ("a;y\n.5;2\n", {"reading": Reading(decimal=",")}, "write thousands without a point"),
        ("a;y\n1.234.567;2\n", {"reading": Reading(decimal=",")}, "write thousands without a point"),
        ("a,y\n?,2\n1,3\n", {}, "leave out all rows that miss a value with --drop-missing"),
        ("a,y\n,2\n1,3\n", {}, "leave out all such rows with --drop-missing"),
        ("a,y\n,2\n1,\n", {"reading": Reading(drop_missing=True)}, "each row misses a value"),
        ("a,y\ninf,2\n1,3\n", {"reading": Reading(drop_missing=True)}, "the cell is inf"),
        ("a,y\nx,2\n1,3\n", {}, "name the column with --ignore or --categorical"),
        ("a,y\n\u22121.5,2\n1,3\n", {}, "with the minus sign - of a keyboard"),
        ("a,y\n1e\u20135,2\n1,3\n", {}, "with the minus sign - of a keyboard"),
        ("a;y\n\u22121,5;2\n1;3\n", {"reading": Reading(decimal=",")}, "with the minus sign - of a keyboard"),
        ("a,y\n\u22121e999,2\n1,3\n", {}, "with the minus sign - of a keyboard"),
        ("a,y\n\u2212,2\n1,3\n", {}, "name the column with --ignore or --categorical"),
        (",0,1,2\n0,5,6,7\n", {}, "say --header if this row has the names of the columns"),
        ("0,1,2\n5,6,7\n8,9,10\n", {}, "is 0, 1, 2, ..., as columns are numbered: say --header if these "
         "are their names, or --no-header"),
        ("2019,2020,2021\n5,6,7\n8,9,10\n", {}, "is 2019, 2020, 2021, ..., as columns are numbered"),
        ("sep=;\na;b;y\n1;2;3\n", {}, "remove that line, and say --sep"),
        (",a,y\n0,1,2\n3,1,3\n5,2,1\n", {}, "column 1 has no name and holds different integers, as row "
         "numbers are: leave it out with --ignore 1"),
        ("Unnamed: 0,a,y\n0,1,2\n1,1,3\n2,2,1\n", {}, "column 1 is called 'Unnamed: 0' and holds"),
        ('"a","y"\n"1",1,2\n"2",3,4\n', {}, "name the first column, as "
         "of row names, and leave it out with --ignore 1"),
        ("größe,y\n1,2\n".encode("latin-1"), {}, "name its --encoding, utf-16 or latin-1"),
        (USUAL_ROWS.encode("utf-16"), {}, "name its --encoding, utf-16 or latin-1"),
        (USUAL_ROWS.encode("utf-16-le"), {"reading": Reading(encoding="utf-16")}, "byte order mark"),
        (USUAL_ROWS.encode("utf-16")[:-1], {"reading": Reading(encoding="utf-16")}, "is not UTF-16 text"),
        (USUAL_ROWS, {"reading": Reading(ignore=("z",))}, "has no column 'z'"),
        (USUAL_ROWS, {"reading": Reading(ignore=("y",)), "targets": ["y"]}, "is a target and ignored"),
        (USUAL_ROWS, {"reading": Reading(ignore=("b",)), "features": ["b"]}, "is a feature and ignored"),
        (USUAL_ROWS, {"reading": Reading(ignore=("a", "b"))}, "every column is a target or ignored"),
        (USUAL_ROWS, {"targets": ["a"], "features": ["a", "b"]}, "is a feature and a target"),
        (USUAL_ROWS, {"features": ["a", "b", "y"]}, "no column is left for a target"),
    ],
)  # fmt: skip
def test_refuses(path: Path, text: str | bytes, options: dict[str, Any], sentence: str) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as caught:
        read_dataset(path, **options)
    assert sentence in str(caught.value)


class TestColumns:
    def test_features_ignore_all_others(self, path: Path) -> None:
        dataset = reread(path, "id,a,w,b,y\nu,1,2,x,3\nv,2,2,x,1\n", features=["a"], sample_weight="w")
        assert (dataset.feature_names, dataset.target_names, dataset.weight_name) == (("a",), ("y",), "w")
        assert dataset.preprocessing.reading == Reading(ignore=("id", "b"))
        assert dataset.describe().endswith("left out: the columns id, b")

    def test_the_target_is_the_last_column_that_is_nothing_else(self, path: Path) -> None:
        dataset = reread(path, "y,a,b\n1,2,3\n2,4,5\n", features=["b"])
        assert (dataset.feature_names, dataset.target_names) == (("b",), ("a",))
        assert dataset.ignored == ("y",)
        dataset = reread(path, "a,y,z\n1,2,3\n2,4,5\n", reading=Reading(ignore=("z",)))
        assert dataset.target_names == ("y",)

    def test_row_numbers_may_be_meant(self, path: Path) -> None:
        text = ",a,y\n0,1,2\n3,1,3\n5,2,1\n"
        assert reread(path, text, features=["1", "a"]).feature_names == ("1", "a")
        assert reread(path, text, targets=["1"]).target_names == ("1",)
        assert reread(path, ",a,y\n0,1,2\n0,1,3\n5,2,1\n").feature_names == ("1", "a")

    def test_counts_rows_that_are_left_out(self, path: Path) -> None:
        text = "a,b,y\n1,NA,2\n2,?,3\n3,x,NaN\n4,x,1\n"
        dataset = reread(path, text, reading=Reading(ignore=("b",), drop_missing=True))
        assert dataset.targets == matrix((2,), (3,), (1,))
        assert dataset.lines == (2, 3, 5)
        assert dataset.describe().endswith("; left out: 1 row with a value missing and the column b")

    def test_a_recipe_is_for_what_was_read_by_it(self, path: Path) -> None:
        dataset = reread(path, USUAL_ROWS, reading=Reading(ignore=("a",)))
        with pytest.raises(DataError, match="was not read as the recipe says"):
            reapply_table(read_table(path), dataset.preprocessing)


class TestTruthValues:
    def test_are_numbers_where_those_are_wanted(self, path: Path) -> None:
        dataset = reread(path, "a,b,y\nTrue,false,1.5\nFALSE,true,2\ntrue,FALSE,1\n")
        assert dataset.inputs == matrix((1, 0), (0, 1), (1, 0))
        dataset = reread(path, "a,y\n1,True\n2,False\n", task="regression")
        assert dataset.targets == matrix((1,), (0,))

    def test_have_a_header_above_them(self, path: Path) -> None:
        dataset = reread(path, "a,b,kind\nTrue,False,u\nFalse,False,v\nTrue,True,v\n")
        assert (dataset.feature_names, len(dataset.inputs)) == (("a", "b"), 3)
        assert not read_dataset_header(path, "True,False,u\nFalse,False,v\n")

    def test_are_labels_of_a_classification(self, path: Path) -> None:
        dataset = reread(path, "a,y\n1,True\n2,False\n3,True\n")
        assert dataset.preprocessing.classes == ("False", "True")


def read_dataset_header(path: Path, text: str) -> bool:
    path.write_text(text)
    return read_table(path).has_header


class TestFiles:
    def test_gzip(self, tmp_path: Path) -> None:
        path = tmp_path / "d.csv.gz"
        assert reread(path, gzip.compress(USUAL_ROWS.encode())).inputs == INPUTS
        path.write_bytes(gzip.compress(USUAL_ROWS.encode())[:-9])
        with pytest.raises(DataError, match="is no whole file of gzip"):
            read_table(path)
        path.write_text(USUAL_ROWS)
        with pytest.raises(DataError, match="is no whole file of gzip"):
            read_table(path)

    def test_gzip_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(text_file, "MAX_BYTES", 1 << 20)
        path = tmp_path / "bomb.csv.gz"
        path.write_bytes(gzip.compress(b"1,2\n" * (1 << 19)))
        with pytest.raises(DataError, match="is larger than 1 MiB"):
            read_table(path)

    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(USUAL_ROWS.encode())))
        assert read_dataset("-").inputs == INPUTS


READINGS = st.builds(
    Reading,
    separator=st.sampled_from((None, ";", "\t", "|", " ")),
    decimal=st.sampled_from((".", ",")),
    encoding=st.sampled_from(ENCODINGS),
    header=st.sampled_from((None, True, False)),
    ignore=st.lists(st.text(max_size=3), unique=True, max_size=3).map(tuple),
    drop_missing=st.booleans(),
)


@given(READINGS)
def test_json(reading: Reading) -> None:
    assert Reading.from_json(json.loads(json.dumps(reading.to_json()))) == reading
    assert (reading.to_json() == {}) is (reading == USUAL)


@pytest.mark.parametrize(
    "obj",
    [
        [], None, {"sep": ","}, {"separator": 1}, {"separator": ":"}, {"separator": None}, {"decimal": ""},
        {"encoding": "utf-7"}, {"header": None}, {"header": 1}, {"ignore": "a"}, {"ignore": [1]},
        {"ignore": ["a", "a"]}, {"drop_missing": "true"}, {"separator": ",", "decimal": ","},
    ],
)  # fmt: skip
def test_json_of_others(obj: object) -> None:
    with pytest.raises(CertificateError, match="use an unaltered certificate"):
        Reading.from_json(obj)


def test_every_separator_has_a_word() -> None:
    assert all(Reading(separator).words() for separator in SEPARATORS)
