"""The positive part of a moving matrix against a full decomposition of each."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.first_order.positive_part import PositivePart


def _positive(matrix: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T)


def _symmetric(rng: np.random.Generator, order: int, rank: int) -> Matrix:
    """Return a matrix with so many positive eigenvalues, and many small negative ones."""
    frame, _ = np.linalg.qr(rng.normal(size=(order, order)))
    values = np.concatenate([rng.uniform(1, 10, rank), -rng.uniform(0, 1, order - rank)])
    return np.asarray((frame * values) @ frame.T)


def test_a_matrix_that_comes_to_rest_has_its_positive_part_found() -> None:
    rng = np.random.default_rng(0)
    first, last = _symmetric(rng, 120, 5), _symmetric(rng, 120, 9)
    part = PositivePart()
    for step in range(39):
        weight = 0.7**step
        matrix = weight * first + (1 - weight) * last
        factor = part.of(matrix)
    assert part.rank == 9
    assert np.allclose(factor @ factor.T, _positive(matrix), atol=1e-6)


@pytest.mark.parametrize("order", [1, 2, 7, 30])
def test_any_rank_of_a_small_matrix_is_exact(order: int) -> None:
    rng = np.random.default_rng(order)
    part = PositivePart()
    for rank in (0, 1, order // 2, order):
        matrix = _symmetric(rng, order, min(rank, order))
        factor = part.of(matrix)
        assert factor.shape == (order, part.rank)
        assert np.allclose(factor @ factor.T, _positive(matrix), atol=1e-9)


def test_more_positive_eigenvalues_than_vectors_are_found_when_the_whole_matrix_is_looked_at() -> None:
    rng = np.random.default_rng(1)
    part = PositivePart()
    part.of(_symmetric(rng, 400, 3))
    matrix = _symmetric(rng, 400, 90)
    for _ in range(25):
        factor = part.of(matrix)
    assert part.rank == 90
    assert np.allclose(factor @ factor.T, _positive(matrix), atol=1e-8)
