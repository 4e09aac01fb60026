"""The convex master: worked cases, optimality conditions, and an independent conic solver."""

import clarabel
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.losses.squared import SquaredLoss
from formulations.training.masters.group_lasso import GroupLassoSolution, solve_group_lasso


def random_master(seed: int, n: int, count: int, c: int) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return np.maximum(rng.standard_normal((n, count)), 0.0), rng.standard_normal((n, c))


def objective(atoms: Matrix, targets: Matrix, gamma: float, output: Matrix) -> float:
    penalty = gamma * float(np.linalg.norm(output, axis=1).sum())
    return 0.5 * float(np.sum((atoms @ output - targets) ** 2)) + penalty


def assert_consistent(atoms: Matrix, targets: Matrix, gamma: float, solution: GroupLassoSolution) -> None:
    """Hold every field against its definition."""
    assert solution.value == pytest.approx(objective(atoms, targets, gamma, solution.output), rel=1e-13)
    N = solution.dual_point
    rounding = 1e-14 * float(np.linalg.norm(atoms) * np.linalg.norm(N))
    assert np.linalg.norm(atoms.T @ N, axis=1).max(initial=0.0) <= gamma + rounding
    bound = float(np.sum(N * targets)) - 0.5 * float(np.sum(N**2))
    assert solution.value - solution.gap == pytest.approx(bound, rel=1e-12)


def conic_optimum(atoms: Matrix, targets: Matrix, gamma: float) -> float:
    """Minimise over (t_k, v_k), |v_k| <= t_k, with v_k and t_k next to each other, by Clarabel."""
    count, c = atoms.shape[1], targets.shape[1]
    quadratic = np.kron(atoms.T @ atoms, np.diag([0.0] + [1.0] * c))
    linear = np.hstack([np.full((count, 1), gamma), -atoms.T @ targets]).ravel()
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solver = clarabel.DefaultSolver(
        scipy.sparse.csc_matrix(np.triu(quadratic)),
        linear,
        scipy.sparse.csc_matrix(-np.eye(count * (c + 1))),
        np.zeros(count * (c + 1)),
        [clarabel.SecondOrderConeT(c + 1)] * count,
        settings,
    )
    return float(solver.solve().obj_val) + 0.5 * float(np.sum(targets**2))


def test_one_atom_by_hand() -> None:
    """min 1/2 (2 v - 3)^2 + |v| has 2 (2 v - 3) + 1 = 0."""
    solution = solve_group_lasso(np.array([[2.0]]), SquaredLoss(np.array([[3.0]])), 1.0, tolerance=1e-15)
    assert solution.output == pytest.approx(np.array([[1.25]]))
    assert solution.value == pytest.approx(1.375)


def test_orthogonal_atoms_shrink_each_group() -> None:
    solution = solve_group_lasso(
        np.eye(2), SquaredLoss(np.array([[3.0, 4.0], [0.3, 0.4]])), 1.0, tolerance=1e-15
    )
    assert solution.output == pytest.approx(np.array([[2.4, 3.2], [0.0, 0.0]]))
    assert not solution.output[1].any()
    assert solution.value == pytest.approx(0.5 + 0.125 + 4.0)


def test_part_of_the_targets_beyond_all_atoms() -> None:
    """The second sample is out of reach, so that it adds half its square to value and bound alike."""
    atoms, targets = np.array([[2.0], [0.0]]), np.array([[3.0], [5.0]])
    solution = solve_group_lasso(atoms, SquaredLoss(targets), 1.0)
    assert solution.value == pytest.approx(1.375 + 12.5)
    assert_consistent(atoms, targets, 1.0, solution)


@pytest.mark.parametrize("count", [0, 3])
def test_zero_output_at_a_large_gamma(count: int) -> None:
    atoms, targets = random_master(1, 5, count, 2)
    solution = solve_group_lasso(atoms, SquaredLoss(targets), 1e3)
    assert solution.output.shape == (count, 2)
    assert not solution.output.any()
    assert solution.value == pytest.approx(0.5 * float(np.sum(targets**2)), rel=1e-15)
    assert solution.gap == 0


@pytest.mark.parametrize(("n", "count", "c"), [(12, 5, 3), (12, 30, 2), (8, 40, 1), (4, 6, 9)])
@pytest.mark.parametrize("gamma", [1.0, 0.05])
def test_agrees_with_a_conic_solver(n: int, count: int, c: int, gamma: float) -> None:
    atoms, targets = random_master(n + count, n, count, c)
    reference = conic_optimum(atoms, targets, gamma)
    solution = solve_group_lasso(atoms, SquaredLoss(targets), gamma)
    assert solution.value == pytest.approx(reference, rel=1e-7)
    assert_consistent(atoms, targets, gamma, solution)


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    count=st.integers(1, 25),
    c=st.integers(1, 4),
    exponent=st.floats(-4, 1),
)
def test_optimality_conditions(seed: int, n: int, count: int, c: int, exponent: float) -> None:
    atoms, targets = random_master(seed, n, count, c)
    gamma = 10.0**exponent
    solution = solve_group_lasso(atoms, SquaredLoss(targets), gamma)
    assert_consistent(atoms, targets, gamma, solution)
    assert solution.gap <= 1e-9 * solution.value
    # gap >= sum (gamma |v_k| - <N, a_k v_k^T>), and every term is nonnegative.
    aligned = np.sum((atoms.T @ solution.dual_point) * solution.output, axis=1)
    assert gamma * np.linalg.norm(solution.output, axis=1) == pytest.approx(
        aligned, abs=2e-9 * solution.value
    )


@pytest.mark.parametrize("shift", [0.0, 1e-9, 1e-5])
def test_nearly_parallel_atoms(shift: float) -> None:
    atoms, targets = random_master(4, 20, 15, 2)
    doubled = np.hstack([atoms, atoms + shift * random_master(5, 20, 15, 1)[0]])
    single, double = (solve_group_lasso(A, SquaredLoss(targets), 0.1) for A in (atoms, doubled))
    assert double.gap <= 1e-10 * double.value
    assert double.value <= single.value * (1 + 1e-10)
    assert double.value == pytest.approx(single.value, rel=1e-10 + 30 * shift)


def test_atoms_of_very_different_lengths() -> None:
    atoms, targets = random_master(6, 30, 40, 2)
    solution = solve_group_lasso(atoms * np.logspace(-3, 3, 40), SquaredLoss(targets), 0.1)
    assert solution.gap <= 1e-9 * solution.value
    assert solution.output.any()


@pytest.mark.parametrize("count", [25, 60, 300])
@pytest.mark.parametrize("length", [1e-2, 1.0, 1e4])
def test_both_ways_to_the_inverse(count: int, length: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through matrices of the size of the atoms or of the samples; gamma keeps its share of the scale."""
    atoms, targets = random_master(9, 50, count, 2)
    atoms, gamma = length * atoms, 0.1 * min(length, 1.0)
    solution = solve_group_lasso(atoms, SquaredLoss(targets), gamma)
    monkeypatch.setattr("formulations.training.masters.group_lasso._STIFF", 0.0)
    reference = solve_group_lasso(atoms, SquaredLoss(targets), gamma)
    assert solution.gap <= 1e-9 * solution.value
    assert reference.gap <= 1e-9 * reference.value
    assert solution.value == pytest.approx(reference.value, rel=1e-9)
    assert solution.dual_point == pytest.approx(reference.dual_point, abs=1e-4 * np.max(np.abs(targets)))


@pytest.mark.parametrize("rank", [1, 3])
def test_repeated_and_dependent_atoms(rank: int) -> None:
    rng = np.random.default_rng(10)
    atoms, targets = random_master(10, 40, rank, 2)
    many = atoms @ rng.random((rank, 30))
    solution = solve_group_lasso(np.hstack([many, many, atoms]), SquaredLoss(targets), 0.05)
    assert solution.gap <= 1e-9 * solution.value
    assert_consistent(np.hstack([many, many, atoms]), targets, 0.05, solution)


def test_zero_atoms_stay_unused() -> None:
    atoms, targets = random_master(7, 10, 6, 2)
    padded = solve_group_lasso(np.hstack([atoms, np.zeros((10, 2))]), SquaredLoss(targets), 0.1)
    assert padded.value == pytest.approx(solve_group_lasso(atoms, SquaredLoss(targets), 0.1).value, rel=1e-10)
    assert not padded.output[6:].any()


def test_iteration_limit_still_gives_a_valid_pair() -> None:
    atoms, targets = random_master(8, 10, 20, 2)
    rough, exact = (solve_group_lasso(atoms, SquaredLoss(targets), 0.1, max_iterations=k) for k in (1, 60))
    assert rough.iterations == 1
    assert rough.gap > 1e-6
    assert rough.value - rough.gap <= exact.value <= rough.value


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="gamma is 0"):
        solve_group_lasso(np.eye(2), SquaredLoss(np.eye(2)), 0.0)
    with pytest.raises(ValueError, match="atoms have 2 rows but targets 3"):
        solve_group_lasso(np.eye(2), SquaredLoss(np.eye(3)), 1.0)
