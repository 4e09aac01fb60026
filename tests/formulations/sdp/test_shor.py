from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import check_grad

from formulations.sdp.multipliers import relaxation_form
from formulations.sdp.shor import _log_level, improve_slack, solve_shor
from formulations.training.arcs import global_optimum_2d, maximum_gauge_2d


def instance(
    seed: int, n: int = 8, d: int = 2, c: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, c))


def test_one_sample_by_hand() -> None:
    # For n = d = c = 1 and x > 0 the relaxation is tight: min_z 1/2 (z - y)^2 + gamma |z| / x.
    x, y, gamma = 2.0, 3.0, 0.5
    solution = solve_shor(np.array([[x]]), np.array([[y]]), gamma)
    z = y - gamma / x
    assert solution.value == pytest.approx((z - y) ** 2 / 2 + gamma * z / x, rel=1e-6)
    assert solution.dual_point[0, 0] == pytest.approx(gamma / x, rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("c", [1, 3])
def test_solution_is_feasible_and_below_the_optimum(seed: int, c: int) -> None:
    X, Y = instance(seed, c=c)
    gamma = 0.3
    solution = solve_shor(X, Y, gamma)
    form = relaxation_form(X, solution.dual_point, gamma**2, solution.multipliers)
    assert np.linalg.eigvalsh(form)[0] > -1e-6 * gamma**2
    assert 0 < solution.value <= global_optimum_2d(X, Y, gamma).upper * (1 + 1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_joint_solution_is_the_best(seed: int) -> None:
    X, Y = instance(seed)
    gamma = 0.3
    best = solve_shor(X, Y, gamma).value
    for scale in np.linspace(0.05, 1, 8):
        # Any N with its own best slack, scaled to gamma, must not beat the joint solution.
        N = scale * Y + 0.05 * np.random.default_rng(seed).normal(size=Y.shape)
        slack = improve_slack(X, N)
        level = level_of(X, N, -slack)
        t = min(gamma / np.sqrt(level), np.sum(N * Y) / np.sum(N * N))
        assert t * np.sum(N * Y) - t**2 / 2 * np.sum(N * N) <= best * (1 + 1e-6)


def level_of(X: NDArray[np.float64], N: NDArray[np.float64], sigma: NDArray[np.float64]) -> float:
    inner = np.eye(N.shape[1]) - N.T @ (N / sigma[:, None])
    assert np.linalg.eigvalsh(inner)[0] > 0
    matrix = (X.T * sigma) @ X + X.T @ N @ np.linalg.inv(inner) @ N.T @ X
    return float(np.linalg.eigvalsh(matrix)[-1]) / 4


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 3))
def test_improved_slack_bounds_the_gauge(seed: int, n: int, c: int) -> None:
    X, N = instance(seed, n=n, c=c)
    gauge, _ = maximum_gauge_2d(X, N)
    level = level_of(X, N, -improve_slack(X, N))
    assert gauge**2 <= level * (1 + 1e-9)


@pytest.mark.parametrize("p", [4, 16])
def test_gradient(p: int) -> None:
    X, N = instance(7, n=6, d=3)
    theta = np.log(np.random.default_rng(0).uniform(40, 60, size=6))

    def value(t: NDArray[np.float64]) -> float:
        return _log_level(t, X, N, p)[0]

    def gradient(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return _log_level(t, X, N, p)[1]

    assert check_grad(value, gradient, theta) < 1e-6


def test_degenerate_inputs() -> None:
    X = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [-2.0, 0.0]])
    Y = np.array([[1.0, 2.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    solution = solve_shor(X, Y, 0.1)
    assert np.array_equal(solution.dual_point[0], Y[0])  # nothing constrains N where x = 0
    assert solution.value >= 2.5
    assert solve_shor(X, np.zeros_like(Y), 0.1).value == 0
    assert np.all(improve_slack(X, np.zeros_like(Y)) == 0)


def test_gamma_must_be_positive() -> None:
    with pytest.raises(ValueError, match="gamma"):
        solve_shor(np.ones((1, 1)), np.ones((1, 1)), 0.0)
