"""What a user names as a loss: with gamma one of the project's, with a weight decay a framework's as well."""

import re
from fractions import Fraction
from typing import Any

import pytest
from torch import nn

from certify.checker.errors import DataError
from certify.networks.frameworks.named import framework_loss, project_loss
from certify.networks.frameworks.objective import SQUARES, FrameworkLoss
from certify.networks.link import Link

F = Fraction


def test_squares_count_whole() -> None:
    squared = framework_loss("squared")
    assert (squared.loss, squared.factor) == (SQUARES.loss, SQUARES.factor) == ("squared", F(2))
    assert framework_loss("squared", halved=True).factor == 1
    assert framework_loss("squared-hinge").factor == 2
    assert (
        framework_loss("MSELoss", halved=True).factor == framework_loss(nn.MSELoss(), halved=True).factor == 1
    )


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("cross-entropy", "cross-entropy"),
        ("cross-entropy 0.1", "cross-entropy 1/10"),
        ("huber 0.5", "huber 1/2"),
        ("huber", "huber 1"),
        ("multiclass-hinge", "multiclass-hinge"),
    ],
)
def test_the_projects_own(text: str, loss: str) -> None:
    assert framework_loss(text, "sum") == FrameworkLoss(loss, loss, reduction="sum", takes=None)
    assert framework_loss(text).reduction == "mean"
    assert project_loss(text) == FrameworkLoss(loss, loss, reduction="sum", takes=None)


def test_pytorchs() -> None:
    assert framework_loss("HuberLoss 0.5", "sum") == framework_loss(nn.HuberLoss("sum", 0.5))
    assert framework_loss("NLLLoss").takes is Link.LOG_SOFTMAX


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        ("mse", "the loss 'mse' is not supported: use one of squared, huber D"),
        (3, "the loss is of type int: give a name such as cross-entropy, or a loss of PyTorch"),
        (nn.MultiMarginLoss(), "the loss MultiMarginLoss has no counterpart here"),
    ],
)
def test_refuses(loss: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=re.escape(sentence)):
        framework_loss(loss)


def test_refuses_to_halve_what_is_no_square() -> None:
    with pytest.raises(DataError, match="only squares can be halved, and the loss is HuberLoss: leave"):
        framework_loss("HuberLoss", halved=True)


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "HuberLoss 1", nn.CrossEntropyLoss(), nn.MSELoss])
def test_a_gamma_takes_the_projects_losses_alone(loss: Any) -> None:
    with pytest.raises(DataError, match=r"the project's own losses, and .*Loss.* is another"):
        project_loss(loss)
