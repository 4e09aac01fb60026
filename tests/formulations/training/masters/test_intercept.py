"""Eliminating the output bias leaves its best value's loss, also while networks are trained."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix, Vector
from formulations.losses.squared import SquaredLoss
from formulations.training.descent import _eliminate_output, descend
from formulations.training.masters.intercept import Intercept
from formulations.training.masters.output_layer import output_problem
from formulations.training.train import train


def objective(
    X: Matrix, Y: Matrix, gamma: float, price: float, layers: tuple[Matrix, Matrix, Vector]
) -> float:
    hidden, output, b = layers
    residual = np.maximum(X @ hidden, 0.0) @ output + b - Y
    decay = gamma * float(np.sum(hidden**2) + np.sum(output**2)) + price * float(b @ b)
    return (float(np.sum(residual**2)) + decay) / 2


@pytest.mark.parametrize(("output_bias", "price"), [("none", 0.0), ("free", 0.0), ("decayed", 0.3)])
def test_the_loss_is_that_of_the_best_bias(output_bias: str, price: float) -> None:
    residual = np.random.default_rng(0).normal(size=(7, 3))
    intercept = Intercept.of(output_bias, 7, 0.3)
    b = intercept.best(-residual) if output_bias != "none" else np.zeros(3)
    left = np.sum((residual - b) ** 2) + price * np.sum(b**2)
    mixed = intercept.apply(residual)
    assert np.sum(mixed**2) == pytest.approx(left)
    # A second Q gives the residual of the best bias, the dual point.
    assert intercept.apply(mixed) == pytest.approx(residual - b)
    for other in (b + 0.1, b - 0.1):
        if output_bias != "none":
            assert np.sum((residual - other) ** 2) + price * np.sum(other**2) > left


@pytest.mark.parametrize("gamma", [1e-60, 1e-9, 1.0, 1e9, 1e60])
def test_the_square_of_q(gamma: float) -> None:
    """Q 1 = sqrt(gamma / (n + gamma)) 1, and where Q takes off little that is exact."""
    intercept = Intercept.of("decayed", 4, gamma)
    assert intercept.apply(np.ones((4, 1))) == pytest.approx(
        np.full((4, 1), np.sqrt(gamma / (4 + gamma))), rel=1e-9, abs=1e-15
    )
    kappa = intercept.kappa
    assert 2 * kappa - 4 * kappa**2 == pytest.approx(1 / intercept.damping, rel=1e-12, abs=0)


def test_none_is_nothing() -> None:
    columns = np.ones((3, 2))
    assert Intercept.of("none", 3, 1.0).apply(columns) is columns
    assert Intercept.of("none", 3, 1.0).best(columns).shape == (0,)


def test_unknown() -> None:
    with pytest.raises(ValueError, match="none, free or decayed"):
        train(np.ones((3, 1)), np.ones((3, 1)), 1.0, output_bias="maybe")


@given(seed=st.integers(0, 10**6), output_bias=st.sampled_from(["free", "decayed"]), m=st.integers(1, 6))
def test_descent_keeps_its_books(seed: int, output_bias: str, m: int) -> None:
    rng = np.random.default_rng(seed)
    X, Y, hidden = rng.normal(size=(9, 2)), rng.normal(size=(9, 2)) + 3, rng.normal(size=(2, m))
    price = 0.1 if output_bias == "decayed" else 0.0
    intercept = Intercept.of(output_bias, 9, 0.1)
    result = descend(X, SquaredLoss(Y), 0.1, hidden, output_bias=output_bias, max_iterations=40)
    b = intercept.best(np.maximum(X @ result.hidden, 0.0) @ result.output - Y)
    assert objective(X, Y, 0.1, price, (result.hidden, result.output, b)) <= result.losses[-1] * (1 + 1e-12)
    assert result.losses[-1] <= result.losses[0]


@pytest.mark.parametrize("output_bias", ["none", "free", "decayed"])
def test_the_gradient_is_that_of_the_loss(output_bias: str) -> None:
    rng = np.random.default_rng(3)
    X, Y, hidden = rng.normal(size=(8, 3)), 3 + rng.normal(size=(8, 2)), rng.normal(size=(3, 2))
    problem = output_problem(SquaredLoss(Y), 0.1, output_bias)
    gradient = _eliminate_output(X, problem, 0.1, hidden).gradient
    for k, j in np.ndindex(3, 2):
        ahead, behind = hidden.copy(), hidden.copy()
        ahead[k, j] += 1e-5
        behind[k, j] -= 1e-5
        losses = [_eliminate_output(X, problem, 0.1, moved).loss for moved in (ahead, behind)]
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx(gradient[k, j], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("output_bias", ["free", "decayed"])
def test_training_keeps_its_books(output_bias: str) -> None:
    rng = np.random.default_rng(4)
    X, Y = rng.normal(size=(14, 2)), rng.normal(size=(14, 2)) + np.array([5.0, -2.0])
    price = 0.2 if output_bias == "decayed" else 0.0
    result = train(X, Y, 0.2, output_bias=output_bias)
    layers = result.hidden, result.output, result.output_bias
    assert objective(X, Y, 0.2, price, layers) == pytest.approx(result.loss, rel=1e-10)
    assert result.loss < train(X, Y, 0.2).loss
    if output_bias == "free":
        # Whatever is added to the targets is the bias's.
        shifted = train(X, Y + 7, 0.2, output_bias="free")
        assert shifted.loss == pytest.approx(result.loss, rel=1e-8)
        assert shifted.output_bias == pytest.approx(result.output_bias + 7, rel=1e-4)
