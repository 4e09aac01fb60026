"""A two-layer network from PyTorch: a file with a state dict, or a module.

torch is imported when it is needed, and a file is read by its unpickler for weights alone, which runs
nothing.
"""

from __future__ import annotations

import copy
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from certify.checker.errors import NetworkError
from certify.checker.text.names import counted
from certify.networks.formats.packages import not_installed
from certify.networks.formats.state_dict import Tensor, network_of_tensors
from certify.networks.formats.untrusted_file import open_archive
from certify.networks.link import Link
from certify.networks.loaded import (
    SUPPORTED,
    Affine,
    LoadedNetwork,
    printable,
    refuse_dtype,
    refuse_vast,
    two_layers,
)

if TYPE_CHECKING:
    import torch

# Where torch keeps the layers whose presence alone tells that a module is no two-layer ReLU network.
_FOREIGN = frozenset(
    f"torch.nn.modules.{name}"
    for name in ("activation", "batchnorm", "conv", "instancenorm", "normalization", "rnn", "transformer")
)
NESTED = ("state_dict", "model_state_dict")
_SAVE = "torch.save(model.state_dict(), path)"


def torch_network(source: str, data: bytes) -> LoadedNetwork:
    """Read a .pt or .pth file that holds a state dict, bare or under a key of `NESTED`.

    Args:
        source: the path.
        data: the bytes of the file there.

    Raises:
        NetworkError: if the file is no such file, if reading it would run code, or if
            `certify.networks.formats.state_dict.network_of_tensors` refuses it.
        ImportError: if torch is not installed.
    """
    import torch

    with open_archive(source, data, "a file of torch.save (1.6 or later)", (zipfile.ZIP_STORED,)) as archive:
        if any(name.endswith("/constants.pkl") for name in archive.namelist()):
            raise NetworkError(f"{source} holds a TorchScript program: use {_SAVE}")
    try:
        # torch warns of kinds of tensors that are refused below.
        with warnings.catch_warnings(action="ignore"):
            # Mapped into memory, a forged tensor cannot reach beyond the file's end.
            content = torch.load(source, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # a forged pickle raises almost anything
        code = re.search(r"GLOBAL ([\w.]+)", str(error))
        raise NetworkError(
            f"{source} holds the Python object {printable(code[1])}, whose reading would run code: save the "
            f"weights alone, with {_SAVE}"
            if code
            else f"{source} is damaged or holds more than tensors: save the weights alone, with {_SAVE}"
        ) from None
    return network_of_tensors(
        {
            str(name): _tensor(str(name), value, source)
            for name, value in _state_dict(content, source).items()
        },
        source,
    )


def network_of_module(module: torch.nn.Module) -> LoadedNetwork:
    """Take over a module that computes a two-layer ReLU network of its two `torch.nn.Linear` layers.

    A softmax over the outputs, its logarithm or a sigmoid may follow, which becomes the network's `link`.
    That it does is seen by running a copy of it in float64, in evaluation mode (a dropout is then the
    identity), on a batch of inputs of many sizes (k x d): its outputs must be the formula's up to rounding.
    The module itself is left as it is.

    Raises:
        NetworkError: if torch is not installed, if the module has other layers or parameters than two linear
            layers and ReLUs, and what may follow them, if its outputs differ from the formula's, or if
            `certify.networks.loaded.two_layers` refuses the layers.
    """
    try:
        import torch
    except ImportError:
        raise NetworkError(not_installed("torch")) from None
    if not isinstance(module, torch.nn.Module):
        raise NetworkError(
            f"the network is of type {type(module).__name__}: give a torch.nn.Module, or the path of a file"
        )
    module = _unwrapped(module)
    source = f"module {type(module).__name__}"
    layers = _linear_layers(module, source)
    fitting = [pair for pair in (layers, layers[::-1]) if pair[0].out_features == pair[1].in_features]
    reasons = []
    for first, last in fitting or [layers]:
        network = two_layers(_affine(first, source), _affine(last, source), source)
        found = _link(module, first, last)
        if isinstance(found, Link):
            return replace(network, link=found)
        reasons.append(found)
    for name, part in module.named_modules():
        # Not at the end, or along another axis than that of the outputs.
        if isinstance(part, _endings()):
            raise _foreign(source, name, part)
    # In the wrong order of its layers a module can often not be run at all.
    _, reason_to_tell = max(reasons, key=itemgetter(0))
    raise NetworkError(
        f"{source} does not compute the two-layer ReLU network of its linear layers, for {reason_to_tell}: "
        f"{SUPPORTED}"
    )


def _state_dict(content: object, source: str) -> Mapping[object, object]:
    found = [content[key] for key in NESTED if key in content] if isinstance(content, Mapping) else []
    inner = found[0] if found else content
    if len(found) > 1 or not isinstance(inner, Mapping):
        raise NetworkError(
            f"{source} holds no single state dict but an object of type {type(inner).__name__}: save one, "
            f"with {_SAVE}"
        )
    return inner


def _tensor(name: str, value: object, source: str) -> Tensor:
    import torch

    if not isinstance(value, torch.Tensor):
        raise NetworkError(
            f"{source}: {printable(name)} is of type {type(value).__name__} and no tensor: save the weights "
            f"alone, with {_SAVE}"
        )
    dense = value.layout == torch.strided and not value.is_nested and not value.is_quantized
    if not dense or value.is_meta:
        raise NetworkError(
            f"{source}: {printable(name)} is a sparse or quantised tensor, or one without values: save dense "
            "weights"
        )
    return Tensor(tuple(value.shape), _dtype(value), lambda: _float64(value))


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _float64(tensor: torch.Tensor) -> NDArray[np.float64]:
    values: NDArray[np.float64] = tensor.detach().cpu().double().resolve_neg().numpy()
    return values


def _unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """The module inside torch.compile and data parallelism, which run on the device they were made for."""
    from torch import nn

    # The compiler's class goes by its name, because importing it takes seconds.
    attributes = {
        "OptimizedModule": "_orig_mod",
        "DataParallel": "module",
        "DistributedDataParallel": "module",
    }
    while isinstance(inner := getattr(module, attributes.get(type(module).__name__, ""), None), nn.Module):
        module = inner
    return module


def _linear_layers(module: torch.nn.Module, source: str) -> tuple[torch.nn.Linear, torch.nn.Linear]:
    """The two linear layers in the order of their definition, if they hold all parameters."""
    from torch import nn

    layers = []
    for name, part in module.named_modules():
        if isinstance(part, nn.Linear):
            layers.append(part)
        elif type(part).__module__ in _FOREIGN and not isinstance(part, (nn.ReLU, *_endings())):
            raise _foreign(source, name, part)
    if len(layers) != 2:
        raise NetworkError(f"{source} has {counted(len(layers), 'linear layer')}: {SUPPORTED}")
    own = {id(parameter) for layer in layers for parameter in (layer.weight, layer.bias)}
    for name, parameter in module.named_parameters():
        if id(parameter) not in own:
            raise NetworkError(
                f"{source} has the parameter {printable(name)} besides its two linear layers: {SUPPORTED}; "
                "remove it or fold it into a layer"
            )
    return layers[0], layers[1]


def _endings() -> tuple[type[torch.nn.Module], ...]:
    """The layers that may follow the second linear one."""
    from torch import nn

    return nn.Softmax, nn.LogSoftmax, nn.Sigmoid


def _foreign(source: str, name: str, part: torch.nn.Module) -> NetworkError:
    kind = type(part).__name__
    return NetworkError(f"{source} has the layer {printable(name)} of type {kind}: {SUPPORTED}")


def _affine(layer: torch.nn.Linear, source: str) -> Affine:
    from torch import nn

    tensors = [layer.weight] if layer.bias is None else [layer.weight, layer.bias]
    for tensor in tensors:
        if nn.parameter.is_lazy(tensor) or tensor.is_meta:
            raise NetworkError(f"{source} has a linear layer without values: train or load it first")
        refuse_dtype(_dtype(tensor), f"{source}: a linear layer")
        refuse_vast(tensor.numel(), source)
    weight, *bias = map(_float64, tensors)
    return Affine(weight.T, bias[0] if bias else None, tuple(map(_dtype, tensors)))


def _link(module: torch.nn.Module, first: torch.nn.Linear, last: torch.nn.Linear) -> Link | tuple[bool, str]:
    """What the module applies to these layers' formula; or whether it ran, and how it differs from that."""
    import torch

    inputs = _inputs(first.in_features)
    try:
        # A softmax whose axis is left open warns.
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            outputs = copy.deepcopy(module).cpu().double().eval()(inputs)
    except Exception as error:  # a module may do anything
        return (
            False,
            f"it cannot be run in float64 on inputs of shape {tuple(inputs.shape)} ({_first_line(error)})",
        )
    expected, tolerance = _formula(inputs, first, last)
    if isinstance(outputs, torch.Tensor) and expected.shape[1] == 1 and outputs.shape == inputs.shape[:1]:
        outputs = outputs.unsqueeze(1)
    if not isinstance(outputs, torch.Tensor) or outputs.shape != expected.shape:
        return True, f"its output is no tensor of shape {tuple(expected.shape)}"
    for link, values, errors in _linked(expected, tolerance):
        if bool(((outputs - values).abs() <= errors).all()):
            return link
    return True, f"an output differs by {float((outputs - expected).abs().max()):.2g}"


def _linked(
    outputs: torch.Tensor, tolerance: torch.Tensor
) -> Iterator[tuple[Link, torch.Tensor, torch.Tensor]]:
    """Yield the outputs after each of the links, with what rounding can do to them."""
    import torch

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
    import torch

    directions = torch.randn(8, features, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.cat(
        [torch.zeros(1, features, dtype=torch.float64), *(directions * 2.0**k for k in range(-8, 13, 2))]
    )


def _formula(
    inputs: torch.Tensor, first: torch.nn.Linear, last: torch.nn.Linear
) -> tuple[torch.Tensor, torch.Tensor]:
    """The two-layer ReLU network in float64, and what rounding can do to it in any order of its sums."""
    import torch

    u, v = (layer.weight.detach().cpu().double().T for layer in (first, last))
    a, b = (
        torch.zeros(layer.out_features, dtype=torch.float64)
        if layer.bias is None
        else layer.bias.detach().cpu().double()
        for layer in (first, last)
    )
    outputs = torch.relu(inputs @ u + a) @ v + b
    size = (inputs.abs() @ u.abs() + a.abs()) @ v.abs() + b.abs()
    return outputs, 4 * (len(u) + len(v) + 2) * 2.0**-53 * size


def _first_line(error: Exception) -> str:
    return printable(str(error).strip().partition("\n")[0])
