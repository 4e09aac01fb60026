"""Local descent with the output weights eliminated."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.losses.squared import SquaredLoss
from formulations.training.descent import descend


def random_network(seed: int, n: int, d: int, c: int, m: int) -> tuple[Matrix, Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((n, c)), rng.standard_normal((d, m))


def objective(X: Matrix, Y: Matrix, gamma: float, hidden: Matrix, output: Matrix) -> float:
    squares = float(np.sum(hidden**2)) + float(np.sum(output**2))
    return 0.5 * float(np.sum((np.maximum(X @ hidden, 0.0) @ output - Y) ** 2)) + gamma / 2 * squares


def test_one_neuron_by_hand() -> None:
    """On one sample, 1/2 (2 u v - 3)^2 + 1/2 (u^2 + v^2) with u = v: 4 u^2 = 5, the value 1.375."""
    result = descend(np.array([[2.0]]), SquaredLoss(np.array([[3.0]])), 1.0, np.array([[0.7]]))
    assert result.losses[-1] == pytest.approx(1.375)
    assert result.hidden == pytest.approx(np.array([[np.sqrt(1.25)]]), rel=1e-4)
    assert result.output == pytest.approx(np.array([[np.sqrt(1.25)]]), rel=1e-4)


def test_nothing_is_below_zero() -> None:
    result = descend(np.array([[2.0]]), SquaredLoss(np.array([[0.0]])), 1.0, np.array([[0.0]]))
    assert result.losses == (0.0,)


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    d=st.integers(1, 4),
    c=st.integers(1, 3),
    m=st.integers(1, 20),
)
def test_descends_and_keeps_its_books(seed: int, n: int, d: int, c: int, m: int) -> None:
    X, Y, hidden = random_network(seed, n, d, c, m)
    result = descend(X, SquaredLoss(Y), 0.1, hidden, max_iterations=30)
    assert result.losses[0] <= objective(X, Y, 0.1, hidden, np.zeros((m, c)))
    assert all(b <= a * (1 + 1e-12) for a, b in itertools.pairwise(result.losses))
    assert objective(X, Y, 0.1, result.hidden, result.output) <= result.losses[-1] * (1 + 1e-12)
    features = np.maximum(X @ result.hidden, 0.0)
    ridge = features.T @ (features @ result.output - Y) + 0.1 * result.output
    assert ridge == pytest.approx(0, abs=1e-9 * float(np.linalg.norm(features) ** 2 + 1))


def test_ends_at_a_stationary_point() -> None:
    """All samples active, so that no kink is in the way."""
    rng = np.random.default_rng(3)
    X, Y = 1 + rng.random((8, 3)), 1 + rng.random((8, 2))
    result = descend(X, SquaredLoss(Y), 0.1, np.abs(rng.standard_normal((3, 2))), max_iterations=2000)
    residual = np.maximum(X @ result.hidden, 0.0) @ result.output - Y
    gradient = X.T @ ((X @ result.hidden > 0) * (residual @ result.output.T)) + 0.1 * result.hidden
    assert gradient == pytest.approx(0, abs=1e-4)


def test_kinks_are_kept() -> None:
    X, Y, hidden = random_network(4, 15, 4, 2, 3)
    kinks = (np.array([2]), np.zeros(0, dtype=np.intp), np.array([0, 7]))
    for j, rows in enumerate(kinks):
        hidden[:, j] -= np.linalg.pinv(X[rows]) @ X[rows] @ hidden[:, j]
    result = descend(X, SquaredLoss(Y), 0.1, hidden, kinks=kinks)
    assert result.losses[-1] < 0.99 * result.losses[0]
    for j, rows in enumerate(kinks):
        assert X[rows] @ result.hidden[:, j] == pytest.approx(0, abs=1e-12)
    free = descend(X, SquaredLoss(Y), 0.1, hidden)
    assert np.abs(X[2] @ free.hidden[:, 0]) > 1e-6


def test_scales_of_the_columns_do_not_slow_it_down() -> None:
    """With a tiny penalty the problem is the same in any units, and so must the descent be."""
    X, Y, hidden = random_network(5, 30, 3, 2, 6)
    units = np.array([1e-3, 1.0, 1e3])
    plain = descend(X, SquaredLoss(Y), 1e-9, hidden, max_iterations=60)
    scaled = descend(X * units, SquaredLoss(Y), 1e-9, hidden / units[:, None], max_iterations=60)
    assert scaled.losses[0] == pytest.approx(plain.losses[0], rel=1e-3)
    assert scaled.losses[-1] <= 1.1 * plain.losses[-1]


def test_tiny_penalty_on_long_inputs() -> None:
    """The penalty drowns in the rounding of the Gram matrix."""
    X, Y, hidden = random_network(6, 5, 2, 1, 30)
    assert np.isfinite(descend(1e8 * X, SquaredLoss(Y), 1e-12, hidden, max_iterations=5).losses[-1])


def test_stops_when_asked() -> None:
    X, Y, hidden = random_network(7, 10, 3, 2, 4)
    result = descend(X, SquaredLoss(Y), 0.1, hidden, should_stop=lambda: True)
    assert result.hidden is hidden
    assert len(result.losses) == 1


def test_no_neurons() -> None:
    X, Y, _ = random_network(8, 5, 3, 2, 1)
    result = descend(X, SquaredLoss(Y), 0.1, np.zeros((3, 0)))
    assert result.output.shape == (0, 2)
    assert result.losses == pytest.approx((0.5 * float(np.sum(Y**2)),))


def test_ends_where_too_little_is_gained() -> None:
    X, Y, hidden = random_network(9, 30, 3, 2, 8)
    full = descend(X, SquaredLoss(Y), 0.1, hidden)
    early = descend(X, SquaredLoss(Y), 0.1, hidden, least_gain=1e-3 * full.losses[0])
    assert 10 < len(early.losses) < len(full.losses)
    assert early.losses == full.losses[: len(early.losses)]
    assert early.losses[-11] - early.losses[-1] < 1e-3 * full.losses[0]
    assert objective(X, Y, 0.1, early.hidden, early.output) <= early.losses[-1] * (1 + 1e-12)
