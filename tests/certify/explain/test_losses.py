"""Explanations of certificates of any loss: parts of bounds, and the terms of gaps."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from rich.console import Console

from certify import bound
from certify.checker.certificate.nodes import Leaf
from certify.checker.certificate.training import Certificate
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from certify.explain.contributions import contributions
from certify.explain.error_budget import GaugeEstimate, error_budget
from certify.explain.explain import explain
from certify.explain.explanation import Explanation
from certify.explain.gap_split import split_gap
from certify.floats.problem import Arrays
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.views.terminal.explanation import print_explanation
from tests.certify.checker.oracles import certificate_of

F = Fraction
LABELS = {"hinge", "squared-hinge", "logistic"}
LOSSES = ["absolute", "huber 1/2", "quantile 3/4", "hinge", "squared-hinge", "logistic", "poisson"]


def made(loss: str, weighted: bool) -> tuple[Certificate, TrainingProblem]:
    """A certificate of three samples, half way to the ends of the domain; its tree proves nothing."""
    targets: list[list[int]] = [[1], [-1], [1]] if loss in LABELS else [[3], [1], [2]]
    weights = [F(2), F(1, 2), F(3)] if weighted else None
    problem = TrainingProblem.from_rationals([[1], [2], [-3]], targets, 20, loss, "none", weights)
    rows = [[round(problem.weight(i) * F(targets[i][0], 8) * 16)] for i in range(3)]
    certificate = certificate_of(problem, rows, [Leaf(1, 1)], exponent=4)
    return replace(certificate, bound=dual_bound(problem, certificate.dual_point, 4)), problem


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_parts_are_the_whole(loss: str, weighted: bool) -> None:
    certificate, problem = made(loss, weighted)
    found = contributions(certificate, problem)
    assert 0 <= found.unclaimed <= abs(certificate.bound) / 2**50
    if problem.loss.is_exact and not weighted:
        assert found.unclaimed == 0
    less = contributions(replace(certificate, bound=certificate.bound - 1), problem)
    assert less.unclaimed == found.unclaimed + 1
    network = ReLUNetwork.from_rationals([[1, -1]], [[F(1, 2)], [F(1, 3)]])
    split = split_gap(certificate, problem, network)
    assert split.gap == loss_at_most(problem, network) - certificate.bound
    assert split.mismatch + split.unclaimed + sum(n.excess for n in split.neurons) == split.gap
    assert split.mismatch >= 0
    # By its definition, in floats.
    outputs = [F(1, 2), F(1), F(1)]
    paid = sum(
        float(
            problem.weight(i) * problem.loss.value_above([outputs[i]], problem.target(i))
            + F(certificate.dual_point[i][0], 16) * outputs[i]
            - found.samples[i].contribution
        )
        for i in range(3)
    )
    assert float(split.mismatch) == pytest.approx(paid, abs=1e-12)


@pytest.mark.parametrize(("loss", "name"), [("huber 1/2", "own dual point"), ("squared", "residual")])
def test_what_a_network_could_prove_has_its_name(loss: str, name: str) -> None:
    problem = TrainingProblem.from_rationals([[1], [2]], [[3], [-1]], 20, loss)
    certificate = certificate_of(problem, [[0], [0]], [Leaf(1, 1)])
    arrays, gauge = Arrays.of(problem), GaugeEstimate(0.5, ())
    own = np.array([[0.5], [-0.5]])
    found = error_budget(
        certificate, arrays, 0 * own, gauge, upper=problem.loss_at_zero(), R=own, residual_gauge=gauge
    )
    assert found.steps[1].name == f"what the network's {name} could prove"
    # Twice the point would have the gauge gamma, but for the ends of huber's domain; |3| + |-1| half of it.
    assert found.steps[1].value == pytest.approx(4 * 1.0 - 1.0 if loss == "squared" else 2 - 0.25)
    assert found.steps[1].reason == ("N is not that residual" if loss == "squared" else "N is not that point")


def words(explanation: Explanation) -> str:
    """Return what the terminal shows."""
    file = io.StringIO()
    print_explanation(Console(file=file, width=200, highlight=False), explanation)
    return file.getvalue()


@pytest.mark.parametrize(
    ("loss", "has", "has_not"),
    [
        (
            "squared",
            ["<N_i, Y_i> - 1/2 |N_i|^2 add up to it)", "is exactly 1/2 |N - residual|^2", "residual could"],
            ["rounding of logarithms", "own dual point"],
        ),
        (
            "hinge",
            ["<N_i, Y_i> add up to it)", "is exactly what the bounds"],
            ["residual", "rounding of logarithms", "1/2 |N_i|^2"],
        ),
        (
            "cross-entropy",
            ["add up to it, up to rounding)", "own dual point", "up to the rounding of logarithms"],
            ["residual", "exactly what", "<N_i, Y_i>"],
        ),
    ],
)
def test_words_are_true_of_the_loss(loss: str, has: list[str], has_not: list[str]) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 2))
    report = bound(X, ["a", "b"] * 4, 0.2, loss=loss, method="shor")
    shown = words(explain(report.certificate, report.dataset, report.network))
    for part in has:
        assert part in shown
    for part in has_not:
        assert part not in shown


def test_what_is_not_claimed_is_said() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 2))
    report = bound(X, ["a", "b"] * 4, 0.2, loss="hinge", gap=0.1)
    less = replace(report.certificate, bound=report.certificate.bound / 2)
    shown = words(explain(less, report.dataset, report.network))
    assert "which the certificate does not claim)" in shown
    assert "+ what N proves and the certificate does not claim" in shown


def test_weighted_squares_are_over_the_weights() -> None:
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(6, 2)), rng.normal(size=6), [1, 2, 3, 1, 2, 3]
    report = bound(X, y, 0.2, sample_weight=weights, gap=0.1)
    explanation = explain(report.certificate, report.dataset, report.network)
    assert "sum_i 1/(2 w_i) |N_i - w_i residual_i|^2" in words(explanation)
    assert explanation.gap is not None
    U, V = (np.array(part, dtype=float) for part in (report.network.hidden, report.network.output))
    outputs = np.maximum(X @ U / report.network.hidden_denominator, 0) @ V / report.network.output_denominator
    N = np.array(report.certificate.dual_point, dtype=float) / 2**report.certificate.dual_exponent
    w = np.array(weights)[:, None]
    paid = np.sum((N - w * (y[:, None] - outputs)) ** 2 / (2 * w))
    assert float(explanation.gap.mismatch) == pytest.approx(paid, abs=1e-12)
