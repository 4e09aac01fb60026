"""The programs over patterns, held to optima that are known: by hand on a line, and in the plane."""

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.losses.loss import objective
from formulations.losses.reading import read_loss
from formulations.losses.squared import SquaredLoss
from formulations.patterns.admm import train_by_admm
from formulations.patterns.convex_program import solve_over_patterns
from formulations.patterns.copositive_relaxation import solve_copositive_relaxation
from formulations.patterns.frank_wolfe import train_by_frank_wolfe
from formulations.training.arcs import global_optimum_2d
from formulations.training.train import train

GAMMA = 0.1
# A sample with the target 1 costs g - g^2 / 2 for g = gamma / |x|; on opposite sides each has its own neuron.
LINE, ONES = np.array([[1.0], [-2.0]]), np.ones((2, 1))
OF_LINE = 0.095 + 0.04875
WEIGHT = (1 - 0.1) + (1 - 0.05) / 2  # sum_j |u_j| |v_j| there


def drawn(n: int, d: int, c: int, seed: int = 0) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, c))


def loss_of(X: Matrix, Y: Matrix, hidden: Matrix, output: Matrix) -> float:
    return objective(SquaredLoss(Y), X, GAMMA, hidden, output)


def test_on_a_line_by_hand() -> None:
    loss = SquaredLoss(ONES)
    convex = solve_over_patterns(LINE, loss, GAMMA, most=2)
    assert convex.value == pytest.approx(OF_LINE, rel=1e-6)
    assert loss_of(LINE, ONES, convex.hidden, convex.output) == pytest.approx(OF_LINE, rel=1e-6)
    assert convex.patterns == 2
    assert solve_copositive_relaxation(LINE, loss, GAMMA, most=2).value == pytest.approx(OF_LINE, rel=1e-6)
    admm = train_by_admm(LINE, ONES, GAMMA, draws=20)
    assert admm.converged
    assert loss_of(LINE, ONES, admm.hidden, admm.output) == pytest.approx(OF_LINE, rel=1e-4)
    walk = train_by_frank_wolfe(LINE, loss, WEIGHT, max_steps=100)
    # Steps between two neurons zigzag, and the error falls as one over their number.
    assert 0 <= loss_of(LINE, ONES, walk.hidden, walk.output) - OF_LINE <= walk.error < 0.02


def test_the_convex_program_is_the_optimum_in_the_plane() -> None:
    X, Y = drawn(8, 2, 1)
    best = global_optimum_2d(X, Y, GAMMA)
    found = solve_over_patterns(X, SquaredLoss(Y), GAMMA, most=16)
    assert best.lower * (1 - 1e-6) <= found.value <= best.upper * (1 + 1e-6)
    assert loss_of(X, Y, found.hidden, found.output) == pytest.approx(found.value, rel=1e-5)
    assert np.linalg.norm(found.hidden, axis=0) == pytest.approx(np.linalg.norm(found.output, axis=1))


def test_the_copositive_relaxation_is_the_optimum_in_the_plane() -> None:
    X, Y = drawn(6, 2, 2)
    best = global_optimum_2d(X, Y, GAMMA)
    found = solve_copositive_relaxation(X, SquaredLoss(Y), GAMMA, most=12)
    assert best.lower * (1 - 1e-5) <= found.value <= best.upper * (1 + 1e-5)
    assert found.patterns == 12


def test_the_relaxation_is_below_training_in_space_and_above_nothing() -> None:
    X, Y = drawn(4, 3, 2, seed=1)
    loss = SquaredLoss(Y)
    found = solve_copositive_relaxation(X, loss, GAMMA, most=14)
    assert 0 < found.value <= train(X, loss, GAMMA, restarts=1).loss * (1 + 1e-6)


@pytest.mark.parametrize("text", ["logistic", "absolute"])
def test_other_losses(text: str) -> None:
    X, Y = drawn(6, 2, 1, seed=2)
    loss = read_loss(text, np.sign(Y) if text == "logistic" else Y)
    best = train(X, loss, GAMMA, restarts=1).loss
    assert solve_over_patterns(X, loss, GAMMA, most=12).value == pytest.approx(best, rel=1e-4)
    assert solve_copositive_relaxation(X, loss, GAMMA, most=12).value == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("outputs", [1, 2])
def test_admm_ends_at_the_optimum_over_its_patterns(outputs: int) -> None:
    """With all patterns of the plane each output ends at the optimum of training it alone."""
    X, Y = drawn(4, 2, outputs)
    alone = sum(global_optimum_2d(X, column[:, None], GAMMA).upper for column in Y.T)
    found = train_by_admm(X, Y, GAMMA, draws=300)
    assert found.patterns == 8
    assert loss_of(X, Y, found.hidden, found.output) == pytest.approx(alone, rel=1e-3)
    assert (np.count_nonzero(found.output, axis=1) == 1).all()


def test_admm_does_not_depend_on_the_units() -> None:
    X, Y = drawn(6, 2, 1)
    one = train_by_admm(X, Y, GAMMA, draws=30)
    other = train_by_admm(1000 * X, Y, 1000 * GAMMA, draws=30)
    assert one.iterations == other.iterations
    assert other.hidden @ other.output == pytest.approx(one.hidden @ one.output / 1000)


def test_admm_with_few_patterns_is_no_better_than_the_optimum() -> None:
    X, Y = drawn(6, 2, 1)
    found = train_by_admm(X, Y, GAMMA, draws=1)
    assert found.patterns == 1
    assert loss_of(X, Y, found.hidden, found.output) >= global_optimum_2d(X, Y, GAMMA).lower


def test_frank_wolfe_keeps_the_weight_and_comes_near_the_optimum() -> None:
    X, Y = drawn(5, 2, 1)
    loss = SquaredLoss(Y)
    best = solve_over_patterns(X, loss, GAMMA, most=10)
    weight = float(np.linalg.norm(best.hidden, axis=0) @ np.linalg.norm(best.output, axis=1))
    found = train_by_frank_wolfe(X, loss, weight, max_steps=100)
    lengths = np.linalg.norm(found.hidden, axis=0) @ np.linalg.norm(found.output, axis=1)
    assert lengths <= weight * (1 + 1e-9)
    reached = loss_of(X, Y, found.hidden, found.output)
    # No fit of this weight is more than the error below, up to what the ascents miss.
    assert best.value * (1 - 1e-6) <= reached <= best.value * (1 + 1e-6) + found.error
    assert reached < 1.1 * best.value


def test_iterations_end_when_they_are_told() -> None:
    X, Y = drawn(4, 2, 1)
    assert train_by_admm(X, Y, GAMMA, draws=5, should_stop=lambda: True).hidden.shape == (2, 0)
    assert train_by_frank_wolfe(X, SquaredLoss(Y), 1.0, should_stop=lambda: True).steps == 0
    assert train_by_admm(X, Y, GAMMA, draws=5, max_iterations=3).iterations == 3


def test_inputs_that_are_zero() -> None:
    X, Y = np.zeros((2, 2)), np.ones((2, 1))
    loss = SquaredLoss(Y)
    assert solve_over_patterns(X, loss, GAMMA, most=1).value == pytest.approx(1.0)
    assert solve_copositive_relaxation(X, loss, GAMMA, most=1).value == pytest.approx(1.0)
    assert not train_by_admm(X, Y, GAMMA, draws=3).hidden.any()
    assert train_by_frank_wolfe(X, loss, 1.0).steps == 0


def test_what_is_refused() -> None:
    X, Y = drawn(4, 2, 2)
    with pytest.raises(ValueError, match="2 outputs; this program is for one"):
        solve_over_patterns(X, SquaredLoss(Y), GAMMA, most=10)
    with pytest.raises(ValueError, match="more than 3"):
        solve_copositive_relaxation(X, SquaredLoss(Y), GAMMA, most=3)
    with pytest.raises(ValueError, match="gamma"):
        train_by_admm(X, Y, 0.0, draws=3)
