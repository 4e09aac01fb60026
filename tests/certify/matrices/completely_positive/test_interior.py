"""Exact factorisations from a factor in floating point: of any rank, short, and none where there is none."""

from fractions import Fraction

import pytest

from benchmarks.matrices.completely_positive import product_matrix
from benchmarks.matrices.copositive_matrices import circulant
from certify.matrices.completely_positive.interior import interior_terms
from certify.matrices.completely_positive.terms import less
from tests.certify.checker.cp_oracle import Rows

F = Fraction


def rational(matrix: Rows) -> list[list[Fraction]]:
    return [[F(entry) for entry in row] for row in matrix]


@pytest.mark.parametrize(("order", "rank"), [(4, 1), (6, 3), (9, 9), (15, 8)])
def test_products_of_any_rank(order: int, rank: int) -> None:
    matrix = rational(product_matrix(order, rank, 1))
    terms = interior_terms(matrix)
    assert terms is not None
    assert all(t.weight > 0 and min(t.vector) > 0 for t in terms)
    assert len(terms) <= order * (order + 1) // 2
    assert not any(map(any, less(matrix, terms)))


def test_rows_of_all_sizes() -> None:
    product = product_matrix(6, 4, 1)
    sizes = [1, 10**3, 10**6, 1, 10**9, 7]
    matrix = [[F(product[i][j] * sizes[i] * sizes[j]) for j in range(6)] for i in range(6)]
    terms = interior_terms(matrix)
    assert terms is not None
    assert not any(map(any, less(matrix, terms)))


@pytest.mark.parametrize(
    "matrix",
    [
        circulant([6, 4, 0, 0, 4]),  # has zeros
        circulant([8, 5, 1, 1, 5]),  # on the face of Horn's matrix
        circulant([600, 400, 99, 99, 400]),  # beyond it
    ],
)
def test_none_outside_of_the_interior(matrix: Rows) -> None:
    assert interior_terms(rational(matrix)) is None


def test_it_stops() -> None:
    assert interior_terms(rational(product_matrix(6, 3, 1)), lambda distance: True) is None
