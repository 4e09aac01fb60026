"""What a module of PyTorch computes: the two-layer ReLU network of its linear layers, or something else.

It is run, not read. What is run is a twin of it, in evaluation mode on the processor: modules and tensors of
its own, and for all else, such as locks and loggers, what the module itself has. In float64 the outputs must
be the formula's up to rounding. A module that insists on its own type runs in that; then the values between
its layers must be the formula's to the last bit.
"""

from __future__ import annotations

import copy
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from certify.networks.link import Link
from certify.networks.loaded import Affine, printable

_FEWEST = 32  # inputs whose values have to be finite in the module's own type


@dataclass(frozen=True)
class Differs:
    """Why a module is not the network of its layers.

    Attributes:
        ran: whether it could be run; in the wrong order of its layers it often cannot.
        reason: in words, to go on after "for".
    """

    ran: bool
    reason: str


def link_of(module: nn.Module, parts: Sequence[nn.Linear], layers: Sequence[Affine]) -> Link | Differs:
    """Say what the module applies to the formula of these two layers of its own, or how it differs from it.

    Args:
        module: it; it is left as it is.
        parts: its layer that takes the inputs, and that which gives the outputs, without what may follow.
        layers: the weights of these two, unscaled.
    """
    # A user's default device would else be where all tensors here are made.
    with torch.device("cpu"):
        found = _in_float64(module, layers)
        if isinstance(found, Link) or found.ran:
            return found
        own = _in_its_own_type(module, parts)
        return found if own is None else own


def _in_float64(module: nn.Module, layers: Sequence[Affine]) -> Link | Differs:
    inputs = _inputs(len(layers[0].weight))
    try:
        outputs = _run(_twin(module, torch.float64)[id(module)], inputs)
    except Exception as error:  # a module may do anything
        where = f"in float64 on inputs of shape {tuple(inputs.shape)}"
        return Differs(False, f"it cannot be run {where} ({_first_line(error)})")
    expected, tolerance = _formula(inputs, layers)
    outputs = _with_axis(outputs, expected)
    if not isinstance(outputs, torch.Tensor) or outputs.shape != expected.shape:
        return Differs(True, f"its output is no tensor of shape {tuple(expected.shape)}")
    for link, values, errors in _linked(expected, tolerance):
        if bool(((outputs - values).abs() <= errors).all()):
            return link
    return Differs(True, f"an output differs by {float((outputs - expected).abs().max()):.2g}")


def _in_its_own_type(module: nn.Module, parts: Sequence[nn.Linear]) -> Link | None:
    """Compare what goes into the layers with what comes out of them; None if that is not the formula."""
    dtype = parts[0].weight.dtype
    inputs = _inputs(parts[0].in_features).to(dtype)
    met: list[tuple[nn.Module, torch.Tensor, torch.Tensor]] = []

    def note(layer: nn.Module, given: tuple[torch.Tensor, ...], result: torch.Tensor) -> None:
        met.append((layer, given[0].clone(), result.clone()))

    try:
        twin = _twin(module, None)
        layers = [twin[id(layer)] for layer in parts]
        for layer in layers:
            layer.register_forward_hook(note)
        outputs = _run(twin[id(module)], inputs)
    except Exception:  # the reason to tell is that of float64
        return None
    if [layer for layer, *_ in met] != layers:
        return None
    (_, x, z), (_, h, y) = met
    outputs = _with_axis(outputs, y)
    if not isinstance(outputs, torch.Tensor) or outputs.shape != y.shape or x.shape != inputs.shape:
        return None
    rows = torch.isfinite(torch.cat([z, y], dim=1)).all(dim=1)
    if int(rows.sum()) < _FEWEST or not torch.equal(x, inputs) or not torch.equal(h, torch.relu(z)):
        return None
    logits = y[rows].double()
    for link, values, errors in _linked(logits, torch.zeros_like(logits)):
        # Softmax and the like are rounded some times, by the type's precision.
        slack = 64 * torch.finfo(dtype).eps * (1 + values.abs()) if link is not Link.NONE else errors
        if bool(((outputs[rows].double() - values).abs() <= slack).all()):
            return link
    return None


def _run(module: nn.Module, inputs: torch.Tensor) -> Any:
    # A softmax whose axis is left open warns.
    with torch.no_grad(), warnings.catch_warnings(action="ignore"):
        return module.eval()(inputs)


def _twin(module: nn.Module, dtype: torch.dtype | None) -> dict[int, nn.Module]:
    """Copy a module and its parts, by the identities of what they are copies of.

    Args:
        module: what it keeps from run to run, its hooks included, is copied as far as lists and the like go.
        dtype: of the copies' floating tensors; None for what they are.
    """
    parts = list(module.modules())
    twins: dict[int, Any] = {id(part): part.__class__.__new__(part.__class__) for part in parts}
    copies = dict(twins)

    def copied(value: Any) -> Any:
        if id(value) in copies:
            return copies[id(value)]
        new: Any
        if isinstance(value, torch.Tensor):
            plain = value.detach().cpu()
            wanted = dtype if dtype is not None and value.is_floating_point() else plain.dtype
            # A module may change its buffers.
            new = plain.to(wanted, copy=True)
            if isinstance(value, nn.Parameter):
                new = nn.Parameter(new, requires_grad=False)
        elif isinstance(value, dict | list | set | deque):
            copies[id(value)] = new = copy.copy(value)
            entries = list(value.items() if isinstance(value, dict) else value)
            new.clear()
            if isinstance(value, dict):
                new.update((key, copied(entry)) for key, entry in entries)
            elif isinstance(value, set):
                new.update(map(copied, entries))
            else:
                new.extend(map(copied, entries))
        elif type(value) is tuple:
            new = tuple(map(copied, value))
        else:
            return value
        copies[id(value)] = new
        return new

    for part in parts:
        # Not by setattr, which modules watch.
        twins[id(part)].__dict__.update((name, copied(value)) for name, value in vars(part).items())
    return twins


def _with_axis(outputs: Any, expected: torch.Tensor) -> Any:
    """Return the outputs of a module that leaves out the axis of a single output with that axis."""
    if isinstance(outputs, torch.Tensor) and expected.shape[1] == 1 and outputs.shape == expected.shape[:1]:
        return outputs.unsqueeze(1)
    return outputs


def _linked(
    outputs: torch.Tensor, tolerance: torch.Tensor
) -> Iterator[tuple[Link, torch.Tensor, torch.Tensor]]:
    """Yield the outputs after each of the links, with what rounding can do to them."""
    yield Link.NONE, outputs, tolerance
    # An output moves by no more than twice what the logits do, the relative error of an exponential included.
    rough = 2 * tolerance.amax(dim=1, keepdim=True) + 2.0**-48
    for link, values in (
        (Link.SOFTMAX, torch.softmax(outputs, dim=1)),
        (Link.LOG_SOFTMAX, torch.log_softmax(outputs, dim=1)),
        (Link.SIGMOID, torch.sigmoid(outputs)),
    ):
        yield link, values, rough + 2.0**-50 * values.abs()


def _inputs(features: int) -> torch.Tensor:
    """Inputs of sizes from 2^-8 to 2^12, so that an activation shows its bends and its bounds."""
    directions = torch.randn(8, features, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.cat(
        [torch.zeros(1, features, dtype=torch.float64), *(directions * 2.0**k for k in range(-8, 13, 2))]
    )


def _formula(inputs: torch.Tensor, layers: Sequence[Affine]) -> tuple[torch.Tensor, torch.Tensor]:
    """The two-layer ReLU network in float64, and what rounding can do to it in any order of its sums."""
    (u, a), (v, b) = (
        (
            torch.tensor(layer.weight),
            torch.zeros(layer.weight.shape[1], dtype=torch.float64)
            if layer.bias is None
            else torch.tensor(layer.bias),
        )
        for layer in layers
    )
    outputs = torch.relu(inputs @ u + a) @ v + b
    size = (inputs.abs() @ u.abs() + a.abs()) @ v.abs() + b.abs()
    return outputs, 4 * (len(u) + len(v) + 2) * 2.0**-53 * size


def _first_line(error: Exception) -> str:
    return printable(str(error).strip().partition("\n")[0])
