"""Local maxima of the gauge: worked cases, the planar oracle, and local optimality in any dimension."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.training.arcs import maximum_gauge_2d
from formulations.training.oracle import GaugeOracle, orthogonal_to


def gauges(X: Matrix, N: Matrix, directions: Matrix) -> Matrix:
    values: Matrix = np.linalg.norm(N.T @ np.maximum(X @ directions, 0.0), axis=0)
    return values


def random_problem(seed: int, n: int, d: int, c: int, on_grid: bool = False) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return (np.round(X) if on_grid else X), rng.standard_normal((n, c))


def test_a_maximum_held_by_a_kink_by_hand() -> None:
    """relu(u_1) - 2 relu(0.6 u_1 + 0.8 u_2): u_1 grows until the second row becomes active at (0.8, -0.6)."""
    X, N = np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([[1.0], [-2.0]])
    (maximum,) = GaugeOracle(X).maximise(N, np.array([[0.3], [-1.0]]))
    assert maximum.direction == pytest.approx([0.8, -0.6])
    assert maximum.value == pytest.approx(0.8)
    assert maximum.kinks.tolist() == [1]


def test_two_kinks_at_once_by_hand() -> None:
    """relu(w.u) - 3/2 (relu(u_1) + relu(u_2)) with w = (1, 1, 1): both kinks hold, and u = e_3."""
    X, N = np.array([[1.0, 1, 1], [1, 0, 0], [0, 1, 0]]), np.array([[1.0], [-1.5], [-1.5]])
    (maximum,) = GaugeOracle(X).maximise(N, np.array([[-1.0], [-2.0], [4.0]]))
    assert maximum.direction == pytest.approx([0, 0, 1], abs=1e-15)
    assert maximum.value == pytest.approx(1)
    assert maximum.kinks.tolist() == [1, 2]


def test_a_kink_that_does_not_hold_is_left() -> None:
    """Started on the kink of a row that pushes away from it: 2 relu(u_1) + relu(u_2) peaks at (2, 1)."""
    X, N = np.eye(2), np.array([[2.0], [1.0]])
    (maximum,) = GaugeOracle(X).maximise(N, np.array([[1.0], [0.0]]))
    assert maximum.direction == pytest.approx(np.array([2.0, 1.0]) / np.sqrt(5))
    assert maximum.kinks.size == 0


@given(seed=st.integers(0, 10**6), n=st.integers(1, 15), c=st.integers(1, 3), on_grid=st.booleans())
def test_wide_ascents_reach_the_maximum_in_the_plane(seed: int, n: int, c: int, on_grid: bool) -> None:
    X, N = random_problem(seed, n, 2, c, on_grid)
    oracle = GaugeOracle(X)
    maxima = oracle.maximise(N, oracle.draw_starts(N, 12, np.random.default_rng(seed)), wide=True)
    best = maxima[0].value if maxima else 0.0
    assert best == pytest.approx(maximum_gauge_2d(X, N)[0], rel=1e-12, abs=1e-13)


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 25),
    d=st.integers(1, 6),
    c=st.integers(1, 3),
    on_grid=st.booleans(),
    wide=st.booleans(),
)
def test_maxima_are_local_maxima(seed: int, n: int, d: int, c: int, on_grid: bool, wide: bool) -> None:
    X, N = random_problem(seed, n, d, c, on_grid)
    rng = np.random.default_rng(seed)
    oracle = GaugeOracle(X)
    scale = float(np.linalg.norm(N, axis=1) @ np.linalg.norm(X, axis=1))
    maxima = oracle.maximise(N, oracle.draw_starts(N, 4, rng), wide=wide)
    assert [maximum.value for maximum in maxima] == sorted((m.value for m in maxima), reverse=True)
    for maximum in maxima:
        u = maximum.direction
        assert np.linalg.norm(u) == pytest.approx(1)
        assert gauges(X, N, u[:, None])[0] == pytest.approx(maximum.value, abs=1e-13 * scale)
        assert np.abs(X[maximum.kinks] @ u) == pytest.approx(0, abs=1e-13)
        assert maximum.value > 0
        steps = 1e-5 * rng.standard_normal((d, 200))
        kept = orthogonal_to(X[maximum.kinks])
        around = u[:, None] + np.hstack([steps, kept @ (kept.T @ steps)])
        around /= np.linalg.norm(around, axis=0)
        assert np.all(gauges(X, N, around) <= maximum.value + 1e-13 * scale)


def test_reaches_the_best_of_a_dense_sample() -> None:
    X, N = random_problem(5, 40, 3, 2)
    rng = np.random.default_rng(0)
    sample = rng.standard_normal((3, 100_000))
    sample /= np.linalg.norm(sample, axis=0)
    oracle = GaugeOracle(X)
    best = oracle.maximise(N, oracle.draw_starts(N, 20, rng))[0]
    assert best.value >= gauges(X, N, sample).max()


def test_badly_scaled_columns_need_few_steps() -> None:
    """All rows active and one piece wide enough: the top singular vector of N^T X in a single step."""
    rng = np.random.default_rng(1)
    X = (3 + rng.random((20, 3))) * np.array([1e-3, 1.0, 1e3])
    N = rng.random((20, 2))
    top = np.linalg.svd(N.T @ X)[2][0]
    (maximum,) = GaugeOracle(X).maximise(N, np.ones((3, 1)), max_steps=2)
    assert maximum.value == pytest.approx(np.linalg.norm(N.T @ X, 2), rel=1e-12)
    assert np.abs(maximum.direction @ top) == pytest.approx(1)


def test_more_steps_never_hurt() -> None:
    X, N = random_problem(6, 60, 5, 2)
    oracle = GaugeOracle(X)
    start = np.random.default_rng(2).standard_normal((5, 1))
    values = [oracle.maximise(N, start, max_steps=k)[0].value for k in range(12)]
    assert values[0] == pytest.approx(gauges(X, N, start / np.linalg.norm(start))[0])
    assert all(later >= earlier * (1 - 1e-13) for earlier, later in itertools.pairwise(values))
    assert values[-1] > values[0]


def test_one_linear_piece_counts_once() -> None:
    X, N = random_problem(7, 30, 3, 2)
    oracle = GaugeOracle(X)
    starts = oracle.draw_starts(N, 60, np.random.default_rng(3))
    maxima = oracle.maximise(N, starts)
    assert len({oracle.pattern(m.direction, m.kinks) for m in maxima}) == len(maxima) < starts.shape[1]


def test_zero_and_repeated_rows() -> None:
    X, N = random_problem(8, 12, 3, 2)
    repeated = np.vstack([np.zeros((1, 3)), X, X[:5], np.zeros((1, 3))])
    halved = np.vstack([np.ones((1, 2)), np.vstack([N[:5] / 2, N[5:]]), N[:5] / 2, np.ones((1, 2))])
    rng = np.random.default_rng(4)
    start = rng.standard_normal((3, 6))
    plain = GaugeOracle(X).maximise(N, start)[0]
    doubled = GaugeOracle(repeated).maximise(halved, start)[0]
    assert doubled.value == pytest.approx(plain.value, rel=1e-12)
    assert 0 not in doubled.kinks
    assert 18 not in doubled.kinks


@pytest.mark.parametrize(("d", "c"), [(2, 1), (5, 3), (12, 2)])
def test_steps_together_go_up(d: int, c: int) -> None:
    X, N = random_problem(d + c, 40, d, c, on_grid=d == 5)
    oracle = GaugeOracle(X)
    starts = oracle.draw_starts(N, 30, np.random.default_rng(0), corners=False)
    before = gauges(X, N, starts)
    for steps in (0, 1, 5):
        reached = oracle.raise_together(N, 3 * starts, steps)
        assert np.linalg.norm(reached, axis=0) == pytest.approx(1)
        after = gauges(X, N, reached)
        assert np.all(after >= before * (1 - 1e-12))
        before = after
    assert np.median(after) > 1.1 * np.median(gauges(X, N, starts))


def test_steps_together_reach_a_maximum_without_kinks() -> None:
    """All rows are active at (1, 1): the power method finds the top singular vector of diag(2, 1)."""
    X, N = np.eye(2), np.diag([2.0, 1.0])
    reached = GaugeOracle(X).raise_together(N, np.array([[1.0], [1.0]]), 60)
    assert reached[:, 0] == pytest.approx([1, 0], abs=1e-6)


def test_steps_together_leave_a_gauge_of_zero_alone() -> None:
    start = np.array([[-0.6], [-0.8]])
    assert GaugeOracle(np.eye(2)).raise_together(np.eye(2), start, 3) == pytest.approx(start)


def test_without_corners_no_start_is_on_a_kink() -> None:
    X, N = random_problem(3, 30, 4, 2)
    on_kinks = [
        np.sum(
            np.abs(X @ GaugeOracle(X).draw_starts(N, 60, np.random.default_rng(1), corners=corners)) < 1e-9
        )
        for corners in (False, True)
    ]
    assert on_kinks[0] == 0
    assert on_kinks[1] > 0


def test_zero_inputs_have_no_starts() -> None:
    oracle = GaugeOracle(np.zeros((4, 3)))
    rng = np.random.default_rng(0)
    assert oracle.draw_starts(np.ones((4, 2)), 5, rng).shape == (3, 0)
    assert oracle.draw_gaussian(5, rng).shape == (3, 0)


def test_zero_inputs_have_no_maxima() -> None:
    assert GaugeOracle(np.zeros((4, 3))).maximise(np.ones((4, 2)), np.eye(3)) == []


@pytest.mark.parametrize(("n", "d", "count"), [(10, 3, 7), (3, 8, 5), (6, 1, 4), (1, 1, 1)])
def test_starts_are_unit_directions(n: int, d: int, count: int) -> None:
    X, N = random_problem(9, n, d, 2)
    starts = GaugeOracle(X).draw_starts(N, count, np.random.default_rng(0))
    assert starts.shape == (d, count)
    assert np.linalg.norm(starts, axis=0) == pytest.approx(1)


def test_gaussian_directions_cross_the_data_whatever_its_scale() -> None:
    X, _ = random_problem(10, 50, 3, 1)
    directions = GaugeOracle(X * np.array([1e-4, 1.0, 1e4])).draw_gaussian(200, np.random.default_rng(0))
    active = np.mean(X * np.array([1e-4, 1.0, 1e4]) @ directions > 0, axis=0)
    assert np.all((active > 0.1) & (active < 0.9))


def test_stops_when_asked() -> None:
    X, N = random_problem(11, 10, 3, 2)
    answers = iter([False, True])
    starts = np.random.default_rng(0).standard_normal((3, 5))
    assert len(GaugeOracle(X).maximise(N, starts, should_stop=lambda: next(answers))) == 1


@pytest.mark.parametrize(
    ("unseen", "weight", "tried"),
    [
        (0.0, 1.0, 400),
        (5e-4, 1.0, 111),  # two maxima: 2 * 3 / (111 * 110) is below 5e-4 and 2 * 3 / (110 * 109) is not
        (0.3, 0.0, 4),  # nothing found counts as one: 1 * 2 / (4 * 3) is below 0.3 and 1 * 2 / (3 * 2) is not
    ],
)
def test_starts_that_would_find_nothing_new_are_left_out(unseen: float, weight: float, tried: int) -> None:
    """relu(u_1) + relu(-u_1) has the maxima e_1 and -e_1."""
    X, N = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.full((2, 1), weight)
    starts = np.random.default_rng(0).standard_normal((2, 400))
    calls = itertools.count()
    maxima = GaugeOracle(X).maximise(N, starts, unseen=unseen, should_stop=lambda: next(calls) < 0)
    assert sorted(maximum.direction[0] for maximum in maxima) == pytest.approx([-1, 1] if weight else [])
    # One more call is made before the start that is left out.
    assert next(calls) == (tried if tried == 400 else tried + 1)


def test_orthogonal_to_by_hand() -> None:
    rows = np.array([[3.0, 4.0, 0.0], [6.0, 8.0, 0.0], [0.0, 0.0, 1e-12]])
    assert np.abs(orthogonal_to(rows).T @ np.array([0.8, -0.6, 0.0])) == pytest.approx([1.0])
    assert orthogonal_to(np.zeros((0, 3))) == pytest.approx(np.eye(3))
