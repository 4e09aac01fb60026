from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.losses.squared import SquaredLoss
from formulations.training.sgd import curvature, random_network, train_by_sgd

pytest.importorskip("torch")


def problem(seed: int, n: int = 5, d: int = 2, c: int = 2) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((n, c))


def gradient(
    X: Matrix, Y: Matrix, gamma: float, hidden: Matrix, output: Matrix, share: float
) -> tuple[Matrix, Matrix]:
    """The gradient of share * 1/2 |f(X) - Y|^2 + gamma/2 |weights|^2 by its formula."""
    before = X @ hidden
    residual = share * (np.maximum(before, 0) @ output - Y)
    return (
        X.T @ ((before > 0) * (residual @ output.T)) + gamma * hidden,
        np.maximum(before, 0).T @ residual + gamma * output,
    )


@given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_curvature_is_that_of_the_jacobian(seed: int, n: int, d: int, c: int) -> None:
    X, Y = problem(seed, n, d, c)
    hidden, output = random_network(d, 4, c, seed)
    weights = np.concatenate([hidden.ravel(), output.ravel()])

    def predict(weights: Matrix) -> Matrix:
        U, V = weights[: hidden.size].reshape(hidden.shape), weights[hidden.size :].reshape(output.shape)
        return np.asarray((np.maximum(X @ U, 0) @ V).ravel())

    step = 1e-6 * np.eye(len(weights))
    jacobian = np.array([(predict(weights + h) - predict(weights - h)) / 2e-6 for h in step])
    expected = np.linalg.norm(jacobian, 2) ** 2 + 0.25
    assert curvature(X, SquaredLoss(Y), hidden, output, 0.25) == pytest.approx(expected, rel=1e-5)


def test_one_step_of_the_full_batch_by_hand() -> None:
    X, Y = problem(3)
    (run,) = train_by_sgd(X, Y, 0.1, seeds=[7], width=4, epochs=1, learning_rate=0.01)
    hidden, output = random_network(2, 4, 2, 7)
    moved_hidden, moved_output = gradient(X, Y, 0.1, hidden, output, 1.0)
    np.testing.assert_allclose(run.hidden, hidden - 0.01 * moved_hidden, atol=1e-14)
    np.testing.assert_allclose(run.output, output - 0.01 * moved_output, atol=1e-14)


def test_an_epoch_of_batches_sees_every_sample_once() -> None:
    X, Y = problem(4, n=3)
    (run,) = train_by_sgd(X, Y, 0.1, seeds=[5], width=3, epochs=1, batch_size=1, learning_rate=0.01)
    errors = []
    for order in permutations(range(3)):
        hidden, output = random_network(2, 3, 2, 5)
        for i in order:
            moved = gradient(X[[i]], Y[[i]], 0.1, hidden, output, 3.0)
            hidden, output = hidden - 0.01 * moved[0], output - 0.01 * moved[1]
        errors.append(max(np.abs(run.hidden - hidden).max(), np.abs(run.output - output).max()))
    assert sum(error < 1e-13 for error in errors) == 1


def test_a_run_does_not_depend_on_those_beside_it() -> None:
    X, Y = problem(1)
    together = train_by_sgd(X, Y, 0.1, seeds=[0, 1], width=4, epochs=30, batch_size=2, learning_rate=0.01)
    alone = train_by_sgd(X, Y, 0.1, seeds=[1], width=4, epochs=30, batch_size=2, learning_rate=0.01)
    assert [run.seed for run in together] == [0, 1]
    np.testing.assert_allclose(together[1].hidden, alone[0].hidden, rtol=1e-9)
    assert not np.allclose(together[0].hidden, together[1].hidden)


@pytest.mark.parametrize("batch_size", [None, 1])
def test_a_single_sample_is_fitted_optimally(batch_size: int | None) -> None:
    # p* = min_t 1/2 (t - 1)^2 + 0.1 t = 0.095.
    X = Y = np.array([[1.0]])
    for run in train_by_sgd(X, Y, 0.1, seeds=[0, 1], width=8, epochs=1500, batch_size=batch_size):
        fit = float(np.maximum(run.hidden, 0.0)[0] @ run.output[:, 0])
        loss = (fit - 1) ** 2 / 2 + 0.05 * float(np.sum(run.hidden**2) + np.sum(run.output**2))
        assert loss == pytest.approx(0.095, rel=1e-4)


def test_a_step_that_is_too_long_is_halved_unless_it_was_given() -> None:
    X, Y = 1e3 * problem(2)[0], problem(2)[1]
    (run,) = train_by_sgd(X, Y, 0.1, width=4, epochs=200, momentum=0.9)
    assert np.isfinite(run.hidden).all()
    with pytest.raises(ValueError, match=r"learning rate of 10 .* give a smaller one"):
        train_by_sgd(X, Y, 0.1, width=4, epochs=200, learning_rate=10.0)


def test_one_network_that_runs_off_is_enough_for_a_shorter_step(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = problem(2)
    weights = {0: 1.0, 1: 1e200}  # the second network's loss is no number from the first step on

    def start(d: int, width: int, c: int, seed: int) -> tuple[Matrix, Matrix]:
        return weights[seed] * np.ones((d, width)), np.ones((width, c))

    monkeypatch.setattr("formulations.training.sgd.random_network", start)
    with pytest.raises(ValueError, match="run off to infinity"):
        train_by_sgd(X, Y, 0.1, seeds=[0, 1], width=4, epochs=20, learning_rate=0.01)


def test_stopping_keeps_the_networks_so_far() -> None:
    X, Y = problem(6)
    (run,) = train_by_sgd(X, Y, 0.1, width=4, epochs=50, should_stop=lambda: True)
    assert run.epochs == 0
    np.testing.assert_array_equal(run.hidden, random_network(2, 4, 2, 0)[0])


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"epochs": 0}, {"batch_size": 0}, {"momentum": 1.0}, {"learning_rate": 0.0}]
)
def test_numbers_that_mean_nothing(wrong: dict[str, int]) -> None:
    X, Y = problem(0)
    with pytest.raises(ValueError, match="has to be"):
        train_by_sgd(X, Y, 0.1, **wrong)  # type: ignore[arg-type]
