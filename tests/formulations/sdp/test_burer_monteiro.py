import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from formulations.arrays import Matrix
from formulations.lines import directions
from formulations.sdp.burer_monteiro import _Factor, _Multipliers, solve_factorised
from formulations.sdp.conic.reduced import ScaledProblem, solve_reduced

GAMMA = 0.1


def drawn(n: int, d: int, c: int, seed: int = 0) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, c))


@pytest.mark.parametrize("rank", [1, 3, None])
def test_a_single_sample_by_hand(rank: int | None) -> None:
    found = solve_factorised(np.array([[2.0]]), np.array([[1.0]]), 0.2, rank=rank)
    assert found.settled
    assert found.value == pytest.approx(0.095, rel=1e-5)  # as x = y = 1 with gamma = 0.1
    assert (found.rank, found.order, found.barvinok, found.active) == (rank or 3, 3, 2, 2)


def test_with_a_full_factor_it_is_the_relaxation() -> None:
    X, Y = drawn(3, 2, 1)
    found = solve_factorised(X, Y, GAMMA)
    assert found.settled
    assert found.violation < 1e-6
    assert found.value == pytest.approx(solve_reduced(X, Y, GAMMA).value, rel=1e-4)


def test_few_of_the_constraints_are_active_where_a_descent_ends() -> None:
    found = solve_factorised(*drawn(6, 2, 2), GAMMA)
    assert found.settled
    assert found.barvinok == 12  # 12 * 13 / 2 is the first beyond 6 (12 - 1)
    assert 3 < found.active < 12  # the six equations alone give 4


@pytest.mark.parametrize("seed", [0, 1])
def test_a_low_rank_ends_above_the_relaxation(seed: int) -> None:
    """With two samples of opposite targets and one column there is one neuron's worth of activations."""
    X, Y = np.array([[1.0], [-2.0]]), np.ones((2, 1))
    found = solve_factorised(X, Y, GAMMA, rank=1, seed=seed)
    # One neuron fits one of the samples: 0.095 + 1/2, or 1/2 + 0.04875.
    assert found.settled
    assert min(abs(found.value - 0.595), abs(found.value - 0.54875)) < 1e-4
    assert solve_reduced(X, Y, GAMMA).value == pytest.approx(0.14375, rel=1e-4)


def test_rows_on_one_line_and_zero_rows() -> None:
    X, Y = np.array([[1.0, 2], [2, 4], [0, 0], [-1, 1]]), np.array([[1.0], [0], [3], [-1]])
    found = solve_factorised(X, Y, GAMMA)
    assert found.order == 2 + 2 + 1
    assert found.value == pytest.approx(solve_reduced(X, Y, GAMMA).value, rel=1e-4)
    assert solve_factorised(np.zeros((2, 1)), np.ones((2, 1)), GAMMA).value == 1.0


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_the_gradient_is_that_of_the_lagrangian(seed: int, penalty: float) -> None:
    X, Y = drawn(3, 2, 1, seed)
    rng = np.random.default_rng(seed)
    lines = directions(X)
    factor = _Factor(lines.units, ScaledProblem.of(lines, Y, GAMMA), 2)
    symmetric = [a + a.T for a in rng.random((2, 3, 3))]
    multipliers = _Multipliers(symmetric[0], rng.random((3, 3)), symmetric[1])
    point = rng.normal(size=factor.size)

    def value(at: Matrix) -> float:
        return factor._lagrangian(at, multipliers, penalty)[0]

    gradient = factor._lagrangian(point, multipliers, penalty)[1]
    expected = approx_fprime(point, value, 1e-7)
    assert gradient == pytest.approx(expected, abs=1e-4 * (1 + np.abs(expected).max()))


def test_it_ends_when_it_is_told() -> None:
    X, Y = drawn(4, 2, 1)
    assert solve_factorised(X, Y, GAMMA, should_stop=lambda: True).rounds == 0
    left = iter([False] * 5)
    found = solve_factorised(X, Y, GAMMA, should_stop=lambda: next(left, True))
    assert (found.rounds, found.settled) == (1, False)


def test_a_rank_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="the rank is 0"):
        solve_factorised(np.eye(2), np.eye(2), GAMMA, rank=0)
