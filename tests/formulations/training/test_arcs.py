"""The planar oracle: worked cases, dense sampling, and its own primal-dual gap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.losses.squared import SquaredLoss
from formulations.training.arcs import (
    PlanarOptimum,
    gauge_maxima_2d,
    global_optimum_2d,
    maximum_gauge_2d,
)
from formulations.training.masters.group_lasso import solve_group_lasso

ANGLES = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
CIRCLE = np.vstack([np.cos(ANGLES), np.sin(ANGLES)])


def gauges(X: Matrix, N: Matrix, directions: Matrix) -> Matrix:
    values: Matrix = np.linalg.norm(N.T @ np.maximum(X @ directions, 0.0), axis=0)
    return values


def random_problem(seed: int, n: int, d: int, c: int, on_grid: bool) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return (np.round(X) if on_grid else X), rng.standard_normal((n, c))


def assert_closed(optimum: PlanarOptimum, X: Matrix, Y: Matrix, gamma: float) -> None:
    """Evaluate both sides anew and compare them."""
    residual = np.maximum(X @ optimum.hidden, 0.0) @ optimum.output - Y
    squares = float(np.sum(optimum.hidden**2)) + float(np.sum(optimum.output**2))
    upper = 0.5 * float(np.sum(residual**2)) + gamma / 2 * squares
    N = optimum.dual_point
    planar = X if X.shape[1] == 2 else np.hstack([X, np.zeros_like(X)])
    assert maximum_gauge_2d(planar, N)[0] <= gamma * (1 + 1e-12)
    lower = float(np.sum(N * Y)) - 0.5 * float(np.sum(N**2))
    assert optimum.upper == pytest.approx(upper, rel=1e-11, abs=1e-300)
    assert optimum.lower == pytest.approx(lower, rel=1e-11, abs=1e-300)
    assert -1e-12 * upper <= upper - lower <= 1.001e-9 * upper


def test_one_sample_by_hand() -> None:
    """|N^T relu(x^T u)| = 13 relu(x^T u) is largest at u = x / |x|, where it is 13 * 5."""
    value, direction = maximum_gauge_2d(np.array([[3.0, 4.0]]), np.array([[5.0, 12.0]]))
    assert value == pytest.approx(65)
    assert direction == pytest.approx(np.array([0.6, 0.8]))


def test_maxima_by_hand() -> None:
    """relu(u_1) - 2 relu(0.6 u_1 + 0.8 u_2) is u_1 until the kink at (0.8, -0.6), then -0.2 u_1 - 1.6 u_2."""
    X, N = np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([[1.0], [-2.0]])
    values, directions = gauge_maxima_2d(X, N)
    order = np.argsort(values)
    assert values[order[-2:]] == pytest.approx([0.8, np.sqrt(2.6)])
    assert directions[:, order[-2]] == pytest.approx([0.8, -0.6])
    assert directions[:, order[-1]] == pytest.approx(np.array([0.2, 1.6]) / np.sqrt(2.6))


def test_zero_rows_do_not_count() -> None:
    X, N = random_problem(1, 6, 2, 2, False)
    padded = np.vstack([np.zeros((2, 2)), X]), np.vstack([np.ones((2, 2)), N])
    assert maximum_gauge_2d(*padded)[0] == pytest.approx(maximum_gauge_2d(X, N)[0], rel=1e-13)
    assert maximum_gauge_2d(np.zeros((2, 2)), np.ones((2, 1)))[0] == 0


@given(seed=st.integers(0, 10**6), n=st.integers(1, 12), c=st.integers(1, 3), on_grid=st.booleans())
def test_maxima_bracket_a_dense_sample(seed: int, n: int, c: int, on_grid: bool) -> None:
    X, N = random_problem(seed, n, 2, c, on_grid)
    value, direction = maximum_gauge_2d(X, N)
    sample = gauges(X, N, CIRCLE)
    lipschitz = float(np.linalg.norm(N, axis=1) @ np.linalg.norm(X, axis=1))
    assert np.linalg.norm(direction) == pytest.approx(1)
    assert gauges(X, N, direction[:, None])[0] == pytest.approx(value, rel=1e-13, abs=1e-300)
    assert sample.max() * (1 - 1e-13) <= value <= sample.max() + lipschitz * np.pi / len(ANGLES)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 12), c=st.integers(1, 3))
def test_every_sampled_peak_is_among_the_local_maxima(seed: int, n: int, c: int) -> None:
    X, N = random_problem(seed, n, 2, c, False)
    values, directions = gauge_maxima_2d(X, N)
    for shift in (-1e-7, 1e-7):
        turned = np.cos(shift) * directions + np.sin(shift) * np.vstack([-directions[1], directions[0]])
        assert np.all(gauges(X, N, turned) <= values + 1e-13 * values.max())
    sample = gauges(X, N, CIRCLE)
    peaks = np.flatnonzero((sample > np.roll(sample, 1)) & (sample > np.roll(sample, -1)))
    distances = np.arccos(np.clip(CIRCLE[:, peaks].T @ directions, -1, 1)).min(axis=1)
    assert np.all(distances <= 2 * np.pi / len(ANGLES))


@pytest.mark.parametrize("d", [1, 2])
def test_one_sample_has_a_closed_form(d: int) -> None:
    """With a = |x| and a |y| > gamma: min over s of 1/2 (a s - |y|)^2 + gamma s."""
    x, y, gamma = np.array([3.0, 4.0]) if d == 2 else np.array([-5.0]), np.array([0.3, -0.4]), 0.2
    optimum = global_optimum_2d(x[None], y[None], gamma)
    expected = gamma * 0.5 / 5 - gamma**2 / (2 * 25)
    assert optimum.upper == pytest.approx(expected, rel=1e-9)
    assert optimum.lower == pytest.approx(expected, rel=1e-9)
    assert optimum.hidden.shape == (d, 1)


def test_zero_network_at_a_large_gamma() -> None:
    X, Y = random_problem(2, 6, 2, 2, False)
    optimum = global_optimum_2d(X, Y, 1.001 * maximum_gauge_2d(X, Y)[0])
    assert optimum.hidden.shape == (2, 0)
    assert optimum.output.shape == (0, 2)
    assert optimum.lower == optimum.upper == 0.5 * float(np.sum(Y**2))


def test_a_neuron_appears_below_the_gauge_of_the_targets() -> None:
    X, Y = random_problem(2, 6, 2, 2, False)
    optimum = global_optimum_2d(X, Y, 0.999 * maximum_gauge_2d(X, Y)[0])
    assert optimum.hidden.shape[1] >= 1
    assert optimum.upper < 0.5 * float(np.sum(Y**2))


@pytest.mark.parametrize("seed", range(12))
def test_gap_closes(seed: int) -> None:
    n, c, gamma = 3 + 2 * seed, 1 + seed % 4, 10.0 ** (-(seed % 4))
    X, Y = random_problem(seed, n, 1 + (seed > 2), c, seed % 3 == 0)
    assert_closed(global_optimum_2d(X, Y, gamma), X, Y, gamma)


def test_one_input_has_two_directions() -> None:
    X, Y = random_problem(3, 9, 1, 2, False)
    atoms = np.maximum(np.hstack([X, -X]), 0.0)
    assert global_optimum_2d(X, Y, 0.1).upper == pytest.approx(
        solve_group_lasso(atoms, SquaredLoss(Y), 0.1).value, rel=1e-9
    )


def test_needs_two_columns() -> None:
    with pytest.raises(ValueError, match="exactly two columns"):
        maximum_gauge_2d(np.ones((2, 3)), np.ones((2, 1)))
    with pytest.raises(ValueError, match="one or two columns"):
        global_optimum_2d(np.ones((2, 3)), np.ones((2, 1)), 0.1)
