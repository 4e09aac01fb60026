"""Multiples of a dual point: the line of their bounds, and their rounding, against the exact bound."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.bounds.proofs.writing import trivial_certificate
from certify.checker.problems.dual_bound import column_sums, dual_bound
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.checker.problems.training import TrainingProblem
from certify.floats.dual_rounding import rounded_dual_point
from certify.floats.problem import Arrays
from certify.floats.squared_line import SquaredLine
from tests.certify.checker.strategies import problems

F = Fraction

# The samples at x = 0 have the targets 1 and 4, the other one 0.


def squared_line(problem: TrainingProblem) -> SquaredLine:
    line = Arrays.of(problem).dual_line
    assert isinstance(line, SquaredLine)
    return line


def problem_with(output_bias: str) -> TrainingProblem:
    return TrainingProblem.from_rationals([[0], [2], [0]], [[1], [0], [4]], 2, output_bias=output_bias)


@pytest.mark.parametrize(
    ("output_bias", "rows", "constant"),
    [
        # Without a bias they stay: 17/2. A free b = 5/2 leaves 9/4, a decayed one, 5/4, leaves
        # 1/2 (1/16 + 121/16) + 25/16 = 43/8.
        ("none", (4, 0, 16), F(17, 2)),
        ("free", (-6, 0, 6), F(9, 4)),
        ("decayed", (-1, 0, 11), F(43, 8)),
    ],
)
def test_what_samples_at_zero_cost_by_hand(output_bias: str, rows: tuple[int, ...], constant: F) -> None:
    problem = problem_with(output_bias)
    found = rounded_dual_point(problem, np.full((3, 1), 9.0), F(0), 2)
    assert tuple(row[0] for row in found) == rows
    assert dual_bound(problem, found, 2) == constant == trivial_certificate(problem).bound
    arrays = Arrays.of(problem)
    assert SquaredLine.of(arrays.X, arrays.Y, arrays.gamma, output_bias).constant == float(constant)


@pytest.mark.parametrize("output_bias", ["none", "decayed"])
def test_nothing_at_zero_is_trivial(output_bias: str) -> None:
    problem = TrainingProblem.from_rationals([[1], [2]], [[1], [4]], 2, output_bias=output_bias)
    assert trivial_certificate(problem).bound == 0


@settings(max_examples=50)
@given(
    problem=problems(output_biases=OUTPUT_BIASES),
    seed=st.integers(0, 10**6),
    factor=st.sampled_from([F(1, 3), F(1), F(5)]),
)
def test_rounding(problem: TrainingProblem, seed: int, factor: Fraction) -> None:
    line = squared_line(problem)
    N = line.admissible(np.random.default_rng(seed).normal(size=(problem.n, problem.c)))
    rows = rounded_dual_point(problem, N, factor, 40)
    if problem.output_bias in ("free", "all-free"):
        assert not any(column_sums(rows))
    for row, exact, is_live in zip(rows, N.tolist(), line.live, strict=True):
        if is_live:
            for entry, value in zip(row, exact, strict=True):
                assert abs(entry - factor * F(value) * 2**40) <= 2
    fit, square = line.coefficients(N)
    t = float(factor)
    proved = float(dual_bound(problem, rows, 40))
    assert proved == pytest.approx(t * fit - t**2 / 2 * square + line.constant, rel=1e-6, abs=1e-6)
    # No other rows at x = 0 prove more.
    dead = np.flatnonzero(~line.live)
    for i, k in product(dead, dead):
        changed = [list(row) for row in rows]
        changed[i][0] += 2**30
        changed[k][0] -= 2**30
        assert float(dual_bound(problem, tuple(map(tuple, changed)), 40)) <= proved + 1e-9
    if problem.output_bias == "decayed" and len(dead):
        for step in (2**30, -(2**30)):
            changed = [list(row) for row in rows]
            changed[dead[0]][0] += step
            assert float(dual_bound(problem, tuple(map(tuple, changed)), 40)) <= proved + 1e-9


@settings(max_examples=50)
@given(problem=problems(output_biases=OUTPUT_BIASES), seed=st.integers(0, 10**6))
def test_the_best_multiple(problem: TrainingProblem, seed: int) -> None:
    line = squared_line(problem)
    N = line.admissible(np.random.default_rng(seed).normal(size=(problem.n, problem.c)))
    fit, square = line.coefficients(N)
    if fit < 0:
        N, fit = -N, -fit
    t, bound = line.best(N, 1.5)
    assert t <= 1.5
    for other in np.linspace(0, 1.5, 7):
        assert other * fit - other**2 / 2 * square + line.constant <= bound + 1e-9 * max(1.0, bound)


def test_coarse_rounding_spreads_what_is_left() -> None:
    """Three entries that round to 1 each, and -1: the sum stays zero, and no entry moves by a whole unit."""
    problem = TrainingProblem.from_rationals([[1]] * 4, [[1]] * 4, 1, output_bias="free")
    rows = rounded_dual_point(problem, np.array([[0.6], [0.6], [0.6], [-1.8]]), F(1), 0)
    assert sum(row[0] for row in rows) == 0
    assert [abs(row[0] - value) <= 1 for row, value in zip(rows, (0.6, 0.6, 0.6, -1.8), strict=True)] == [
        True
    ] * 4
