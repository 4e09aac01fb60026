import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.patterns.arrangement import Arrangement, arrangement, blocks, sampled_patterns


def patterns(found: Arrangement) -> set[tuple[bool, ...]]:
    return {tuple(row) for row in found.active.tolist()}


def cover(n: int, d: int) -> int:
    return 2 * sum(math.comb(n - 1, k) for k in range(d))


def test_two_lines_in_the_plane_by_hand() -> None:
    found = arrangement(np.array([[1.0, 0], [0, 2]]), 4)
    assert patterns(found) == {(True, True), (True, False), (False, True), (False, False)}
    cell = found.active.tolist().index([True, False])
    assert found.cone(cell).tolist() == [[1, 0], [0, -1]]


def test_rows_on_one_line_and_zero_rows() -> None:
    found = arrangement(np.array([[1.0], [-2], [0], [3]]), 2)
    assert patterns(found) == {(True, False, False, True), (False, True, False, False)}
    assert found.units.shape == (1, 1)
    assert found.walls.all()


def test_without_inputs_there_is_one_cell_and_no_wall() -> None:
    found = arrangement(np.zeros((2, 3)), 1)
    assert found.active.tolist() == [[False, False]]
    assert found.cone(0).shape == (0, 3)


def test_three_lines_through_one_ray() -> None:
    """Rows of rank two in space: the planes have a line in common, and the cells are those of the plane."""
    X = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0]])
    found = arrangement(X, 6)
    assert len(found.active) == 6
    assert (found.walls.sum(axis=1) == 2).all()


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 7), st.booleans())
def test_no_cell_is_missed(seed: int, d: int, n: int, alike: bool) -> None:
    rng = np.random.default_rng(seed)
    # Small integers meet in many ways at once; floats are in general position.
    X: Matrix = rng.integers(-2, 3, size=(n, d)).astype(float) if alike else rng.normal(size=(n, d))
    found = arrangement(X, cover(n, d))
    assert len(patterns(found)) == len(found.active)
    drawn = rng.normal(size=(d, 2000))
    drawn[:, 1000:] *= 10.0 ** rng.integers(-3, 4, size=(d, 1000))
    assert {tuple(row) for row in (X @ drawn > 0).T.tolist()} <= patterns(found)
    if not alike:
        assert len(found.active) == cover(n, d)
    # The walls of a cell imply the other inequalities: what keeps them is active where the cell is.
    for u in drawn.T[:50]:
        inside = [cell for cell in range(len(found.active)) if (found.cone(cell) @ u > 0).all()]
        assert [tuple(found.active[cell].tolist()) for cell in inside] == [tuple((X @ u > 0).tolist())]


def test_more_cells_than_wanted_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 5 activation patterns; choose fewer rows or features"):
        arrangement(np.array([[1.0, 0], [0, 1], [1, 1]]), 5)


def test_blocks_are_the_rows_of_each_pattern() -> None:
    X = np.array([[1.0, 2], [3, 4]])
    assert blocks(X, np.array([[True, False], [True, True]])).tolist() == [[1, 2, 1, 2], [0, 0, 3, 4]]


def test_drawn_patterns_are_different_and_repeatable() -> None:
    X = np.array([[1.0], [-1]])
    assert sampled_patterns(X, 50, 0).tolist() == [[False, True], [True, False]]
    assert len(sampled_patterns(np.eye(5), 7, 1)) <= 7
