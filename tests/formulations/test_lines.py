"""Merging of parallel inputs, and multipliers spread over them again."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.lines import directions
from formulations.sdp.multipliers import Multipliers, relaxation_form
from formulations.sdp.spread import MERGING_LOSS


def test_lines_by_hand() -> None:
    lines = directions(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0], [-6.0, -8.0], [0.3, 0.4]]))
    assert lines.representatives.tolist() == [1, 2]
    assert lines.units == pytest.approx(np.array([[0.6, 0.8], [0.0, 1.0]]))
    assert lines.lines.tolist() == [0, 0, 1, 0, 0]
    assert lines.scales == pytest.approx([0, 5, 2, -10, 0.5])
    assert lines.nonzero.tolist() == [1, 2, 3, 4]


def test_nearly_parallel_rows_stay_apart() -> None:
    assert len(directions(np.array([[1.0, 0.0], [1.0, 1e-12]])).units) == 2


@given(st.integers(0, 10**6))
def test_lines_are_those_of_a_comparison_with_every_line_before(seed: int) -> None:
    rng = np.random.default_rng(seed)
    eps = np.finfo(float).eps
    X = (
        rng.integers(-2, 3, (12, 3)) / 7
        + rng.integers(0, 2) * rng.standard_normal((12, 3))[rng.integers(0, 4, 12)]
    )
    X *= rng.choice([-3.0, 0.1, 1.0, 1 + 4 * eps, 1 + 40 * eps], (12, 3 if seed % 2 else 1))
    units: list[np.ndarray] = []
    expected = np.zeros(12, dtype=int)
    norms = np.linalg.norm(X, axis=1)
    for i in np.flatnonzero(norms):
        unit = X[i] / norms[i]
        near = [min(np.abs(unit - k).max(), np.abs(unit + k).max()) <= 8 * eps for k in units]
        expected[i] = near.index(True) if any(near) else len(units)
        if not any(near):
            units.append(unit)
    lines = directions(X)
    assert lines.lines.tolist() == expected.tolist()
    assert lines.units == pytest.approx(np.array(units).reshape(-1, 3), abs=0)
    np.testing.assert_allclose(
        lines.scales[:, None] * lines.units[lines.lines] if units else X, X, atol=1e-14
    )


def test_lines_of_some_rows() -> None:
    X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0], [1.0, 1.0], [-6.0, -8.0], [2.0, 2.0]])
    whole = directions(X)
    rows = np.array([0, 1, 3, 4, 5])
    part = whole.of(np.array([2, 0]), rows)
    alone = directions(X[rows])
    assert part.units == pytest.approx(alone.units[::-1])
    assert part.representatives.tolist() == alone.representatives[::-1].tolist()
    assert part.lines[part.nonzero].tolist() == (1 - alone.lines[alone.nonzero]).tolist()
    assert part.scales == pytest.approx(alone.scales)


def line_of(a: int, b: int) -> tuple[int, int]:
    """The primitive integer vector on the line through (a, b), with a positive first nonzero entry."""
    divisor = math.gcd(a, b) * (1 if (a, b) > (0, 0) else -1)
    return a // divisor, b // divisor


@given(st.lists(st.tuples(*[st.integers(-3, 3)] * 2), min_size=1, max_size=8), st.integers(0, 10**6))
def test_activations_are_those_of_the_rows(rows: list[tuple[int, int]], seed: int) -> None:
    X = np.array(rows, dtype=float) / 7
    lines = directions(X)
    assert len(lines.units) == len({line_of(*row) for row in rows if any(row)})
    u = np.random.default_rng(seed).standard_normal(2)
    point = np.concatenate([u, np.maximum(lines.units @ u, 0)])
    assert lines.activations() @ point == pytest.approx(np.maximum(X @ u, 0), abs=1e-12)


def test_spread_proves_the_level_of_one_line() -> None:
    """All inputs on one line.

    With a = sum of x_i N_i over x_i > 0, b = the same of |x_i| over x_i < 0 and level = max(|a|^2, |b|^2),
    level (alpha - beta)^2 - |a alpha + b beta|^2 is all bracket: A = level - |a|^2, C = level - |b|^2,
    s = -2 (level + a.b).
    """
    x = np.array([0.0, 2.0, 1.0, 3.0, -1.0, -0.5, 0.0])
    N = np.random.default_rng(5).standard_normal((7, 2))
    a, b = np.maximum(x, 0) @ N, np.maximum(-x, 0) @ N
    level = max(a @ a, b @ b)
    unit = Multipliers(
        np.array([[level - a @ a]]),
        np.zeros((1, 1)),
        np.array([[level - b @ b]]),
        np.array([-2 * (level + a @ b)]),
    )
    multipliers = directions(x[:, None]).spread(unit, N)
    for signed in (multipliers.alpha_alpha, multipliers.alpha_beta, multipliers.beta_beta):
        assert (signed >= 0).all()
    form = relaxation_form(x[:, None], N, (1 + MERGING_LOSS) * level, multipliers)
    assert np.linalg.eigvalsh(form)[0] > -1e-12 * np.abs(form).max()
    # The level is the squared gauge, so that no multipliers prove less.
    lower = relaxation_form(x[:, None], N, 0.999 * level, multipliers)
    assert np.linalg.eigvalsh(lower)[0] < -1e-4 * level


@given(st.integers(0, 10**6))
def test_spread_changes_no_value_on_activations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3, 2))[[0, 1, 0, 2, 1, 0]] * np.array([1, 2, 0.5, 1, -3, 0])[:, None]
    lines = directions(X)
    a, b, c = rng.uniform(0, 1, (3, 3, 3))
    unit = Multipliers(a + a.T, b, c + c.T, rng.standard_normal(3))
    u = rng.standard_normal(2)
    of_units = np.concatenate([u, np.maximum(lines.units @ u, 0)])
    of_rows = np.concatenate([u, np.maximum(X @ u, 0)])
    spread = lines.spread(unit, rng.standard_normal((6, 1)))
    expected = (1 + MERGING_LOSS) * of_units @ unit.form(lines.units) @ of_units
    assert of_rows @ spread.form(X) @ of_rows == pytest.approx(expected, abs=1e-6)


def test_rows_in_general_position_keep_their_multipliers() -> None:
    """Only units change: 2 alpha_1 3 alpha_2 = 6 alpha_1 alpha_2, and so on."""
    X = np.array([[2.0, 0.0], [0.0, 3.0]])
    ones = np.ones((2, 2))
    spread = directions(X).spread(Multipliers(ones, ones, ones, np.ones(2)), np.ones((2, 1)))
    expected = np.array([[1 / 4, 1 / 6], [1 / 6, 1 / 9]])
    for matrix in (spread.alpha_alpha, spread.alpha_beta, spread.beta_beta):
        assert matrix == pytest.approx(expected)
    assert spread.slack == pytest.approx([1 / 4, 1 / 9])
