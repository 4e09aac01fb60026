"""Multiples of a dual point for every loss: the line of their bounds, and rounding into the domain."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from certify.checker.problems.dual_bound import column_sums, dual_bound, in_domain
from certify.checker.problems.losses.table import read_loss
from certify.checker.problems.training import TrainingProblem
from certify.floats.concave_line import ConcaveLine
from certify.floats.dual_rounding import rounded_dual_point
from certify.floats.problem import Arrays
from certify.floats.squared_line import SquaredLine
from tests.corpus.losses import LIMITED

F = Fraction


def random_problem(loss: str, output_bias: str, seed: int, n: int = 6, d: int = 2) -> TrainingProblem:
    """Return a problem whose second sample is at x = 0, with weights for an odd seed."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-4, 5, size=(n, d))
    X[1] = 0
    if loss in ("hinge", "squared-hinge", "logistic"):
        Y = rng.choice([-1, 1], size=(n, 2))
    elif loss in ("multiclass-hinge",) or loss.startswith("cross-entropy"):
        Y = np.eye(3, dtype=int)[rng.integers(0, 3, size=n)]
    else:
        Y = rng.integers(0, 5, size=(n, 2))
    weights = [F(int(w), 3) for w in rng.integers(1, 9, size=n)] if seed % 2 else None
    return TrainingProblem.from_rationals(X.tolist(), Y.tolist(), F(1, 2), loss, output_bias, weights)


def line_of(problem: TrainingProblem) -> tuple[Arrays, ConcaveLine]:
    arrays = Arrays.of(problem)
    assert isinstance(arrays.dual_line, ConcaveLine)
    return arrays, arrays.dual_line


def some_dual_point(arrays: Arrays, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    predictions = rng.normal(size=arrays.Y.shape)
    return np.asarray(-arrays.loss.gradient(predictions))


@settings(max_examples=150, deadline=None)
@given(
    loss=st.sampled_from(LIMITED),
    output_bias=st.sampled_from(["none", "free", "decayed"]),
    seed=st.integers(0, 10**6),
    factor=st.sampled_from([F(1, 3), F(1)]),
    exponent=st.sampled_from([3, 40]),
)
def test_rounding_stays_in_the_domain(
    loss: str, output_bias: str, seed: int, factor: Fraction, exponent: int
) -> None:
    problem = random_problem(loss, output_bias, seed)
    arrays, line = line_of(problem)
    N = line.admissible(some_dual_point(arrays, seed))
    rows = rounded_dual_point(problem, N, factor, exponent)
    assert in_domain(problem, rows, exponent)
    if output_bias == "free":
        assert not any(column_sums(rows))
    if exponent == 40:
        change = np.array(rows, dtype=float) / 2.0**40 - line.multiple(N, float(factor))
        assert np.abs(change).max() < 1e-8
        proved = float(dual_bound(problem, rows, exponent))
        _, best = line.best(N, math.inf)
        assert proved <= best + 1e-6


@settings(max_examples=100, deadline=None)
@given(
    loss=st.sampled_from(LIMITED),
    output_bias=st.sampled_from(["none", "free", "decayed"]),
    seed=st.integers(0, 10**6),
)
def test_the_best_and_the_least_multiple(loss: str, output_bias: str, seed: int) -> None:
    problem = random_problem(loss, output_bias, seed)
    arrays, line = line_of(problem)
    N = line.admissible(some_dual_point(arrays, seed))
    t, bound = line.best(N, 1.0)
    assert 0 <= t <= 1
    for other in np.linspace(0, 1, 9):
        assert bound_of(problem, line.multiple(N, other)) <= bound + 1e-7 * max(1.0, abs(bound))
    assert bound_of(problem, line.multiple(N, t)) == pytest.approx(bound, rel=1e-7, abs=1e-7)
    start = bound_of(problem, line.multiple(N, 0.0))
    assume(bound > start + 1e-6)
    aim = (start + bound) / 2
    least = line.least(N, aim)
    assert 0 < least <= t
    assert bound_of(problem, line.multiple(N, least)) == pytest.approx(aim, rel=1e-6, abs=1e-6)
    assert line.least(N, bound + 1.0 + abs(bound)) == math.inf


def bound_of(problem: TrainingProblem, N: np.ndarray) -> float:
    return float(dual_bound(problem, rounded_dual_point(problem, N, F(1), 60), 60))


@pytest.mark.parametrize("output_bias", ["none", "free", "decayed"])
def test_weights_of_the_squared_loss_by_repeating_samples(output_bias: str) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.integers(-4, 5, size=(3, 2)).tolist(), rng.integers(-3, 4, size=(3, 1)).tolist()
    weighted = TrainingProblem.from_rationals(X, Y, 1, read_loss("squared"), output_bias, [1, 2, 1])
    repeated = TrainingProblem.from_rationals(
        [X[0], X[1], X[1], X[2]], [Y[0], Y[1], Y[1], Y[2]], 1, read_loss("squared"), output_bias
    )
    line = Arrays.of(repeated).dual_line
    assert isinstance(line, SquaredLine)
    arrays = Arrays.of(weighted)
    N = some_dual_point(arrays, 0)
    other = N[[0, 1, 1, 2]] / np.array([[1], [2], [2], [1]])
    concave = arrays.dual_line
    found = concave.best(concave.admissible(N), 1.0)
    assert found == pytest.approx(line.best(line.admissible(other), 1.0), rel=1e-6, abs=1e-6)
