"""SDP-NN on all rows against a general solver, and each part against its definition."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.first_order import all_rows
from formulations.first_order.all_rows import improve
from formulations.first_order.arrow import Block, block_proofs, multipliers, value
from formulations.first_order.composition import stratified
from formulations.first_order.lapack import cholesky, inverse, solve_triangular
from formulations.first_order.projected_lbfgs import maximise
from formulations.first_order.splitting import Splitting
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.multipliers import relaxation_form


def _data(n: int, seed: int = 0) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return np.c_[rng.normal(size=(n, 2)), np.ones(n)], rng.normal(size=(n, 2))


def _with_lines() -> tuple[Matrix, Matrix]:
    """Rows on one line, on both sides, and a row of zeros."""
    X, Y = _data(8, 1)
    X[1], X[2], X[3] = 2 * X[0], -X[0], 0.0
    return X, Y


@pytest.mark.parametrize(("X", "Y"), [_data(10), _with_lines()], ids=["general", "lines"])
@pytest.mark.parametrize("gamma", [0.3, 2.0])
def test_comes_close_to_the_value_and_never_above(X: Matrix, Y: Matrix, gamma: float) -> None:
    optimum = solve_reduced(X, Y, gamma, solver="clarabel")
    found = list(islice(improve(X, Y, gamma), 12))
    values = [point.value for point in found]
    assert values == sorted(values)
    assert values[-1] <= optimum.dual_value * (1 + 1e-6)
    assert values[-1] >= 0.97 * optimum.dual_value


@pytest.mark.parametrize(("X", "Y"), [_data(12), _with_lines()], ids=["general", "lines"])
def test_a_solution_is_feasible(X: Matrix, Y: Matrix) -> None:
    for found in islice(improve(X, Y, 0.5), 6):
        solution = found.solution()
        assert solution.dual_value == pytest.approx(found.value, rel=1e-9)
        table = solution.multipliers
        assert min(table.alpha_alpha.min(), table.alpha_beta.min(), table.beta_beta.min()) >= 0
        least = np.linalg.eigvalsh(relaxation_form(X, solution.dual_point, 0.25, table))[0]
        assert least >= -1e-6


def test_a_solution_stays_what_it_was_when_the_search_goes_on() -> None:
    X, Y = _data(12)
    search = improve(X, Y, 0.5)
    first = next(search)
    for _ in islice(search, 5):
        pass
    assert first.solution().dual_value == pytest.approx(first.value, rel=1e-9)


def test_without_targets_the_value_is_that_of_the_zero_network() -> None:
    X = np.array([[0.0, 0.0], [1.0, 0.0]])
    Y = np.array([[3.0], [0.0]])
    [found] = improve(X, Y, 1.0)
    assert found.value == pytest.approx(4.5)
    assert found.solution().dual_value == pytest.approx(4.5)


def test_it_stops_when_told() -> None:
    X, Y = _data(12)
    assert len(list(improve(X, Y, 0.5, seconds_left=lambda: 0.0))) <= 1


def test_blocks_stay_as_small_as_they_are_told() -> None:
    X, Y = _data(200)
    words: list[str] = []
    for found in improve(X, Y, 5.0, largest_block=110, on_step=words.append):
        assert sorted(row for proof in found.blocks() for row in proof.rows) == list(range(200))
    assert words[0].endswith("4 blocks of 50 rows")
    assert words[-1].endswith("2 blocks of 100 rows")


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows be searched as more than a thousand are."""
    monkeypatch.setattr(all_rows, "_LARGEST_SPLITTING", 0)


@pytest.mark.usefixtures("in_blocks")
def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_rows, "_WORTH_A_THREAD", 0)
    X, Y = _data(200)
    alone, together = (
        [found.value for found in islice(improve(X, Y, 5.0, threads=threads), 4)] for threads in (1, 3)
    )
    assert alone == together


def test_stratified_blocks_have_the_same_targets() -> None:
    Y = np.repeat(np.eye(3), [10, 20, 30], axis=0)
    blocks = stratified(np.ones((60, 1)), Y, 5, 0)
    assert sorted(np.concatenate(blocks).tolist()) == list(range(60))
    assert all(Y[block].sum(axis=0).tolist() == [2, 4, 6] for block in blocks)
    assert [block.tolist() for block in blocks] != [
        block.tolist() for block in stratified(np.ones((60, 1)), Y, 5, 1)
    ]


def test_factors_by_address_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(7, 7))
    matrix, right = root @ root.T + np.eye(7), rng.normal(size=(7, 3))
    factor = cholesky(matrix.copy())
    assert factor is not None
    np.testing.assert_allclose(np.tril(factor), np.linalg.cholesky(matrix))
    np.testing.assert_allclose(np.tril(factor) @ solve_triangular(factor, right), right)
    np.testing.assert_allclose(np.tril(factor).T @ solve_triangular(factor, right, transposed=True), right)
    np.testing.assert_allclose(np.tril(inverse(factor)), np.tril(np.linalg.inv(matrix)))
    assert cholesky(-matrix) is None


@pytest.mark.usefixtures("in_blocks")
def test_many_rows_on_few_lines_fall_into_more_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_rows, "LARGEST_TABLE", 30)
    X, Y = _data(12)
    X, Y = np.tile(X, (10, 1)), np.tile(Y, (10, 1)) + np.arange(120)[:, None] / 50
    found = next(improve(X, Y, 5.0))
    assert [len(proof.rows) for proof in found.blocks()] == [30] * 4
    with pytest.raises(ValueError, match="40 rows lie on one line through the origin"):
        next(improve(np.tile(X[:12], (40, 1)), np.tile(Y[:12], (40, 1)), 5.0))


@pytest.mark.usefixtures("in_blocks")
def test_blocks_share_what_there_is_and_prove_their_forms() -> None:
    X, Y = _with_lines()
    X, Y = np.vstack([X, _data(80, 3)[0]]), np.vstack([Y, _data(80, 3)[1]])
    found = next(improve(X, Y, 5.0))
    proofs = found.blocks()
    assert len(proofs) == 2
    order = X.shape[1] + Y.shape[1]
    assert np.linalg.eigvalsh(sum(proof.share for proof in proofs))[-1] <= 5.0 * (1 + 1e-9)
    value = 0.0
    for proof in proofs:
        rows, N = list(proof.rows), proof.dual_rows
        value += float(np.sum(N * Y[rows]) - np.sum(N**2) / 2)
        m, d = proof.multipliers, X.shape[1]
        form = np.zeros((order + len(rows),) * 2)
        keep = [*range(d), *range(order, order + len(rows))]
        form[np.ix_(keep, keep)] = -m.form(X[rows])
        form[:order, :order] += proof.share
        form[order:, d:order], form[d:order, order:] = -N, -N.T
        scale = 1 / np.sqrt(np.maximum(np.diag(form), 1e-9))
        assert np.linalg.eigvalsh(form * np.outer(scale, scale))[0] >= -1e-5
    assert value == pytest.approx(found.value, rel=1e-9)


def _two_blocks(barrier: float) -> tuple[UnitProblem, list[Block]]:
    X, Y = _with_lines()
    problem = UnitProblem.of(X, Y, 0.7)
    blocks = [Block(problem, np.array([0, 2])), Block(problem, np.array([1, 3, 4]))]
    value(blocks, 8, barrier)
    rng = np.random.default_rng(5)
    for block in blocks:
        block.choose(2)
        block.take(block.variables() + 0.1 * rng.random(len(block.nonnegative)) * block.nonnegative)
        block.slack = block.slack - 0.5
    return problem, blocks


@pytest.mark.parametrize("barrier", [0.0, 0.3])
def test_the_slope_is_the_derivative(barrier: float) -> None:
    _, blocks = _two_blocks(barrier)
    at = value(blocks, 8, barrier)
    assert at is not None
    start = [block.variables() for block in blocks]
    sizes = np.cumsum([len(part) for part in start])[:-1]
    flat = np.concatenate(start)
    rng = np.random.default_rng(0)
    for _ in range(5):
        step = rng.normal(size=len(flat))
        ends = []
        for sign in (1, -1):
            for block, part in zip(blocks, np.split(flat + sign * 1e-6 * step, sizes), strict=True):
                block.take(part)
            there = value(blocks, 8, barrier)
            assert there is not None
            ends.append(there.smooth)
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(at.slope @ step, rel=1e-5, abs=1e-6)


def test_merged_blocks_prove_the_sum_of_their_parts() -> None:
    problem, blocks = _two_blocks(0.0)
    before = value(blocks, 64, 0.0)
    after = value([blocks[0].merged(blocks[1])], 64, 0.0)
    assert before is not None
    assert after is not None
    assert after.proved == pytest.approx(before.proved, rel=1e-12)
    apart, together = multipliers(problem, blocks), multipliers(problem, [blocks[0].merged(blocks[1])])
    np.testing.assert_allclose(apart[0], together[0])
    np.testing.assert_allclose(apart[1].alpha_beta, together[1].alpha_beta)


def test_splitting_converges_to_the_value() -> None:
    X, Y = _data(8)
    optimum = solve_reduced(X, Y, 0.5, solver="clarabel")
    problem = UnitProblem.of(X, Y, 0.5)
    splitting = Splitting(problem)
    for _ in range(40):
        splitting.extrapolate()
        splitting.advance()
    primal = splitting.primal_value() * problem.loss_unit + problem.beyond_reach
    assert primal == pytest.approx(optimum.dual_value, rel=1e-3)


def test_the_multipliers_of_the_splitting_prove_its_value() -> None:
    X, Y = _with_lines()
    optimum = solve_reduced(X, Y, 0.5, solver="clarabel")
    problem = UnitProblem.of(X, Y, 0.5)
    splitting = Splitting(problem)
    for _ in range(100):
        splitting.extrapolate()
        splitting.advance()
    entries, (table,) = splitting.multipliers()
    solution = problem.solution(entries, table, "splitting", "", 0.0)
    assert solution.dual_value == pytest.approx(optimum.dual_value, rel=1e-3)
    least = np.linalg.eigvalsh(relaxation_form(X, solution.dual_point, 0.25, solution.multipliers))[0]
    assert least >= -1e-3


def test_a_concave_quadratic_over_the_orthant_has_its_maximum_found() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(6, 6))
    H, b = root @ root.T + np.eye(6), rng.normal(size=6)
    nonnegative = np.arange(6) < 4
    ascent = maximise(
        lambda x: (float(b @ x - x @ H @ x / 2), b - H @ x), np.ones(6), nonnegative, max_steps=500
    )
    slope = b - H @ ascent.point
    assert np.all(ascent.point[:4] >= 0)
    np.testing.assert_allclose(slope[4:], 0, atol=1e-6)
    assert np.all(slope[:4] <= 1e-6)
    np.testing.assert_allclose(slope[:4] * ascent.point[:4], 0, atol=1e-6)


def test_points_outside_of_the_domain_shorten_the_step() -> None:
    """The maximum of log(1 - x) + 3 x lies at 2/3."""

    def function(x: Matrix) -> tuple[float, Matrix] | None:
        return None if x[0] >= 1 else (float(np.log(1 - x[0]) + 3 * x[0]), 3 - 1 / (1 - x))

    ascent = maximise(function, np.array([-50.0]), np.array([False]), max_steps=100)
    assert ascent.point[0] == pytest.approx(2 / 3, abs=1e-6)
    with pytest.raises(ValueError, match="outside"):
        maximise(function, np.array([2.0]), np.array([False]), max_steps=1)


def test_a_dual_point_away_from_the_targets_proves_nothing() -> None:
    """Its opposite would, but it is the gauge of the point itself that is known."""
    rng = np.random.default_rng(0)
    problem = UnitProblem.of(rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), 0.1)
    block = Block(problem, np.arange(8))
    block.entries = -problem.targets
    block.take(block.variables())
    found = value([block], 16, 0.0)
    assert found is not None
    assert found.proved == 0
    [proof] = block_proofs(problem, [block])
    assert np.abs(proof.dual_rows).max() < 1e-14


def test_targets_that_one_feature_is_have_bounds_below_the_networks_loss() -> None:
    """With x = relu(x) - relu(-x) two neurons of each layer's length sqrt(t) fit t x, for 2 gamma t."""
    X = np.random.default_rng(0).normal(size=(120, 40)).round(3)
    gamma, Y = 0.1, X[:, :1]
    t = 1 - 2 * gamma / float(np.sum(Y**2))
    loss = (1 - t) ** 2 * float(np.sum(Y**2)) / 2 + 2 * gamma * t
    found = list(islice(improve(X, Y, gamma, largest_block=60), 3))
    assert found
    assert max(each.value for each in found) <= loss
