"""What is said of a network's neurons and of its gradient, by hand and by autograd."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.problems.training import TrainingProblem
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.gaps.diagnosis import Diagnosis, diagnose_network
from certify.networks.network import ReLUNetwork

F = Fraction


def diagnosis(
    X: list[list[int]], Y: list[list[int]], gamma: Fraction, network: ReLUNetwork, output_bias: str = "none"
) -> Diagnosis:
    problem = TrainingProblem.from_rationals(X, Y, gamma, output_bias=output_bias)
    given = FloatNetwork.of(network, problem.d, problem.c)
    return diagnose_network(problem, Arrays.of(problem), network, given)


def test_the_global_optimum_of_one_sample() -> None:
    # With |u| = |v| and w = u v the loss is 1/2 (w - 2)^2 + w/10, least at 1.9.
    root = float(np.sqrt(1.9))
    found = diagnosis([[1]], [[2]], F(1, 10), ReLUNetwork.from_floats([[root]], [[root]]))
    assert found.gradient == pytest.approx(0, abs=1e-12)
    assert found.is_stationary
    assert found.peak == pytest.approx(1)
    assert (found.idle, found.removable, found.narrowed.width) == ((), (), 1)


def test_a_network_that_is_stationary_and_stuck() -> None:
    # Its neuron does not see the second sample; one that does would have the gauge 1 there.
    root = float(np.sqrt(0.9))
    found = diagnosis([[1], [-1]], [[1], [1]], F(1, 10), ReLUNetwork.from_floats([[root]], [[root]]))
    assert found.is_stationary
    assert found.peak == pytest.approx(10)


def test_neurons_that_do_nothing() -> None:
    # On x = 1 and x = 2: negative, zero, without an output, with one, and the same once more.
    network = ReLUNetwork.from_rationals([[-1, 0, 3, 1, 1]], [[1], [1], [0], [F(1, 4)], [F(1, 4)]])
    found = diagnosis([[1], [2]], [[1], [2]], F(1, 10), network)
    assert found.idle == (0, 1, 2)
    assert found.narrowed.width == 1
    # Without either of the others the fit rises from 5/8 to 45/32, and its decay is 17/320.
    assert found.removable == ()


def test_neurons_to_remove() -> None:
    network = ReLUNetwork.from_rationals([[1, 1]], [[1], [-1]])
    assert diagnosis([[1]], [[2]], F(1, 10), network).removable == (1,)


def test_a_slope_on_a_kink_is_chosen() -> None:
    # u = (1, 0) is on the kink of (0, 1), whose pull on it is (0, s) for any s in [0, 1]: zero is possible.
    network = ReLUNetwork.from_rationals([[1], [0]], [[1]])
    found = diagnosis([[1, 0], [0, 1]], [[2], [5]], F(1), network)
    assert found.gradient == pytest.approx(0, abs=1e-9)
    # With the second target on the other side of the first sample's kink it is pulled away.
    moved = diagnosis([[1, 0], [1, 1]], [[2], [5]], F(1), network)
    assert moved.gradient > 1


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(["none", "free", "decayed"]))
def test_the_gradient_is_that_of_autograd(seed: int, output_bias: str) -> None:
    rng = np.random.default_rng(seed)
    n, d, m, c = 5, 3, 4, 2
    X, Y = rng.integers(-5, 6, (n, d)), rng.integers(-3, 4, (n, c))
    hidden, output = rng.standard_normal((d, m)), rng.standard_normal((m, c))
    bias = rng.standard_normal(c) * (output_bias != "none")
    network = ReLUNetwork.from_floats(hidden, output, bias if output_bias != "none" else ())
    found = diagnosis(X.tolist(), Y.tolist(), F(1, 4), network, output_bias)
    u, v, b = (torch.tensor(weights, requires_grad=True) for weights in (hidden, output, bias))
    fit = torch.relu(torch.tensor(X, dtype=torch.float64) @ u) @ v + b - torch.tensor(Y)
    decayed = [u, v, b] if output_bias == "decayed" else [u, v]
    decay = sum((weights.square().sum() for weights in decayed), torch.zeros(()))
    (0.5 * fit.square().sum() + 0.125 * decay).backward()  # type: ignore[no-untyped-call]
    trained = [u, v] if output_bias == "none" else [u, v, b]
    norm = sum(float(weights.grad.square().sum()) for weights in trained if weights.grad is not None) ** 0.5
    assert found.gradient == pytest.approx(norm / (0.25 * float(decay.detach()) ** 0.5), rel=1e-9)


def test_a_network_without_neurons() -> None:
    found = diagnosis([[1]], [[2]], F(1, 10), ReLUNetwork(((),), ()))
    assert (found.idle, found.removable, found.narrowed.width, found.gradient) == ((), (), 0, 0.0)
    assert found.peak == pytest.approx(20)


@pytest.mark.parametrize(("output_bias", "b", "mean"), [("free", 1, 2), ("decayed", 0, 2), ("free", 2, 2)])
def test_zero_weights_with_an_output_bias_that_pulls(output_bias: str, b: int, mean: int) -> None:
    network = ReLUNetwork.from_rationals([[0]], [[0]], [b])
    found = diagnosis([[1], [2]], [[mean - 1], [mean + 1]], F(1, 10), network, output_bias)
    assert found.is_stationary == (b == mean)
    words = "0 % of the weight decay's own" if b == mean else "infinitely many times the weight decay's own"
    assert found.gradient_in_words == words


def test_a_gradient_as_large_as_that_of_the_decay() -> None:
    # Not 1e+02 %: nothing but the decay, and some of the fit, moves a neuron that is off on all samples.
    network = ReLUNetwork.from_rationals([[-1]], [[1]])
    assert diagnosis([[1]], [[2]], F(1, 10), network).gradient_in_words == "1 times the weight decay's own"


@pytest.mark.parametrize("size", [F(10**59), F(1, 10**200)])
def test_weights_whose_squares_are_no_floats(size: Fraction) -> None:
    network = ReLUNetwork.from_rationals([[size]], [[size]])
    found = diagnosis([[1]], [[2]], F(1, 10), network)
    # (s^2 - 2) s against s/10, twice.
    assert found.gradient == pytest.approx(abs(float(size) ** 2 - 2 + 0.1) / 0.1)
    assert found.narrowed.width == (size > 1)
