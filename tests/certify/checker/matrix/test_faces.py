"""The leaf `faces`: each step by hand, and with each of its conditions violated."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matrices.copositive_matrices import HORN
from certify.checker.certificate.nodes import FacesLeaf
from certify.checker.matrix.faces import check_faces
from certify.checker.obligations import Obligation, Rejection
from certify.matrices.copositive.faces_search import TooManyRowsError, search_faces
from tests.certify.checker.copositive_oracle import simplex_minimum
from tests.certify.checker.faces import HORN_FACES, forged_faces, whole
from tests.certify.checker.strategies import symmetric_integers

Rows = Sequence[Sequence[tuple[int, int, int]]]
Matrix = Sequence[Sequence[int]]


def outcome(rows: Rows, form: Matrix, *, strict: bool = False) -> Obligation | None:
    try:
        check_faces(FacesLeaf(tuple(map(tuple, rows))), form, strict=strict)
    except Rejection as rejection:
        return rejection.obligation
    return None


INDEX, ROW, FORM = Obligation.FACE_INDEX, Obligation.FACE_ROW, Obligation.FACE_FORM

# The first two are of the third; with -2 in the place of -1 it is not copositive.
FIRST, SECOND, PAIR = ((0, 0, 0),), ((1, 0, 0),), ((1, -1), (-1, 1))
NEGATIVE = ((1, -2), (-2, 1))
POSITIVE = ((1, 1), (1, 1))


def test_horn() -> None:
    assert outcome(HORN_FACES.rows, HORN) is None
    assert outcome(HORN_FACES.rows, HORN, strict=True) is FORM
    # Two exchanges: 1 -1 at the indices 1 and 3, 0 and 2 is a direction in which the form vanishes.
    rows = [
        ((1, 0, 0), (2, 0, 0)),
        ((2, 0, 0), (3, 0, 0), (4, 0, 0)),
        ((1, 1, 2), (2, 0, 0), (3, -1, 1), (4, -1, 1)),
        ((0, 0, 0), (1, 0, 0), (4, 0, 0)),
        ((0, 1, 3), (1, 0, 0), (2, -1, 4), (3, -1, 4), (4, 0, 0)),
    ]
    assert outcome(rows, HORN) is None
    more = [[1000 * entry + (k == l) for l, entry in enumerate(row)] for k, row in enumerate(HORN)]
    assert outcome(rows, more) is FORM  # 2 + 2 - 4 is 0, 2002 - 2000 is not


@pytest.mark.parametrize("place", range(len(HORN_FACES.rows)))
def test_horn_needs_every_row(place: int) -> None:
    rows = [list(row) for row in HORN_FACES.rows]
    del rows[place]
    assert outcome(rows, HORN) is not None


class TestEntries:
    def test_by_hand(self) -> None:
        assert outcome([((0, 0, 0), (1, 0, 0))], PAIR) is None
        assert outcome([((0, 0, 0), (1, 0, 0))], PAIR, strict=True) is FORM
        assert outcome([((0, 0, 0), (1, 0, 0))], POSITIVE, strict=True) is None
        assert outcome([((0, 0, 0), (1, 0, 0))], NEGATIVE) is FORM
        assert outcome([((0, 0, 0),)], ((0,),)) is None
        assert outcome([((0, 0, 0),)], ((0,),), strict=True) is FORM

    @pytest.mark.parametrize(
        "row",
        [
            ((0, 0, 0),),
            ((1, 0, 0), (0, 0, 0)),
            ((0, 0, 0), (0, 0, 0), (1, 0, 0)),
            ((-1, 0, 0), (0, 0, 0), (1, 0, 0)),
            ((0, 0, 0), (1, 0, 0), (2, 0, 0)),
            (),
        ],
    )
    def test_indices(self, row: Sequence[tuple[int, int, int]]) -> None:
        assert outcome([row], PAIR) is INDEX

    def test_there_must_be_a_row_and_the_last_one_is_of_all(self) -> None:
        assert outcome([], PAIR) is INDEX
        assert outcome([*whole(2).rows, FIRST], PAIR) is INDEX


class TestParts:
    BLOCKS = ((1, -1, 0), (-1, 1, 5), (0, 5, 0))
    ROWS = (((0, 0, 0), (1, 0, 0)), ((2, 0, 0),), ((0, 0, 1), (1, 0, 1), (2, 0, 2)))

    def test_by_hand(self) -> None:
        assert outcome(self.ROWS, self.BLOCKS) is None
        assert outcome([*whole(2).rows, ((0, 0, 1), (1, 0, 1))], PAIR) is None
        assert outcome([FIRST, SECOND, ((0, 0, 1), (1, 0, 2))], POSITIVE, strict=True) is None

    @pytest.mark.parametrize(
        ("last", "obligation"),
        [
            (((0, 0, 1), (1, 0, 1), (2, 0, 1)), ROW),  # row 1 is not of the index 2
            (((0, 0, 1), (1, 0, 1), (2, 0, 3)), ROW),  # itself
            (((0, 0, 1), (1, 0, 1), (2, 0, 4)), ROW),
            (((0, 0, 1), (1, 0, 1), (2, 0, 0)), ROW),
            (((0, 0, 1), (1, 0, 1), (2, 0, -1)), ROW),
            (((0, 0, 2), (1, 0, 1), (2, 0, 2)), ROW),  # row 2 is not of the index 0
        ],
    )
    def test_is_refused(self, last: Sequence[tuple[int, int, int]], obligation: Obligation) -> None:
        assert outcome([*self.ROWS[:2], last], self.BLOCKS) is obligation

    def test_negative_entries_connect(self) -> None:
        assert outcome([FIRST, SECOND, ((0, 0, 1), (1, 0, 2))], NEGATIVE) is FORM


class TestGaddum:
    LAST = ((0, 1, 2), (1, 1, 1))

    def test_by_hand(self) -> None:
        assert outcome([FIRST, SECOND, self.LAST], PAIR) is None
        assert outcome([FIRST, SECOND, self.LAST], PAIR, strict=True) is FORM  # x^T T x is zero
        assert outcome([FIRST, SECOND, self.LAST], POSITIVE, strict=True) is None
        assert outcome([FIRST, SECOND, self.LAST], NEGATIVE) is FORM
        # Where x is zero nothing need be proved, if T x is not negative there.
        assert outcome([SECOND, ((0, 1, 1), (1, 0, 0))], POSITIVE) is None
        assert outcome([SECOND, ((0, 1, 1), (1, 0, 0))], PAIR) is FORM

    @pytest.mark.parametrize(
        "last",
        [
            ((0, 1, 1), (1, 1, 1)),  # row 1 is of the index 0
            ((0, 1, 2), (1, 1, 0)),
            ((0, 1, 2), (1, 1, 3)),
            ((0, 1, 2), (1, 1, -1)),
            ((0, 1, 2), (1, 0, 1)),
            ((0, 1, 2), (1, 0, -1)),
        ],
    )
    def test_is_refused(self, last: Sequence[tuple[int, int, int]]) -> None:
        assert outcome([FIRST, SECOND, last], POSITIVE) is ROW


class TestExchange:
    # The directions (1, -1, 0) and (1, 0, -1) are concave; of the three, 1 and 2 need each other.
    FORM = ((1, 1, 2), (1, 1, -1), (2, -1, 1))
    ROWS = (((1, 0, 0), (2, 0, 0)), ((0, 0, 0),), ((0, 1, 1), (1, -1, 2), (2, -1, 2)))

    def test_by_hand(self) -> None:
        assert outcome(self.ROWS, self.FORM) is None
        # Of 2 e_0 - e_1 the form is 4 - 8 + 4.
        assert outcome([FIRST, SECOND, ((0, 2, 2), (1, -1, 1))], ((1, 2), (2, 4))) is None
        assert outcome([FIRST, SECOND, ((0, 1, 2), (1, -1, 1))], ((1, 2), (2, 4))) is FORM
        assert outcome([FIRST, SECOND, ((0, 1, 2), (1, -1, 1))], ((1, 2), (2, 3)), strict=True) is None
        assert outcome([FIRST, SECOND, ((0, 1, 2), (1, -1, 1))], ((2, 1), (1, 1))) is FORM
        assert outcome([FIRST, SECOND, ((0, 1, 2), (1, -1, 1))], NEGATIVE) is FORM

    @pytest.mark.parametrize(
        "last",
        [
            ((0, 1, 1), (1, -1, 2), (2, 0, 0)),  # row 2 is not of the index 2
            ((0, 1, 2), (1, -1, 2), (2, -1, 2)),
            ((0, 1, 1), (1, -1, 1), (2, -1, 2)),
            ((0, 1, 1), (1, -1, 2), (2, -1, 1)),
            ((0, 1, 3), (1, -1, 2), (2, -1, 2)),
            ((0, 1, 0), (1, -1, 2), (2, -1, 2)),
            ((0, 0, 0), (1, -1, 2), (2, -1, 2)),  # nothing to go against
            ((0, 0, 1), (1, -1, 2), (2, -1, 2)),
            ((0, -1, 2), (1, 1, 1), (2, 1, 1)),  # two of them
        ],
    )
    def test_is_refused(self, last: Sequence[tuple[int, int, int]]) -> None:
        assert outcome([*self.ROWS[:2], last], self.FORM) is ROW

    def test_an_index_that_stays_names_no_row(self) -> None:
        rows = [((1, 0, 0), (2, 0, 0)), ((0, 0, 0), (2, 0, 0))]
        form = ((1, 1, 0), (1, 1, -1), (0, -1, 1))
        assert outcome([*rows, ((0, 1, 1), (1, -1, 2), (2, 0, 0))], form) is None
        assert outcome([*rows, ((0, 1, 1), (1, -1, 2), (2, 0, 1))], form) is ROW


class TestMerge:
    # Two classes of two; between them the least entry is -1: 2 - 1 and -1 in each row and column.
    FORM = ((1, 5, -1, 3), (5, 2, 0, -1), (-1, 0, 1, 1), (3, -1, 1, 1))
    ROW = ((0, 1, -1), (1, 1, -1), (2, 1, -7), (3, 1, -7))

    def test_by_hand(self) -> None:
        assert outcome([self.ROW], self.FORM) is None
        assert outcome([self.ROW], self.FORM, strict=True) is FORM
        more = [[4 * entry + (k == l) for l, entry in enumerate(row)] for k, row in enumerate(self.FORM)]
        more[2][3] = more[3][2] = 5
        assert outcome([self.ROW], more, strict=True) is None
        # In one class a negative entry is the least of all.
        assert outcome([((0, 1, -1), (1, 1, -1))], PAIR) is FORM
        assert outcome([((0, 1, -1), (1, 1, -2))], PAIR) is None
        # The units count: with x = (2, 1) the entries of the class are 4, 4 and 4.
        assert outcome([((0, 2, -1), (1, 1, -1), (2, 2, -2))], ((1, 2, -1), (2, 4, -2), (-1, -2, 1))) is None
        assert outcome([((0, 1, -1), (1, 1, -1), (2, 1, -2))], ((1, 2, -1), (2, 4, -2), (-1, -2, 1))) is FORM

    @pytest.mark.parametrize(
        "last",
        [
            ((0, 1, -1), (1, 0, -1), (2, 1, -7), (3, 1, -7)),
            ((0, 1, -1), (1, 1, -1), (2, 1, -7), (3, 1, 0)),
            ((0, 1, -1), (1, 1, -1), (2, 1, -7), (3, 1, 1)),
            ((0, -1, -1), (1, 1, -1), (2, 1, -7), (3, 1, -7)),
            ((0, 0, -1), (1, 0, -1), (2, 0, -7), (3, 0, -7)),
        ],
    )
    def test_is_refused(self, last: Sequence[tuple[int, int, int]]) -> None:
        assert outcome([last], self.FORM) is ROW


@settings(max_examples=200, deadline=None)
@given(symmetric_integers(), st.booleans(), st.randoms(use_true_random=False))
def test_no_forgery_proves_what_is_false(matrix: list[list[int]], strict: bool, rng: random.Random) -> None:
    # The rows are of a matrix that is copositive, the form is one that is not.
    least = simplex_minimum(matrix)
    above, below = (
        [[entry * least.denominator - least.numerator + more for entry in row] for row in matrix]
        for more in (1, -1 if not strict else 0)
    )
    try:
        leaf = search_faces(above, strict=strict, max_steps=1000)
    except TooManyRowsError:
        return
    assert isinstance(leaf, FacesLeaf)
    assert outcome(leaf.rows, above, strict=strict) is None
    for _ in range(20):
        assert outcome(forged_faces(leaf, rng).rows, below, strict=strict) is not None


@settings(max_examples=50, deadline=None)
@given(symmetric_integers(4), st.booleans(), st.randoms(use_true_random=False))
def test_no_random_rows_prove_what_is_false(
    matrix: list[list[int]], strict: bool, rng: random.Random
) -> None:
    least, p = simplex_minimum(matrix), len(matrix)
    for _ in range(25):
        rows = []
        for number in range(1, rng.randint(2, 5)):
            members = sorted(rng.sample(range(p), rng.randint(1, p)))
            kind = rng.randrange(4)
            low, high = ((0, 0), (0, 1), (-1, 1), (1, 2))[kind]
            earlier = (0, 0) if kind == 0 else (-2, -1) if kind == 3 else (0, number - 1)
            rows.append([(k, rng.randint(low, high), rng.randint(*earlier)) for k in members])
        rows.append([(k, 0, rng.randint(0, len(rows))) for k in range(p)])
        proved = outcome(rows, matrix, strict=strict) is None
        assert not proved or (least > 0 if strict else least >= 0)
