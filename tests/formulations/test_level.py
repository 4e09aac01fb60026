"""The level SDP against exact gauges and sampled ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.level import solve_level
from formulations.multipliers import relaxation_form
from formulations.reduced import solve_reduced


@settings(max_examples=25)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=6), st.integers(1, 3), st.integers(0, 10**6))
def test_one_input_is_exact(x: list[int], c: int, seed: int) -> None:
    inputs = np.array(x, dtype=float)
    N = np.random.default_rng(seed).standard_normal((len(x), c))
    exact = max(np.sum((np.maximum(sign * inputs, 0) @ N) ** 2) for sign in (1, -1))
    assert solve_level(inputs[:, None], N).level == pytest.approx(exact, rel=1e-5)


def test_one_sample_by_hand() -> None:
    """h(N) = |N| |x|."""
    assert solve_level(np.array([[3.0, 4.0]]), np.array([[1.0, 2.0]])).level == pytest.approx(125, rel=1e-6)


def test_vanishing_dual_point() -> None:
    solution = solve_level(np.ones((2, 1)), np.zeros((2, 3)))
    assert solution.level == 0
    assert not solution.multipliers.form(np.ones((2, 1))).any()


def test_cancelling_rows() -> None:
    """Rows of N that cancel on every direction: relu(x.u) - relu(2 x.u) / 2 = 0."""
    solution = solve_level(np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([[2.0], [-1.0]]))
    assert solution.level == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("shape", [(4, 2, 1), (8, 3, 2), (5, 7, 3)])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_level_is_a_bound_and_proved(shape: tuple[int, int, int], scale: float) -> None:
    n, d, c = shape
    rng = np.random.default_rng(7)
    X, N = rng.standard_normal((n, d)), scale * rng.standard_normal((n, c))
    solution = solve_level(X, N)
    u = rng.standard_normal((d, 20_000))
    u /= np.linalg.norm(u, axis=0)
    assert solution.level >= (1 - 1e-6) * np.max(np.sum((N.T @ np.maximum(X @ u, 0)) ** 2, axis=0))
    form = relaxation_form(X, N, solution.level, solution.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -1e-6 * solution.level
    for signed in ("alpha_alpha", "alpha_beta", "beta_beta"):
        assert (getattr(solution.multipliers, signed) >= 0).all()


@pytest.mark.parametrize("gamma", [0.05, 1.0])
def test_dual_points_of_the_relaxation_have_its_level(gamma: float) -> None:
    rng = np.random.default_rng(8)
    X, Y = rng.standard_normal((7, 2)), rng.standard_normal((7, 2))
    dual = solve_reduced(X, Y, gamma)
    assert solve_level(X, dual.dual_point).level == pytest.approx(gamma**2, rel=1e-4)


def test_parallel_inputs() -> None:
    rng = np.random.default_rng(9)
    X = rng.standard_normal((3, 2))[[0, 1, 2, 0, 1, 0]] * np.array([1, 1, 1, 2, -1, 0])[:, None]
    N = rng.standard_normal((6, 2))
    solution = solve_level(X, N)
    form = relaxation_form(X, N, solution.level, solution.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -1e-5 * solution.level
    without_zero = solve_level(X[:5], N[:5])
    assert solution.level == pytest.approx(without_zero.level, rel=1e-5)


def test_scs_agrees_to_its_accuracy() -> None:
    rng = np.random.default_rng(10)
    X, N = rng.standard_normal((5, 2)), rng.standard_normal((5, 1))
    accurate, crude = (solve_level(X, N, solver=name) for name in ("clarabel", "scs"))
    assert crude.level == pytest.approx(accurate.level, rel=1e-3)


def test_malformed_arguments() -> None:
    with pytest.raises(ValueError, match=r"shapes \(2, 1\) and \(3, 1\)"):
        solve_level(np.ones((2, 1)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="not finite"):
        solve_level(np.array([[np.inf]]), np.ones((1, 1)))
