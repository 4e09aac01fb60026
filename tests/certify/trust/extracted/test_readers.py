"""One file, one problem: the readers in Python and those of the proved checker, and what is ASCII to both."""

import sys
import unicodedata
from pathlib import Path

import pytest

from certify.checker.data.choice import read_dataset
from certify.checker.data.matrix_file import read_matrix
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import DataError
from certify.checker.text.letters import ascii_lower, is_letter
from tests.certify.trust.extracted.readers import (
    DRIVER,
    REFUSED,
    Case,
    Tally,
    cases,
    compare,
)
from tests.places import ROOT

DATA = ROOT / "tests" / "data" / "readers"
needs_driver = pytest.mark.skipif(not DRIVER.exists(), reason="the proved checker is not built: make proofs")

FITS = Preprocessing(("2",), "regression")
BY_LABEL = Preprocessing(("2",), "classification", ("a", "ınf"))
LONG = 131_072  # characters of a cell that Python's csv module still reads


@needs_driver
class TestAlike:
    def test_generated_files(self, tmp_path: Path) -> None:
        tally = compare(cases(1, 2000), tmp_path)
        assert tally.different == ()
        assert tally.read + tally.refused == 2000
        # Neither all refused nor all read: else the comparison would say little.
        assert min(tally.read, tally.refused) > 300

    @pytest.mark.parametrize(
        ("content", "recipe", "same"),
        [
            ('a;",k"\n1;2\n2;3\n4;1\n', FITS, True),
            ('",k"\t,l"\n1\t2\n2\t3\n4\t1\n', FITS, False),
            (",k;,l\n1;2\n2;3\n", FITS, False),
            ("x,c\n1,a\n2,ınf\n3,a\n4,ınf\n", BY_LABEL, True),
            ("x,c\n1,a\n2,İnf\n3,a\n4,İnf\n", Preprocessing(("2",), "classification", ("a", "İnf")), True),
            ("x,c\n1,a\n2,inf\n", Preprocessing(("2",), "classification", ("a", "inf")), False),
            ("１,2\n3,4\n", FITS, False),
            ("1,2\r3,4\r", FITS, True),
            ("1,2\u20283,4\n", FITS, False),
            ("\u2028 1\u2029,\x851\x1c\n3,4", FITS, True),
            ('1, "2"\n3,4\n', FITS, True),
            ('1,"2" \n3,4\n', FITS, False),
            ('1,\u00a0"2"\n3,4\n', FITS, False),
            ("\ufeff1,2\n3,4\n", FITS, True),
            ("\ufeff\ufeff1,2\n3,4\n", FITS, False),
            ("1,2\n\ufeff3,4\n", FITS, False),
            ("\U0001e4d0,b\n1,2\n3,4\n", FITS, True),  # a letter since Unicode 15 beside one of ASCII
            ("\U0001e4d0,\U0001e4d1\n1,2\n3,4\n", FITS, False),
            (f"{'ä' * LONG};a\n1;2\n", FITS, False),
            (f"1;2\n{'ä' * (LONG + 1)};4\n", FITS, False),
            ("a,b\n" + "1,2\n" * 3 + ' " 3 ",4', FITS, True),
        ],
    )
    def test_what_is_easily_read_in_two_ways(
        self, content: str, recipe: Preprocessing, same: bool, tmp_path: Path
    ) -> None:
        # A target and a task that Python's readers refuse to choose, so that the recipe is what decides.
        case = Case("table", content.encode(), ("no such column", "auto", False, False), recipe)
        tally = compare([case], tmp_path)
        assert tally == (Tally(read=1) if same else Tally(refused=1))

    @pytest.mark.parametrize("name", ["longs.mtx", "longs2.mtx", "turkish.mtx"])
    def test_letters_that_only_look_like_ascii(self, name: str, tmp_path: Path) -> None:
        content = (DATA / name).read_bytes()
        assert compare([Case("market", content)], tmp_path) == Tally(refused=1)
        with pytest.raises(DataError, match="line 1"):
            read_matrix(DATA / name)
        ascii_only = content.replace("ſ".encode(), b"S").replace("İ".encode(), b"i")
        assert compare([Case("market", ascii_only)], tmp_path) == Tally(read=1)

    def test_a_difference_is_seen(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "certify.checker.data.matrix_market.ascii_lower", lambda text: text.lower().replace("ſ", "s")
        )
        case = Case("market", (DATA / "longs.mtx").read_bytes())
        ((_, _, python, program),) = compare([case], tmp_path).different
        assert (len(python), program) == (64, REFUSED)


def test_labels_are_those_of_the_file() -> None:
    assert read_dataset(DATA / "dotless.csv").preprocessing.classes == ("a", "ınf")


def test_a_name_begins_with_no_comma() -> None:
    with pytest.raises(DataError, match="is text"):
        read_dataset(DATA / "comma2.csv")
    assert read_dataset(DATA / "comma.csv").preprocessing.targets == (",k",)


def test_letters() -> None:
    assert ascii_lower("AZ[`az{ſİı\u212a") == "az[`az{ſİı\u212a"
    # The table is that of Unicode 14; later ones only add to it.
    letters = {point for point in range(sys.maxunicode + 1) if is_letter(chr(point))}
    known = {point for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point)).startswith("L")}
    assert letters <= known
    assert len(letters) == 131_756


def test_both_readers_have_the_same_letters() -> None:
    from certify.checker.text.letters import RANGES

    source = (ROOT / "proofs" / "checker" / "text" / "letters.ml").read_text()
    assert source.count("(0x") == len(RANGES)
    assert all(f"({first:#x}, {last:#x})" in source for first, last in RANGES)
