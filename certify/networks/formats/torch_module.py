"""A two-layer network from PyTorch: a file with a state dict, or a module.

torch is imported when it is needed, and a file is read by its unpickler for weights alone, which runs
nothing.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from certify.checker.errors import NetworkError
from certify.checker.text.names import counted, listed
from certify.networks.formats.packages import not_installed
from certify.networks.formats.state_dict import PARAMETRISED, Tensor, network_of_tensors, pruned
from certify.networks.formats.tensor_names import divided
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
# Where checkpoints keep the state dict, the plain one before averages of it.
_KEYS = (
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "params", "weights",
    "net_state_dict", "network_state_dict",
)  # fmt: skip
_DEEPEST = 3  # state dicts within objects of checkpoints
# What Lightning keeps beside the weights: names with values, and names of files. Neither has code to run.
_HARMLESS = [argparse.Namespace, pathlib.PosixPath, pathlib.PurePosixPath]
_SAVE = "torch.save(model.state_dict(), path)"


def torch_network(source: str, data: bytes) -> LoadedNetwork:
    """Read a file of torch.save that holds a state dict, bare or within a checkpoint.

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
        with warnings.catch_warnings(action="ignore"), torch.serialization.safe_globals([*_HARMLESS]):
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
    state, notes = _state_dict(content, source)
    loaded = network_of_tensors(
        {str(name): _tensor(str(name), value, source) for name, value in state.items()}, source
    )
    return replace(loaded, notes=(*notes, *loaded.notes))


def network_of_module(module: torch.nn.Module) -> LoadedNetwork:
    """Take over a module that computes a two-layer ReLU network of its two `torch.nn.Linear` layers.

    A softmax over the outputs, its logarithm or a sigmoid may follow, which becomes the network's `link`.
    That it does is seen by running a twin of it, in evaluation mode (a dropout is then the identity), on a
    batch of inputs of many sizes (k x d), see `formats.torch_function`. The module itself is left as it is.

    Raises:
        NetworkError: if torch is not installed, if the module has other layers or parameters than two linear
            layers and ReLUs, and what may follow them, if its outputs differ from the formula's, or if
            `certify.networks.loaded.two_layers` refuses the layers.
    """
    try:
        import torch

        from certify.networks.formats.torch_function import link_of
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
    for pair in fitting or [layers]:
        hidden, output = (_affine(layer, source) for layer in pair)
        network = two_layers(hidden, output, source)
        found = link_of(module, pair, (hidden, output))
        if isinstance(found, Link):
            return replace(network, link=found)
        reasons.append(found)
    for name, part in module.named_modules():
        # Not at the end, or along another axis than that of the outputs.
        if isinstance(part, _endings()):
            raise _foreign(source, name, part)
    # In the wrong order of its layers a module can often not be run at all.
    reason_to_tell = max(reasons, key=attrgetter("ran")).reason
    raise NetworkError(
        f"{source} does not compute the two-layer ReLU network of its linear layers, for {reason_to_tell}: "
        f"{SUPPORTED}"
    )


def _state_dict(content: object, source: str) -> tuple[Mapping[object, Any], tuple[str, ...]]:
    """Find the one state dict of a checkpoint; say which it is, where there are more."""
    if not isinstance(content, Mapping):
        raise NetworkError(
            f"{source} holds no single state dict but an object of type {type(content).__name__}: save "
            f"one, with {_SAVE}"
        )
    state: Mapping[object, Any] = content
    notes: tuple[str, ...] = ()
    while True:
        holding = [key for key, value in state.items() if _holds_state_dict(value)]
        if not holding:
            break
        chosen, *more = [key for key in _KEYS if key in holding] or holding
        if any(not _same(state[chosen], state[key]) for key in more):
            raise NetworkError(
                f"{source} holds the state dicts {listed(map(printable, (chosen, *more)))}: save the one "
                f"that counts alone, with {_SAVE}"
            )
        others = [key for key in holding if key not in (chosen, *more)]
        if others:
            notes = (
                f"{source}: the state dict {printable(chosen)} is taken, and not {printable(others[0])}",
            )
        state = state[chosen]
    return state, notes


def _holds_state_dict(value: object, depth: int = _DEEPEST) -> bool:
    return isinstance(value, Mapping) and (
        _is_state_dict(value) or (depth > 1 and any(_holds_state_dict(x, depth - 1) for x in value.values()))
    )


def _is_state_dict(value: Mapping[object, object]) -> bool:
    import torch

    return all(isinstance(tensor, torch.Tensor) for tensor in value.values()) and any(
        "weight" in str(name) for name in value
    )


def _same(one: Mapping[object, object], other: Mapping[object, object]) -> bool:
    """Say whether two state dicts are equal; two that lie deeper count as different."""
    import torch

    return one.keys() == other.keys() and all(
        isinstance(a, torch.Tensor)
        and isinstance(b, torch.Tensor)
        and a.shape == b.shape
        and torch.equal(a, b)
        for a, b in zip(one.values(), map(other.get, one), strict=True)
    )


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
    own = {id(parameter) for layer in layers for parameter in _own_parameters(layer)}
    for name, parameter in module.named_parameters():
        if id(parameter) in own:
            continue
        if divided(name).is_parametrised:
            raise NetworkError(f"{source}: {printable(name)} {PARAMETRISED}")
        raise NetworkError(
            f"{source} has the parameter {printable(name)} besides its two linear layers: {SUPPORTED}; "
            "remove it or fold it into a layer"
        )
    return layers[0], layers[1]


def _own_parameters(layer: torch.nn.Linear) -> Iterator[torch.nn.Parameter]:
    """The weight and the bias, or what torch.nn.utils.prune multiplies by a mask for them."""
    for name in ("weight", "bias"):
        is_pruned = hasattr(layer, f"{name}_mask") and f"{name}_orig" in layer._parameters
        parameter = layer._parameters.get(f"{name}_orig" if is_pruned else name)
        if parameter is not None:
            yield parameter


def _endings() -> tuple[type[torch.nn.Module], ...]:
    """The layers that may follow the second linear one."""
    from torch import nn

    return nn.Softmax, nn.LogSoftmax, nn.Sigmoid


def _foreign(source: str, name: str, part: torch.nn.Module) -> NetworkError:
    kind = type(part).__name__
    return NetworkError(f"{source} has the layer {printable(name)} of type {kind}: {SUPPORTED}")


def _affine(layer: torch.nn.Linear, source: str) -> Affine:
    from torch import nn

    kept = []
    for name in ("weight", "bias"):
        if (value := getattr(layer, name)) is None:
            continue
        original = layer._parameters.get(f"{name}_orig")
        values = value if original is None else original
        if nn.parameter.is_lazy(values) or values.is_meta:
            raise NetworkError(f"{source} has a linear layer without values: train or load it first")
        refuse_dtype(_dtype(values), f"{source}: a linear layer")
        refuse_vast(values.numel(), source)
        # What a pruned layer shows as its weight is of the last time that it ran.
        array = _float64(values)
        if original is not None:
            array = pruned(array, _float64(getattr(layer, f"{name}_mask")), f"{source}: a linear layer")
        kept.append((array, _dtype(values)))
    (weight, _), *bias = kept
    return Affine(weight.T, bias[0][0] if bias else None, tuple(dtype for _, dtype in kept))
