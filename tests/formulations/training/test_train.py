"""Training: the exact planar optimum, known optima, invariances, limits."""

import itertools
import math

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.losses.squared import SquaredLoss
from formulations.training.arcs import global_optimum_2d
from formulations.training.column_generation import ColumnGeneration
from formulations.training.masters.group_lasso import solve_group_lasso
from formulations.training.train import TrainingResult, train
from tests.clocks import Ticking
from tests.places import ROOT

IRIS = ROOT / "examples" / "iris.csv"


def random_problem(seed: int, n: int, d: int, c: int) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((n, c))


def assert_consistent(result: TrainingResult, X: Matrix, Y: Matrix, gamma: float) -> None:
    """Hold the network against the promises of its docstring."""
    hidden, output = result.hidden, result.output
    m = hidden.shape[1]
    assert hidden.shape == (X.shape[1], m)
    assert output.shape == (m, Y.shape[1])
    lengths = np.linalg.norm(hidden, axis=0)
    assert np.all(lengths > 0)
    assert np.linalg.norm(output, axis=1) == pytest.approx(lengths, rel=1e-9)
    residual = np.maximum(X @ hidden, 0.0) @ output - Y
    squares = float(np.sum(hidden**2)) + float(np.sum(output**2))
    assert result.loss == pytest.approx(0.5 * float(np.sum(residual**2)) + gamma / 2 * squares, rel=1e-10)
    losses = [point.loss for point in result.curve]
    assert all(b <= a * (1 + 2e-10) for a, b in itertools.pairwise(losses))
    assert losses[0] == 0.5 * float(np.sum(Y**2))
    assert losses[-1] == result.loss
    seconds = [point.seconds for point in result.curve]
    assert seconds == sorted(seconds)
    assert seconds[-1] <= result.seconds


@pytest.mark.parametrize("seed", range(8))
def test_reaches_the_global_optimum_in_the_plane(seed: int) -> None:
    n, d, c, gamma = 2 + 3 * seed, 1 + (seed > 1), 1 + seed % 3, 10.0 ** (-(seed % 4))
    X, Y = random_problem(seed, n, d, c)
    result = train(X, Y, gamma, seed=seed)
    optimum = global_optimum_2d(X, Y, gamma)
    assert_consistent(result, X, Y, gamma)
    assert result.status in {"stationary", "settled"}
    assert -1e-9 * result.loss <= result.loss - optimum.lower <= 1e-8 * result.loss


@pytest.mark.parametrize("units", [(1e-3, 1e3), (100.0, 0.4), (1e-6, 1e-6), (1e4, 1e4)])
def test_scales_of_the_columns(units: tuple[float, float]) -> None:
    X, Y = random_problem(20, 20, 2, 2)
    X, gamma = X * np.array(units), 0.1 * min(1.0, max(units))
    result = train(X, Y, gamma)
    assert result.loss == pytest.approx(global_optimum_2d(X, Y, gamma).lower, rel=1e-8)


def test_spiral() -> None:
    """Three interleaved arms, one class each."""
    turns = np.tile(np.linspace(0, 1, 15), 3)
    classes = np.repeat(np.arange(3), 15)
    angles = 4 * turns + classes * 2 * np.pi / 3
    X = turns[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    Y = np.eye(3)[classes]
    result = train(X, Y, 0.01)
    assert result.loss == pytest.approx(global_optimum_2d(X, Y, 0.01).lower, rel=1e-8)
    assert result.hidden.shape[1] <= 60


def test_iris() -> None:
    """All 150 samples; the optimum is 3.470706 by column generation run far beyond these rounds."""
    rows = np.loadtxt(IRIS, delimiter=",", skiprows=1, dtype=str)
    X, Y = rows[:, :4].astype(np.float64), (rows[:, 4:] == np.unique(rows[:, 4])).astype(np.float64)
    result = train(X, Y, 0.1, restarts=2)
    assert_consistent(result, X, Y, 0.1)
    assert 3.470705 <= result.loss <= 3.470716
    assert result.hidden.shape[1] <= 50


def test_short_cuts_on_large_data_lose_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold beyond 4000 entries and six features; the plain way is the measure."""
    rng = np.random.default_rng(40)
    X = rng.standard_normal((600, 7))
    Y = np.maximum(X[:, :1] + X[:, 1:2], 0) + 0.1 * rng.standard_normal((600, 1))
    assert ColumnGeneration(X, Y, 20.0)._schedule.is_large
    assert not ColumnGeneration(X[:, :6], Y, 20.0)._schedule.is_large
    assert not ColumnGeneration(X[:500], Y[:500], 20.0)._schedule.is_large
    result, again = (train(X, Y, 20.0, seed=2) for _ in range(2))
    assert_consistent(result, X, Y, 20.0)
    assert np.array_equal(result.hidden, again.hidden)
    monkeypatch.setattr("formulations.training.efforts._LARGE", math.inf)
    assert result.loss == pytest.approx(train(X, Y, 20.0, seed=2).loss, rel=1e-4)


def test_a_run_that_settles_weighs_its_neurons_exactly() -> None:
    """The loose master of large data keeps neurons that the last one drops."""
    rng = np.random.default_rng(41)
    X = rng.standard_normal((600, 7))
    Y = np.abs(X[:, :1]) + 0.1 * rng.standard_normal((600, 1))
    generation = ColumnGeneration(X, Y, 20.0)
    assert generation.run(1, settled=1e-2) == "settled"
    best = generation.best
    master = solve_group_lasso(np.maximum(X @ best.directions, 0), SquaredLoss(Y), 20.0)
    assert best.loss <= master.value * (1 + 1e-9)


def test_one_sample_by_hand() -> None:
    """With a = |x| = 5 and |y| = 0.5: gamma |y| / a - gamma^2 / (2 a^2)."""
    X, Y = np.array([[3.0, 0.0, -4.0]]), np.array([[0.3, -0.4]])
    result = train(X, Y, 0.2)
    assert result.loss == pytest.approx(0.02 - 0.0008, rel=1e-9)
    assert result.hidden.shape == (3, 1)
    assert np.abs(result.hidden[:, 0] @ np.array([0.6, 0, -0.8])) == pytest.approx(
        np.linalg.norm(result.hidden)
    )


@pytest.mark.parametrize(
    ("n", "d", "c"),
    [(5, 12, 2), (4, 3, 9), (25, 3, 1), (20, 4, 2)],
    ids=["n<d", "c>n", "c=1", "plain"],
)
def test_shapes(n: int, d: int, c: int) -> None:
    """Two seeds agree to far more digits than a local optimum would."""
    X, Y = random_problem(n + d, n, d, c)
    first, second = (train(X, Y, 0.1, seed=seed) for seed in (0, 1))
    assert_consistent(first, X, Y, 0.1)
    assert first.loss == pytest.approx(second.loss, rel=1e-6)
    assert first.loss < 0.5 * float(np.sum(Y**2))


def test_rotated_inputs_have_the_same_optimum() -> None:
    X, Y = random_problem(30, 20, 3, 2)
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    assert train(X @ rotation, Y, 0.1).loss == pytest.approx(train(X, Y, 0.1).loss, rel=1e-7)


def test_zero_and_parallel_rows() -> None:
    """Zero rows only add half their squares; parallel rows share their kinks."""
    X, Y = random_problem(31, 12, 2, 2)
    X[3], X[5], X[6], X[7] = 0, X[4], -X[4], 3 * X[4]
    result = train(X, Y, 0.1)
    assert result.loss == pytest.approx(global_optimum_2d(X, Y, 0.1).lower, rel=1e-8)
    kept = np.arange(12) != 3
    assert result.loss - 0.5 * float(np.sum(Y[3] ** 2)) == pytest.approx(
        train(X[kept], Y[kept], 0.1).loss, rel=1e-8
    )


@pytest.mark.parametrize("case", ["large gamma", "zero inputs", "zero targets"])
def test_zero_network(case: str) -> None:
    X, Y = random_problem(32, 10, 3, 2)
    X, Y = X * (case != "zero inputs"), Y * (case != "zero targets")
    result = train(X, Y, 1e4 if case == "large gamma" else 0.1)
    assert result.hidden.shape == (3, 0)
    assert result.output.shape == (0, 2)
    assert result.loss == 0.5 * float(np.sum(Y**2))
    assert result.status == "stationary"


def test_same_seed_same_network() -> None:
    X, Y = random_problem(33, 15, 3, 2)
    first, second = (train(X, Y, 0.1, seed=5) for _ in range(2))
    assert np.array_equal(first.hidden, second.hidden)
    assert np.array_equal(first.output, second.output)
    assert first.descent == second.descent


def test_descent_and_progress_are_reported() -> None:
    X, Y = random_problem(34, 15, 3, 2)
    heard: list[tuple[str, float]] = []
    result = train(X, Y, 0.1, restarts=2, on_progress=lambda stage, loss: heard.append((stage, loss)))
    assert heard == [(point.stage, point.loss) for point in result.curve]
    assert result.restarts == 2
    assert len(result.descent) > 3
    assert result.descent[-1] < result.descent[0]
    assert result.loss <= result.descent[-1]


def test_without_restarts() -> None:
    X, Y = random_problem(35, 15, 3, 2)
    result = train(X, Y, 0.1, restarts=0)
    assert result.descent == ()
    assert result.loss == pytest.approx(train(X, Y, 0.1).loss, rel=1e-6)


def test_no_time_gives_a_valid_network() -> None:
    X, Y = random_problem(36, 15, 3, 2)
    result = train(X, Y, 0.1, time_limit=0.0)
    assert result.status == "time_limit"
    assert_consistent(result, X, Y, 0.1)


def test_clock_stops_a_long_run() -> None:
    X, Y = random_problem(37, 40, 6, 2)
    result = train(X, Y, 0.01, time_limit=1500.0, clock=Ticking())
    assert result.status == "time_limit"
    assert result.restarts >= 1
    assert result.loss < 0.5 * float(np.sum(Y**2))
    assert_consistent(result, X, Y, 0.01)


@pytest.mark.parametrize("stage", ["zero network", "random features", "pool", "columns", "slide"])
def test_interrupt_keeps_the_best_network(stage: str) -> None:
    X, Y = random_problem(38, 20, 3, 2)

    def interrupt(done: str, loss: float) -> None:
        if done == stage:
            raise KeyboardInterrupt

    result = train(X, Y, 0.1, on_progress=interrupt)
    assert result.status == "interrupted"
    assert result.curve[-1].stage == stage
    assert_consistent(result, X, Y, 0.1)


@pytest.mark.parametrize(
    ("X", "Y", "gamma", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 1)), 0.0, "gamma is 0"),
        (np.ones((3, 2)), np.ones((3, 1)), np.inf, "gamma is inf"),
        (np.ones((3, 2)), np.ones((2, 1)), 0.1, "one row per sample"),
        (np.ones((3, 2)), np.ones(3), 0.1, "two matrices"),
        (np.full((3, 2), np.nan), np.ones((3, 1)), 0.1, "not finite"),
    ],
)
def test_bad_input(X: Matrix, Y: Matrix, gamma: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(X, Y, gamma)


def test_weight_decay_below_rounding() -> None:
    """The residual's correlations vanish in floats, and the fit is the value all the same."""
    targets = np.array([[2.0], [2.0], [3.0], [1.0]])
    atoms = np.array([[0.5, 0.0], [0.5, 0.0], [0.5, 0.0], [0.0, 1.0]])
    solution = solve_group_lasso(atoms, SquaredLoss(targets), 1e-20)
    assert math.isfinite(solution.value)
    assert solution.value >= 1 / 3 - 1e-9  # of the mean 7/3 in the place of 2, 2 and 3
