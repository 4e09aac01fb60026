"""The form that multipliers stand for, against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.sdp.multipliers import Multipliers, relaxation_form


def random_multipliers(rng: np.random.Generator, n: int) -> Multipliers:
    a, b, c = rng.uniform(0, 1, (3, n, n))
    return Multipliers(a + a.T, b, c + c.T, rng.standard_normal(n))


def test_one_sample_by_hand() -> None:
    """X = N = 1 and s = -2 at the level 1: u^2 - a^2 + 2 a (a - u) = (u - a)^2."""
    multipliers = Multipliers(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.array([-2.0]))
    form = relaxation_form(np.ones((1, 1)), np.ones((1, 1)), 1.0, multipliers)
    assert form.tolist() == [[1.0, -1.0], [-1.0, 1.0]]


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_form_is_its_definition(seed: int, n: int, d: int, c: int) -> None:
    rng = np.random.default_rng(seed)
    X, N = rng.standard_normal((n, d)), rng.standard_normal((n, c))
    m = random_multipliers(rng, n)
    u, alpha = rng.standard_normal(d), rng.standard_normal(n)
    beta = alpha - X @ u
    bracket = alpha @ m.alpha_alpha @ alpha + alpha @ m.alpha_beta @ beta + beta @ m.beta_beta @ beta
    bracket += m.slack @ (alpha * beta)
    point = np.concatenate([u, alpha])
    form = relaxation_form(X, N, 0.7, m)
    assert form == pytest.approx(form.T, abs=1e-12)
    assert point @ form @ point == pytest.approx(0.7 * u @ u - np.sum((N.T @ alpha) ** 2) - bracket, abs=1e-9)


@given(st.integers(0, 10**6))
def test_bracket_is_nonnegative_on_activations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((5, 2))
    u = rng.standard_normal(2)
    point = np.concatenate([u, np.maximum(X @ u, 0)])
    assert point @ random_multipliers(rng, 5).form(X) @ point >= -1e-12


def test_scaling_and_zero() -> None:
    X = np.array([[1.0, 2.0], [-3.0, 1.0]])
    m = random_multipliers(np.random.default_rng(0), 2)
    assert np.allclose(m.scaled(3.0).form(X), 3.0 * m.form(X))
    assert not Multipliers.zero(2).form(X).any()
