"""Regions with all rows: each part against its definition, and what they prove against the exact checker."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest

from certify.bounds.partition.leaf import partition_certificates
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from formulations.arrays import Matrix
from formulations.first_order.divided import Divided
from formulations.first_order.regions import improve
from formulations.first_order.sign_tables import moved, reflected
from formulations.first_order.splitting import Splitting
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.conic.reduced import solve_reduced


def _data(n: int = 12, seed: int = 0) -> tuple[Matrix, Matrix]:
    """Points with two decimals, which are what they are in floats, too."""
    rng = np.random.default_rng(seed)
    return np.c_[rng.normal(size=(n, 2)).round(2), np.ones(n)], rng.normal(size=(n, 2)).round(2)


def _with_lines() -> tuple[Matrix, Matrix]:
    """Rows on one line, on both sides, and a row of zeros."""
    X, Y = _data(9, 1)
    X[1], X[2], X[3] = 2 * X[0], -X[0], 0.0
    return X, Y


@pytest.mark.parametrize(("of", "share"), [(_data(), 1.03), (_with_lines(), 0.6)], ids=["general", "lines"])
def test_what_regions_prove_of_the_relaxation_the_exact_checker_agrees(
    of: tuple[Matrix, Matrix], share: float
) -> None:
    (X, Y), gamma = of, Fraction(1, 10)
    wanted = share * solve_reduced(X, Y, float(gamma), solver="clarabel").dual_value
    found = list(islice(improve(X, Y, float(gamma), enough=wanted), 12))
    values = [point.value for point in found]
    assert values == sorted(values)
    assert values[-1] >= wanted
    assert found[-1].regions > 1
    problem = from_arrays(X, Y, task="regression").problem(gamma)
    solution = found[-1].solution()
    verdicts = (check_certificate(each, problem) for each in partition_certificates(problem, solution))
    bound = next(verdict.bound for verdict in verdicts if verdict.bound is not None)
    assert float(bound) == pytest.approx(values[-1], rel=1e-4)


def test_it_ends_at_the_bound_that_is_enough() -> None:
    X, Y = _data()
    values = [point.value for point in improve(X, Y, 0.1, enough=0.1)]
    assert values[-1] >= 0.1
    assert all(value < 0.1 for value in values[:-1])


def test_no_time_and_no_targets_leave_nothing() -> None:
    X, Y = _data()
    assert not list(improve(X, Y, 0.1, seconds_left=lambda: 0.0))
    assert not list(improve(X, 0 * Y, 0.1))


def test_the_time_for_proofs_is_left() -> None:
    X, Y = _data()
    assert not list(improve(X, Y, 0.1, seconds_left=lambda: 1.0, proof_seconds=lambda regions: 2.0 * regions))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_tables_are_reflected_and_moved_by_their_definition(kind: type) -> None:
    rng = np.random.default_rng(0)
    count = 37  # more than a tile, and no multiple of it
    a, c = (table + table.T for table in rng.normal(size=(2, count, count)))
    b = rng.normal(size=(count, count))
    signs = rng.integers(-1, 2, size=count)
    alpha, beta = signs >= 0, signs <= 0
    projections = [
        np.maximum(a, 0) * np.outer(alpha, alpha),
        np.maximum(b, 0) * np.outer(alpha, beta) * ~np.eye(count, dtype=bool),
        np.maximum(c, 0) * np.outer(beta, beta),
    ]
    ra, rb, rc = (2 * p - m for p, m in zip(projections, (a, b, c), strict=True))
    tables: list[Any] = [table.astype(kind) for table in (a, b, c)]
    has: list[Any] = [np.where(known, 1, -1).astype(kind) for known in (alpha, beta)]
    combined: Any = np.empty((3, count, count), kind)
    reflected(tables[0], tables[1], tables[2], has[0], has[1], combined[0], combined[1], combined[2])
    sums, mixed, rest = combined
    tolerance = 1e-5 if kind is np.float32 else 1e-12
    np.testing.assert_allclose(sums, (ra + rb + rb.T + rc) / 2, atol=tolerance)
    np.testing.assert_allclose(mixed, ra + rb - rb.T - rc, atol=tolerance)
    np.testing.assert_allclose(rest, ra - rb - rb.T + rc, atol=tolerance)
    other = rng.normal(size=(count, count))
    moved(tables[0], other.astype(kind), has[0], has[0], kind(1.6))
    np.testing.assert_allclose(tables[0], a + 1.6 * (other - projections[0]), atol=10 * tolerance)


def test_halves_share_the_moments_and_inherit_the_multipliers() -> None:
    problem = UnitProblem.of(*_data(), 0.1)
    splitting = Splitting(problem)
    while splitting.steps < 100:
        splitting.advance()
    N, (before,) = splitting.multipliers()
    splitting.divide([4])
    assert splitting.regions[:, 4].tolist() == [1, -1]
    halves, tables = splitting.multipliers()
    others = np.flatnonzero(np.arange(len(problem.units)) != 4)
    np.testing.assert_allclose(halves[others], N[others], atol=0.05 * np.abs(N).max())
    for table in tables:
        inside = np.ix_(others, others)
        np.testing.assert_allclose(table.alpha_alpha[inside], before.alpha_alpha[inside], atol=1e-4)


def test_threads_change_nothing_but_time() -> None:
    X, Y = _data()
    found = [list(islice(improve(X, Y, 0.1, threads=threads), 3))[-1] for threads in (1, 3)]
    assert found[0].regions > 1
    assert found[0].value == found[1].value
    np.testing.assert_array_equal(found[0].solution().dual_point, found[1].solution().dual_point)


def test_the_slope_is_that_of_the_smooth_function() -> None:
    problem = UnitProblem.of(*_data(8), 0.1)
    splitting = Splitting(problem)
    splitting.divide([2])
    while splitting.steps < 200:
        splitting.advance()
    here = Divided(problem, splitting.regions, *splitting.multipliers(), lambda: False)
    assert here.improve_slack()
    for block in here._blocks:
        block.choose(0)
        block.take(block.variables())
    at = here._variables()
    value = here._value(8.0)
    assert value is not None
    rng = np.random.default_rng(0)
    for _ in range(5):
        direction = rng.normal(size=len(at)) * np.where(at == 0, 0, 1e-6)
        here._take(at + direction)
        above = here._value(8.0)
        here._take(at - direction)
        below = here._value(8.0)
        assert above is not None
        assert below is not None
        assert above[0] - below[0] == pytest.approx(2 * value[2] @ direction, rel=1e-3, abs=1e-12)
