"""A loss of its canonical text, its targets and the weights of its samples."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.losses.entropy import CrossEntropy, LogisticLoss, PoissonLoss
from formulations.losses.loss import Loss
from formulations.losses.multiclass import MulticlassHinge
from formulations.losses.piecewise import hinge, huber, insensitive, quantile, squared_hinge
from formulations.losses.squared import SquaredLoss

_SIGNS = ("hinge", "squared-hinge", "logistic")
# What a loss's number may be; without an entry a loss has none.
_NUMBERS = {
    "huber": "positive",
    "quantile": "between 0 and 1",
    "epsilon-insensitive": "zero or more",
    "cross-entropy": "more than 0 and at most 1",
}
LOSSES = (
    "squared",
    "huber",
    "absolute",
    "quantile",
    "epsilon-insensitive",
    "hinge",
    "squared-hinge",
    "multiclass-hinge",
    "logistic",
    "cross-entropy",
    "poisson",
)


def read_loss(text: str, targets: Matrix, weights: Vector | None = None) -> Loss:
    """Return the loss that a text such as "squared" or "huber 1/2" names.

    Args:
        text: a name of `LOSSES`; after huber, quantile, epsilon-insensitive and, for label smoothing,
            cross-entropy comes a number.
        targets: Y, n x c: +-1 for hinge, squared-hinge and logistic; unit vectors as rows for
            multiclass-hinge; rows without negative entries and with a positive sum for cross-entropy; entries
            of zero or more for poisson.
        weights: w, of length n, positive; None for one each.

    Raises:
        ValueError: the text names no loss, or the targets or weights do not fit it.
    """
    name, number = _parsed(text)
    _check_numbers(targets, weights)
    _check_targets(name, targets)
    match name:
        case "huber":
            return huber(text, targets, weights, number)
        case "absolute":
            return insensitive(text, targets, weights, 0.0)
        case "quantile":
            return quantile(text, targets, weights, number)
        case "epsilon-insensitive":
            return insensitive(text, targets, weights, number)
        case "hinge":
            return hinge(text, targets, weights)
        case "squared-hinge":
            return squared_hinge(text, targets, weights)
        case "multiclass-hinge":
            return MulticlassHinge(targets, weights)
        case "logistic":
            return LogisticLoss(targets, weights)
        case "cross-entropy":
            smoothed = (1 - number) * targets + number / targets.shape[1] if number else targets
            return CrossEntropy(text, smoothed, weights)
        case "poisson":
            return PoissonLoss(targets, weights)
    return SquaredLoss(targets, weights)


def _parsed(text: str) -> tuple[str, float]:
    """Return the name and the number, 0 for none."""
    name, *rest = text.split()
    takes = _NUMBERS.get(name)
    if name not in LOSSES:
        raise ValueError(f"the loss is {text!r}; it has to be one of {', '.join(LOSSES)}")
    if len(rest) > (takes is not None) or (takes is not None and not rest and name != "cross-entropy"):
        wanted = f"a number that is {takes}" if takes else "no number"
        raise ValueError(f"the loss is {text!r}, but {name} takes {wanted}")
    if not rest:
        return name, 0.0
    try:
        number = Fraction(rest[0])
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"the loss is {text!r}, and {rest[0]!r} is no number") from None
    fits = {
        "huber": number > 0,
        "quantile": 0 < number < 1,
        "epsilon-insensitive": number >= 0,
        "cross-entropy": 0 < number <= 1,
    }
    if not fits[name]:
        raise ValueError(f"the loss is {text!r}, but the number of {name} has to be {takes}")
    return name, float(number)


def _check_numbers(targets: Matrix, weights: Vector | None) -> None:
    if targets.ndim != 2 or not np.isfinite(targets).all():
        raise ValueError(f"the targets have shape {targets.shape}; give a finite matrix, a sample a row")
    if weights is not None and not (
        weights.shape == (len(targets),) and np.isfinite(weights).all() and np.all(weights > 0)
    ):
        raise ValueError(f"give a positive weight for each of the {len(targets)} samples")


def _check_targets(name: str, targets: Matrix) -> None:
    """Raise ValueError unless the targets are what the loss is made for."""
    if name in _SIGNS:
        fits, wanted = bool(np.all(np.abs(targets) == 1)), "targets of -1 and 1"
    elif name == "multiclass-hinge":
        units = ((targets == 0) | (targets == 1)).all() and np.all(targets.sum(axis=1) == 1)
        fits, wanted = bool(units), "rows with a single 1 among zeros"
    elif name == "cross-entropy":
        fits = bool(np.all(targets >= 0) and np.all(targets.sum(axis=1) > 0))
        wanted = "rows without negative entries that are not all zero"
    elif name == "poisson":
        fits, wanted = bool(np.all(targets >= 0)), "targets of zero or more"
    else:
        return
    if not fits:
        raise ValueError(f"the loss {name} needs {wanted}")
