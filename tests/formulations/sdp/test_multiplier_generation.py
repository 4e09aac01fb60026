from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.multiplier_generation import improve, solve_dual
from formulations.sdp.multipliers import DualSolution, relaxation_form
from formulations.training.arcs import global_optimum_2d


def instance(seed: int, n: int, d: int, c: int) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, c))


def assert_feasible(X: Matrix, gamma: float, solution: DualSolution) -> None:
    m = solution.multipliers
    for table in (m.alpha_alpha, m.alpha_beta, m.beta_beta):
        assert table.min() >= 0
    form = relaxation_form(X, solution.dual_point, gamma**2, m)
    # Each alpha_i counts in units of |x_i|, so that those of zero rows do not count at all.
    units = np.concatenate([np.ones(X.shape[1]), np.linalg.norm(X, axis=1)])
    scaled = form * np.outer(units, units)
    assert np.linalg.eigvalsh(scaled)[0] > -1e-9 * max(1.0, np.abs(scaled).max())


@pytest.mark.parametrize("sign", [1, -1])
def test_one_sample_by_hand(sign: int) -> None:
    # n = d = c = 1: min_z 1/2 (z - y)^2 + gamma |z|/|x| is at z = |y| - gamma/|x|; the relaxation is tight.
    x, y, gamma = 2.0, 3.0 * sign, 0.5
    solution = solve_dual(np.array([[x]]), np.array([[y]]), gamma)
    z = abs(y) - gamma / x
    assert solution.dual_value == pytest.approx((z - abs(y)) ** 2 / 2 + gamma * z / x, rel=1e-6)
    assert solution.dual_point[0, 0] == pytest.approx(sign * gamma / x, rel=1e-4)
    assert solution.status == "optimal"


@pytest.mark.parametrize(("n", "d", "c"), [(4, 1, 1), (5, 2, 2), (6, 3, 1), (7, 2, 3), (3, 5, 2), (2, 2, 6)])
@pytest.mark.parametrize("gamma", [0.03, 0.5])
def test_agrees_with_a_general_solver(n: int, d: int, c: int, gamma: float) -> None:
    X, Y = instance(n + d + c, n, d, c)
    solution = solve_dual(X, Y, gamma)
    assert solution.dual_value == pytest.approx(solve_reduced(X, Y, gamma).value, rel=2e-5)
    assert solution.dual_value <= solution.value
    assert_feasible(X, gamma, solution)


def test_targets_may_be_large() -> None:
    # Of targets this large quotients of slacks overflow, which is no warning to whoever gave them.
    X, Y = instance(0, 6, 2, 1)
    large = solve_dual(X, 1e12 * Y, 0.1)
    assert large.dual_value == pytest.approx(1e24 * solve_dual(X, Y, 1e-13).dual_value, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_never_above_the_global_optimum(seed: int) -> None:
    X, Y = instance(seed, 15, 2, 2)
    solution = solve_dual(X, Y, 0.1)
    assert solution.dual_value <= global_optimum_2d(X, Y, 0.1).upper * (1 + 1e-9)
    assert_feasible(X, 0.1, solution)


def test_permutation_and_rotation_change_nothing() -> None:
    X, Y = instance(1, 8, 3, 2)
    rotation, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))
    order = np.random.default_rng(3).permutation(8)
    value = solve_dual(X, Y, 0.1).dual_value
    assert solve_dual(X[order], Y[order], 0.1).dual_value == pytest.approx(value, rel=1e-5)
    assert solve_dual(X @ rotation, Y, 0.1).dual_value == pytest.approx(value, rel=1e-5)


def test_degenerate_rows() -> None:
    # Zero, duplicate, parallel and opposite rows, and a column that is always zero.
    X = np.array([[0, 0, 0], [1, 2, 0], [1, 2, 0], [2, 4, 0], [-1, -2, 0], [0, 1, 0]], dtype=float)
    _, Y = instance(4, 6, 3, 2)
    solution = solve_dual(X, Y, 0.1)
    assert np.array_equal(solution.dual_point[0], Y[0])
    assert solution.dual_value <= global_optimum_2d(X[:, :2], Y, 0.1).upper * (1 + 1e-9)
    assert solution.dual_value >= 0.9 * solve_reduced(X, Y, 0.1).value
    assert_feasible(X, 0.1, solution)


def test_nothing_to_fit() -> None:
    X, Y = instance(5, 4, 2, 2)
    assert solve_dual(X, np.zeros_like(Y), 0.1).dual_value == 0
    assert solve_dual(np.zeros_like(X), Y, 0.1).dual_value == pytest.approx(np.sum(Y**2) / 2)


def test_many_directions_take_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = instance(6, 12, 2, 1)
    strict = solve_dual(X, Y, 0.1)
    monkeypatch.setattr("formulations.sdp.multiplier_generation._STRICT_DIRECTIONS", 5)
    staged = solve_dual(X, Y, 0.1)
    assert staged.dual_value <= strict.value * (1 + 1e-9)
    assert staged.dual_value >= 0.99 * strict.dual_value
    assert_feasible(X, 0.1, staged)


@pytest.mark.parametrize("steps", [1, 5])
def test_every_point_on_the_way_is_feasible_and_worth_what_is_said(steps: int) -> None:
    X, Y = instance(7, 30, 3, 2)
    found = list(islice(improve(X, Y, 0.1), steps))
    later = found[-1].solution()
    assert later.status == "interrupted"
    assert 0 <= later.dual_value < np.sum(Y**2) / 2
    assert later.dual_value == pytest.approx(found[-1].value, rel=1e-12, abs=1e-12)
    assert_feasible(X, 0.1, later)
    assert found[0].solution().dual_value == pytest.approx(found[0].value, rel=1e-12, abs=1e-12)


def test_what_is_left_of_the_gap_is_said_where_the_primal_meets_all_inequalities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, Y = instance(9, 12, 2, 1)
    value = solve_dual(X, Y, 0.1).value
    gaps = [(found.solution().gap, found.value) for found in improve(X, Y, 0.1)]
    near = [(gap, reached) for gap, reached in gaps if gap is not None and gap < 0.01 * value]
    assert all(gap is not None for gap, _ in gaps)
    assert len(near) > 3
    assert all(gap + reached == pytest.approx(value, rel=0.01) for gap, reached in near)
    monkeypatch.setattr("formulations.sdp.multiplier_generation._STRICT_DIRECTIONS", 5)
    *before, last = (found.solution() for found in improve(X, Y, 0.1))
    assert all(solution.gap is None for solution in before)
    assert last.gap == pytest.approx(last.value - last.dual_value)


def test_the_time_limit_keeps_a_feasible_point() -> None:
    X, Y = instance(7, 30, 3, 2)
    solution = solve_dual(X, Y, 0.1, time_limit=0.0)
    assert solution.status == "time limit"
    assert_feasible(X, 0.1, solution)


def test_what_is_said_of_rows_on_one_line_and_at_zero() -> None:
    X = np.array([[1.0, 2.0], [2.0, 4.0], [-0.5, -1.0], [0.0, 0.0], [1.0, -1.0]])
    Y = np.array([[1.0], [3.0], [0.5], [2.0], [1.0]])
    *_, last = improve(X, Y, 0.1)
    assert last.solution().dual_value == pytest.approx(last.value, rel=1e-12)


def test_bad_input_gets_a_sentence() -> None:
    X, Y = instance(8, 3, 2, 1)
    with pytest.raises(ValueError, match="gamma"):
        solve_dual(X, Y, 0.0)
    with pytest.raises(ValueError, match="Shor"):
        solve_dual(np.ones((3000, 1)), np.ones((3000, 1)), 1.0)
