"""The smallest subgradient at kinks of losses and of ReLUs, by hand and against a solver of boxes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from certify.checker.problems.training import TrainingProblem
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.gaps.stationarity import Subgradient, smallest_subgradient
from certify.networks.network import ReLUNetwork
from formulations.arrays import Matrix

F = Fraction


def subgradient(
    loss: str, X: Any, Y: Any, gamma: Fraction, hidden: Any, output: Any, **arguments: Any
) -> Subgradient:
    exact = [[F(x) for x in row] for row in X], [[F(y) for y in row] for row in Y]
    problem = TrainingProblem.from_rationals(*exact, gamma, loss, **arguments)
    given = FloatNetwork.of(ReLUNetwork.from_floats(hidden, output), problem.d, problem.c)
    return smallest_subgradient(Arrays.of(problem), given)


@pytest.mark.parametrize(
    ("loss", "target", "prediction"),
    [
        ("absolute", 2, 2.0),
        ("quantile 1/4", 2, 2.0),
        ("epsilon-insensitive 1/2", 2, 1.5),
        ("hinge", 1, 1.0),
    ],
)
def test_the_optimum_of_one_sample_is_at_the_kink(loss: str, target: int, prediction: float) -> None:
    # What the weight decay of u = v = sqrt(z) pulls with is gamma, which the derivative there can balance.
    root = prediction**0.5
    found = subgradient(loss, [[1]], [[target]], F(1, 10), [[root]], [[root]])
    assert found.size == pytest.approx(0, abs=1e-6)
    assert found.dual_point == pytest.approx(np.array([[0.1]]), abs=1e-6)


def test_a_kink_that_cannot_balance() -> None:
    # A derivative of at most 1 against 3 u.
    found = subgradient("absolute", [[1]], [[2]], F(3), [[2**0.5]], [[2**0.5]])
    assert found.dual_point == pytest.approx(np.array([[1.0]]))
    assert found.size == pytest.approx(2 / 3)


def test_a_weight_widens_the_kink() -> None:
    found = subgradient("absolute", [[1]], [[2]], F(3), [[2**0.5]], [[2**0.5]], weights=[F(4)])
    assert found.size == pytest.approx(0, abs=1e-6)
    assert found.dual_point == pytest.approx(np.array([[3.0]]), abs=1e-5)


def test_away_from_kinks_there_is_no_choice() -> None:
    found = subgradient("absolute", [[1]], [[2]], F(1, 10), [[1.0]], [[1.0]])
    assert found.dual_point == pytest.approx(np.array([[1.0]]))
    assert found.size == pytest.approx(9)


def test_several_classes_that_are_as_far_ahead() -> None:
    # z = (2/3, -1/3, -1/3) has the margin 1; its nuclear norm is |z|, whose gradient is z / |z|.
    z = np.array([2.0, -1.0, -1.0]) / 3
    size = float(np.linalg.norm(z))
    found = subgradient(
        "multiclass-hinge", [[1]], [[1, 0, 0]], F(1, 10), [[size**0.5]], [(z / size**0.5).tolist()]
    )
    assert found.size == pytest.approx(0, abs=1e-4)
    assert found.dual_point == pytest.approx(0.1 * z[None] / size, abs=1e-4)
    assert found.dual_point.sum() == pytest.approx(0, abs=1e-12)


def test_a_kink_of_the_loss_on_a_kink_of_a_neuron() -> None:
    # The first sample fits and is balanced; the second is on both kinks, and is pulled nowhere.
    root = 2**0.5
    found = subgradient("absolute", [[1, 0], [0, 1]], [[2], [0]], F(1, 10), [[root], [0.0]], [[root]])
    assert found.size == pytest.approx(0, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["absolute", "quantile 1/3", "hinge", "epsilon-insensitive 1/4"]),
    st.sampled_from(["none", "free", "decayed"]),
)
def test_the_derivatives_are_those_of_a_solver_of_boxes(seed: int, loss: str, output_bias: str) -> None:
    rng = np.random.default_rng(seed)
    n, d, m, c = 6, 2, 3, 1
    X = rng.integers(-3, 4, (n, d)).astype(float) + 0.5
    hidden, output = rng.integers(-4, 5, (d, m)) / 4, rng.integers(-4, 5, (m, c)) / 4
    Z = np.maximum(X @ hidden, 0) @ output
    fits = rng.random((n, c)) < 0.6
    if loss == "hinge":
        # The scale of each sample puts it on its margin, or off it.
        Y = np.where(Z >= 0, 1.0, -1.0)
    else:
        Y = np.where(fits, Z + (0.25 if loss.startswith("eps") else 0), Z + 3)
    problem = TrainingProblem.from_rationals(
        [[F(x) for x in row] for row in X],
        [[F(y) for y in row] for row in Y],
        F(1, 4),
        loss,
        output_bias=output_bias,
    )
    arrays = Arrays.of(problem)
    network = FloatNetwork.of(ReLUNetwork.from_floats(hidden, output), d, c)
    found = smallest_subgradient(arrays, network)

    low, high = (-arrays.loss.gradient(Z + sign * 1e-9) for sign in (1, -1))
    active = (X @ hidden > 0).astype(float)
    pull = 0.25 * np.sqrt(np.sum(hidden**2) + np.sum(output**2))
    gradients = [
        _gradient(X, hidden, output, active, unit[:, None], output_bias) for unit in (np.zeros(n), *np.eye(n))
    ]
    base, columns = gradients[0], np.array(gradients[1:]).T - gradients[0][:, None]
    at = lsq_linear(columns, -base, (low[:, 0] - 1e-12, high[:, 0] + 1e-12)).x
    least = float(np.linalg.norm(base + columns @ at))
    if pull > 0:
        # Neurons on kinks have slopes of their own, which make it smaller.
        assert found.size <= least / pull + 1e-6
        if not np.any(X @ hidden == 0):
            assert found.size == pytest.approx(least / pull, abs=1e-6)


def _gradient(
    X: Matrix, hidden: Matrix, output: Matrix, active: Matrix, N: Matrix, output_bias: str
) -> Matrix:
    on_output = output / 4 - np.maximum(X @ hidden, 0).T @ N
    on_hidden = hidden / 4 - X.T @ (active * (N @ output.T))
    on_bias = -N.sum(axis=0) if output_bias != "none" else np.zeros(1)
    return np.concatenate([on_output.ravel(), on_hidden.ravel(), on_bias])
