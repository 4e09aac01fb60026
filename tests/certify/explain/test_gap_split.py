"""The gap is the sum of its terms, each computed here by its definition."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from certify.explain.gap_split import split_gap
from certify.networks.network import ReLUNetwork, loss_at_most
from tests.certify.checker.oracles import certificate_of, inputs, targets


def test_by_hand() -> None:
    # f(1) = 1, so that the loss is 1/2 + 1/2 (1 + 1); N = 1 is the residual, its gauge 1 is gamma.
    problem = TrainingProblem.from_rationals([[1]], [[2]], 1)
    certificate = certificate_of(problem, [[1]], [])
    network = ReLUNetwork.from_rationals([[1]], [[1]])
    split = split_gap(certificate, problem, network)
    assert split.loss == Fraction(3, 2)
    assert split.gap == split.mismatch == 0
    assert split.neurons[0].ratio == split.neurons[0].weight == 1
    assert split.neurons[0].excess == 0
    assert split.neurons[0].weight_at_most == math.inf
    assert split.share(split.mismatch) == 0
    # With half the dual point the neuron costs 1 and N pays for 1/2 of it.
    split = split_gap(certificate_of(problem, [[1]], [], exponent=1), problem, network)
    assert (split.gap, split.mismatch, split.neurons[0].excess) == (
        Fraction(5, 8),
        Fraction(1, 8),
        Fraction(1, 2),
    )
    assert split.neurons[0].ratio == 0.5
    assert split.neurons[0].weight_at_most == 1.25
    # Neither direction nor weight.
    dead = split_gap(certificate, problem, ReLUNetwork.from_rationals([[0]], [[0]])).neurons[0]
    assert dead.ratio == dead.weight == dead.excess == 0
    assert not split_gap(certificate, problem, ReLUNetwork(((),), ())).neurons


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 5),
    d=st.integers(1, 3),
    c=st.integers(1, 3),
    m=st.integers(0, 4),
    bias=st.sampled_from(["none", "free", "decayed"]),
)
def test_terms(seed: int, n: int, d: int, c: int, m: int, bias: str) -> None:
    rng = np.random.default_rng(seed)
    problem = TrainingProblem.from_rationals(
        [[Fraction(int(e), 3) for e in row] for row in rng.integers(-5, 6, (n, d))],
        [[Fraction(int(e), 7) for e in row] for row in rng.integers(-5, 6, (n, c))],
        Fraction(2, 5),
        output_bias=bias,
    )
    N = rng.integers(-5, 6, (n, c))
    if bias == "free":
        N[-1] -= N.sum(axis=0)
    certificate = certificate_of(problem, N.tolist(), [], exponent=2)
    certificate = replace(certificate, bound=dual_bound(problem, certificate.dual_point, 2))
    U, V = rng.integers(-5, 6, (d, m)) / 4, rng.integers(-5, 6, (m, c)) / 4
    b = rng.integers(-5, 6, c) / 4 if bias != "none" else np.zeros(0)
    network = ReLUNetwork.from_floats(U.tolist(), V.tolist(), b.tolist())
    split = split_gap(certificate, problem, network)

    X, Y, gamma, M = inputs(problem), targets(problem), 0.4, N / 4
    A = np.maximum(X @ U, 0)
    residual = Y - A @ V - (b if bias != "none" else 0)
    assert float(split.mismatch) == pytest.approx(0.5 * np.sum((residual - M) ** 2), abs=1e-12)
    paid = gamma / 2 * np.sum((b - M.sum(axis=0) / gamma) ** 2) if bias == "decayed" else 0
    assert float(split.output_bias) == pytest.approx(paid, abs=1e-12)
    images = M.T @ A
    for j, neuron in enumerate(split.neurons):
        excess = gamma / 2 * (U[:, j] @ U[:, j] + V[j] @ V[j]) - V[j] @ images[:, j]
        assert float(neuron.excess) == pytest.approx(excess, abs=1e-12)
        length = np.linalg.norm(U[:, j])
        assert neuron.weight == pytest.approx(length * np.linalg.norm(V[j]))
        assert neuron.ratio * gamma * length == pytest.approx(np.linalg.norm(images[:, j]), abs=1e-12)
    parts = split.mismatch + split.output_bias + sum(neuron.excess for neuron in split.neurons)
    assert parts == split.gap == loss_at_most(problem, network) - certificate.bound
