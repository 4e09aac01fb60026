"""The losses of PyTorch as multiples of the project's: modules, functions, and their names as text.

torch is not imported here: who hands over a loss of it has it loaded already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from certify.checker.data.dataset import parse_gamma
from certify.checker.errors import DataError
from certify.checker.problems.losses.table import read_loss
from certify.checker.text.names import quoted, shown
from certify.networks.frameworks.objective import MEAN, REDUCTIONS, FrameworkLoss
from certify.networks.link import Link

Attributes = Mapping[str, Any]

_MODULES = "torch.nn.modules.loss"
_FUNCTIONS = "torch.nn.functional"


@dataclass(frozen=True)
class _Kind:
    """One of PyTorch's losses.

    Attributes:
        function: its name in torch.nn.functional.
        read: makes a loss of the module's name and attributes, whatever the reduction.
        defaults: the attributes that it reads, as of a module that was made without arguments.
        parameter: the attribute that is the number after the name in a text; "" for none.
    """

    function: str
    read: Callable[[str, Attributes], FrameworkLoss]
    defaults: Attributes = field(default_factory=dict)
    parameter: str = ""


def is_torch_loss(loss: object) -> bool:
    """Say whether an object is a module or a function of torch, or of a class made from one."""
    if hasattr(loss, "__name__"):
        return str(getattr(loss, "__module__", "")).partition(".")[0] == "torch"
    return any(base.__module__.partition(".")[0] == "torch" for base in type(loss).__mro__)


def of_torch(loss: object, reduction: str | None = None) -> FrameworkLoss:
    """Return what a loss of PyTorch is: an instance of a class of torch.nn, or a function of its functional.

    Args:
        loss: for which `is_torch_loss` holds.
        reduction: one of `REDUCTIONS`, for a loss whose own reduction is "none".

    Raises:
        DataError: if the loss, or one of its arguments, has no counterpart among the project's.
    """
    if hasattr(loss, "__name__"):
        functions = {kind.function: name for name, kind in _KINDS.items()}
        name = functions.get(loss.__name__, "") if loss.__module__ == _FUNCTIONS else ""
        attributes: Attributes = {}
        if isinstance(loss, type):
            raise DataError(
                f"the loss is the class {loss.__name__} itself: give an instance, {loss.__name__}()"
            )
    else:
        # A class of the user's own that is made from one of torch's may compute anything.
        name = type(loss).__name__ if type(loss).__module__ == _MODULES else ""
        attributes = {key: getattr(loss, key) for key in _attributes(name) if hasattr(loss, key)}
    if name not in _KINDS:
        raise _unknown(getattr(loss, "__name__", type(loss).__name__))
    own = str(getattr(loss, "reduction", MEAN))
    read = _read(name, attributes)
    if own == "none" and reduction is None:
        raise DataError(
            f"{name} has the reduction none: say how the training put the samples together, with the "
            f"reduction {', '.join(REDUCTIONS)}"
        )
    if own != "none" and reduction not in (None, own):
        raise DataError(f"{name} has the reduction {own} and {reduction} is asked for: leave one of them out")
    return _reduced(read, own if reduction is None else reduction)


def named_by_torch(text: str, reduction: str = MEAN) -> FrameworkLoss | None:
    """Return what the loss of a text such as "CrossEntropyLoss" or "HuberLoss 0.5" is; None if it is none.

    Args:
        text: the name of a class of `torch.nn`, and a number where that has one main argument: the delta of
            HuberLoss, the beta of SmoothL1Loss, the label_smoothing of CrossEntropyLoss.
        reduction: one of `REDUCTIONS`.

    Raises:
        DataError: if the loss has no counterpart among the project's, or no such number.
    """
    name, *numbers = text.split() or [""]
    if not name.endswith("Loss"):
        return None
    if name not in _KINDS:
        raise _unknown(name)
    parameter = _KINDS[name].parameter
    if len(numbers) > bool(parameter):
        form = f"{name} {parameter}".strip()
        raise DataError(f"the loss {quoted(text)} has a number too many: write {form}")
    given = {parameter: parse_gamma(numbers[0], f"the {parameter} of {name}")} if numbers else {}
    return _reduced(_read(name, given), reduction)


def _attributes(name: str) -> Attributes:
    return _KINDS[name].defaults if name in _KINDS else {}


def _read(name: str, attributes: Attributes) -> FrameworkLoss:
    return _KINDS[name].read(name, {**_KINDS[name].defaults, **attributes})


def _reduced(loss: FrameworkLoss, reduction: str) -> FrameworkLoss:
    return replace(loss, reduction=reduction)


def _unknown(name: str) -> DataError:
    return DataError(
        f"the loss {shown(name)} has no counterpart here: supported of PyTorch's are {', '.join(_KINDS)}"
    )


def _plain(loss: str, factor: int = 1) -> Callable[[str, Attributes], FrameworkLoss]:
    return lambda name, _: FrameworkLoss(name, loss, Fraction(factor))


def _smooth_l1(name: str, attributes: Attributes) -> FrameworkLoss:
    beta = _number(name, attributes, "beta")
    if beta == 0:
        return FrameworkLoss(name, "absolute")
    return FrameworkLoss(name, read_loss(f"huber {beta}").text, 1 / beta)


def _huber(name: str, attributes: Attributes) -> FrameworkLoss:
    return FrameworkLoss(name, read_loss(f"huber {_number(name, attributes, 'delta')}").text)


def _cross_entropy(name: str, attributes: Attributes) -> FrameworkLoss:
    smoothing = _number(name, attributes, "label_smoothing")
    weights = _weights(name, attributes, "weight")
    if smoothing and weights is not None:
        raise DataError(
            f"{name} with both weight and label_smoothing weighs the smoothed labels one by one, which is no "
            "weight of the samples: use one of the two"
        )
    return FrameworkLoss(
        name,
        read_loss(f"cross-entropy {smoothing}").text,
        class_weights=weights,
        ignored=int(attributes["ignore_index"]),
    )


def _nll(name: str, attributes: Attributes) -> FrameworkLoss:
    return FrameworkLoss(
        name,
        "cross-entropy",
        class_weights=_weights(name, attributes, "weight"),
        takes=Link.LOG_SOFTMAX,
        ignored=int(attributes["ignore_index"]),
    )


def _binary(takes: Link, *, per_output: bool = False) -> Callable[[str, Attributes], FrameworkLoss]:
    def read(name: str, attributes: Attributes) -> FrameworkLoss:
        if attributes["weight"] is not None:
            raise DataError(
                f"{name} has a weight, which is of entries or of a batch: give the weights of the samples as "
                "sample_weight, or of the classes as class_weight"
            )
        weights = _weights(name, attributes, "pos_weight") if "pos_weight" in attributes else None
        if weights is not None and len(weights) > 1:
            raise DataError(
                f"{name} has a pos_weight for {len(weights)} outputs, and here weights are of samples: it is "
                "supported for one output"
            )
        return FrameworkLoss(
            name,
            "logistic",
            class_weights=None if weights is None else (Fraction(1), *weights),
            mean_of_weights=False,
            takes=takes,
            per_output=per_output,
        )

    return read


def _poisson(name: str, attributes: Attributes) -> FrameworkLoss:
    if not attributes["log_input"]:
        raise DataError(f"{name} with log_input=False is no loss that is supported: use log_input=True")
    if attributes["full"]:
        raise DataError(
            f"{name} with full=True adds a constant, of which no distance can be a part: use full=False, "
            "which has the same gradients"
        )
    return FrameworkLoss(name, "poisson")


def _number(name: str, attributes: Attributes, key: str) -> Fraction:
    return parse_gamma(attributes[key], f"the {key} of {name}")


def _weights(name: str, attributes: Attributes, key: str) -> tuple[Fraction, ...] | None:
    """Return a tensor's entries, each as the shortest decimal that prints it in its type."""
    tensor = attributes[key]
    if tensor is None:
        return None
    array = np.asarray(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor)
    return tuple(parse_gamma(str(entry), f"an entry of the {key} of {name}") for entry in array.reshape(-1))


_LABELS = {"weight": None, "ignore_index": -100}

# By the name of its class.
_KINDS = {
    "MSELoss": _Kind("mse_loss", _plain("squared", 2)),
    "L1Loss": _Kind("l1_loss", _plain("absolute")),
    "SmoothL1Loss": _Kind("smooth_l1_loss", _smooth_l1, {"beta": 1}, "beta"),
    "HuberLoss": _Kind("huber_loss", _huber, {"delta": 1}, "delta"),
    "CrossEntropyLoss": _Kind(
        "cross_entropy", _cross_entropy, {**_LABELS, "label_smoothing": 0}, "label_smoothing"
    ),
    "NLLLoss": _Kind("nll_loss", _nll, _LABELS),
    "BCEWithLogitsLoss": _Kind(
        "binary_cross_entropy_with_logits", _binary(Link.NONE), {"weight": None, "pos_weight": None}
    ),
    "BCELoss": _Kind("binary_cross_entropy", _binary(Link.SIGMOID), {"weight": None}),
    "SoftMarginLoss": _Kind("soft_margin_loss", _plain("logistic")),
    "MultiLabelSoftMarginLoss": _Kind(
        "multilabel_soft_margin_loss", _binary(Link.NONE, per_output=True), {"weight": None}
    ),
    "PoissonNLLLoss": _Kind("poisson_nll_loss", _poisson, {"log_input": True, "full": False}),
}
