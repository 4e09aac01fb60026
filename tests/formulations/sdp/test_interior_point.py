"""One sample, one feature, one output: the interior-point method against what can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from formulations.sdp.block import Block, inverse
from formulations.sdp.interior_point import InteriorPoint


def start() -> tuple[InteriorPoint, Block]:
    """Return the block over z = (u, alpha, v) with the forms alpha, beta = alpha - x u, v, at N = 0."""
    x, gamma = 2.0, 0.5
    block = Block(
        constant=gamma * np.diag([1.0, 0.0, 1.0]),
        forms=np.array([[0.0, -x, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        entries=np.array([0]),
        first=np.array([0, 0]),
        second=np.array([2, 1]),
        coefficients=np.array([2.0, 1.0]),
    )
    block.slack, block.L = np.array([-0.1]), np.eye(3)
    return InteriorPoint(np.zeros(1), np.array([3.0]), [block]), block


def test_dual_matrix_by_hand() -> None:
    # Z = 1/2 (u^2 + v^2) + 0.1 alpha (alpha - 2u) at N = 0, s = -0.1.
    expected = np.array([[0.5, -0.1, 0.0], [-0.1, 0.1, 0.0], [0.0, 0.0, 0.5]])
    assert np.allclose(start()[1].Z, expected)


def test_newton_matrix_is_the_hessian_of_the_barrier() -> None:
    _, block = start()
    block.include(np.array([[0, 0]]), least_slack=0.1)
    matrix = block.newton_matrix(inverse(block.Z))
    values = np.concatenate([np.zeros(1), block.slack, block.y])
    steps = np.eye(3) * 1e-4

    def gradient(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return block.adjoint(inverse(block.constant - block.operator(values)))

    for k in range(3):
        numeric = (gradient(values + steps[k]) - gradient(values - steps[k])) / 2e-4
        assert numeric == pytest.approx(matrix[k], rel=1e-4, abs=1e-6)


def test_steps_stay_inside_and_close_the_gap() -> None:
    point, block = start()
    first = point.gap
    while point.gap > 1e-7 * first:
        point.move(point.direction())
        assert np.linalg.eigvalsh(block.Z)[0] > 0
        assert np.linalg.eigvalsh(block.L)[0] > 0
    # min_z 1/2 (z - 3)^2 + z / 4 is 23/32 at z = 11/4.
    assert point.dual_value() == pytest.approx(23 / 32, rel=1e-5)
    assert point.primal_value() == pytest.approx(23 / 32, rel=1e-4)


def test_blocks_alike_pay_half_each() -> None:
    block, twin = start()[1], start()[1]
    both = InteriorPoint(np.zeros(1), np.array([3.0]), [block, twin])
    for _ in range(12):
        both.move(both.direction())
    assert both.dual_value() == pytest.approx(23 / 32, rel=1e-5)
    assert block.weight == pytest.approx(twin.weight, rel=1e-6)


def test_included_multipliers_keep_the_dual_matrix_definite() -> None:
    _, block = start()
    block.include(np.array([[0, 0], [1, 1]]), least_slack=0.1)
    assert np.all(block.y > 0)
    assert np.all(block.w > 0)
    assert np.linalg.eigvalsh(block.Z)[0] > 0


def test_useless_multipliers_are_dropped() -> None:
    point, block = start()
    block.include(np.array([[0, 0], [1, 1]]), least_slack=0.1)
    block.y[0], block.w[0] = 1e-12, 1.0
    block.refresh(point.N)
    assert block.drop(1e-3).tolist() == [False, True]
    assert len(block.y) == 1
