"""A framework's objective times its scale is the project's, by hand and on exact networks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.errors import DataError
from certify.checker.problems.training import TrainingProblem
from certify.networks.frameworks.objective import REDUCTIONS, SQUARES, FrameworkLoss, FrameworkObjective
from certify.networks.network import ReLUNetwork, loss_at_most

F = Fraction
HALVED = replace(SQUARES, factor=F(1))


def problem(loss: str, y: list[list[Any]], **arguments: Any) -> TrainingProblem:
    return TrainingProblem.from_rationals([[1]] * len(y), y, F(1, 10), loss, **arguments)


@pytest.mark.parametrize(
    ("loss", "reduction", "scale"),
    [
        (SQUARES, "mean", F(150 * 3, 2)),
        (HALVED, "mean", F(150 * 3)),
        (SQUARES, "mean over samples", F(75)),
        (HALVED, "mean over samples", F(150)),
        (SQUARES, "sum", F(1, 2)),
        (HALVED, "sum", F(1)),
        # A sample's loss that is no sum over its outputs has no mean over these.
        (FrameworkLoss("", "cross-entropy"), "mean", F(150)),
        (FrameworkLoss("", "cross-entropy 1/10"), "mean over samples", F(150)),
        (FrameworkLoss("", "multiclass-hinge"), "mean", F(150)),
        (FrameworkLoss("", "logistic"), "mean", F(450)),
        (FrameworkLoss("", "huber 1/2", F(2)), "mean", F(225)),
        (FrameworkLoss("", "logistic", per_output=True), "mean", F(450)),
        (FrameworkLoss("", "logistic", per_output=True), "sum", F(3)),
    ],
)
def test_by_hand(loss: FrameworkLoss, reduction: str, scale: Fraction) -> None:
    objective = FrameworkObjective("0.001", 150, 3, replace(loss, reduction=reduction))
    assert objective.scale == scale
    assert objective.gamma == scale / 1000


def test_a_mean_by_weights() -> None:
    by_weights, by_number = (
        FrameworkLoss("", "cross-entropy", mean_of_weights=value) for value in (True, False)
    )
    assert FrameworkObjective(1, 3, 2, by_weights, F(7, 2)).scale == F(7, 2)
    assert FrameworkObjective(1, 3, 2, by_number, F(7, 2)).scale == 3
    assert FrameworkObjective(1, 3, 2, replace(by_weights, reduction="mean over samples"), F(9)).scale == 3
    assert FrameworkObjective(1, 3, 2, replace(by_weights, reduction="sum"), F(9)).scale == 1


def test_a_float_is_its_decimal() -> None:
    assert FrameworkObjective(0.1, 2, 1).gamma == F(1, 10)
    assert FrameworkObjective(F(1, 3), 2, 1).gamma == F(1, 3)


@settings(max_examples=40)
@given(
    st.fractions(min_value=F(1, 100), max_value=10),
    st.lists(st.tuples(*[st.fractions(-9, 9, max_denominator=9)] * 3), min_size=1, max_size=4),
    st.sampled_from(REDUCTIONS),
    st.booleans(),
)
def test_the_objectives_agree_exactly(
    decay: Fraction, rows: list[tuple[Fraction, ...]], reduction: str, halved: bool
) -> None:
    u, v = F(1, 3), (F(2), F(-1))
    n, c = len(rows), 2
    squared = sum(
        (max(x * u, F(0)) * weight - y) ** 2 for x, *ys in rows for weight, y in zip(v, ys, strict=True)
    )
    count = {"mean": n * c, "mean over samples": n, "sum": 1}[reduction]
    theirs = squared / count / (2 if halved else 1) + decay / 2 * (u**2 + v[0] ** 2 + v[1] ** 2)
    loss = replace(HALVED if halved else SQUARES, reduction=reduction)
    objective = FrameworkObjective(decay, n, c, loss)
    network = ReLUNetwork.from_rationals([[u]], [v])
    ours = TrainingProblem.from_rationals(
        [row[:1] for row in rows], [row[1:] for row in rows], objective.gamma
    )
    assert loss_at_most(ours, network) == objective.scale * theirs


@pytest.mark.parametrize(
    ("decay", "loss", "n", "of", "formula"),
    [
        (
            "0.002",
            SQUARES,
            150,
            problem("squared", [[1, 2, 3]]),
            "1/450 |f(X) - Y|^2 + 0.002/2 * sum_j (|u_j|^2 + |v_j|^2)",
        ),
        (
            "1/3",
            replace(SQUARES, reduction="sum"),
            150,
            problem("squared", [[1]], output_bias="decayed"),
            "|f(X) - Y|^2 + (1/3)/2 * (sum_j (|u_j|^2 + |v_j|^2) + |b|^2)",
        ),
        (
            1,
            SQUARES,
            4,
            problem("squared", [[1], [2]], weights=[1, 2]),
            "1/4 sum_i w_i |f(x_i) - y_i|^2 + 1/2 * sum_j (|u_j|^2 + |v_j|^2)",
        ),
        (
            1,
            FrameworkLoss("", "cross-entropy"),
            3,
            problem("cross-entropy", [[1, 0]]),
            "-1/3 sum_ik y_ik log softmax(f(x_i))_k + 1/2 * sum_j (|u_j|^2 + |v_j|^2)",
        ),
        (
            1,
            FrameworkLoss("", "cross-entropy", reduction="sum"),
            3,
            problem("cross-entropy", [[1, 0]]),
            "-sum_ik y_ik log softmax(f(x_i))_k + 1/2 * sum_j (|u_j|^2 + |v_j|^2)",
        ),
    ],
)
def test_formulas(decay: Any, loss: FrameworkLoss, n: int, of: TrainingProblem, formula: str) -> None:
    assert FrameworkObjective(decay, n, of.c, loss).formula(of) == formula


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("much", 1, 1), "the weight decay is 'much': give a positive number such as 0.1"),
        ((0, 1, 1), "the weight decay is 0: give a positive number such as 0.001"),
        ((-0.5, 1, 1), "the weight decay is -1/2: give a positive number"),
        ((float("nan"), 1, 1), "the weight decay is 'nan': give a positive number"),
        ((1, 0, 1), "0 samples and 1 outputs make no loss: give at least one of each"),
        ((1, 1, 0), "1 samples and 0 outputs make no loss: give at least one of each"),
        ((1, 2, 1, SQUARES, F(0)), "2 samples weigh 0: give positive weights"),
    ],
)
def test_refuses(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        FrameworkObjective(*arguments)


def test_refuses_losses() -> None:
    with pytest.raises(DataError, match="the reduction 'none' is unknown: use mean, mean over samples, sum"):
        replace(SQUARES, reduction="none")
    with pytest.raises(DataError, match="a class has the weight -1: give positive weights"):
        replace(SQUARES, class_weights=(F(2), F(-1)))
