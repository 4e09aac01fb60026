"""The error budget from a network's loss to the bound: its ends are exact, its steps what they say."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from certify.explain.error_budget import (
    ErrorBudget,
    error_budget,
    estimate_gauge,
)
from certify.floats.gauge import dual_point
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.networks.network import ReLUNetwork, loss_at_most
from tests.certify.checker.oracles import (
    certificate_of,
    gauge_by_enumeration,
    optimum_2d,
    rounded,
)


def budget_of(
    problem: TrainingProblem, N: list[list[int]], exponent: int, network: ReLUNetwork | None = None
) -> ErrorBudget:
    """The error budget of a certificate that would be valid, if its tree were more than a claim."""
    certificate = certificate_of(problem, N, [], exponent=exponent)
    certificate = replace(certificate, bound=dual_bound(problem, certificate.dual_point, exponent))
    arrays, own, none = Arrays.of(problem), dual_point(certificate), np.zeros((problem.d, 0))
    gauge = estimate_gauge(arrays, own, none)
    if network is None:
        return error_budget(certificate, arrays, own, gauge)
    R = arrays.dual_point_of(FloatNetwork.of(network, problem.d, problem.c))
    other = estimate_gauge(arrays, R, none)
    upper = loss_at_most(problem, network)
    return error_budget(certificate, arrays, own, gauge, upper=upper, R=R, residual_gauge=other)


@pytest.fixture
def planar() -> TrainingProblem:
    rng = np.random.default_rng(0)
    X, Y = rng.integers(-9, 10, (8, 2)), rng.integers(-9, 10, (8, 2))
    return TrainingProblem.from_rationals(X.tolist(), Y.tolist(), 2)


def test_the_gauge_is_found(planar: TrainingProblem) -> None:
    arrays = Arrays.of(planar)
    found = estimate_gauge(arrays, arrays.Y, np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert found.ratio == pytest.approx(gauge_by_enumeration(arrays.X, arrays.Y) / 2, rel=1e-9)
    assert found.maxima[0].ratio == pytest.approx(found.ratio)
    assert all(maximum.ratio >= 0.99 * found.ratio for maximum in found.maxima)
    u = np.array(found.maxima[0].direction)
    reached = np.linalg.norm(arrays.Y.T @ np.maximum(arrays.X @ u, 0))
    assert float(reached) / 2 == pytest.approx(found.ratio)
    stopped = estimate_gauge(arrays, arrays.Y, np.eye(2), lambda: True)
    assert 0 < stopped.ratio <= found.ratio
    assert not stopped.maxima


def test_what_is_lost_to_the_level(planar: TrainingProblem) -> None:
    N, upper = optimum_2d(planar)
    steps = budget_of(planar, rounded(N, 40, 0.9), 40).steps
    assert [step.is_exact for step in steps] == [False, True]
    assert steps[0].value == pytest.approx(float(upper), rel=1e-6)
    assert "0.9 gamma" in steps[0].reason
    assert steps[0].drop == steps[0].value - steps[1].value > 0
    # With the optimum's own dual point nothing is left to lose.
    tight = budget_of(planar, rounded(N, 40, 1 - 1e-9), 40)
    assert tight.steps[0].drop < 1e-6 * float(upper)
    assert tight.share(tight.steps[0]) == 1
    assert 0 < tight.rounding_at_most < 1e-9


def test_a_network_above(planar: TrainingProblem) -> None:
    N, upper = optimum_2d(planar)
    X, Y = Arrays.of(planar).X, Arrays.of(planar).Y
    fitted = np.linalg.lstsq(np.maximum(X @ np.eye(2), 0), Y, rcond=None)[0]
    poor = ReLUNetwork.from_floats(np.eye(2).tolist(), fitted.tolist())
    loss = loss_at_most(planar, poor)
    assert loss > upper
    # N is better than the poor network's residual.
    found = budget_of(planar, rounded(N, 40, 0.9), 40, poor)
    assert [step.name for step in found.steps] == ["loss of the network", "what N could prove", "the bound"]
    assert found.steps[0].value >= loss
    values = [step.value for step in found.steps]
    assert values == sorted(values, reverse=True)
    assert sum(step.drop for step in found.steps) == pytest.approx(values[0] - values[-1])
    assert sum(map(found.share, found.steps)) == pytest.approx(1)
    # A dual point that is worse than that residual.
    weak = np.where(np.arange(planar.n)[:, None] == 0, N, 0.0)
    found = budget_of(planar, rounded(weak, 40, 0.9), 40, poor)
    assert [step.name for step in found.steps][1] == "what the network's residual could prove"
    assert found.steps[1].value > found.steps[2].value


def test_zero_rows_keep_their_targets() -> None:
    problem = TrainingProblem.from_rationals([[0], [1]], [[3], [2]], 1)
    steps = budget_of(problem, [[6], [1]], 1).steps
    # t N for N_2 = 1/2 reaches the gauge 1 at t = 2: 9/2 + 2 - 1/2.
    assert steps[0].value == pytest.approx(6)
    assert steps[1].value == pytest.approx(4.5 + 1 - 1 / 8)
    # Rows at x = 0 that were left at zero could have theirs as well.
    nothing = budget_of(problem, [[0], [0]], 1)
    assert [step.value for step in nothing.steps] == [4.5, 0]
    best = budget_of(problem, [[3], [0]], 0)
    assert [step.value for step in best.steps] == [4.5, 4.5]
    assert best.share(best.steps[0]) == 0


@pytest.mark.parametrize("bias", ["free", "decayed"])
def test_output_biases(bias: str) -> None:
    problem = TrainingProblem.from_rationals([[0], [1], [2]], [[4], [0], [8]], Fraction(8), output_bias=bias)
    live = np.array([-1.0, 3.0]) / 2  # the gauge is 5/2 and gamma 8
    first = 2 if bias == "decayed" else -2
    steps = budget_of(problem, [[first], [-1], [3]], 1).steps
    best = -np.inf
    for t in np.linspace(0, 8 / 2.5, 3001):
        rest = t * live.sum()
        # The best entry of the row at x = 0, for which a free bias leaves no choice.
        entry = -rest if bias == "free" else (4 - rest / 8) / (1 + 1 / 8)
        value = 8 * t * live[1] + 4 * entry - (entry**2 + t**2 * float(live @ live)) / 2
        best = max(best, value - ((rest + entry) ** 2 / 16 if bias == "decayed" else 0))
    assert steps[0].value == pytest.approx(best, rel=1e-6)
    assert steps[0].value > steps[1].value


def test_residuals_are_admissible() -> None:
    network = ReLUNetwork.from_rationals([[0]], [[0]], [1])
    given = FloatNetwork.of(network, 1, 1)
    expected = {"free": [[-2], [0], [2]], "decayed": [[1], [3], [5]]}
    for bias, rows in expected.items():
        problem = TrainingProblem.from_rationals([[3], [1], [2]], [[2], [4], [6]], 8, output_bias=bias)
        assert Arrays.of(problem).dual_point_of(given).tolist() == rows


def test_a_dual_point_that_points_away_proves_nothing() -> None:
    problem = TrainingProblem.from_rationals([[1]], [[2]], 1)
    steps = budget_of(problem, [[-1]], 0).steps
    assert (steps[0].value, steps[1].value) == (0, -2.5)
