"""SDP-NN in its reduced form against exact optima, weak duality, and its own optimality conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.losses.squared import SquaredLoss
from formulations.sdp.conic.reduced import ReducedSolution, solve_reduced
from formulations.sdp.multipliers import relaxation_form


def random_problem(seed: int, n: int, d: int, c: int) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((n, c))


def lifted_form(X: Matrix, gamma: float, solution: ReducedSolution) -> Matrix:
    """gamma (|u|^2 + |v|^2) - 2 alpha^T N v - [...] / gamma over (alpha, u, v), as `lifted` is."""
    (n, d), c = X.shape, solution.dual_point.shape[1]
    form = np.zeros((n + d + c, n + d + c))
    bracket = solution.multipliers.form(X) / gamma
    order = np.r_[d : d + n, :d]
    form[: n + d, : n + d] = -bracket[np.ix_(order, order)]
    form[n:, n:] += gamma * np.eye(d + c)
    form[:n, n + d :] -= solution.dual_point
    form[n + d :, :n] -= solution.dual_point.T
    return form


def one_input_optimum(x: Matrix, Y: Matrix, gamma: float) -> float:
    """Return the global optimum for d = 1: all neurons with u > 0 add up to one, and so do those with u < 0.

    Each of the two is a group lasso in one vector, min_z 1/2 |relu(+-x) z^T - Y|^2 + gamma |z|.
    """
    value = np.sum(Y**2) / 2
    for activation in (np.maximum(x, 0), np.maximum(-x, 0)):
        correlation = np.linalg.norm(activation @ Y)
        if correlation > gamma:
            value -= (correlation - gamma) ** 2 / (2 * activation @ activation)
    return float(value)


def test_one_sample_by_hand() -> None:
    """min_z 1/2 |z - y|^2 + gamma |z| / |x| with |x| = 5, |y| = 2: N = y - z has the length gamma / |x|."""
    y = np.array([[2.0, 0.0]])
    solution = solve_reduced(np.array([[3.0, 4.0]]), y, 1.0)
    assert solution.value == pytest.approx(2 / 5 - 1 / 50, abs=1e-7)
    assert solution.dual_value == pytest.approx(2 / 5 - 1 / 50, abs=1e-7)
    assert solution.dual_point == pytest.approx(y / 10, abs=1e-6)
    # One neuron with |u|^2 = |v|^2 = |z| / |x| = 1.8 / 5: alpha = |x| |u|, and v along y.
    root = np.sqrt(1.8 / 5)
    neuron = np.array([5 * root, 0.6 * root, 0.8 * root, root, 0.0])
    assert solution.lifted == pytest.approx(np.outer(neuron, neuron), abs=1e-4)


def test_strong_regularisation_leaves_no_network() -> None:
    X, Y = random_problem(0, 4, 2, 2)
    solution = solve_reduced(X, Y, 1e3)
    assert solution.value == pytest.approx(np.sum(Y**2) / 2, rel=1e-6)
    assert solution.dual_point == pytest.approx(Y, abs=1e-6)


def test_zero_inputs_and_zero_targets() -> None:
    _, Y = random_problem(0, 3, 2, 2)
    blind = solve_reduced(np.zeros((3, 2)), Y, 0.1)
    assert blind.value == blind.dual_value == pytest.approx(np.sum(Y**2) / 2)
    assert blind.lifted.shape == (7, 7)
    form = relaxation_form(np.zeros((3, 2)), blind.dual_point, 0.01, blind.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -1e-9 * np.abs(form).max()
    assert solve_reduced(np.ones((2, 1)), np.zeros((2, 1)), 0.1).value == pytest.approx(0, abs=1e-7)


@settings(max_examples=25)
@given(
    st.lists(st.integers(-3, 3), min_size=1, max_size=6),
    st.integers(1, 3),
    st.integers(0, 10**6),
    st.floats(0.05, 5),
)
def test_one_input_is_exact(x: list[int], c: int, seed: int, gamma: float) -> None:
    """The relaxation is tight for d = 1, with all inputs on one line, zeros and repetitions included."""
    inputs = np.array(x, dtype=float)
    Y = np.random.default_rng(seed).standard_normal((len(x), c))
    solution = solve_reduced(inputs[:, None], Y, gamma)
    exact = one_input_optimum(inputs, Y, gamma)
    assert solution.value == pytest.approx(exact, rel=1e-5, abs=1e-6)
    assert solution.dual_value == pytest.approx(exact, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("shape", [(5, 2, 1), (8, 3, 2), (6, 8, 3), (12, 2, 5)])
@pytest.mark.parametrize("gamma", [0.03, 0.5])
def test_optimality_conditions(shape: tuple[int, int, int], gamma: float) -> None:
    X, Y = random_problem(1, *shape)
    n, d, _ = shape
    solution = solve_reduced(X, Y, gamma)
    scale = np.sum(Y**2) / 2
    assert solution.dual_value == SquaredLoss(Y).dual_value(solution.dual_point)
    assert solution.value == pytest.approx(solution.dual_value, abs=1e-6 * scale)

    multipliers = solution.multipliers
    form = relaxation_form(X, solution.dual_point, gamma**2, multipliers)
    # The solver stops at 1e-8 of its own unit of levels, which is up to a hundred of gamma^2.
    assert np.linalg.eigvalsh(form)[0] >= -1e-5 * gamma**2
    for signed in (multipliers.alpha_alpha, multipliers.alpha_beta, multipliers.beta_beta):
        assert (signed >= 0).all()

    L = solution.lifted
    assert np.linalg.eigvalsh(L)[0] >= -1e-6 * np.trace(L)
    alpha = L[:n, :n]
    mixed = alpha - L[:n, n : n + d] @ X.T
    beta = mixed - X @ (L[n : n + d, :n] - L[n : n + d, n : n + d] @ X.T)
    for products, weights in (
        (alpha, multipliers.alpha_alpha),
        (mixed, multipliers.alpha_beta + np.diag(multipliers.slack)),
        (beta, multipliers.beta_beta),
    ):
        assert products.min() >= -1e-6 * np.trace(L)
        # Complementary slackness, in units of a loss.
        assert np.abs(products * weights).max() / gamma <= 1e-6 * scale
    assert np.diag(mixed) == pytest.approx(0, abs=1e-6 * np.trace(L))
    assert np.sum(lifted_form(X, gamma, solution) * L) == pytest.approx(0, abs=1e-5 * scale)
    assert solution.dual_point == pytest.approx(Y - L[:n, n + d :], abs=1e-4)


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.floats(0.05, 2))
def test_value_is_below_every_network(seed: int, gamma: float) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((6, 2))
    hidden, output = rng.standard_normal((2, 3)), rng.standard_normal((3, 2))
    prediction = np.maximum(X @ hidden, 0) @ output
    Y = prediction + 0.1 * rng.standard_normal((6, 2))
    loss = np.sum((prediction - Y) ** 2) / 2 + gamma / 2 * (np.sum(hidden**2) + np.sum(output**2))
    assert solve_reduced(X, Y, gamma).dual_value <= loss * (1 + 1e-6)


def test_units_of_the_data_do_not_matter() -> None:
    X, Y = random_problem(2, 6, 2, 2)
    value = solve_reduced(X, Y, 0.2).value
    assert solve_reduced(1e3 * X, Y, 1e3 * 0.2).value == pytest.approx(value, rel=1e-6)
    assert solve_reduced(X, 1e-3 * Y, 1e-3 * 0.2).value == pytest.approx(1e-6 * value, rel=1e-6)
    assert solve_reduced(X[::-1], Y[::-1], 0.2).value == pytest.approx(value, rel=1e-6)


def test_parallel_inputs() -> None:
    """Rows on one line, in both directions, and zero rows cost no accuracy; their multipliers are right."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((4, 2))[[0, 1, 2, 3, 0, 1, 2, 0]] * np.array([1, 1, 1, 1, 2, -1, -3, 0])[:, None]
    Y = rng.standard_normal((8, 2))
    solution = solve_reduced(X, Y, 0.1)
    assert solution.value == pytest.approx(solution.dual_value, rel=1e-6)
    form = relaxation_form(X, solution.dual_point, 0.01, solution.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -1e-5 * 0.01
    assert solution.lifted[7, :].tolist() == [0.0] * 12
    assert solution.lifted[4] == pytest.approx(2 * solution.lifted[0])
    # The same inputs, turned apart by a little: the value is continuous.
    apart = X + 1e-4 * rng.standard_normal(X.shape)
    assert solve_reduced(apart, Y, 0.1).dual_value == pytest.approx(solution.value, rel=1e-2)


@pytest.mark.parametrize("seed", range(6))
def test_nearly_parallel_inputs_still_give_numbers(seed: int) -> None:
    """Clarabel breaks down on these, more or less early, at an iterate that is worth keeping."""
    rng = np.random.default_rng(seed)
    angle = np.repeat(rng.uniform(0, 2 * np.pi, 3), 2) + np.array([0, 1e-4, 0, 1e-5, 0, 1e-6])
    X, Y = np.column_stack([np.cos(angle), np.sin(angle)]), rng.standard_normal((6, 2))
    solution = solve_reduced(X, Y, 1e-3, solver="clarabel")
    assert solution.status in ("optimal", "optimal_inaccurate")
    assert solution.value == pytest.approx(solution.dual_value, rel=1e-2)


def test_scs_agrees_to_its_accuracy() -> None:
    X, Y = random_problem(4, 6, 2, 2)
    accurate, crude = (solve_reduced(X, Y, 0.3, solver=name) for name in ("clarabel", "scs"))
    assert crude.solver == "scs"
    assert crude.value == pytest.approx(accurate.value, rel=1e-3)
    assert crude.dual_point == pytest.approx(accurate.dual_point, abs=1e-2)
    form = relaxation_form(X, crude.dual_point, 0.09, crude.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -1e-3 * 0.09


@pytest.mark.parametrize(
    ("X", "Y", "gamma", "message"),
    [
        (np.ones((2, 1)), np.ones((3, 1)), 0.1, r"shapes \(2, 1\) and \(3, 1\)"),
        (np.ones(2), np.ones((2, 1)), 0.1, "n x d and n x c"),
        (np.ones((0, 1)), np.ones((0, 1)), 0.1, "n, d, c >= 1"),
        (np.array([[np.nan]]), np.ones((1, 1)), 0.1, "not finite"),
        (np.ones((1, 1)), np.ones((1, 1)), 0.0, "gamma is 0.0"),
        (np.ones((1, 1)), np.ones((1, 1)), float("inf"), "gamma is inf"),
    ],
)
def test_malformed_problems(X: Matrix, Y: Matrix, gamma: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        solve_reduced(X, Y, gamma)
