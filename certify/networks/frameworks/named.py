"""The loss that a user names: a text of the project's, a name of PyTorch's, or a loss of PyTorch itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from certify.checker.errors import DataError
from certify.checker.problems.losses.table import read_loss
from certify.networks.frameworks.objective import MEAN, SUM, FrameworkLoss
from certify.networks.frameworks.torch_losses import is_torch_loss, named_by_torch, of_torch

_SQUARES = ("squared", "squared-hinge")  # half of a square each


def framework_loss(loss: Any, reduction: str | None = None, *, halved: bool = False) -> FrameworkLoss:
    """Return the loss that a training's objective has.

    Args:
        loss: a text of the project, such as "cross-entropy" or "huber 0.5"; the name of a loss of PyTorch,
            such as "CrossEntropyLoss" or "HuberLoss 0.5"; or that loss itself, a module or a function.
            Squares by the project's names count whole, as MSELoss has them.
        reduction: one of `certify.networks.frameworks.objective.REDUCTIONS`; None for the loss's own, and
            else "mean".
        halved: whether the loss of an entry has a factor 1/2 besides, as 1/2 (z - y)^2; of squares alone.

    Raises:
        DataError: if there is no such loss, or the arguments do not go with it.
    """
    if not isinstance(loss, str):
        if not is_torch_loss(loss):
            raise DataError(
                f"the loss is of type {type(loss).__name__}: give a name such as cross-entropy, or a loss of "
                "PyTorch"
            )
        found = of_torch(loss, reduction)
    else:
        found = named_by_torch(loss, reduction or MEAN) or _by_name(loss, reduction or MEAN)
    if halved and found.loss not in _SQUARES:
        raise DataError(f"only squares can be halved, and the loss is {found.name}: leave halved out")
    return replace(found, factor=found.factor / 2) if halved else found


def project_loss(text: Any) -> FrameworkLoss:
    """Return one of the project's losses by itself, summed over the samples, as it goes with gamma.

    Raises:
        DataError: if it is a framework's, which has a reduction and perhaps a factor.
    """
    if not isinstance(text, str) or text.partition(" ")[0].endswith("Loss"):
        name = text if isinstance(text, str) else getattr(text, "__name__", type(text).__name__)
        raise DataError(
            f"gamma belongs to the project's own losses, and {name} is another: name one such as "
            "cross-entropy, or give the weight decay of the training instead of gamma"
        )
    loss = read_loss(text).text
    return FrameworkLoss(loss, loss, reduction=SUM, takes=None)


def _by_name(text: str, reduction: str) -> FrameworkLoss:
    loss = read_loss(text).text
    return FrameworkLoss(loss, loss, Fraction(2 if loss in _SQUARES else 1), reduction, takes=None)
