"""The simplex algorithm and the short vectors that it needs: by hand, by enumeration, near to faces."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matrices.completely_positive import BERMAN_SHAKED_MONDERER
from benchmarks.matrices.copositive_matrices import circulant
from certify.checker.errors import DataError
from certify.matrices.completely_positive.copositive_minimum import (
    NotStrictlyCopositiveError,
    StoppedError,
    short_vectors,
)
from certify.matrices.completely_positive.decide import decide_complete_positivity
from certify.matrices.completely_positive.simplex import simplex
from certify.matrices.completely_positive.terms import less
from tests.certify.checker.cp_oracle import Rows, assert_proved, gram

F = Fraction


def rational(matrix: Rows) -> list[list[Fraction]]:
    return [[F(entry) for entry in row] for row in matrix]


def test_least_vectors_of_a_root_lattice() -> None:
    # 2 on the diagonal and -1 beside it has the value 2 at the runs of ones, and no value below 4 elsewhere.
    form = [[2, -1, 0], [-1, 2, -1], [0, -1, 2]]
    runs = {(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 1, 1)}
    assert short_vectors(form, 3) == short_vectors(form, 4) == runs
    assert short_vectors(form, 2) == set()


@pytest.mark.parametrize("form", [[[1, -1], [-1, 1]], [[4, -6], [-6, 8]], [[0]], [[1, 0], [0, -1]]])
def test_forms_that_are_not_strictly_copositive(form: list[list[int]]) -> None:
    with pytest.raises(NotStrictlyCopositiveError):
        short_vectors(form, 1)


def test_short_vectors_stop() -> None:
    with pytest.raises(StoppedError):
        short_vectors([[1]], 1, lambda: True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-2, 3), min_size=3, max_size=3), st.integers(1, 20))
def test_short_vectors_are_those_of_an_enumeration(beside: list[int], bound: int) -> None:
    a, b, c = beside
    form = [[4, a, b], [a, 4, c], [b, c, 4]]
    try:
        found = short_vectors(form, bound)
    except NotStrictlyCopositiveError:
        assert a < 0 or b < 0 or c < 0
        return
    # What the box does not hold is looked at as it is found.
    box = product(range(8), repeat=3)
    values = {z: sum(form[i][j] * z[i] * z[j] for i in range(3) for j in range(3)) for z in box if any(z)}
    assert found >= {z for z, value in values.items() if value < bound}
    assert all(0 < sum(form[i][j] * z[i] * z[j] for i in range(3) for j in range(3)) < bound for z in found)


def test_two_rows_by_hand() -> None:
    # After scaling, the first three vectors (1, 0), (1, 1) and (0, 1) may do or not; the sum is exact.
    end = simplex(rational([[6, 3], [3, 2]]), lambda form: False)
    assert end.terms is not None
    assert not any(map(any, less(rational([[6, 3], [3, 2]]), end.terms)))


@pytest.mark.parametrize(
    ("matrix", "answer"),
    [
        (circulant([6, 4, 1, 1, 4]), "yes"),
        (circulant([8, 5, 1, 1, 5]), "yes"),
        # Within 1e-6 of the face of Horn's matrix.
        (circulant([600_000, 400_000, 100_001, 100_001, 400_000]), "yes"),
        (BERMAN_SHAKED_MONDERER, "no"),
        ([[4, 1, 0, 0], [1, 4, 0, 0], [0, 0, 9, 2], [0, 0, 2, 3]], "yes"),
    ],
)
def test_simplex_decides_in_rationals(matrix: Rows, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def in_floats(*arguments: object, **options: object) -> None:
        raise AssertionError("the simplex algorithm generates no columns")

    monkeypatch.setattr("certify.matrices.completely_positive.search.nearest_cp", in_floats)
    report = decide_complete_positivity(matrix, method="simplex")
    assert report.answer == answer
    assert_proved(report, matrix)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=5))
def test_products_are_never_refused(columns: list[list[int]]) -> None:
    matrix = gram(list(zip(*columns, strict=True)))
    asked: list[float] = []
    held = [i for i in range(3) if matrix[i][i]]
    block = [[matrix[i][j] for j in held] for i in held]
    if not held:
        return

    def note(distance: float) -> bool:
        asked.append(distance)
        return False

    end = simplex(block, lambda form: min(map(min, form)) >= 0, note, max_pivots=20)
    assert end.separator is None
    assert asked == sorted(asked, reverse=True)
    if end.terms is not None:
        assert not any(map(any, less(block, end.terms)))


def test_simplex_stops() -> None:
    matrix = circulant([6, 4, 1, 1, 4])
    end = simplex(rational(matrix), lambda form: False, max_pivots=3)
    assert (end.terms, end.separator, end.pivots) == (None, None, 3)
    assert 0 < end.distance < 1
    report = decide_complete_positivity(matrix, method="simplex", time_limit=1e-9)
    assert report.answer == "unknown"
    assert report.reason.startswith("the time limit ended the search")


def test_simplex_is_the_last_that_auto_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = "certify.matrices.completely_positive.search"
    monkeypatch.setattr(f"{folder}._factorised", lambda matrix, should_stop: 1e-3)
    monkeypatch.setattr(f"{folder}._separated", lambda *arguments: None)
    matrix = circulant([8, 5, 1, 1, 5])
    assert decide_complete_positivity(matrix).answer == "yes"
    assert decide_complete_positivity(matrix, method="columns").answer == "unknown"


def test_there_is_no_other_method() -> None:
    with pytest.raises(DataError, match="give auto, columns, simplex"):
        decide_complete_positivity([[1]], method="sdp")
