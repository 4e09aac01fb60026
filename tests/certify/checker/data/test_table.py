"""Files and arrays become exact cells, or one sentence that says where they do not."""

import re
import subprocess
import sys
from collections.abc import Callable
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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certify.checker.data.cells import parse_number
from certify.checker.data.table import Table, read_table
from certify.checker.errors import DataError
from certify.datasets.array_table import array_table
from tests.places import ROOT

F = Fraction
Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | bytes) -> Path:
        path = tmp_path / "data.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


class TestParseNumber:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("5.1", F(51, 10)),
            ("-0.25", F(-1, 4)),
            ("+7", F(7)),
            ("1e-3", F(1, 1000)),
            ("2.5E2", F(250)),
            (".5", F(1, 2)),
            ("5.", F(5)),
            ("-0", F(0)),
            ("007", F(7)),
            ("1e400", F(10) ** 400),
            ("1e-400", F(10) ** -400),
        ],
    )
    def test_decimals(self, text: str, value: Fraction) -> None:
        assert parse_number(text) == value

    @pytest.mark.parametrize(
        "text",
        [
            *("", ".", "-", "e5", "1e", "1e5.0", "--5", "5-", "1e--3", "5\n", " 5", "1 000", "\u22125"),
            *("1/3", "1_000", "0x1F", "5,1", "nan", "inf", "\u0663", "\uff11"),
        ],
    )
    def test_texts(self, text: str) -> None:
        assert parse_number(text) is None

    @pytest.mark.parametrize("text", ["1e401", "1e-401", "1e999999999999", "0E-99999999999999999999"])
    def test_vast_exponents(self, text: str) -> None:
        with pytest.raises(ValueError, match="exponent"):
            parse_number(text)

    def test_long_cells(self) -> None:
        assert parse_number("1" * 1000) == (10**1000 - 1) // 9
        with pytest.raises(ValueError, match="1001 characters"):
            parse_number("1" * 1001)


NUMBERS = st.builds(
    lambda sign, whole, decimals, exponent: (sign, whole, decimals, exponent),
    st.sampled_from(["", "-", "+"]),
    st.text("0123456789", min_size=1, max_size=20),
    st.none() | st.text("0123456789", max_size=20),
    st.none() | st.integers(-400, 400),
)


def spelled(sign: str, whole: str, decimals: str | None, exponent: int | None) -> str:
    point = "" if decimals is None else "." + decimals
    return sign + whole + point + ("" if exponent is None else f"e{exponent}")


def meant(sign: str, whole: str, decimals: str | None, exponent: int | None) -> Fraction:
    digits = decimals or ""
    size = int(whole + digits) * F(10) ** ((exponent or 0) - len(digits))
    return -size if sign == "-" else size


@st.composite
def csv_files(draw: st.DrawFn) -> tuple[bytes, list[list[Fraction]], list[str] | None]:
    """The bytes of a file of numbers in some dialect, its numbers, and its header."""
    width = draw(st.integers(2, 4))
    numbers = draw(st.lists(st.lists(NUMBERS, min_size=width, max_size=width), min_size=1, max_size=5))
    header = draw(st.none() | st.just([f"name {k}" for k in range(width)]))
    rows = [[spelled(*number) for number in row] for row in numbers]
    separator, end = draw(st.sampled_from([",", ";", "\t"])), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quote, blank = draw(st.sampled_from(["", '"'])), draw(st.sampled_from(["", " "]))
    lines = [
        (separator + blank).join(quote + cell + quote for cell in row)
        for row in ([header] if header else []) + rows
    ]
    text = end.join(lines) + end * draw(st.integers(0, 3))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + text).encode(), [[meant(*number) for number in row] for row in numbers], header


class TestCsv:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(csv_files())
    def test_every_dialect_gives_the_same_numbers(
        self, write: Write, case: tuple[bytes, list[list[Fraction]], list[str] | None]
    ) -> None:
        content, numbers, header = case
        table = read_table(write(content))
        assert [list(row) for row in table.rows] == numbers
        assert table.has_header == (header is not None)
        assert list(table.names) == (header or [str(k + 1) for k in range(len(numbers[0]))])

    def test_iris(self) -> None:
        table = read_table(ROOT / "examples" / "iris.csv")
        assert table.names == ("sepal_length", "sepal_width", "petal_length", "petal_width", "species")
        assert len(table.rows) == 150
        assert table.rows[0] == (F(51, 10), F(35, 10), F(14, 10), F(2, 10), "setosa")
        assert table.where(0, 4).endswith("iris.csv, line 2, column 'species'")

    @pytest.mark.parametrize(
        ("content", "has_header"),
        [
            ("5.1,3.5,setosa\n4.9,3.0,setosa\n", False),
            ("5.1,setosa\n4.9,virginica\n", False),
            ("length,width,species\n5.1,3.5,setosa\n", True),
            ("x,y\n1,2\n", True),
            ("id,2019,label\n1,2,a\n3,4,b\n", False),  # one name against one number
            ("id,city,2019,label\n1,2,3,a\n3,4,5,b\n", True),
            (",a,b\n1,2,3\n2,3,4\n", True),  # an index column without a name
            ("1,2,3\n4,5,6\n", False),
            ("1,2,species\n4,5,setosa\n", False),  # a header of numbers is data
            ("color,price\nred,5\nblue,6\n", True),
            ("red,5\nblue,6\n", False),
            ("NA,a\n3,b\n", False),  # a missing value is no name
            ("a,b\nred,x\nblue,y\n", False),
            ("1st,2nd\n1,2\n", False),
            ("5.1,3.5,setosa\n", False),
            ("a,b,c\n1,2,3\nNA,x,\u0663\n4,5,6\n", True),  # half of a column is enough
        ],
    )
    def test_header(self, write: Write, content: str, has_header: bool) -> None:
        assert read_table(write(content)).has_header == has_header

    @pytest.mark.parametrize("cell", ["", "nan", "NaN", "inf"])
    def test_a_missing_value_in_the_first_row_is_no_header(self, write: Write, cell: str) -> None:
        with pytest.raises(DataError, match=re.escape("data.csv, line 1, column 1: the cell is ")):
            read_table(write(f"{cell},2,a\n3,4,b\n5,6,a\n"))

    def test_a_title_that_is_blank_becomes_its_position(self, write: Write) -> None:
        assert read_table(write(",a,b\n1,2,3\n")).names == ("1", "a", "b")

    @pytest.mark.parametrize(
        ("content", "rows"),
        [
            ("1;2;a,b\n3;4;c,d\n", [(F(1), F(2), "a,b"), (F(3), F(4), "c,d")]),
            ("1,2,a;b;c;d\n3,4,e;f;g;h\n", [(F(1), F(2), "a;b;c;d"), (F(3), F(4), "e;f;g;h")]),
            ('1,"a;b"\n2,"c;d"\n', [(F(1), "a;b"), (F(2), "c;d")]),
            ('1,"say ""x"""\n2,b\n', [(F(1), 'say "x"'), (F(2), "b")]),
            ('"5.1","setosa"\n"4.9", virginica \n', [(F(51, 10), "setosa"), (F(49, 10), "virginica")]),
            ("1\ta, b; c\n2\td, e; f\n", [(F(1), "a, b; c"), (F(2), "d, e; f")]),
        ],
    )
    def test_separators_and_quotes(self, write: Write, content: str, rows: list[Any]) -> None:
        assert list(read_table(write(content)).rows) == rows

    def test_lines_are_those_of_the_file(self, write: Write) -> None:
        table = read_table(write('x,y\n\n1,"two\nlines"\n   \n2,b\n'))
        assert table.lines == (3, 6)
        assert table.rows[0] == (F(1), "two\nlines")

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("", "data.csv is empty: give a table of numbers"),
            ("\ufeff\n\n  \n", "data.csv is empty: give a table of numbers"),
            ("a,b,c\n", "data.csv has a header and no rows: add the data below it"),
            ("1\n2\n3\n", "data.csv has a single column: give features and a target, separated by"),
            ("1,2,a\n3,4,b\n5,6\n", "data.csv, line 3 has 2 cells and line 1 has 3: give every row"),
            ('x,y\n1,"a"\n2,"b","c"\n', "data.csv, line 3 has 3 cells and line 1 has 2: give every row"),
            ('x,y\n1,"a\n2,b\n', "data.csv, line 2 is not valid CSV (unexpected end of data): close"),
            (
                "x,y\n1,a\n,b\n",
                "data.csv, line 3, column 'x': the cell is blank; fill it in or remove the row",
            ),
            (
                "1,a\n2,b\nNaN,b\n",
                "data.csv, line 3, column 1: the cell is NaN; fill it in or remove the row",
            ),
            (
                "1,a\n2,b\n3,-inf\n",
                "data.csv, line 3, column 2: the cell is -inf; fill it in or remove the row",
            ),
            ("1,a\n1e999,b\n", "data.csv, line 2, column 1: the exponent of '1e999' is beyond 400; rescale"),
            (
                f"1,a\n{'9' * 1001},b\n",
                "data.csv, line 2, column 1: the cell has 1001 characters; shorten it",
            ),
            (
                f"1,a\n2,{'b' * 9999}\n",
                "data.csv, line 2, column 2: the cell has 9999 characters; shorten it",
            ),
            (f"{'x' * 1001},y\n1,2\n", "data.csv has a column name of 1001 characters: shorten it"),
            (f"1,a\n2,{'b' * 200_000}\n", "data.csv, line 2 is not valid CSV (field larger than field limit"),
            (b"\x80\x03binary", "data.csv, line 1 is not UTF-8 text: save the table as CSV in UTF-8"),
            ("1,a\n2,é\n".encode("latin-1"), "data.csv, line 2 is not UTF-8 text: save the table as CSV"),
            ("1,a\n".encode("utf-16"), "data.csv is not a text file in UTF-8: save the table as CSV"),
        ],
    )
    def test_refuses(self, write: Write, content: str | bytes, sentence: str) -> None:
        with pytest.raises(DataError, match=re.escape(sentence)) as caught:
            read_table(write(content))
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("content", ["5,1;setosa\n4,9;virginica\n", "5,1\t3,5\n4,9\t3,0\n"])
    def test_decimal_commas_are_refused_and_not_taken_for_separators(
        self, write: Write, content: str
    ) -> None:
        with pytest.raises(
            DataError, match="line 1, column 1: the cell is '5,1'; write decimals with a point"
        ):
            read_table(write(content))

    def test_refuses_what_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"none.csv does not exist: check the path$"):
            read_table(tmp_path / "none.csv")
        for address in ("https://example.org/d.csv", Path("HTTP://example.org/d.csv")):
            with pytest.raises(
                DataError, match=r"d.csv does not exist: download the file, and give its path$"
            ):
                read_table(address)
        with pytest.raises(DataError, match="is a directory: give the CSV or Parquet file itself"):
            read_table(tmp_path)
        with pytest.raises(DataError, match=r"cannot be read \(Not a directory\)"):
            read_table(Path(__file__) / "x.csv")
        with pytest.raises(DataError, match="cannot be read"):
            read_table("nul\0.csv")


class TestParquet:
    def write(self, tmp_path: Path, **columns: Any) -> Path:
        path = tmp_path / "data.parquet"
        pq.write_table(pa.table(columns), path)
        return path

    def test_exact_values(self, tmp_path: Path) -> None:
        path = self.write(
            tmp_path,
            float64=[0.1, 2.0],
            float32=pa.array([0.1, -3.0], pa.float32()),
            integer=[2**60 + 1, -1],
            decimal=[Decimal("5.10"), Decimal("-0.01")],
            text=pa.array(["1", "b "]).dictionary_encode(),
            truth=[True, False],
        )
        assert read_table(path) == Table(
            str(path),
            ("float64", "float32", "integer", "decimal", "text", "truth"),
            (
                (F(0.1), F(float(np.float32(0.1))), F(2**60 + 1), F(51, 10), "1", F(1)),
                (F(2), F(-3), F(-1), F(-1, 100), "b", F(0)),
            ),
            True,
        )

    @pytest.mark.parametrize(
        ("column", "sentence"),
        [
            ([1.0, None], "row 2, column 'x': the entry is missing; fill it in or remove the row"),
            ([1.0, float("nan")], "row 2, column 'x': the entry is nan; fill it in or remove the row"),
            ([float("inf"), 1.0], "row 1, column 'x': the entry is inf; fill it in or remove the row"),
            (["a", " "], "row 2, column 'x': the cell is blank; fill it in or remove the row"),
            (pa.array([1, 2], pa.date32()), "row 1, column 'x': the entry is of type date; give a number"),
            ([], "is empty: give a table of numbers"),
        ],
    )
    def test_refuses(self, tmp_path: Path, column: Any, sentence: str) -> None:
        path = self.write(tmp_path, x=column)
        with pytest.raises(DataError, match=re.escape(sentence)):
            read_table(path)

    def test_refuses_what_is_no_parquet_file(self, tmp_path: Path) -> None:
        path = tmp_path / "data.parquet"
        with pytest.raises(DataError, match="does not exist"):
            read_table(path)
        path.write_text("1,2\n")
        with pytest.raises(DataError, match="cannot be read as Parquet") as caught:
            read_table(path)
        assert "\n" not in str(caught.value)

    def test_says_that_pyarrow_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(DataError, match=r"pip install 'certify\[parquet\]'"):
            read_table("data.parquet")


X_ROWS = [[0.1, 2], [3.5, -4]]
X_EXACT = ((F(0.1), F(2)), (F(7, 2), F(-4)))


class TestArrays:
    @pytest.mark.parametrize(
        ("values", "names", "has_header"),
        [
            (X_ROWS, ("x1", "x2"), False),
            ((tuple(X_ROWS[0]), np.array(X_ROWS[1])), ("x1", "x2"), False),
            (np.array(X_ROWS), ("x1", "x2"), False),
            (np.array(X_ROWS, dtype=np.longdouble), ("x1", "x2"), False),
            (np.array(X_ROWS, dtype=object), ("x1", "x2"), False),
            (pd.DataFrame(X_ROWS, columns=["a", "b"]), ("a", "b"), True),
            (pd.DataFrame({"a": [0.1, 3.5], "b": pd.array([2, -4], dtype="Int64")}), ("a", "b"), True),
            (pd.DataFrame(X_ROWS), ("0", "1"), True),
            (pl.DataFrame({"a": [0.1, 3.5], "b": [2, -4]}), ("a", "b"), True),
        ],
        ids=[
            "lists",
            "sequences",
            "array",
            "longdouble",
            "objects",
            "pandas",
            "nullable",
            "numbered",
            "polars",
        ],
    )
    def test_kinds(self, values: Any, names: tuple[str, ...], has_header: bool) -> None:
        assert array_table(values, "X") == Table("X", names, X_EXACT, has_header, of_array=True)

    def test_entries_are_exact(self) -> None:
        entries = [F(1, 3), Decimal("0.1"), np.float32(0.1), np.int64(-7), np.True_, 2**70 + 1, "1.0 "]
        assert array_table([entries], "X").rows[0] == (
            F(1, 3),
            F(1, 10),
            F(float(np.float32(0.1))),
            F(-7),
            F(1),
            F(2**70 + 1),
            "1.0",
        )

    def test_large_integers_of_a_mixed_frame_stay_exact(self) -> None:
        frame = pd.DataFrame({"a": [2**62 + 1, 5], "b": [0.5, 0.25]})
        assert array_table(frame, "X").rows[0] == (F(2**62 + 1), F(1, 2))

    @pytest.mark.parametrize(
        ("values", "name"),
        [
            (["a", "b"], "y"),
            (np.array(["a", "b"]), "y"),
            (pd.Series(["a", "b"], name="kind"), "kind"),
            (pd.Series(["a", "b"], dtype="category"), "y"),
            (pl.Series("kind", ["a", "b"]), "kind"),
            (pl.Series(["a", "b"]), "y"),
            ([["a"], ["b"]], "y1"),
        ],
    )
    def test_vectors(self, values: Any, name: str) -> None:
        table = array_table(values, "y", vector=True)
        assert (table.names, table.rows) == ((name,), (("a",), ("b",)))

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            (5, "X is of type int: give a list, an array or a data frame"),
            ("text", "X is of type str: give a list"),
            ({"a": [1]}, "X is of type dict: give a list"),
            ([], "X has no rows: give at least one"),
            ([[], []], "X has no columns: give at least one"),
            (np.zeros((0, 3)), "X has no rows"),
            ([1, 2], "X, row 1 is a single entry: give a two-dimensional array"),
            (pd.Series([1.0]), "X, row 1 is a single entry: give a two-dimensional array"),
            ([[1, 2], 3], "X, row 2 is a single entry: give a two-dimensional array"),
            ([[1, 2], [3]], "X, row 2 has 1 entries and row 1 has 2: give all rows the same length"),
            ([[1, 2], [3, float("nan")]], "X, row 2, column x2: the entry is nan; fill it in"),
            (np.array([[1, -np.inf]]), "X, row 1, column x2: the entry is -inf; fill it in"),
            (np.array([[np.longdouble("nan")]]), "X, row 1, column x1: the entry is nan; fill it in"),
            (pd.DataFrame({"a": [1.0, None]}), "X, row 2, column 'a': the entry is nan; fill it in"),
            (
                pd.DataFrame({"a": pd.array([None], dtype="Int64")}),
                "X, row 1, column 'a': the entry is missing",
            ),
            (pl.DataFrame({"a": [1, None]}), "X, row 2, column 'a': the entry is missing; fill it in"),
            ([[1, None]], "X, row 1, column x2: the entry is missing; fill it in or remove the row"),
            ([["", 1]], "X, row 1, column x1: the cell is blank; fill it in or remove the row"),
            ([[1j]], "X, row 1, column x1: the entry is of type complex; give a number or a text"),
            ([[[1]]], "X, row 1, column x1: the entry is of type list; give a number or a text"),
            ([[b"a"]], "X, row 1, column x1: the entry is of type bytes; give a number or a text"),
            ([[Decimal("NaN")]], "X, row 1, column x1: the cell is NaN; fill it in or remove the row"),
            ([[Decimal("1e999999999")]], "X, row 1, column x1: the exponent of '1E+999999999' is beyond 400"),
            ([[10**1400]], "X, row 1, column x1: the entry has more than 1400 digits; round it"),
            ([[F(1, 10**1400)]], "X, row 1, column x1: the entry has more than 1400 digits; round it"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_refuses(self, values: Any, sentence: str) -> None:
        with pytest.raises(DataError, match=re.escape(sentence)):
            array_table(values, "X")


def test_import_needs_the_standard_library_and_flint_only() -> None:
    program = """
import sys
before = set(sys.modules)
import certify.checker.data.dataset
real = {name for name in set(sys.modules) - before if getattr(sys.modules[name], "__spec__", None)}
print({name.partition(".")[0] for name in real} - set(sys.stdlib_module_names) - {"certify", "flint"})
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
