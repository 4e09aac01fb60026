"""What texts name a loss, and targets that are none of it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from certify.checker.errors import DataError
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import LOSSES as KINDS
from certify.checker.problems.losses.table import read_loss, recorded_loss
from certify.checker.problems.training import TrainingProblem
from tests.certify.checker.problems.losses.examples import LOSSES

F = Fraction


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.text)
def test_round_trip(loss: Loss) -> None:
    assert read_loss(loss.text) == recorded_loss(loss.text) == loss


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("huber", "huber 1"),
        ("huber 0.5", "huber 1/2"),
        ("huber 2/4", "huber 1/2"),
        ("huber +1e-2", "huber 1/100"),
        ("huber 1.", "huber 1"),
        ("huber .5", "huber 1/2"),
        ("quantile", "quantile 1/2"),
        ("epsilon-insensitive", "epsilon-insensitive 1/10"),
        ("epsilon-insensitive 0/7", "epsilon-insensitive 0"),
        ("cross-entropy 0", "cross-entropy"),
        ("cross-entropy 0.0", "cross-entropy"),
        ("cross-entropy 1e-1", "cross-entropy 1/10"),
        ("cross-entropy 1", "cross-entropy 1"),
    ],
)
def test_what_users_type_has_one_spelling(text: str, canonical: str) -> None:
    assert read_loss(text).text == canonical
    with pytest.raises(DataError, match="is not supported as it is spelled: it is '"):
        recorded_loss(text) if text != canonical else recorded_loss(f"{canonical}.0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "absolut",
        "squared ",
        "squared 1",
        " squared",
        "Squared",
        "hinge 1",
        "huber  1",
        "huber 1 2",
        "huber\t1",
    ],
)
def test_unknown_losses(text: str) -> None:
    with pytest.raises(DataError, match="is not supported: use one of squared, huber D, absolute"):
        read_loss(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("huber 0", "takes a positive D"),
        ("huber -1/2", "takes a positive D"),
        ("quantile 0", "takes a T between 0 and 1"),
        ("quantile 1", "takes a T between 0 and 1"),
        ("epsilon-insensitive -1", "takes an E of at least 0"),
        ("cross-entropy 2", "takes a label smoothing S from 0 to 1"),
        ("cross-entropy -0.1", "takes a label smoothing S from 0 to 1"),
        ("huber ", "has no number"),
        ("huber x", "has no number"),
        ("huber nan", "has no number"),
        ("huber inf", "has no number"),
        ("huber 1/0", "has no number"),
        ("huber 1_0", "has no number"),
        ("huber 1e999", "has no number"),
        ("huber 1e-400", "has no number of at most 400 digits"),
        ("huber " + "1" * 401, "has no number of at most 400 digits"),
        ("huber \u0661", "has no number"),
    ],
)
def test_parameters_that_make_no_sense(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_loss(text)


@given(st.sampled_from(sorted(word for word, kind in KINDS.items() if kind.letter)), st.fractions(0, 1))
def test_every_parameter_is_read_again(word: str, number: Fraction) -> None:
    assume(0 < number < 1)
    loss = read_loss(f"{word} {number}")
    assert loss.text == f"{word} {number}"
    assert recorded_loss(loss.text) == loss


@pytest.mark.parametrize(
    ("loss", "targets", "words"),
    [
        ("hinge", [[1], [2]], "takes the numbers 1 and -1 as targets, and row 2 of the targets has 2: give"),
        ("hinge", [[1], [0]], "row 2 of the targets has 0"),
        ("logistic", [[F(1, 2)], [1]], "row 1 of the targets has 0.5"),
        ("squared-hinge", [[1, -1], [1, F(1, 3)]], "row 2 of the targets has"),
        ("multiclass-hinge", [[1, 0], [1, 1]], "row 2 of the targets is not one 1 among zeros"),
        ("multiclass-hinge", [[F(1, 2), F(1, 2)], [1, 0]], "row 1 of the targets is not"),
        ("cross-entropy", [[1, 0], [1, 1]], "row 2 of the targets sums to 2: divide"),
        ("cross-entropy", [[F(3, 2), F(-1, 2)], [1, 0]], "row 1 of the targets has -0.5: give no negative"),
        ("cross-entropy 1/2", [[0, 0], [1, 0]], "row 1 of the targets sums to 0"),
        ("poisson", [[3], [-1]], "row 2 of the targets has -1: give counts"),
    ],
)
def test_targets_of_another_loss(loss: str, targets: list[list[Fraction]], words: str) -> None:
    with pytest.raises(DataError, match=words):
        TrainingProblem.from_rationals([[1], [2]], targets, 1, loss)


def test_probabilities_may_be_rounded() -> None:
    rounded = [[F(0.1), F(0.2), F(0.7)]]
    assert sum(rounded[0]) != 1
    problem = TrainingProblem.from_rationals([[1]], rounded, 1, "cross-entropy")
    # With the sum s the loss at zero is s log 3.
    value = problem.loss_at_zero()
    assert 0 < value - sum(rounded[0]) * F("1.09861228866810969139") < F(1, 10**19)
    with pytest.raises(DataError, match="row 1 of the targets sums to 1"):
        TrainingProblem.from_rationals([[1]], [[F(1, 2), F(1, 2) + F(2, 10**6)]], 1, "cross-entropy")
