"""The leaf `faces` in the proved checker: each step by hand, and each of its side conditions violated."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.matrices.copositive_matrices import HORN
from certify.checker.certificate.file import to_text
from certify.checker.matrix.faces import faces_work
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.work import MAX_MATRIX_WORK
from tests.certify.checker.matrix.test_copositivity import EDGE, ENVELOPE, NEGATIVE
from tests.certify.trust.extracted.test_matrices import (
    WIDE,
    answer,
    assert_same,
    of_rows,
)
from tests.certify.trust.extracted.test_training import needs_program

# Three of a path of four by their entries, the path by the sum of its two middle vectors, and the whole by
# (1, 1, 0, 0, 0), which the Horn matrix sends to (0, 0, 0, 2, 0).
HORN_ROWS = [
    "2 0 0 3 0 0 4 0 0",
    "1 0 0 3 0 0 4 0 0",
    "1 1 1 2 1 2 3 0 0 4 0 0",
    "0 0 0 2 0 0 4 0 0",
    "0 0 0 2 0 0 3 0 0",
    "0 0 0 2 0 0 3 1 4 4 1 5",
    "0 1 3 1 1 6 2 0 0 3 0 0 4 0 0",
]


def of_faces(
    matrix: Sequence[Sequence[int]], rows: Sequence[str], *, strict: bool = False
) -> tuple[str, SymmetricMatrix]:
    """Return the text of a certificate that is one leaf of these rows."""
    certificate, exact = of_rows(matrix, ENVELOPE, strict=strict)
    leaf = "\n".join([f"faces {len(rows)}", *rows])
    return to_text(certificate).replace("envelope", leaf), exact


def said_of(
    matrix: Sequence[Sequence[int]], rows: Sequence[str], folder: Path, *, strict: bool = False
) -> object:
    """Return what the program says, which has to be what the checker in Python says."""
    text, exact = of_faces(matrix, rows, strict=strict)
    assert_same(text, exact, folder)
    code, said = answer(text.encode(), exact, folder)
    return "malformed" if code == 2 else said["obligation"]


TWO = ((2, -1), (-1, 2))
SINGLES = ["0 0 0", "1 0 0"]
PATH = ((1, -1, 1), (-1, 1, 1), (1, 1, 1))
APART = ((1, 0, 3), (0, 1, -1), (3, -1, 1))
# A matrix, the rows, whether they are to prove it strictly copositive, and what the certificate owes.
STEPS: list[tuple[Sequence[Sequence[int]], list[str], bool, object]] = [
    (HORN, HORN_ROWS, False, None),
    (HORN, HORN_ROWS, True, "FACE_FORM"),
    (HORN, HORN_ROWS[:-1], False, "FACE_INDEX"),
    (HORN, HORN_ROWS[-1:], False, "FACE_ROW"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("0 1 3", "0 1 7")], False, "FACE_ROW"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("0 1 3", "0 1 0")], False, "FACE_ROW"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("0 1 3", "0 1 2")], False, "FACE_ROW"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("0 1 3", "0 1 -3")], False, "FACE_ROW"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("4 0 0", "4 0 1")], False, "FACE_ROW"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("0 1 3", "0 2 3")], False, "FACE_FORM"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("4 0 0", "5 0 0")], False, "FACE_INDEX"),
    (HORN, [*HORN_ROWS[:-1], HORN_ROWS[-1].replace("1 1 6 2 0 0", "2 0 0 1 1 6")], False, "FACE_INDEX"),
    (HORN, ["0 0 0 1 0"], False, "malformed"),
    (HORN, [], False, "malformed"),
    # Entries.
    (TWO, ["0 0 0 1 0 0"], True, None),
    (EDGE, ["0 0 0 1 0 0"], False, None),
    (EDGE, ["0 0 0 1 0 0"], True, "FACE_FORM"),
    (NEGATIVE, ["0 0 0 1 0 0"], False, "FACE_FORM"),
    # Parts.
    (WIDE, [*SINGLES, "0 0 1 1 0 2"], True, None),
    (WIDE, [*SINGLES, "0 0 1 1 0 1"], False, "FACE_ROW"),
    (WIDE, [*SINGLES, "0 0 1 1 0 3"], False, "FACE_ROW"),
    (WIDE, [*SINGLES, "0 0 1 1 0 0"], False, "FACE_ROW"),
    (WIDE, [*SINGLES, "0 0 1 1 0 -1"], False, "FACE_ROW"),
    (EDGE, [*SINGLES, "0 0 1 1 0 2"], False, "FACE_FORM"),
    # Gaddum.
    (EDGE, [*SINGLES, "0 1 2 1 1 1"], False, None),
    (EDGE, [*SINGLES, "0 1 2 1 1 1"], True, "FACE_FORM"),
    (TWO, [*SINGLES, "0 1 2 1 1 1"], True, None),
    (TWO, [*SINGLES, "0 1 2 1 0 0"], False, "FACE_FORM"),
    (WIDE, [*SINGLES, "0 1 2 1 0 0"], True, None),
    (NEGATIVE, [*SINGLES, "0 1 2 1 1 1"], False, "FACE_FORM"),
    # Exchange: along (1, -1) the form of `WIDE` is -4.
    (WIDE, [*SINGLES, "0 1 2 1 -1 1"], True, None),
    (WIDE, [*SINGLES, "0 1 1 1 -1 1"], False, "FACE_ROW"),
    (WIDE, [*SINGLES, "0 1 2 1 -1 2"], False, "FACE_ROW"),
    (WIDE, [*SINGLES, "0 -1 2 1 -1 1"], False, "FACE_ROW"),
    (WIDE, [*SINGLES, "0 -1 2 1 0 0"], False, "FACE_ROW"),
    (EDGE, [*SINGLES, "0 1 2 1 -1 1"], False, "FACE_FORM"),
    (NEGATIVE, [*SINGLES, "0 1 2 1 -1 1"], False, "FACE_FORM"),
    # Two directions at once, and an index that has no part in them.
    (
        ((1, 2, 2), (2, 1, -1), (2, -1, 1)),
        ["0 0 0", "1 0 0 2 0 0", "0 1 2 1 -1 1 2 -1 1"],
        False,
        None,
    ),
    (
        ((1, 2, 2), (2, 1, -1), (2, -1, 1)),
        ["0 0 0 1 0 0", "1 0 0 2 0 0", "0 0 0 2 0 0", "0 1 2 1 -1 3 2 0 0"],
        False,
        None,
    ),
    (
        ((1, 2, 2), (2, 1, -1), (2, -1, 1)),
        ["0 0 0", "1 0 0 2 0 0", "0 1 2 1 -1 1 2 0 0"],
        False,
        "FACE_ROW",
    ),
    # Merge: the least entries of the classes {0, 1} and {2}, at x of sizes that make them equal.
    (((1, 2, -2), (2, 9, -3), (-2, -3, 9)), ["0 3 -1 1 1 -1 2 1 -2"], False, None),
    (((1, 2, -2), (2, 9, -3), (-2, -3, 9)), ["0 3 -1 1 1 -1 2 1 -2"], True, None),
    (((1, 2, -2), (2, 9, -3), (-2, -3, 3)), ["0 3 -1 1 1 -1 2 1 -2"], False, "FACE_FORM"),
    (((1, 2, -2), (2, 9, -3), (-2, -3, 6)), ["0 3 -1 1 1 -1 2 1 -2"], False, None),
    (((1, 2, -2), (2, 9, -3), (-2, -3, 6)), ["0 3 -1 1 1 -1 2 1 -2"], True, "FACE_FORM"),
    (((1, 2, -2), (2, 9, -3), (-2, -3, 9)), ["0 3 -1 1 1 -1 2 0 -2"], False, "FACE_ROW"),
    (((1, 2, -2), (2, 9, -3), (-2, -3, 9)), ["0 3 -1 1 1 -1 2 1 2"], False, "FACE_ROW"),
    (PATH, ["0 1 -7 1 1 -7 2 1 -7"], False, "FACE_FORM"),
    (APART, ["0 1 -3 1 1 -1 2 1 -2"], False, None),
]


@needs_program
@pytest.mark.parametrize(("matrix", "rows", "strict", "expected"), STEPS)
def test_rows_of_faces(
    matrix: Sequence[Sequence[int]], rows: list[str], strict: bool, expected: object, tmp_path: Path
) -> None:
    assert said_of(matrix, rows, tmp_path, strict=strict) == expected


@needs_program
def test_vast_leaves_of_faces_end(tmp_path: Path) -> None:
    rows = ["0 0 0"] * 100_000
    assert said_of(EDGE, rows, tmp_path) == "FACE_INDEX"
    assert said_of(EDGE, [*rows, "0 0 1 1 0 100000"], tmp_path) == "FACE_ROW"
    assert said_of(EDGE, ["0 0 0 " * 300_000 + "0 0 0"], tmp_path) == "LIMITS"
    assert said_of(EDGE, ["0 1 0 " * 300_000 + "0 0 0"], tmp_path) == "LIMITS"
    assert said_of(EDGE, ["0 0 99999999999999999999 1 0 1"], tmp_path) == "FACE_ROW"
    assert said_of(EDGE, ["-1 0 0"], tmp_path) == "FACE_INDEX"


# Of entries with 71 bits, so that two words count.
VAST = ((1 << 70, -1), (-1, 1 << 70))


@pytest.mark.parametrize(
    ("row", "work"),
    [
        (((0, 0, 0), (1, 0, 0)), 2**3 * 2),
        (((0, 0, 1), (1, 0, 1)), 2**2 * 2),
        (((0, 1, -1), (1, 1, -1)), 2**3 * 2),
        (((0, 1, 1), (1, 1, 1)), 2**2 * 2),
        (((0, 1, -1), (1, 1, 1)), 2**2 * 2),
        (((0, 1 << 28, -1), (1, 1, -1)), 2**3 * 3),
        (((0, (1 << 28) - 1, -1), (1, 1, -1)), 2**3 * 2),
    ],
)
def test_work_of_a_row(row: Sequence[tuple[int, int, int]], work: int) -> None:
    assert faces_work(row, 71) == work


@needs_program
def test_work_is_limited(tmp_path: Path) -> None:
    # 1259 is the most triples that one row of entries may have: of two words, within the limit.
    most = " ".join(["0 0 0"] * 1259)
    assert 1259**3 * 2 <= MAX_MATRIX_WORK < 1260**3 * 2
    assert said_of(VAST, [most], tmp_path) == "FACE_INDEX"
    assert said_of(VAST, [f"{most} 0 0 0"], tmp_path) == "LIMITS"
    # What is left after it goes to rows of one triple.
    left = (MAX_MATRIX_WORK - 1259**3 * 2) // 2
    assert said_of(VAST, [*["0 0 0"] * 5, most], tmp_path) == "FACE_INDEX"
    wide = " ".join(["0 0 1"] * math.isqrt(left))  # counts with the square
    assert said_of(VAST, [wide, most], tmp_path) == "FACE_INDEX"
    assert said_of(VAST, [f"{wide} 0 0 1", most], tmp_path) == "LIMITS"


@needs_program
def test_repeated_rows_are_too_much(tmp_path: Path) -> None:
    # Each is honest; together they would take days.
    row = " ".join(f"{k} 0 0" for k in range(60))
    laplacian = [[59 if k == l else -1 for l in range(60)] for k in range(60)]
    assert said_of(laplacian, [row], tmp_path) is None
    assert said_of(laplacian, [row] * (MAX_MATRIX_WORK // 60**3 + 1), tmp_path) == "LIMITS"
