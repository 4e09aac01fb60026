from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from formulations.sdp.interior_point import DualProgram, InteriorPoint, _inverse


def program() -> DualProgram:
    """Return one sample, one feature, one output: z = (u, alpha, v), forms alpha, beta = alpha - x u, v."""
    x, gamma = 2.0, 0.5
    return DualProgram(
        constant=gamma * np.diag([1.0, 0.0, 1.0]),
        forms=np.array([[0.0, -x, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        first=np.array([0, 0]),
        second=np.array([2, 1]),
        coefficients=np.array([2.0, 1.0]),
        targets=np.array([3.0]),
    )


def start() -> InteriorPoint:
    return InteriorPoint(program(), np.array([0.0, -0.1]), np.eye(3))


def test_dual_matrix_by_hand() -> None:
    # Z = 1/2 (u^2 + v^2) + 0.1 alpha (alpha - 2u) at N = 0, s = -0.1.
    expected = np.array([[0.5, -0.1, 0.0], [-0.1, 0.1, 0.0], [0.0, 0.0, 0.5]])
    assert np.allclose(start().Z, expected)


def test_newton_matrix_is_the_hessian_of_the_barrier() -> None:
    point = start()
    point.include(np.array([0]), np.array([0]), least_slack=0.1)
    scaling = _inverse(point.Z)
    matrix, scale = point._newton_matrix(scaling)
    matrix = matrix / np.outer(scale, scale)
    steps = np.eye(3) * 1e-4

    def gradient(y: NDArray[np.float64]) -> NDArray[np.float64]:
        z = point.program.constant - point._operator(y)
        return np.asarray(point._adjoint(_inverse(z)))

    for k in range(3):
        numeric = (gradient(point.y + steps[k]) - gradient(point.y - steps[k])) / 2e-4
        analytic = matrix[k].copy()
        analytic[k] -= 1.0 if k == 0 else point.w[k] / point.y[k] if k == 2 else 0.0
        assert numeric == pytest.approx(analytic, rel=1e-4, abs=1e-6)


def test_steps_stay_inside_and_close_the_gap() -> None:
    point = start()
    first = point.gap
    while point.gap > 1e-7 * first:
        direction = point.direction()
        point.move(direction, direction.primal_length)
        assert np.linalg.eigvalsh(point.Z)[0] > 0
        assert np.linalg.eigvalsh(point.L)[0] > 0
    # min_z 1/2 (z - 3)^2 + z / 4 is 23/32 at z = 11/4.
    assert point.dual_value() == pytest.approx(23 / 32, rel=1e-5)
    assert point.primal_value() == pytest.approx(23 / 32, rel=1e-4)


def test_included_multipliers_keep_the_dual_matrix_definite() -> None:
    point = start()
    point.include(np.array([0, 1]), np.array([0, 1]), least_slack=0.1)
    assert np.all(point.y[2:] > 0)
    assert np.all(point.w[2:] > 0)
    assert np.linalg.eigvalsh(point.Z)[0] > 0


def test_useless_multipliers_are_dropped() -> None:
    point = start()
    point.include(np.array([0, 1]), np.array([0, 1]), least_slack=0.1)
    point.y[2], point.w[2] = 1e-12, 1.0
    point.Z = point.program.constant - point._operator(point.y)
    assert point.drop(1e-3).tolist() == [False, True]
    assert len(point.y) == 3
