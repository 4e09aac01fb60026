"""The exact criterion against brute force, and on matrices whose answer is known."""

from fractions import Fraction

import pytest
from hypothesis import given, settings

from benchmarks.copositive_matrices import HOFFMAN_PEREIRA, HORN, circulant, clique_matrix, cycle
from certify.criterion import TooManySetsError, negative_point
from certify.problem import over_common_denominator
from tests.copositive_oracle import simplex_minimum, value
from tests.strategies import symmetric_integers


def agrees(matrix: list[list[int]]) -> None:
    least = simplex_minimum(matrix)
    for strict in (False, True):
        point = negative_point(matrix, strict=strict)
        assert (point is None) == (least > 0 if strict else least >= 0)
        if point is not None:
            assert min(point) >= 0
            assert any(point)
            assert value(matrix, point) <= 0
            assert strict or value(matrix, point) < 0


@settings(max_examples=400, deadline=None)
@given(symmetric_integers())
def test_agrees_with_brute_force(matrix: list[list[int]]) -> None:
    agrees(matrix)


@settings(max_examples=150, deadline=None)
@given(symmetric_integers(6))
def test_agrees_where_the_least_value_is_zero(matrix: list[list[int]]) -> None:
    least = simplex_minimum(matrix)
    shifted = [[entry * least.denominator - least.numerator for entry in row] for row in matrix]
    assert simplex_minimum(shifted) == 0
    agrees(shifted)


@pytest.mark.parametrize("matrix", [HORN, HOFFMAN_PEREIRA])
def test_extreme_matrices_are_on_the_boundary(matrix: list[list[int]]) -> None:
    p = len(matrix)
    assert negative_point(matrix) is None
    assert negative_point(matrix, strict=True) is not None
    for i in range(p):
        less = [[1000 * e - (i == k == l) for l, e in enumerate(row)] for k, row in enumerate(matrix)]
        assert negative_point(less) is not None
    more = [[1000 * e + (k == l) for l, e in enumerate(row)] for k, row in enumerate(matrix)]
    assert negative_point(more, strict=True) is None


def test_by_hand() -> None:
    assert negative_point([[0]]) is None
    assert negative_point([[0]], strict=True) == [1]
    assert negative_point([[-3]]) == [1]
    assert negative_point([[1, -1], [-1, 1]]) is None
    assert negative_point([[1, -1], [-1, 1]], strict=True) == [1, 1]
    assert negative_point([[1, -2], [-2, 4]], strict=True) == [2, 1]
    # A zero on the diagonal with a negative entry beside it.
    point = negative_point([[0, -1], [-1, 5]])
    assert point is not None
    assert value([[0, -1], [-1, 5]], point) < 0


def test_a_kernel_vector_of_two_signs_hides_nothing() -> None:
    # Rows 0 and 1 are equal, so is whatever refutes the matrix with either.
    matrix = [[1, 1, -1, 0], [1, 1, -1, 0], [-1, -1, 3, -2], [0, 0, -2, 1]]
    assert simplex_minimum(matrix) < 0
    agrees(matrix)


def test_sets_are_limited() -> None:
    # Nothing but definite submatrices up to the last order, and no sum of a definite and a nonnegative one.
    matrix, _ = over_common_denominator(clique_matrix(9, cycle(9), Fraction(2)))
    rows = [list(row) for row in matrix]
    assert negative_point(rows) is None
    with pytest.raises(TooManySetsError):
        negative_point(rows, max_sets=3)
    with pytest.raises(TooManySetsError):
        negative_point(rows, should_stop=lambda: True)


def test_almost_copositive_of_every_order() -> None:
    # 1 on the diagonal and -1/(p-1) else is semidefinite; a little less is negative only where no entry is 0.
    for p in range(2, 9):
        step = circulant([1000 * (p - 1) - 1, *([-1000] * (p - 1))])
        point = negative_point(step)
        assert point is not None
        assert min(point) > 0
        for i in range(p):
            smaller = [[e for l, e in enumerate(row) if l != i] for k, row in enumerate(step) if k != i]
            assert negative_point(smaller, strict=True) is None
