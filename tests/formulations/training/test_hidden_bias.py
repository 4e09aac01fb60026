"""Free hidden biases in training: coordinates, what the oracle draws, and the optimum on grids."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.training.hidden_bias import HiddenBias, NeuronSpace
from formulations.training.train import TrainingResult, train


def outputs(result: TrainingResult, X: Matrix) -> Matrix:
    """Return f(X)."""
    activations = np.maximum(X @ result.hidden[:-1] + result.hidden[-1], 0.0)
    return np.asarray(activations @ result.output + result.output_bias)


def objective(result: TrainingResult, X: Matrix, Y: Matrix, gamma: float) -> float:
    """Return the objective without a penalty of any bias."""
    fit = 0.5 * float(np.sum((outputs(result, X) - Y) ** 2))
    return fit + gamma / 2 * float(np.sum(result.hidden[:-1] ** 2) + np.sum(result.output**2))


def on_grid(X: Matrix, Y: Matrix, gamma: float, directions: Matrix) -> float:
    """Return the optimum over neurons with given weights, d x k, and kinks at the samples.

    Between two kinks a neuron is a sum of those at both with as much penalty, so that on a line nothing else
    is needed.
    """
    products = X @ directions
    A = np.hstack([np.maximum(products - products[k], 0) for k in range(len(X))])
    v, b = cp.Variable((A.shape[1], Y.shape[1])), cp.Variable((1, Y.shape[1]))
    fit = 0.5 * cp.sum_squares(A @ v + np.ones((len(X), 1)) @ b - Y)  # type: ignore[attr-defined]
    penalty = cp.sum(cp.norm(v, axis=1))  # type: ignore[attr-defined]
    problem = cp.Problem(cp.Minimize(fit + gamma * penalty))
    problem.solve(solver="CLARABEL")  # type: ignore[no-untyped-call]
    return float(problem.value)


def test_coordinates_there_and_back() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(9, 3)) + 50
    bias, weights = HiddenBias.of(X), rng.normal(size=(4, 5))
    assert bias.weights(bias.directions(weights)) == pytest.approx(weights)
    assert bias.inputs(X) @ bias.directions(weights) == pytest.approx(X @ weights[:-1] + weights[-1])
    # What the penalty counts of a bias at a sample is a millionth at most.
    at_sample = np.vstack([weights[:-1], -X[4] @ weights[:-1]])
    counted = bias.directions(at_sample)[-1] ** 2
    assert np.all(counted <= 1e-6 * np.sum(weights[:-1] ** 2, axis=0))


def test_equal_samples_have_no_scale() -> None:
    bias = HiddenBias.of(np.ones((3, 2)))
    assert bias.scale == 1.0
    result = train(np.ones((3, 2)), np.array([[0.0], [1.0], [5.0]]), 0.1, output_bias="all-free")
    assert not len(result.output)
    assert result.output_bias == pytest.approx([2.0])


def test_what_is_drawn_bends_on_the_data() -> None:
    rng = np.random.default_rng(1)
    X, N = rng.normal(size=(12, 2)) + 1000, rng.normal(size=(12, 1))
    space = NeuronSpace.of(X, "all-free")
    for drawn in (space.oracle.draw_gaussian(100, rng), space.oracle.draw_starts(N - N.mean(), 100, rng)):
        assert np.linalg.norm(drawn, axis=0) == pytest.approx(1)
        before = space.inputs @ drawn
        bends = np.any(before > 1e-6, axis=0) & np.any(before < -1e-6, axis=0)
        assert np.mean(bends) > 0.7


@pytest.mark.parametrize("seed", range(3))
def test_on_a_line_it_is_the_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, Y, gamma = rng.normal(size=(9, 1)) + 3, rng.normal(size=(9, 2)), 0.2
    result = train(X, Y, gamma, output_bias="all-free")
    optimum = on_grid(X, Y, gamma, np.array([[1.0, -1.0]]))
    assert objective(result, X, Y, gamma) == pytest.approx(optimum, rel=1e-6)
    assert result.loss == pytest.approx(optimum, rel=2e-6)


@pytest.mark.parametrize("seed", range(2))
def test_in_the_plane_no_grid_is_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, Y, gamma = rng.normal(size=(8, 2)), rng.normal(size=(8, 1)), 0.2
    result = train(X, Y, gamma, output_bias="all-free")
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    optimum = on_grid(X, Y, gamma, np.vstack([np.cos(angles), np.sin(angles)]))
    assert optimum * (1 - 0.01) < objective(result, X, Y, gamma) < optimum * (1 + 1e-6)


def test_neurons_are_balanced() -> None:
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(8, 2)) + 5, rng.normal(size=(8, 1))
    result = train(X, Y, 0.1, output_bias="all-free")
    assert np.linalg.norm(result.hidden[:-1], axis=0) == pytest.approx(np.linalg.norm(result.output, axis=1))
