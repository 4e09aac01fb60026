"""SDP-NN with every loss against training, optima by hand, its dual's conditions and the squared loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.losses.loss import Loss
from formulations.losses.reading import read_loss
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.conic.reduced_losses import solve_reduced_loss
from formulations.sdp.multipliers import relaxation_form
from formulations.training.train import train
from tests.formulations.losses.examples import TEXTS, drawn, fitting_targets


def inputs(seed: int, n: int, d: int = 2) -> Matrix:
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_exact_for_two_samples(text: str, weighted: bool) -> None:
    """Where the relaxation is exact its value is what training reaches."""
    loss = drawn(text, 3, n=2, weighted=weighted)
    X, gamma = inputs(3, 2), 0.2
    solution = solve_reduced_loss(X, loss, gamma)
    assert solution.value == pytest.approx(train(X, loss, gamma).loss, rel=1e-4)
    assert solution.dual_value == pytest.approx(solution.value, rel=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_bounds_networks_and_its_multipliers_prove_it(text: str) -> None:
    n, gamma = 6, 0.1
    loss, X = drawn(text, 5, n=n, weighted=True), inputs(6, n)
    solution = solve_reduced_loss(X, loss, gamma)
    reached = train(X, loss, gamma, restarts=1).loss
    assert solution.value <= reached + 1e-5 * abs(reached)
    assert solution.dual_value == pytest.approx(solution.value, rel=1e-5)
    form = relaxation_form(X, solution.dual_point, gamma**2, solution.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -1e-4 * gamma**2
    for signed in ("alpha_alpha", "alpha_beta", "beta_beta"):
        assert (getattr(solution.multipliers, signed) >= 0).all()
    assert np.linalg.eigvalsh(solution.lifted)[0] >= -1e-6 * np.trace(solution.lifted)


@pytest.mark.parametrize("text", TEXTS)
def test_weights_are_repeated_samples(text: str) -> None:
    X, counts = inputs(2, 4), np.array([1, 3, 2, 1])
    targets = fitting_targets(text, inputs(9, 4))
    weighted = solve_reduced_loss(X, read_loss(text, targets, counts.astype(np.float64)), 0.2)
    rows = np.repeat(np.arange(4), counts)
    repeated = solve_reduced_loss(X[rows], read_loss(text, targets[rows]), 0.2)
    assert weighted.value == pytest.approx(repeated.value, rel=1e-5)


def test_absolute_loss_by_hand() -> None:
    """min over z of |z - 2| + |z| gamma / |x| with |x| = 5: z = 2 while gamma is below 5, and 0 beyond."""
    X = np.array([[3.0, 4.0]])
    loss = read_loss("absolute", np.array([[2.0]]))
    assert solve_reduced_loss(X, loss, 1.0).value == pytest.approx(2 / 5, rel=1e-6)
    strong = solve_reduced_loss(X, loss, 8.0)
    assert strong.value == pytest.approx(2.0, rel=1e-6)
    assert strong.dual_point == pytest.approx(np.array([[1.0]]), abs=1e-5)


def test_logistic_loss_by_hand() -> None:
    """min over z of log(1 + exp(-z)) + gamma z / |x|: the best z has 1 / (1 + exp z) = gamma / |x|."""
    solution = solve_reduced_loss(np.array([[3.0, 4.0]]), read_loss("logistic", np.ones((1, 1))), 1.0)
    assert solution.dual_point == pytest.approx(np.array([[0.2]]), abs=1e-5)
    assert solution.value == pytest.approx(np.log(1.25) + np.log(4) / 5, rel=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 2))
def test_the_squared_loss_as_its_own_solver_has_it(seed: int, gamma: float) -> None:
    X, loss = inputs(seed, 5), drawn("squared", seed)
    own, general = solve_reduced(X, loss.targets, gamma), solve_reduced_loss(X, loss, gamma)
    assert general.value == pytest.approx(own.value, rel=1e-5)
    assert general.dual_value == pytest.approx(own.value, rel=1e-5)


@pytest.mark.parametrize("text", ["huber 1/2", "multiclass-hinge", "cross-entropy", "poisson"])
def test_zero_and_parallel_inputs(text: str) -> None:
    """Zero rows cost what no prediction costs, and rows on one line are one direction."""
    loss = drawn(text, 1)
    X = np.array([[1.0, 2.0], [0.0, 0.0], [2.0, 4.0], [-1.0, -2.0], [0.5, -1.0]])
    solution = solve_reduced_loss(X, loss, 0.2)
    others = np.array([0, 2, 3, 4])
    alone = solve_reduced_loss(X[others], loss.rows(others), 0.2)
    blind = loss.rows(np.array([1])).value(np.zeros((1, 2)))
    assert solution.value == pytest.approx(alone.value + blind, rel=1e-5)
    assert solution.dual_value == pytest.approx(solution.value, rel=1e-5)
    assert solution.value <= train(X, loss, 0.2).loss * (1 + 1e-5)

    nothing = solve_reduced_loss(np.zeros((5, 2)), loss, 0.2)
    assert nothing.value == pytest.approx(loss.value(np.zeros((5, 2))))
    assert nothing.dual_value == pytest.approx(nothing.value)
    assert (nothing.solver, nothing.lifted.shape) == ("none", (9, 9))


def test_scs_reaches_some_digits() -> None:
    loss: Loss = drawn("logistic", 1, n=3)
    X = inputs(1, 3)
    crude = solve_reduced_loss(X, loss, 0.5, solver="scs")
    assert crude.solver == "scs"
    assert crude.value == pytest.approx(solve_reduced_loss(X, loss, 0.5).value, rel=1e-2)


def test_malformed_problems_and_unknown_solvers() -> None:
    loss = read_loss("hinge", np.ones((1, 1)))
    with pytest.raises(ValueError, match="gamma is -1"):
        solve_reduced_loss(np.ones((1, 1)), loss, -1.0)
    with pytest.raises(ValueError, match="'gurobi' is not"):
        solve_reduced_loss(np.ones((1, 1)), loss, 1.0, solver="gurobi")
