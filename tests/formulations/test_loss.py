"""The squared loss in floats: worked cases, and Fenchel and Young."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.loss import Loss, SquaredLoss, objective

LOSSES = [SquaredLoss]


def drawn(seed: int, kind: type[SquaredLoss]) -> tuple[Loss, Matrix, np.random.Generator]:
    """Return a loss of five samples with two outputs, predictions, and what else is to be drawn from."""
    rng = np.random.default_rng(seed)
    return kind(rng.normal(size=(5, 2))), rng.normal(size=(5, 2)), rng


def test_dual_value_by_hand() -> None:
    assert SquaredLoss(np.array([[3.0, -1.0]])).dual_value(np.array([[1.0, 2.0]])) == 3 - 2 - 2.5


def test_multiple_by_hand() -> None:
    loss = SquaredLoss(np.array([[3.0]]))
    assert loss.best_multiple(np.array([[2.0]]), np.inf) == (1.5, 4.5)
    assert loss.best_multiple(np.array([[2.0]]), 0.5) == (0.5, 2.5)
    assert loss.best_multiple(np.array([[-2.0]]), 1.0) == (0.0, 0.0)
    assert loss.best_multiple(np.zeros((1, 1)), np.inf) == (0.0, 0.0)


@pytest.mark.parametrize("kind", LOSSES)
@given(seed=st.integers(0, 10**6))
def test_duality(kind: type[SquaredLoss], seed: int) -> None:
    """l(z) >= b(nu) - nu . z, with equality where nu is minus the gradient."""
    loss, Z, rng = drawn(seed, kind)
    N = rng.normal(size=(5, 2))
    assert loss.value(Z) >= loss.dual_value(N) - float(np.sum(N * Z)) - 1e-9
    N = -loss.gradient(Z)
    assert loss.value(Z) == pytest.approx(loss.dual_value(N) - float(np.sum(N * Z)))


@pytest.mark.parametrize("kind", LOSSES)
@given(seed=st.integers(0, 10**6))
def test_derivatives(kind: type[SquaredLoss], seed: int) -> None:
    loss, Z, rng = drawn(seed, kind)
    step = 1e-4 * rng.normal(size=(5, 2))
    change = loss.value(Z + step) - loss.value(Z - step)
    assert change == pytest.approx(2 * float(np.sum(loss.gradient(Z) * step)), rel=1e-6, abs=1e-12)
    bent = float(np.sum((loss.gradient(Z + step) - loss.gradient(Z - step)) * step)) / 2
    assert bent <= float(np.sum(loss.curvature(Z) * step**2)) * (1 + 1e-6)


@pytest.mark.parametrize("kind", LOSSES)
@given(seed=st.integers(0, 10**6))
def test_best_multiple_is_best(kind: type[SquaredLoss], seed: int) -> None:
    loss, N, rng = drawn(seed, kind)
    t, value = loss.best_multiple(N, 2.0)
    assert 0 <= t <= 2
    assert value == pytest.approx(loss.dual_value(t * N))
    assert value >= loss.dual_value(rng.uniform(0, 2) * N) - 1e-12


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("m", [0, 2, 9])
def test_best_output_is_stationary(kind: type[SquaredLoss], m: int) -> None:
    loss, _, rng = drawn(0, kind)
    features = rng.normal(size=(5, m))
    V = loss.best_output(features, 0.3)
    assert features.T @ loss.gradient(features @ V) + 0.3 * V == pytest.approx(np.zeros((m, 2)), abs=1e-9)


def test_rows_add_up() -> None:
    loss, Z, _ = drawn(1, SquaredLoss)
    halves = [np.array([0, 3]), np.array([4, 1, 2])]
    assert sum(loss.rows(half).value(Z[half]) for half in halves) == pytest.approx(loss.value(Z))


def test_objective_by_hand() -> None:
    """1/2 (2 * 1 * 3 - 5)^2 + 1/2 * 0.5 * (1 + 9)."""
    loss = SquaredLoss(np.array([[5.0]]))
    assert objective(loss, np.array([[2.0]]), 0.5, np.array([[1.0]]), np.array([[3.0]])) == 0.5 + 2.5
