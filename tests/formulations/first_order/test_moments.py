"""SDP-NN's matrix from the splitting, next to that of a general solver."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.first_order.moments import solve_moments
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.lifted import extend

GAMMA = 0.3


def test_it_is_the_matrix_of_a_general_solver() -> None:
    """With rows on one line, on either side of it, and a zero row."""
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((7, 3)), rng.standard_normal((7, 2))
    X[3], X[4], X[5] = 2 * X[0], -X[1], 0
    general, found = solve_reduced(X, Y, GAMMA), solve_moments(X, Y, GAMMA)
    assert found.settled
    assert found.value == pytest.approx(general.value, rel=1e-4)
    assert found.other == pytest.approx(general.value, rel=1e-4)
    assert np.abs(found.lifted - general.lifted).max() < 1e-2 * np.abs(general.lifted).max()


def test_it_is_semidefinite_and_keeps_the_signs_nearly() -> None:
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((12, 2)), rng.standard_normal((12, 1))
    found = solve_moments(X, Y, GAMMA, tolerance=1e-5)
    size = float(np.trace(found.lifted))
    assert np.linalg.eigvalsh(found.lifted)[0] > -1e-9 * size
    products = extend(found.lifted, X)[:24, :24]
    assert products.min() > -1e-3 * size
    assert np.abs(np.diag(products[:12, 12:])).max() < 1e-3 * size


def test_one_sample_by_hand() -> None:
    """The network is u = v = w with w^2 = 1 - gamma = 0.9, and the matrix is that of its neuron."""
    found = solve_moments(np.array([[1.0]]), np.array([[1.0]]), 0.1, tolerance=1e-6)
    assert found.lifted == pytest.approx(np.full((3, 3), 0.9), abs=1e-3)
    assert found.value == pytest.approx(0.095, rel=1e-4)


def test_without_time_it_is_said_not_to_have_settled() -> None:
    rng = np.random.default_rng(3)
    found = solve_moments(
        rng.standard_normal((20, 3)), rng.standard_normal((20, 2)), 1e-3, tolerance=0.0, time_limit=0.0
    )
    assert not found.settled
    assert np.isfinite(found.lifted).all()
