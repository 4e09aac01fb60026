"""The compiled ascent: its building blocks against general solvers, and its end against a dense circle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from formulations.arrays import Matrix
from formulations.training.ascent import (
    _away_from_box,
    _least_squares,
    _search,
    _span,
    climb,
)


def unit_rows(rng: np.random.Generator, count: int, d: int) -> Matrix:
    rows = rng.standard_normal((count, d))
    units: Matrix = rows / np.linalg.norm(rows, axis=1)[:, None]
    return units


@given(seed=st.integers(0, 10**6), count=st.integers(0, 6), d=st.integers(1, 5), repeat=st.booleans())
def test_least_squares_and_span(seed: int, count: int, d: int, repeat: bool) -> None:
    rng = np.random.default_rng(seed)
    rows, vector = unit_rows(rng, count, d), rng.standard_normal(d)
    if repeat:
        rows = np.vstack([rows, -rows])
    rest = vector - np.linalg.pinv(rows) @ rows @ vector if len(rows) else vector
    assert vector - rows.T @ _least_squares(rows, vector) == pytest.approx(rest, abs=1e-7)
    basis = _span(rows)
    assert basis @ basis.T == pytest.approx(np.eye(len(basis)), abs=1e-14)
    assert vector - basis.T @ basis @ vector == pytest.approx(rest, abs=1e-7)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 7), d=st.integers(1, 5), repeat=st.booleans())
def test_shortest_vector_next_to_a_box(seed: int, count: int, d: int, repeat: bool) -> None:
    rng = np.random.default_rng(seed)
    rows, gradient = unit_rows(rng, count, d), rng.standard_normal(d)
    rows = np.vstack([rows, rows[:1]]) if repeat else rows
    limits = rng.random(len(rows)) + 1e-3
    shortest = gradient - rows.T @ lsq_linear(rows.T, gradient, bounds=(0, limits), tol=1e-14).x
    assert _away_from_box(rows, gradient, limits) == pytest.approx(shortest, abs=1e-6)


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 20),
    d=st.integers(2, 5),
    c=st.integers(1, 3),
    reach=st.sampled_from([0.1, 1.0, np.pi / 2, 3.0, np.pi]),
)
def test_search_finds_the_top_of_a_circle(seed: int, n: int, d: int, c: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    R, W, L = unit_rows(rng, n, d), rng.standard_normal((n, c)), rng.standard_normal((c, d))
    u, tangent = np.linalg.qr(rng.standard_normal((d, 2)))[0].T.copy()
    angles = np.linspace(0, reach, 5_001)
    circle = np.outer(u, np.cos(angles)) + np.outer(tangent, np.sin(angles))
    values = np.linalg.norm(W.T @ np.maximum(R @ circle, 0.0) + L @ circle, axis=0)
    value, moved, _ = _search(R, W, L, u, R @ u, tangent, np.zeros(n, dtype=np.bool_), reach)
    assert value == pytest.approx(np.linalg.norm(W.T @ np.maximum(R @ moved, 0.0) + L @ moved), rel=1e-9)
    steepest = float(np.linalg.norm(W, axis=1).sum() + np.linalg.norm(L))
    assert -1e-12 <= value - values.max() <= steepest * angles[1]


def test_kinks_are_reported() -> None:
    """relu(u_1) - 2 relu(0.6 u_1 + 0.8 u_2): u_1 grows until the second row vanishes at (0.8, -0.6)."""
    R, W, L = np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([[1.0], [-2.0]]), np.zeros((1, 2))
    value, u, on_kink = climb(R, W, L, 0.0, np.array([0.3, -1.0]) / np.hypot(0.3, 1.0), 10, False)
    assert value == pytest.approx(0.8)
    assert u == pytest.approx([0.8, -0.6])
    assert on_kink.tolist() == [False, True]
