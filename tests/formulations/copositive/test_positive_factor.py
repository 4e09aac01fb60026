"""Square roots without negative entries, by their definition."""

import numpy as np
import pytest

from formulations.copositive.positive_factor import positive_factor


@pytest.mark.parametrize(("order", "rank"), [(3, 3), (8, 4), (12, 6)])
def test_factor(order: int, rank: int) -> None:
    factor = 0.1 + np.random.default_rng(order).random((order, rank))
    V = factor / np.linalg.norm(factor, axis=1)[:, None]
    # A rotation hides the factor.
    V = V @ np.linalg.qr(np.random.default_rng(1).normal(size=(rank, rank)))[0]
    target = np.eye(rank) - 0.01 * np.ones((rank, rank)) / rank
    Q = positive_factor(V, target)
    assert Q is not None
    assert (V @ Q).min() > 0
    assert np.abs(Q @ Q.T - target).max() < 1e-12


def test_none_where_there_is_none() -> None:
    # Opposite rows: no q is positive on both.
    assert positive_factor(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]), np.eye(2)) is None


def test_it_stops() -> None:
    assert positive_factor(np.eye(2), np.eye(2), lambda: True) is None
