"""The master for every loss and output bias: worked cases, cvxpy as an oracle, optimality, copies."""

from __future__ import annotations

from typing import Any

import cvxpy
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from formulations.arrays import Matrix, Vector
from formulations.losses.loss import Loss
from formulations.losses.reading import read_loss
from formulations.losses.squared import SquaredLoss
from formulations.training.masters.dual_path import follow_path
from formulations.training.masters.group_lasso import solve_group_lasso
from formulations.training.masters.master import MasterSolution, solve_master
from tests.formulations.losses.examples import TEXTS, fitting_targets

cp: Any = cvxpy
BIASES = ("none", "free", "decayed")


def problem(
    text: str, seed: int, n: int = 9, count: int = 7, c: int = 3, *, weighted: bool = False
) -> tuple[Matrix, Loss]:
    rng = np.random.default_rng(seed)
    atoms = np.maximum(rng.normal(size=(n, count)), 0)
    weights = rng.uniform(0.3, 2, n) if weighted else None
    return atoms, read_loss(text, fitting_targets(text, rng.normal(size=(n, c))), weights)


def conic_loss(text: str, loss: Loss, Z: Any) -> Any:
    """The loss as its textbook formula, in cvxpy."""
    name, *number = text.split()
    Y, w = loss.targets, loss.sample_weights
    share = float(number[0].split("/")[0]) / float(number[0].split("/")[1]) if number else 0.0
    r = Y - Z
    match name:
        case "squared":
            entries = cp.square(r) / 2
        case "huber":
            entries = cp.huber(r, share) / 2
        case "absolute":
            entries = cp.abs(r)
        case "quantile":
            entries = cp.maximum(share * r, (share - 1) * r)
        case "epsilon-insensitive":
            entries = cp.pos(cp.abs(r) - share)
        case "hinge":
            entries = cp.pos(1 - cp.multiply(Y, Z))
        case "squared-hinge":
            entries = cp.square(cp.pos(1 - cp.multiply(Y, Z))) / 2
        case "logistic":
            entries = cp.logistic(-cp.multiply(Y, Z))
        case "poisson":
            entries = cp.exp(Z) - cp.multiply(Y, Z)
        case "multiclass-hinge":
            ahead = cp.max(Z + 1 - Y, axis=1) - cp.sum(cp.multiply(Y, Z), axis=1)
            return cp.sum(cp.multiply(w[:, 0], ahead))
        case _:  # cross-entropy, whose targets are smoothed already
            sizes = Y.sum(axis=1)
            logs = cp.multiply(sizes, cp.log_sum_exp(Z, axis=1)) - cp.sum(cp.multiply(Y, Z), axis=1)
            return cp.sum(cp.multiply(w[:, 0], logs))
    return cp.sum(cp.multiply(np.broadcast_to(w, Y.shape), entries))


def conic_optimum(text: str, atoms: Matrix, loss: Loss, gamma: float, output_bias: str) -> float:
    n, c = loss.targets.shape
    V, b = cp.Variable((atoms.shape[1], c)), cp.Variable((1, c))
    Z, decay = atoms @ V, gamma * cp.sum(cp.norm(V, axis=1))
    if output_bias != "none":
        Z = Z + np.ones((n, 1)) @ b
    if output_bias == "decayed":
        decay += gamma / 2 * cp.sum_squares(b)
    optimum = cp.Problem(cp.Minimize(conic_loss(text, loss, Z) + decay))
    return float(optimum.solve(solver=cp.CLARABEL))


def assert_consistent(
    atoms: Matrix, loss: Loss, gamma: float, output_bias: str, solution: MasterSolution
) -> None:
    """Hold every field against its definition."""
    b: Vector = solution.output_bias if output_bias != "none" else np.zeros(loss.targets.shape[1])
    assert len(solution.output_bias) == (0 if output_bias == "none" else loss.targets.shape[1])
    value = loss.value(atoms @ solution.output + b)
    value += gamma * float(np.linalg.norm(solution.output, axis=1).sum())
    N = solution.dual_point
    bound, total = loss.dual_value(N), N.sum(axis=0)
    if output_bias == "decayed":
        value += gamma / 2 * float(b @ b)
        bound -= float(total @ total) / (2 * gamma)
    if output_bias == "free":
        assert total == pytest.approx(np.zeros(len(total)), abs=1e-8 * (1 + float(np.abs(N).sum())))
    assert solution.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert np.linalg.norm(atoms.T @ N, axis=1).max(initial=0.0) <= gamma * (1 + 1e-9)
    size = max(abs(value), 1e-3)
    assert value >= bound - 1e-7 * size
    assert value - bound <= 1e-6 * size
    assert solution.gap <= 1e-6 * size


@pytest.mark.parametrize("output_bias", BIASES)
@pytest.mark.parametrize("text", TEXTS)
def test_agrees_with_a_conic_solver(text: str, output_bias: str) -> None:
    for weighted, shape in ((False, (9, 7, 3)), (True, (6, 14, 2))):
        atoms, loss = problem(text, 5, *shape, weighted=weighted)
        solution = solve_master(atoms, loss, 0.3, output_bias=output_bias)
        assert_consistent(atoms, loss, 0.3, output_bias, solution)
        optimum = conic_optimum(text, atoms, loss, 0.3, output_bias)
        assert solution.value == pytest.approx(optimum, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("output_bias", BIASES)
@pytest.mark.parametrize("text", TEXTS)
@settings(max_examples=8)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 10),
    count=st.integers(1, 20),
    c=st.integers(2, 4),
    exponent=st.floats(-3, 1),
    weighted=st.booleans(),
)
def test_optimality(
    text: str, output_bias: str, seed: int, n: int, count: int, c: int, exponent: float, weighted: bool
) -> None:
    """A small gap proves the value, whatever finds it."""
    atoms, loss = problem(text, seed, n, count, c, weighted=weighted)
    gamma = 10.0**exponent
    low, high = loss.box()
    if output_bias == "free":  # which runs off to infinity where all targets are on one side
        assume(np.all(low.sum(axis=0) < 0) and np.all(high.sum(axis=0) > 0))
    solution = solve_master(atoms, loss, gamma, output_bias=output_bias)
    assert_consistent(atoms, loss, gamma, output_bias, solution)


def test_one_atom_by_hand() -> None:
    """min |2 v - 3| + v is at the kink; with a large gamma at zero, where the loss is 3."""
    loss = read_loss("absolute", np.array([[3.0]]))
    solution = solve_master(np.array([[2.0]]), loss, 1.0)
    assert solution.output == pytest.approx(np.array([[1.5]]), rel=1e-6)
    assert solution.value == pytest.approx(1.5)
    assert solution.dual_point == pytest.approx(np.array([[0.5]]), rel=1e-6)
    large = solve_master(np.array([[2.0]]), loss, 3.0)
    assert not large.output.any()
    assert large.value == 3.0


def test_the_median_is_the_free_bias() -> None:
    loss = read_loss("absolute", np.array([[0.0], [1.0], [5.0]]))
    solution = solve_master(np.zeros((3, 1)), loss, 1.0, output_bias="free")
    assert solution.output_bias == pytest.approx(np.array([1.0]), abs=1e-6)
    assert solution.value == pytest.approx(5.0)


@pytest.mark.parametrize("text", ["squared-hinge", "logistic", "poisson"])
def test_a_free_bias_without_neurons(text: str) -> None:
    """At predictions of zero the gradient of a smooth loss proves its value, but for its sum."""
    y = np.array([[1.0], [1.0], [4.0]]) if text == "poisson" else np.array([[1.0], [1.0], [-1.0]])
    solution = solve_master(np.zeros((3, 0)), read_loss(text, y), 1.0, output_bias="free")
    # Poisson's means are e^b = 2; of two signs against one the margins are as 1 - b and 1 + b, and e^b = 2.
    best = 1 / 3 if text == "squared-hinge" else np.log(2)
    assert solution.output_bias == pytest.approx(np.array([best]), abs=1e-4)
    assert solution.dual_point.sum() == pytest.approx(0, abs=1e-6)


def test_equal_classes_need_a_bias_alone() -> None:
    """What no network can improve: the optimum is zero, and so is the dual point."""
    loss = read_loss("hinge", np.ones((4, 1)))
    solution = solve_master(np.ones((4, 1)), loss, 0.5, output_bias="free")
    assert solution.value == pytest.approx(0.0, abs=1e-5)
    assert solution.dual_point == pytest.approx(np.zeros((4, 1)), abs=1e-4)


@pytest.mark.parametrize("output_bias", BIASES)
def test_both_ways_for_the_squared_loss_agree(output_bias: str) -> None:
    for weighted in (False, True):
        atoms, loss = problem("squared", 8, weighted=weighted)
        special = solve_master(atoms, loss, 0.2, output_bias=output_bias)
        general = follow_path(atoms, loss, 0.2, output_bias=output_bias, tolerance=1e-10)
        assert special.value == pytest.approx(general.value, rel=1e-8)
        assert special.dual_point == pytest.approx(general.dual_point, abs=1e-5)
        assert_consistent(atoms, loss, 0.2, output_bias, special)


def test_the_squared_loss_keeps_its_master() -> None:
    atoms, loss = problem("squared", 9)
    assert isinstance(loss, SquaredLoss)
    assert np.array_equal(solve_master(atoms, loss, 0.2).output, solve_group_lasso(atoms, loss, 0.2).output)


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "cross-entropy 1/10"])
def test_a_weight_counts_as_copies(text: str) -> None:
    atoms, loss = problem(text, 10, n=6, c=2)
    copies = np.array([0, 1, 1, 1, 2, 3, 3, 4, 5])
    weighted = read_loss(text, loss.targets, np.array([1.0, 3, 1, 2, 1, 1]))
    assert np.all(np.ptp(loss.targets, axis=0) > 0)
    for output_bias in ("none", "free"):
        single = solve_master(atoms, weighted, 0.2, output_bias=output_bias)
        copied = solve_master(atoms[copies], loss.rows(copies), 0.2, output_bias=output_bias)
        assert single.value == pytest.approx(copied.value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_many_parallel_atoms(text: str) -> None:
    atoms, loss = problem(text, 11, n=6, count=4)
    many = np.hstack([atoms, atoms * (1 + 1e-9), 0.5 * atoms, np.zeros((6, 2))])
    few, more = solve_master(atoms, loss, 0.2), solve_master(many, loss, 0.2)
    assert more.value == pytest.approx(few.value, rel=1e-6)
    assert not more.output[-2:].any()


def test_no_atoms() -> None:
    for text in TEXTS:
        _, loss = problem(text, 12)
        solution = solve_master(np.zeros((9, 0)), loss, 0.2)
        assert solution.output.shape == (0, 3)
        assert solution.value == pytest.approx(loss.value(np.zeros((9, 3))))


def test_malformed() -> None:
    loss = read_loss("absolute", np.eye(2))
    with pytest.raises(ValueError, match="gamma is 0"):
        solve_master(np.eye(2), loss, 0.0)
    with pytest.raises(ValueError, match="one row per sample"):
        solve_master(np.eye(3), loss, 1.0)
    with pytest.raises(ValueError, match="none, free or decayed"):
        solve_master(np.eye(2), loss, 1.0, output_bias="some")


@pytest.mark.parametrize("text", ["squared", "huber 1", "hinge"])
def test_out_of_time_there_is_a_network_with_what_it_costs(text: str) -> None:
    rng = np.random.default_rng(3)
    atoms = np.maximum(rng.standard_normal((12, 6)), 0)
    loss = read_loss(text, np.sign(rng.standard_normal((12, 1))))
    whole = solve_master(atoms, loss, 0.1)
    early = solve_master(atoms, loss, 0.1, should_stop=lambda: True)
    penalty = 0.1 * float(np.linalg.norm(early.output, axis=1).sum())
    assert early.value == pytest.approx(loss.value(atoms @ early.output) + penalty)
    assert whole.value < early.value
    assert early.gap > whole.gap
