"""Scales of the indices, and vectors for Gaddum's step."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matrices.copositive_matrices import HORN
from certify.matrices.copositive.face_vectors import balanced, gaddum_vector, point_on
from tests.certify.checker.copositive_oracle import simplex_minimum, value
from tests.certify.checker.strategies import symmetric_integers


def test_scales_are_exact_where_they_can_be() -> None:
    assert balanced([[4, 9], [9, 4]]) == [1, 1]
    assert balanced([[4, 0, 0], [0, 9, 0], [0, 0, 1]]) == [3, 2, 6]
    assert balanced([[0, 0], [0, 0]]) == [1, 1]
    x = balanced([[2 * 10**300, 0, 0], [0, 3, 0], [0, 0, 27]])
    assert x[1] == 3 * x[2]
    ratio = Fraction(x[0] ** 2 * 2 * 10**300, x[1] ** 2 * 3)
    assert abs(ratio - 1) < Fraction(1, 1000)


def test_gaddum_vectors_have_small_support() -> None:
    found = gaddum_vector(HORN, np.array(HORN, dtype=float), strict=False)
    assert found is not None
    assert (found.refutes, sorted(found.entries)) == (False, [0, 0, 0, 1, 1])


@settings(max_examples=150, deadline=None)
@given(symmetric_integers(), st.booleans())
def test_a_vector_supports_or_refutes(matrix: list[list[int]], strict: bool) -> None:
    size = max(max(map(abs, row)) for row in matrix) or 1
    found = gaddum_vector(matrix, np.array(matrix, dtype=float) / size, strict=strict)
    assert found is not None
    assert min(found.entries) >= 0
    assert any(found.entries)
    least, form = simplex_minimum(matrix), value(matrix, found.entries)
    if found.refutes:
        assert form < 0 or (strict and form == 0)
    else:
        assert min(sum(a * b for a, b in zip(row, found.entries, strict=True)) for row in matrix) >= 0
        assert form > 0 or not strict
    assert not found.refutes or (least <= 0 if strict else least < 0)


def test_points_on_some_coordinates() -> None:
    matrix = [[1, -2, 7], [-2, 4, 7], [7, 7, -1]]
    assert point_on([0, 1], matrix, strict=False) is None
    assert point_on([0, 1], matrix, strict=True) == [2, 1, 0]
    assert point_on([2], matrix, strict=False) == [0, 0, 1]
    assert point_on([0, 2], matrix, strict=False) is None  # M z is (c, c) for a z > 0 with c > 0
