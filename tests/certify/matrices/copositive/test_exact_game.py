"""Symmetric matrix games in rational arithmetic, and those in floating point against them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.matrices.copositive_matrices import HORN
from certify.matrices.copositive.exact_game import solve_game
from formulations.copositive.matrix_game import game_value
from tests.certify.checker.strategies import symmetric_integers

Matrix = list[list[int]]


@settings(max_examples=100, deadline=None)
@given(symmetric_integers(6))
def test_games_are_solved_exactly(matrix: Matrix) -> None:
    sign, x, z = solve_game(matrix)
    assert min(*x, *z, 0) == 0
    lower = min(Fraction(sum(a * b for a, b in zip(row, x, strict=True)), sum(x)) for row in matrix)
    upper = max(Fraction(sum(a * b for a, b in zip(row, z, strict=True)), sum(z)) for row in matrix)
    assert lower == upper
    assert sign == (lower > 0) - (lower < 0)
    estimate = game_value(np.array(matrix, dtype=float))
    assert estimate is not None
    assert estimate[0] == pytest.approx(float(lower), abs=1e-9)
    assert (np.array(matrix) @ estimate[1]).min() == pytest.approx(float(lower), abs=1e-9)
    assert (np.array(matrix) @ estimate[2]).max() == pytest.approx(float(lower), abs=1e-9)


def test_by_hand() -> None:
    assert solve_game([[3]]) == (1, [1], [1])
    assert solve_game([[-3]]) == (-1, [1], [1])
    assert solve_game([[1, -1], [-1, 1]]) == (0, [1, 1], [1, 1])
    assert solve_game([[1, -2], [-2, 4]]) == (0, [2, 1], [2, 1])
    assert solve_game(HORN) == (1, [1] * 5, [1] * 5)


def test_a_game_with_columns_left_out() -> None:
    # Of Horn's matrix two neighbours alone have no entry below zero.
    found = game_value(np.array(HORN, dtype=float)[:, [0, 1]])
    assert found is not None
    assert found[0] == pytest.approx(0.0)
    assert found[1] == pytest.approx([0.5, 0.5])
