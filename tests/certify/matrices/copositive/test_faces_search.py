"""The search for rows of faces against brute force, and on matrices whose answer is known."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matrices.copositive_matrices import (
    HOFFMAN_PEREIRA,
    HORN,
    circulant,
    clique_matrix,
    cycle,
    hamming,
    scaled,
)
from certify.checker.certificate.nodes import FacesLeaf
from certify.checker.matrix.faces import check_faces
from certify.checker.numbers.integers import over_common_denominator
from certify.matrices.copositive.faces_search import TooManyRowsError, search_faces
from tests.certify.checker.copositive_oracle import simplex_minimum, value
from tests.certify.checker.strategies import symmetric_integers

Matrix = list[list[int]]
STEPS = 2000


def proof(matrix: Matrix, *, strict: bool = False, max_steps: int = STEPS) -> FacesLeaf | None:
    """The leaf, as the checker accepts it; None where a point refutes it."""
    found = search_faces(matrix, strict=strict, max_steps=max_steps)
    if isinstance(found, FacesLeaf):
        check_faces(found, matrix, strict=strict)
        return found
    assert min(found) >= 0
    assert any(found)
    assert value(matrix, found) < 0 or (strict and value(matrix, found) == 0)
    return None


def agrees(matrix: Matrix) -> None:
    least = simplex_minimum(matrix)
    for strict in (False, True):
        assert (proof(matrix, strict=strict) is not None) == (least > 0 if strict else least >= 0)


@settings(max_examples=300, deadline=None)
@given(symmetric_integers())
def test_agrees_with_brute_force(matrix: Matrix) -> None:
    agrees(matrix)


@settings(max_examples=60, deadline=None)
@given(symmetric_integers(6))
def test_agrees_where_the_least_value_is_zero_or_nearly(matrix: Matrix) -> None:
    least = simplex_minimum(matrix)
    shifted = [[entry * least.denominator - least.numerator for entry in row] for row in matrix]
    assert simplex_minimum(shifted) == 0
    agrees(shifted)
    for step in (-1, 1):
        agrees([[10**9 * e + step * (i == j) for j, e in enumerate(row)] for i, row in enumerate(shifted)])


@settings(max_examples=50, deadline=None)
@given(symmetric_integers(4), st.data())
def test_the_scale_of_the_coordinates_makes_no_difference(matrix: Matrix, data: st.DataObject) -> None:
    factors = [data.draw(st.integers(1, 10**4)) for _ in matrix]
    agrees([[int(entry) for entry in row] for row in scaled(matrix, factors)])


@pytest.mark.parametrize("matrix", [HORN, HOFFMAN_PEREIRA])
def test_extreme_matrices_are_on_the_boundary(matrix: Matrix) -> None:
    p = len(matrix)
    assert proof(matrix) is not None
    assert proof(matrix, strict=True) is None
    for i in range(p):
        less = [[1000 * e - (i == k == l) for l, e in enumerate(row)] for k, row in enumerate(matrix)]
        assert proof(less) is None
    more = [[1000 * e + (k == l) for l, e in enumerate(row)] for k, row in enumerate(matrix)]
    assert proof(more, strict=True) is not None


def test_by_hand() -> None:
    assert proof([[0]]) == FacesLeaf((((0, 0, 0),),))
    assert search_faces([[0]], strict=True, max_steps=1) == [1]
    assert search_faces([[-3]], strict=False, max_steps=1) == [1]
    assert proof([[1, -1], [-1, 1]]) == FacesLeaf((((0, 0, 0), (1, 0, 0)),))
    assert search_faces([[1, -1], [-1, 1]], strict=True, max_steps=9) == [1, 1]
    assert search_faces([[1, -2], [-2, 4]], strict=True, max_steps=9) == [2, 1]
    # A zero on the diagonal with a negative entry beside it.
    assert proof([[0, -1], [-1, 5]]) is None


def test_colours_bound_the_cliques() -> None:
    # An even cycle has two colours: one row; of an odd one a vertex is left over.
    for length, rows in ((8, 1), (9, 3)):
        matrix, _ = over_common_denominator(clique_matrix(length, cycle(length), Fraction(2)))
        leaf = proof([list(row) for row in matrix])
        assert leaf is not None
        assert len(leaf.rows) == rows
    matrix, _ = over_common_denominator(clique_matrix(64, hamming(6), Fraction(4)))
    leaf = proof([list(row) for row in matrix])
    assert leaf is not None
    assert len(leaf.rows) < 200
    factors = [1 + i % 7 for i in range(64)]
    other, _ = over_common_denominator(scaled(matrix, factors))
    again = proof([list(row) for row in other])
    assert again is not None
    assert len(again.rows) == len(leaf.rows)


def test_a_kernel_vector_of_two_signs_hides_nothing() -> None:
    # Rows 0 and 1 are equal, so is whatever refutes the matrix with either.
    matrix = [[1, 1, -1, 0], [1, 1, -1, 0], [-1, -1, 3, -2], [0, 0, -2, 1]]
    assert simplex_minimum(matrix) < 0
    agrees(matrix)


def test_steps_are_limited() -> None:
    matrix, _ = over_common_denominator(clique_matrix(9, cycle(9), Fraction(2)))
    rows = [list(row) for row in matrix]
    assert proof(rows, max_steps=3) is not None
    with pytest.raises(TooManyRowsError):
        search_faces(rows, strict=False, max_steps=2)
    with pytest.raises(TooManyRowsError):
        search_faces(rows, strict=False, max_steps=STEPS, should_stop=lambda: True)


def test_almost_copositive_of_every_order() -> None:
    # 1 on the diagonal and -1/(p-1) else is semidefinite; a little less is negative only where no entry is 0.
    for p in range(2, 9):
        step = circulant([1000 * (p - 1) - 1, *([-1000] * (p - 1))])
        point = search_faces(step, strict=False, max_steps=STEPS)
        assert not isinstance(point, FacesLeaf)
        assert min(point) > 0
        assert proof([row[1:] for row in step[1:]], strict=True) is not None
