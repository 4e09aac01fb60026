"""Faces, exact terms and proposals: by hand and by their definitions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.matrices.copositive_matrices import HORN, circulant
from certify.checker.certificate.complete_positivity import Term
from certify.matrices.completely_positive.faces import (
    cliques,
    comparison_terms,
    components,
    face_rays,
    peel,
)
from certify.matrices.completely_positive.separation import (
    guesses,
    product,
    scaled,
    scales_of,
    separators,
)
from certify.matrices.completely_positive.terms import (
    exact_terms,
    less,
    primitive,
    semidefinite_terms,
    term,
    with_free_coordinates,
)
from tests.certify.checker.copositive_oracle import simplex_minimum, value
from tests.certify.checker.cp_oracle import gram

F = Fraction

entries = st.integers(-3, 3).map(F) | st.fractions(-2, 2, max_denominator=5)


def rational(matrix: list[list[int]]) -> list[list[Fraction]]:
    return [[F(entry) for entry in row] for row in matrix]


def is_zero(matrix: list[list[Fraction]]) -> bool:
    return not any(map(any, matrix))


@given(
    st.integers(1, 4).flatmap(
        lambda p: st.lists(st.lists(entries, min_size=p, max_size=p), min_size=p, max_size=p)
    )
)
def test_semidefinite_or_a_vector_that_refutes_it(square: list[list[Fraction]]) -> None:
    p = len(square)
    matrix = [[square[max(i, j)][min(i, j)] for j in range(p)] for i in range(p)]
    found = semidefinite_terms(matrix)
    least = np.linalg.eigvalsh(np.array(matrix, dtype=float))[0]
    if isinstance(found, list):
        assert is_zero(less(matrix, found))
        assert len(found) <= p
        assert all(t.weight > 0 for t in found)
        assert least > -1e-9
    else:
        assert value(matrix, found) < 0
        assert least < 1e-9


def test_primitive_vectors() -> None:
    assert primitive([F(1, 2), F(0), F(-3, 4)]) == ((2, 0, -3), F(1, 4))
    assert term(F(3), [F(2), F(4)]) == Term(F(12), (1, 2))


def test_components_and_cliques() -> None:
    matrix = rational([[1, 0, 1, 0, 0], [0, 2, 0, 0, 1], [1, 0, 3, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 1]])
    assert components(matrix) == [[0, 2], [1, 4]]
    pentagon = rational(circulant([2, 1, 0, 0, 1]))
    assert sorted(cliques(pentagon) or []) == [(0, 1), (0, 4), (1, 2), (2, 3), (3, 4)]
    assert cliques(rational([[1] * 4] * 4)) == [(0, 1, 2, 3)]
    # Moon and Moser: 3^5 maximal cliques are too many to look at.
    apart = [[F(i == j or i // 3 != j // 3) for j in range(15)] for i in range(15)]
    assert cliques(apart) is None


def test_peeling_a_path_leaves_nothing() -> None:
    path = rational([[2, 1, 0], [1, 2, 3], [0, 3, 6]])
    terms, rest = peel(path)
    assert is_zero(rest)
    assert is_zero(less(path, terms))
    assert all(min(t.vector) >= 0 for t in terms)
    # A cycle has nothing thin; what hangs on it goes, and takes as little as it can.
    cycle = circulant([3, 1, 1])
    hanging = rational([[*row, 2 * (i == 0)] for i, row in enumerate(cycle)] + [[2, 0, 0, 4]])
    terms, rest = peel(hanging)
    assert terms == [Term(F(1), (1, 0, 0, 2))]
    assert rest[0][0] == 2


@pytest.mark.parametrize(
    ("matrix", "factored"),
    [
        (circulant([2, 1, 0, 0, 1]), True),
        (circulant([1999, 1000, 0, 0, 1000]), False),
        ([[2, 2, 2], [2, 3, 2], [2, 2, 3]], False),
        ([[4, 6, 0], [6, 18, 3], [0, 3, 1]], True),
        ([[1, 2, 0], [2, 5, 1], [0, 1, 1]], True),
    ],
)
def test_comparison_matrices(matrix: list[list[int]], factored: bool) -> None:
    terms = comparison_terms(rational(matrix))
    assert (terms is not None) == factored
    if terms is not None:
        assert is_zero(less(rational(matrix), terms))
        assert all(t.weight > 0 and min(t.vector) >= 0 for t in terms)


def test_rays_of_faces() -> None:
    whole = face_rays(rational([[2, 1], [1, 2]]), [(0, 1)])
    assert whole == [[(0, 1), (1, 0)]]
    # The range of B B^T is x + y = z.
    matrix = gram([[1, 0, 1], [0, 1, 3], [1, 1, 4]])
    assert face_rays(matrix, [(0, 1, 2)]) == [[(0, 1, 1), (1, 0, 1)]]
    assert face_rays(matrix, [(0, 1)]) == []
    # The zeros of Horn's form: (1, 1, 0, 0, 0) and (0, 1, 1, 0, 0) and what they span, five times.
    face = circulant([8, 5, 1, 1, 5])
    supports = [tuple(sorted({k, (k + 1) % 5, (k + 2) % 5})) for k in range(5)]
    rays = face_rays(rational(face), supports, rational(HORN))
    assert rays is not None
    assert {frozenset(pair) for pair in rays} == {
        frozenset(tuple(int(i in {(k + s) % 5, (k + s + 1) % 5}) for i in range(5)) for s in range(2))
        for k in range(5)
    }
    assert face_rays(rational([[2] * 30] * 30), [tuple(range(30))]) is not None
    assert (
        face_rays([[F(i == j or abs(i - j) == 15) for j in range(30)] for i in range(30)], [tuple(range(30))])
        is None
    )


def test_exact_weights() -> None:
    matrix = rational([[5, 1], [1, 2]])
    vectors = [(1, 1), (1, 0), (0, 1), (2, 1)]
    terms = exact_terms(matrix, vectors, [F(9, 10), F(4), F(1), F(0)])
    assert terms == [Term(F(1), (1, 1)), Term(F(4), (1, 0)), Term(F(1), (0, 1))]
    # With a weight for the last the others make room, and one of the four goes.
    terms = exact_terms(matrix, vectors, [F(1), F(1), F(1), F(1, 4)])
    assert terms is not None
    assert len(terms) <= 3
    assert is_zero(less(matrix, terms))
    assert exact_terms(matrix, vectors[:2], [F(1), F(4)]) is None
    assert exact_terms(rational([[1, 2], [2, 5]]), vectors[:3], [F(1)] * 3) is None


def test_terms_are_extended_to_free_coordinates() -> None:
    factor = [[1, 0, 2], [0, 1, 2], [-1, 3, 1], [2, -2, 5]]
    matrix = gram(factor)
    block = [row[:2] for row in matrix[:2]]
    terms = exact_terms(block, [(1, 1), (1, 0), (0, 1)], [F(4), F(1), F(1)])
    assert terms is not None
    extended = with_free_coordinates(matrix, 2, terms)
    assert is_zero(less(matrix, extended))
    assert all(min(t.vector[:2]) >= 0 for t in extended)


def test_guesses_are_short_and_near() -> None:
    noise = 1e-6 * np.random.default_rng(0).normal(size=(5, 5))
    scales = [F(1), F(2), F(1, 3), F(1), F(5)]
    s = np.array(scales, dtype=float)
    found = guesses((np.array(HORN) + noise + noise.T) / np.outer(s, s), scales)
    assert rational(HORN) in found
    assert guesses(-np.eye(5), scales) == []
    assert guesses(np.eye(10), [F(1)] * 10) == []


def test_separators_separate() -> None:
    matrix = rational(circulant([60, 40, 9, 9, 40]))
    proposals = list(separators(matrix, [], lambda distance: False))
    assert rational(HORN) in proposals
    assert all(product(M, matrix) < 0 for M in proposals)
    assert simplex_minimum(proposals[-1]) > 0
    assert list(separators(rational([[2, 1], [1, 2]]), [], lambda distance: False)) == []


@given(st.integers(-300, 300), st.integers(-40, 40))
def test_scales_make_a_diagonal_of_about_ones(exponent: int, other: int) -> None:
    matrix = [[F(7) * F(10) ** exponent, F(0)], [F(0), F(3) * F(2) ** other]]
    diagonal = scaled(matrix, scales_of(matrix)).diagonal()
    assert np.all((diagonal > 0.9) & (diagonal < 1.1))
