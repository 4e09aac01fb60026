"""The loss of a network on every problem: by definition, with weights, and never rounded down."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.errors import NetworkError
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.training import TrainingProblem
from certify.networks.network import ReLUNetwork, loss_at_most
from tests.certify.checker.problems.losses.examples import DEFINITIONS, LOSSES, WEIGHTS, numbers, targets

F = Fraction


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.text)
@settings(max_examples=25)
@given(data=st.data())
def test_by_definition(loss: Loss, data: st.DataObject) -> None:
    n, c = 2, data.draw(st.integers(1, 3))
    X = [data.draw(numbers(1)) for _ in range(n)]
    Y = [data.draw(targets(loss, c)) for _ in range(n)]
    weights = [data.draw(WEIGHTS) for _ in range(n)]
    hidden, output, bias = (
        data.draw(numbers(2)),
        [data.draw(numbers(c)) for _ in range(2)],
        data.draw(numbers(c)),
    )
    gamma = F(1, 3)
    problem = TrainingProblem.from_rationals(X, Y, gamma, loss, "decayed", weights)
    network = ReLUNetwork.from_rationals([hidden], output, bias)
    expected = gamma / 2 * sum(w * w for w in (*hidden, *output[0], *output[1], *bias))
    size = abs(expected)
    for (x,), y, weight in zip(X, Y, weights, strict=True):
        z = [
            sum((max(u * x, F(0)) * v[k] for u, v in zip(hidden, output, strict=True)), bias[k])
            for k in range(c)
        ]
        value = weight * F(DEFINITIONS[loss.text](z, y))
        expected, size = expected + value, size + abs(value)
    found = loss_at_most(problem, network)
    assert -F(1, 10**40) * (1 + size) <= found - expected <= F(1, 10**25) * (1 + size)


@pytest.mark.parametrize("weight", [10**5, 10**10])
def test_a_loss_that_is_too_large_is_a_sentence(weight: int) -> None:
    problem = TrainingProblem.from_rationals([[1]], [[1]], 1, "poisson")
    network = ReLUNetwork.from_rationals([[weight]], [[1]])
    with pytest.raises(NetworkError, match="the network's outputs are too large"):
        loss_at_most(problem, network)
    logistic = TrainingProblem.from_rationals([[1]], [[-1]], 1, "logistic")
    assert loss_at_most(logistic, network) >= weight + F(weight**2 + 1, 2)
