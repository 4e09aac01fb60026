"""Rounding SDP-NN: the splitting against its definitions, and the stages against the planar optimum."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.rounding.rounding import RoundingResult, repair, round_to_network
from formulations.rounding.splitting import (
    FeasibilityErrors,
    paper_step,
    project_signs,
    split,
    stable_step,
    start,
)
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.lifted import extend
from formulations.training.arcs import global_optimum_2d
from tests.clocks import Ticking


def random_problem(seed: int, n: int, d: int, c: int) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((n, c))


def neurons(X: Matrix, hidden: Matrix, output: Matrix) -> Matrix:
    """(alpha, beta, u, v) as columns."""
    before = X @ hidden
    return np.vstack([np.maximum(before, 0), np.maximum(-before, 0), hidden, output.T])


def assert_consistent(result: RoundingResult, X: Matrix, Y: Matrix, gamma: float, width: int) -> None:
    """Hold the stages against their docstrings."""
    assert [stage.name for stage in result.stages] == ["rounded", "rescaled", "refit", "slid"]
    for stage in result.stages:
        m = stage.hidden.shape[1]
        assert m <= width
        assert stage.output.shape == (m, Y.shape[1])
        residual = np.maximum(X @ stage.hidden, 0) @ stage.output - Y
        squares = float(np.sum(stage.hidden**2)) + float(np.sum(stage.output**2))
        assert stage.loss == pytest.approx(0.5 * float(np.sum(residual**2)) + gamma / 2 * squares, rel=1e-12)
    for stage in result.stages[1:]:
        lengths = np.linalg.norm(stage.hidden, axis=0)
        assert np.linalg.norm(stage.output, axis=1) == pytest.approx(lengths, rel=1e-9)
    assert all(b.loss <= a.loss * (1 + 1e-12) for a, b in itertools.pairwise(result.stages))
    assert result.stages[1].loss <= 0.5 * float(np.sum(Y**2)) * (1 + 1e-12)


def test_extended_moments_of_neurons() -> None:
    """Moments over (alpha, u, v) become those over (alpha, beta, u, v)."""
    X, _ = random_problem(0, 5, 2, 1)
    rng = np.random.default_rng(1)
    columns = neurons(X, rng.standard_normal((2, 4)), rng.standard_normal((4, 3)))
    short = np.delete(columns, range(5, 10), axis=0)
    assert extend(short @ short.T, X) == pytest.approx(columns @ columns.T, abs=1e-12)


def test_projection_by_hand() -> None:
    """Pairs (3, 1), (1, 3), (-1, -2), (2, -5), (2, 2): the larger one stays if it is positive."""
    alpha, beta = [3.0, 1.0, -1.0, 2.0, 2.0], [1.0, 3.0, -2.0, -5.0, 2.0]
    projected = project_signs(np.array([alpha + beta + [-7.0]]).T, 5)[:, 0]
    assert projected.tolist() == [3.0, 0.0, 0.0, 2.0, 2.0, 0.0, 3.0, 0.0, 0.0, 0.0, -7.0]


@given(seed=st.integers(0, 10**6), n=st.integers(1, 5))
def test_nothing_with_these_signs_is_closer_than_the_projection(seed: int, n: int) -> None:
    """All 2^n choices of which of each pair may be positive."""
    factor = np.random.default_rng(seed).standard_normal((2 * n + 2, 3))
    projected = project_signs(factor, n)
    assert projected[2 * n :].tolist() == factor[2 * n :].tolist()
    for column, image in zip(factor.T, projected.T, strict=True):
        distances = []
        for choice in itertools.product((0.0, 1.0), repeat=n):
            free = np.concatenate([choice, 1 - np.array(choice), np.ones(2)]) > 0
            other = np.where(free, column, 0.0)
            other[: 2 * n] = np.maximum(other[: 2 * n], 0.0)
            distances.append(np.linalg.norm(other - column))
        assert np.linalg.norm(image - column) == pytest.approx(min(distances))


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), width=st.integers(1, 9))
def test_errors_by_their_definitions(seed: int, n: int, width: int) -> None:
    X, _ = random_problem(seed, n, 2, 1)
    rng = np.random.default_rng(seed)
    factor, lifted = rng.standard_normal((2 * n + 3, width)), np.eye(2 * n + 3)
    errors = FeasibilityErrors.of(factor, lifted, X)
    paper = np.hypot(errors.nonnegativity, errors.complementarity)
    assert paper == pytest.approx(float(np.linalg.norm(project_signs(factor, n) - factor)))
    tie = np.hstack([-np.eye(n), np.eye(n), X, np.zeros((n, 1))])
    assert errors.linear == pytest.approx(float(np.linalg.norm(tie @ factor)))
    kernel = np.linalg.svd(tie)[2][n:]
    assert np.linalg.norm(factor - kernel.T @ kernel @ factor) <= errors.linear / np.sqrt(2) * (1 + 1e-12)
    assert errors.fit == pytest.approx(float(np.linalg.norm(factor @ factor.T - lifted)) / np.sqrt(2 * n + 3))


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1.0, 1e8, 1e150])
def test_the_equations_hold_at_any_scale_of_the_inputs(scale: float) -> None:
    X = scale * np.array([[1.0, 2.0], [-1.0, 0.5], [3.0, 1.0]])
    lifted = np.diag(np.arange(1.0, 10.0))
    W = split(lifted, X, start(lifted, 3, 4, None), step=stable_step(lifted), max_iterations=0).factor
    # At any scale the projection only takes away: from each column, what is along the equations.
    Z = start(lifted, 3, 4, None)
    ties = np.hstack([-np.eye(3), np.eye(3), X, np.zeros((3, 1))]) / max(scale, 1.0)
    assert np.abs(ties @ W).max() <= 1e-13 * np.abs(Z).max()
    assert np.allclose(W.T @ W, Z.T @ W, rtol=0, atol=1e-13 * np.abs(Z).max() ** 2)


def test_neurons_have_no_errors_and_stay() -> None:
    X, _ = random_problem(3, 6, 2, 1)
    rng = np.random.default_rng(4)
    columns = neurons(X, rng.standard_normal((2, 3)), rng.standard_normal((3, 2)))
    lifted = columns @ columns.T
    ended = split(lifted, X, columns, step=stable_step(lifted))
    assert ended.factor == pytest.approx(columns, abs=1e-10)
    errors = ended.errors
    assert max(errors.nonnegativity, errors.complementarity, errors.linear, errors.fit) < 1e-10


def test_the_steps_of_one_neuron() -> None:
    """Lambda has one eigenvalue: the stable step comes nearer to the neuron, the paper's one leaves it.

    A multiple s of the neuron becomes another one, s - 2 t |Lambda| s (s^2 - 1). Near 1 that is off by
    1 - 4 t |Lambda| times as much as before: -0.6 times and -2 times. A few steps are followed, in which
    rounding grows as little as that; where the second one ends, rounding decides.
    """
    X, _ = random_problem(3, 6, 2, 1)
    column = neurons(X, np.ones((2, 1)), np.ones((1, 2)))
    lifted = column @ column.T
    assert paper_step(lifted) == pytest.approx(0.75 / float(column[:, 0] @ column[:, 0]))
    assert stable_step(lifted) == pytest.approx(0.4 / float(column[:, 0] @ column[:, 0]))
    for step, share in ((stable_step(lifted), 0.4), (paper_step(lifted), 0.75)):
        scale = 1 + 1e-3
        for iterations in range(8):
            ended = split(lifted, X, column * (1 + 1e-3), step=step, max_iterations=iterations)
            assert ended.factor == pytest.approx(scale * column, rel=1e-10, abs=1e-10)
            assert ended.errors.fit == pytest.approx(abs(scale**2 - 1), rel=1e-6)
            scale -= 2 * share * scale * (scale**2 - 1)
    assert split(lifted, X, column * (1 + 1e-3), step=stable_step(lifted)).errors.fit < 1e-10


@pytest.mark.parametrize("seed", [None, 0, 1])
@pytest.mark.parametrize("width", [3, 9, 14])
def test_the_start_is_the_best_of_its_rank(seed: int | None, width: int) -> None:
    root = np.random.default_rng(5).standard_normal((9, 7))
    lifted = root @ root.T
    factor = start(lifted, 3, width, seed)
    assert factor.shape == (9, width)
    assert np.all(factor[:6].sum(axis=0) >= 0)
    beyond = np.sort(np.linalg.eigvalsh(lifted))[::-1][width:]
    assert np.linalg.norm(factor @ factor.T - lifted) == pytest.approx(np.linalg.norm(beyond), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_stages_on_random_problems(seed: int) -> None:
    n, c, gamma = 6 + seed, 1 + seed % 3, 10.0 ** -(1 + seed % 2)
    X, Y = random_problem(seed, n, 2, c)
    lifted = solve_reduced(X, Y, gamma).lifted
    optimum = global_optimum_2d(X, Y, gamma)
    for width in (3, n, n * c + 1):
        result = round_to_network(lifted, X, Y, gamma, width=width)
        assert_consistent(result, X, Y, gamma, width)
        assert result.best.loss >= optimum.lower * (1 - 1e-9)
        assert result.iterations == 1000
        assert result.errors.linear < 1e-10
    paper = round_to_network(lifted, X, Y, gamma, width=n, seed=None, step="paper")
    assert_consistent(paper, X, Y, gamma, n)
    assert paper.best.loss >= optimum.lower * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_one_sample_reaches_the_optimum(seed: int) -> None:
    """The relaxation is tight, and its matrix one neuron."""
    X, Y = random_problem(seed, 1, 2, 3)
    result = round_to_network(solve_reduced(X, Y, 0.1).lifted, X, Y, 0.1, seed=seed)
    assert_consistent(result, X, Y, 0.1, 4)
    optimum = global_optimum_2d(X, Y, 0.1).lower
    assert result.stages[0].loss == pytest.approx(optimum, rel=1e-3)
    assert result.best.loss == pytest.approx(optimum, rel=1e-6)
    errors = result.errors
    assert max(errors.nonnegativity, errors.complementarity, errors.linear, errors.fit) < 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_one_input_reaches_the_optimum(seed: int) -> None:
    """With d = 1 there are two directions, and the relaxation is tight."""
    X, Y = random_problem(seed, 6, 1, 2)
    result = round_to_network(solve_reduced(X, Y, 0.1).lifted, X, Y, 0.1, seed=seed)
    assert_consistent(result, X, Y, 0.1, 13)
    assert result.best.loss == pytest.approx(global_optimum_2d(X, Y, 0.1).lower, rel=1e-6)


def test_both_orders_of_the_matrix_are_one() -> None:
    X, Y = random_problem(7, 4, 2, 1)
    lifted = solve_reduced(X, Y, 0.1).lifted
    short = round_to_network(lifted, X, Y, 0.1, max_iterations=20)
    long = round_to_network(extend(lifted, X), X, Y, 0.1, max_iterations=20)
    assert short.best.loss == pytest.approx(long.best.loss, rel=1e-6)
    assert short.errors.fit == pytest.approx(long.errors.fit, rel=1e-6)


def test_nothing_to_round() -> None:
    """No relaxed neurons, no network."""
    X, Y = random_problem(8, 4, 2, 2)
    result = round_to_network(np.zeros((8, 8)), X, Y, 0.1)
    assert_consistent(result, X, Y, 0.1, 9)
    assert result.best.hidden.shape == (2, 0)
    assert result.best.loss == pytest.approx(0.5 * float(np.sum(Y**2)))
    assert result.errors == FeasibilityErrors(0.0, 0.0, 0.0, 0.0)


def test_the_best_factor_by_hand() -> None:
    """F = 2 t against 3 with the penalty t / 2 is least where 4 t - 6 + 1/2 = 0."""
    stages = repair(np.ones((1, 1)), np.array([[3.0]]), 0.25, np.array([[4.0]]), np.array([[0.5]]))
    assert stages[0].loss == pytest.approx(0.5 + 0.125 * 16.25)
    factor = 5.5 / 4
    assert stages[1].loss == pytest.approx(0.5 * (2 * factor - 3) ** 2 + 0.5 * factor)
    assert stages[1].hidden == pytest.approx(np.sqrt(2 * factor))


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), scale=st.floats(1e-6, 1e6), m=st.integers(0, 12))
def test_any_network_is_repaired(seed: int, scale: float, m: int) -> None:
    X, Y = random_problem(seed, 8, 2, 2)
    rng = np.random.default_rng(seed)
    hidden, output = scale * rng.standard_normal((2, m)), rng.standard_normal((m, 2))
    stages = repair(X, Y, 0.1, hidden, output)
    assert all(b.loss <= a.loss * (1 + 1e-12) for a, b in itertools.pairwise(stages))
    assert stages[-1].loss >= global_optimum_2d(X, Y, 0.1).lower * (1 - 1e-9)


def test_time_limit() -> None:
    X, Y = random_problem(9, 6, 2, 1)
    lifted = solve_reduced(X, Y, 0.1).lifted
    # A look before each iteration: half of the limit is the splitting's, and the slide has the other.
    result = round_to_network(lifted, X, Y, 0.1, max_iterations=10**9, time_limit=100.0, clock=Ticking())
    assert result.iterations == 50
    assert_consistent(result, X, Y, 0.1, 7)


def test_malformed_input() -> None:
    X, Y = random_problem(10, 4, 2, 1)
    with pytest.raises(ValueError, match=r"n \+ d \+ c = 7"):
        round_to_network(np.eye(8), X, Y, 0.1)
    with pytest.raises(ValueError, match="finite"):
        round_to_network(np.full((7, 7), np.nan), X, Y, 0.1)
    with pytest.raises(ValueError, match="at least one neuron"):
        round_to_network(np.eye(7), X, Y, 0.1, width=0)
    with pytest.raises(ValueError, match="positive"):
        round_to_network(np.eye(7), X, Y, 0.0)


def test_the_splitting_ties_what_belongs_together_also_with_large_inputs() -> None:
    """Their products swamp the identity beside them, and the tie's own product is singular in floats."""
    X = 1e8 * np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-2.0, 1.0]])
    n, order = 4, 2 * 4 + 2 + 1
    factor = np.random.default_rng(0).normal(size=(order, 3))
    W = split(np.zeros((order, order)), X, factor, step=0.1, max_iterations=0).factor
    assert np.abs(W[:n] - W[n : 2 * n] - X @ W[2 * n : 2 * n + 2]).max() < 1e-6
