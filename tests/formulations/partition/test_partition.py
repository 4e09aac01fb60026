"""A partition's bound lies between SDP-NN and the optimum, and its regions cover the space."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.partition.partition import PartitionSolution, improve, solve_partition
from formulations.sdp.activation_region import Geometry, Region
from formulations.sdp.block import inverse
from formulations.sdp.interior_point import InteriorPoint
from formulations.sdp.multiplier_generation import solve_dual
from formulations.training.arcs import global_optimum_2d


def random_problem(seed: int, n: int, d: int, c: int = 2) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, c))


def solved(X: Matrix, Y: Matrix, gamma: float = 0.1, **options: float) -> PartitionSolution:
    return solve_partition(X, Y, gamma, Y, time_limit=options.pop("time_limit", np.inf), **options)  # type: ignore[arg-type]


def assert_regions_cover(solution: PartitionSolution) -> None:
    paths = [region.signs for region in solution.regions]
    assert sum(2.0 ** -len(path) for path in paths) == 1
    assert len(set(paths)) == len(paths)
    assert {row for path in paths for row, _ in path} <= set(solution.pivots)


@pytest.mark.parametrize("seed", range(3))
def test_bound_lies_between_the_relaxation_and_the_optimum(seed: int) -> None:
    X, Y = random_problem(seed, 10, 2)
    solution = solved(X, Y)
    assert_regions_cover(solution)
    relaxation = solve_dual(X, Y, 0.1).dual_value
    assert 0.97 * relaxation <= solution.dual_value <= global_optimum_2d(X, Y, 0.1).upper * (1 + 1e-9)


def test_divisions_go_beyond_the_relaxation() -> None:
    X, Y = random_problem(5, 14, 4)
    relaxation = solve_dual(X, Y, 0.01).dual_value
    found = list(improve(X, Y, 0.01, Y))
    solution, halfway = found[-1].solution(), found[len(found) // 2]
    assert solution.status == "divided"
    assert len(solution.pivots) == 4
    assert solution.dual_value > relaxation * 1.001
    values = [each.value for each in found]
    assert values == sorted(values)
    assert solution.dual_value == pytest.approx(values[-1], rel=1e-12)
    # What was found on the way is as it was then, whatever came after.
    early = halfway.solution()
    assert early.status == "interrupted"
    assert len(early.regions) <= halfway.regions < len(solution.regions)
    assert early.dual_value == pytest.approx(halfway.value, rel=1e-12)
    assert_regions_cover(early)


def test_dual_point_keeps_to_the_rows_it_may_use() -> None:
    X, Y = random_problem(6, 30, 3)
    X[4] = 0.0
    solution = solved(X, Y, rows=12)
    live = np.any(solution.dual_point[np.any(X != 0, axis=1)] != 0, axis=1)
    assert live.sum() < 29
    assert np.array_equal(solution.dual_point[4], Y[4])


def test_nothing_to_fit_ends_at_once() -> None:
    Y = np.array([[1.0], [2.0]])
    assert solved(np.zeros((2, 3)), Y).dual_value == pytest.approx(2.5)


@pytest.mark.parametrize("option", [{"time_limit": 0.0}, {"enough": 0.0}])
def test_stops_when_told_to_with_a_feasible_point(option: dict[str, float]) -> None:
    X, Y = random_problem(7, 12, 4)
    solution = solved(X, Y, **option)
    assert solution.status == ("time limit" if "time_limit" in option else "enough")
    assert_regions_cover(solution)


def test_halves_are_feasible_as_they_stand() -> None:
    X, Y = random_problem(8, 8, 3)
    rng = np.random.default_rng(8)
    region = Region(Geometry(X, Y, 0.1), {})
    region.slack = np.full(8, -0.02)
    N = 1e-4 * rng.normal(size=Y.size)
    region.refresh(N)
    region.L = inverse(region.Z)
    region.include(region.least_correlated(region.L, 2), least_slack=0.03)
    halves = region.split(3, N)
    iterate = InteriorPoint(N, Y.ravel(), halves)
    for half in halves:
        assert np.linalg.eigvalsh(half.Z)[0] > 0
        assert len(half.y) > 0
    before = iterate.dual_value()
    for _ in range(8):
        iterate.move(iterate.direction())
    assert iterate.dual_value() > before
    assert all(np.linalg.eigvalsh(half.Z)[0] > 0 for half in halves)
