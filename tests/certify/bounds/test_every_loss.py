"""Whole intervals of every loss: the optimum, by a convex program that knows no dual point, lies in them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify import bound
from certify.bounds.report import Report, Status
from certify.checker.problems.losses.table import LOSSES, read_loss
from tests.certify.bounds.convex_oracle import Rows, optimum
from tests.certify.checker.problems.losses.examples import WEIGHTS, targets
from tests.corpus.losses import TEXTS

F = Fraction
ACCURACY = 1e-6  # of the oracle, next to the larger of the optimum and 1
GAP = 1e-3
BIASES = ("none", "free", "decayed")


def test_no_loss_is_left_out() -> None:
    assert {text.split()[0] for text in TEXTS} == set(LOSSES)


def rows(n: int) -> st.SearchStrategy[Rows]:
    """Rows of two features; the first may well be zero."""
    entry = st.integers(-3, 3).map(F) | st.fractions(-3, 3, max_denominator=5)
    drawn = st.lists(st.lists(entry, min_size=2, max_size=2), min_size=n, max_size=n)
    return drawn | drawn.map(lambda X: [[F(0), F(0)], *X[1:]])


@pytest.mark.parametrize("text", TEXTS)
@settings(max_examples=4)
@given(st.data())
def test_the_interval_contains_the_optimum(text: str, data: st.DataObject) -> None:
    n, loss = data.draw(st.integers(3, 5)), read_loss(text)
    c = 2 if loss.zero_sum else data.draw(st.integers(1, 2))
    X, Y = data.draw(rows(n)), [data.draw(targets(loss, c)) for _ in range(n)]
    weights = data.draw(st.just([F(1)] * n) | st.lists(WEIGHTS, min_size=n, max_size=n))
    gamma = data.draw(st.fractions(F(1, 20), 2, max_denominator=20))
    output_bias = data.draw(st.sampled_from(BIASES))
    report = bound(
        X, Y, gamma, task="regression", sample_weight=weights, loss=text, output_bias=output_bias, gap=GAP
    )
    assert_encloses(report, optimum(X, Y, weights, gamma, text, output_bias))
    assert report.status is Status.GAP_REACHED
    assert report.interval.relative_gap <= F(GAP)


def assert_encloses(report: Report, p: float) -> None:
    """Hold an interval against the optimum."""
    room = ACCURACY * max(1.0, abs(p))
    assert float(report.interval.lower) - room <= p <= float(report.interval.upper) + room


@pytest.mark.parametrize("text", ["hinge", "absolute", "squared-hinge", "logistic"])
def test_samples_at_zero_cost_what_they_must(text: str) -> None:
    """A gauge does not know them, so that scaling a dual point into it takes nothing off their rows."""
    for X in ([[0, 0]] * 3, [[0, 0], [0, 0], [2, 1]]):
        report = bound(X, [1, 1, 1], 1, task="regression", loss=text, gap=1e-6)
        assert report.status is Status.GAP_REACHED


@pytest.mark.parametrize("text", ["squared-hinge", "poisson"])
def test_a_free_bias_is_found_without_neurons(text: str) -> None:
    report = bound([[0, 0]] * 3, [1, 1, 1], 1, task="regression", loss=text, output_bias="free")
    assert report.status is Status.GAP_REACHED
    assert_encloses(report, 0.0 if text == "squared-hinge" else 3.0)


def test_sums_that_training_leaves_open_are_closed_before_they_count() -> None:
    """A bound at a dual point off the free bias's sums is none, and rounding it into them costs the proof."""
    X = [[0, 0], [3, -3], [-1, 2], [F(14, 5), 2]]
    report = bound(X, [1, 1, 1, -1], F(17, 19), task="regression", loss="hinge", output_bias="free", gap=GAP)
    assert report.status is Status.GAP_REACHED


class TestTheOracle:
    def test_one_sample_by_hand(self) -> None:
        """min_z 1/2 |z - y|^2 + g |z| with g = gamma / |x| = 1 / 5 and |y| = 2 is |y| g - g^2 / 2."""
        value = optimum([[F(3), F(4)]], [[F(2), F(0)]], [F(1)], F(1), "squared")
        assert value == pytest.approx(2 / 5 - 1 / 50, abs=1e-6)

    def test_two_sides_by_hand(self) -> None:
        """Inputs 1 and -1 have a neuron each; a weight of 2 is two samples."""
        X, Y = [[F(1), F(0)], [F(-1), F(0)]], [[F(3)], [F(-2)]]
        value = optimum(X, Y, [F(1), F(2)], F(1), "squared")
        assert value == pytest.approx((3 - 1 / 2) + (2 - 1 / 4), abs=1e-6)

    def test_one_neuron_for_several_outputs(self) -> None:
        """With v along y the price of |z| is that of one output; for an output each it would be |z|_1."""
        value = optimum([[F(1), F(0)]], [[F(3), F(4)]], [F(1)], F(1), "squared")
        assert value == pytest.approx(5 - 1 / 2, abs=1e-6)

    @pytest.mark.parametrize(("output_bias", "value"), [("none", 2.0), ("free", 0.0), ("decayed", 2 / 3)])
    def test_biases_by_hand(self, output_bias: str, value: float) -> None:
        """At x = 0 alone the loss is 1/2 (b - 2)^2 + b^2 / 4 where gamma = 1/2."""
        found = optimum([[F(0), F(0)]], [[F(2)]], [F(1)], F(1, 2), "squared", output_bias)
        assert found == pytest.approx(value, abs=1e-6)
