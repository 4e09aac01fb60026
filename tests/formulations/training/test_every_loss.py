"""Training with every loss: a fine grid of directions as the measure, and what a network promises."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.losses.loss import Loss, objective
from formulations.losses.reading import read_loss
from formulations.training.arcs import gauge_maxima_2d, global_optimum_2d
from formulations.training.column_generation import ColumnGeneration
from formulations.training.descent import descend
from formulations.training.masters.master import solve_master
from formulations.training.masters.output_layer import output_problem
from formulations.training.sgd import train_by_sgd
from formulations.training.train import train
from tests.formulations.losses.examples import KINKED, TEXTS, fitting_targets

BIASES = ("none", "free", "decayed")


def planar(text: str, seed: int = 0, n: int = 10, *, weighted: bool = False) -> tuple[Matrix, Loss]:
    """Two features, two outputs, and both classes among the targets."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    signal = np.column_stack([X[:, 0] + 0.3 * rng.normal(size=n), np.abs(X[:, 1]) - 0.6])
    weights = rng.uniform(0.5, 2, n) if weighted else None
    return X, read_loss(text, fitting_targets(text, signal), weights)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_reaches_the_optimum_of_a_grid_and_its_bound(text: str, weighted: bool) -> None:
    """No network over a grid of directions is better, and the exact gauge proves that none at all is."""
    X, loss = planar(text, weighted=weighted)
    output_bias = "free" if weighted else "none"
    generation = ColumnGeneration(X, loss, 0.1, output_bias=output_bias)
    assert generation.run(1) in {"stationary", "settled"}
    best = generation.best
    angles = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    grid = np.maximum(X @ np.vstack([np.cos(angles), np.sin(angles)]), 0)
    on_grid = solve_master(grid, loss, 0.1, output_bias=output_bias)
    size = abs(on_grid.value)
    assert best.loss <= on_grid.value + 1e-6 * size
    values, _ = gauge_maxima_2d(X, best.dual_point)
    gauge = float(values.max())
    assert gauge <= 0.1 * (1 + 1e-4)
    _, bound = loss.best_multiple(loss.into_domain(best.dual_point), 0.1 / gauge)
    assert best.loss - bound == pytest.approx(0, abs=2e-4 * size)
    assert bound <= on_grid.value + 1e-6 * size


@pytest.mark.parametrize("output_bias", BIASES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_network_is_what_it_says(text: str, output_bias: str) -> None:
    X, loss = planar(text, 1, weighted=True)
    result = train(X, loss, 0.2, output_bias=output_bias, restarts=1)
    b = result.output_bias if output_bias != "none" else np.zeros(2)
    value = loss.value(np.maximum(X @ result.hidden, 0) @ result.output + b)
    value += 0.1 * float(np.sum(result.hidden**2) + np.sum(result.output**2))
    if output_bias == "decayed":
        value += 0.1 * float(b @ b)
    assert result.loss == pytest.approx(value, rel=1e-9)
    assert np.linalg.norm(result.hidden, axis=0) == pytest.approx(np.linalg.norm(result.output, axis=1))


@pytest.mark.parametrize("output_bias", BIASES)
@pytest.mark.parametrize("text", [text for text in TEXTS if text != "squared"])
def test_the_best_output_layer_is_stationary(text: str, output_bias: str) -> None:
    X, loss = planar(text, 2, weighted=True)
    features = np.maximum(X @ np.random.default_rng(2).normal(size=(2, 3)), 0)
    problem = output_problem(loss, 0.3, output_bias, blur=0.2)
    smooth, layer = loss.smoothed(0.2), problem.solve(features)
    gradient = smooth.gradient(features @ layer.output + layer.bias)
    assert features.T @ gradient + 0.3 * layer.output == pytest.approx(np.zeros((3, 2)), abs=1e-4)
    if output_bias != "none":
        decay = 0.3 * layer.bias if output_bias == "decayed" else 0
        assert gradient.sum(axis=0) + decay == pytest.approx(np.zeros(2), abs=1e-4)
    assert layer.slopes == pytest.approx(gradient @ layer.output.T)
    again = problem.solve(features)
    assert again.value == pytest.approx(layer.value, rel=1e-9)


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "squared"])
def test_descent_descends(text: str) -> None:
    X, loss = planar(text, 3)
    hidden = np.random.default_rng(3).normal(size=(2, 4))
    blur = 0.1 if text in KINKED else 0.0
    result = descend(X, loss, 0.1, hidden, output_bias="decayed", blur=blur, max_iterations=30)
    assert result.losses[-1] < result.losses[0]
    problem = output_problem(loss, 0.1, "decayed", blur=blur)
    layer = problem.solve(np.maximum(X @ result.hidden, 0))
    assert layer.value + 0.05 * float(np.sum(result.hidden**2)) <= result.losses[-1] + 1e-7


def test_a_loss_that_falls_below_zero() -> None:
    """Poisson's is negative for large counts; what is small next to it is meant in size."""
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 2.0]])
    loss = read_loss("poisson", np.array([[20.0], [30.0], [40.0], [55.0]]))
    generation = ColumnGeneration(X, loss, 0.01)
    generation.run(1)
    losses = [point.loss for point in generation.curve]
    assert losses[-1] < -100
    assert all(later <= earlier + 1e-6 for earlier, later in itertools.pairwise(losses))
    assert generation.peak <= 1 + 1e-5


def test_a_run_is_deterministic() -> None:
    X, loss = planar("hinge", 4)
    first, second = (train(X, loss, 0.1, seed=3, restarts=1) for _ in range(2))
    assert np.array_equal(first.hidden, second.hidden)


@pytest.mark.parametrize("text", ["huber 1/2", "hinge", "cross-entropy", "multiclass-hinge", "poisson"])
def test_the_exact_planar_optimum(text: str) -> None:
    X, loss = planar(text, 5)
    optimum = global_optimum_2d(X, loss, 0.1, tolerance=1e-6)
    assert optimum.upper - optimum.lower <= 1e-5 * abs(optimum.upper)
    assert train(X, loss, 0.1, restarts=1).loss == pytest.approx(optimum.upper, rel=1e-5)


@pytest.mark.parametrize("text", ["hinge", "cross-entropy", "poisson"])
def test_stochastic_descent(text: str) -> None:
    pytest.importorskip("torch")
    X, loss = planar(text, 6)
    (run,) = train_by_sgd(X, loss, 0.1, width=8, epochs=300)
    value = objective(loss, X, 0.1, run.hidden, run.output)
    assert value < objective(loss, X, 0.1, np.zeros((2, 1)), np.zeros((1, 2)))
    assert value >= global_optimum_2d(X, loss, 0.1, tolerance=1e-6).lower - 1e-6
