"""A two-layer network in named tensors, as PyTorch's state dicts and safetensors files hold them.

`a.weight` (m x d) and `b.weight` (c x m), and `a.bias` (m) and `b.bias` (c) if there are biases, under any
names a and b, with any prefixes such as "module." or "_orig_mod."; or `a/kernel` (d x m), as flax and Keras
have them. Which one comes first is told by numbers in the names, then by words such as "hidden" and "head",
then by the shapes. A weight that PyTorch prunes is the product of its two tensors, which is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from certify.checker.errors import NetworkError
from certify.checker.text.names import counted
from certify.networks.formats.tensor_names import KERNEL, TensorName, divided, order_of_names
from certify.networks.loaded import (
    SUPPORTED,
    Affine,
    LoadedNetwork,
    printable,
    refuse_dtype,
    refuse_vast,
    two_layers,
)

_NORMALISATION = frozenset({"running_mean", "running_var", "num_batches_tracked"})
_DTYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
_STORED = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_ORIGINAL, _MASK = "_orig", "_mask"  # what torch.nn.utils.prune appends to a weight's name
# How often the parts of `torch.optim.swa_utils.AveragedModel` were averaged.
_COUNTER = "n_averaged"


PARAMETRISED = (
    "belongs to a parametrisation such as weight_norm: make the weight a plain one, with "
    "torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight') or the older "
    "torch.nn.utils.remove_weight_norm(layer)"
)


@dataclass(frozen=True)
class Tensor:
    """A named tensor that is read only when it turns out to be needed.

    Attributes:
        shape: of any length.
        dtype: a type's name, one of `certify.networks.loaded.FLOATS` if it can be a weight.
        read: gives the values, exactly.
    """

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], NDArray[np.float64]]


def network_of_tensors(tensors: Mapping[str, Tensor], source: str) -> LoadedNetwork:
    """Find the two layers among named tensors; ReLU is assumed, because names record no activation.

    Raises:
        NetworkError: if there are not exactly two linear layers, or anything besides them, if their order is
            open, or if `certify.networks.loaded.two_layers` refuses them.
    """
    layers: dict[str, dict[str, Tensor]] = {}
    for name, tensor in _plain(tensors, source).items():
        place = _of_linear_layer(name, tensor, source)
        part, tensor = ("weight", _transposed(tensor)) if place.part == KERNEL else (place.part, tensor)
        if part in layers.setdefault(place.layer, {}):
            raise NetworkError(f"{source} has the {part} of {printable(place.layer)} twice: save it once")
        layers[place.layer][part] = tensor
    for stem, parts in layers.items():
        if "weight" not in parts:
            raise NetworkError(f"{source} has a bias {printable(stem)} without a weight: {SUPPORTED}")
    if len(layers) != 2:
        names = ", ".join(printable(stem) for stem in [*layers][:6])
        raise NetworkError(
            f"{source} has {counted(len(layers), 'linear layer')} ({names or 'no tensors'}): {SUPPORTED}"
        )
    shapes = {stem: parts["weight"].shape for stem, parts in layers.items()}
    # flax numbers layers as they are made, and Dense(c)(relu(Dense(m)(x))) makes the last one first.
    numbered_anyhow = all(divided(name).part != "weight" for name in tensors)
    first, last = _ordered(shapes, source, shapes_overrule=numbered_anyhow)
    return two_layers(
        _affine(layers[first], source),
        _affine(layers[last], source),
        source,
        [f"{source} names no activation between {printable(first)} and {printable(last)}: ReLU is assumed"],
    )


def safetensors_network(source: str, data: bytes) -> LoadedNetwork:
    """Read the bytes of a .safetensors file; see `network_of_tensors`.

    Raises:
        NetworkError: if the file is not such a network.
        ImportError: if the package safetensors is not installed.
    """
    from safetensors import SafetensorError, deserialize

    try:
        entries = deserialize(data)
    except SafetensorError:
        raise NetworkError(
            f"{source} is not a safetensors file, or is cut off: save the network again"
        ) from None
    # The package returns them in a new order in every run.
    entries.sort(key=itemgetter(0))
    return network_of_tensors({name: _stored(entry) for name, entry in entries}, source)


def _stored(entry: Mapping[str, Any]) -> Tensor:
    """A tensor of a safetensors file, whose header its reader has held against the data."""
    code, data = entry["dtype"], bytes(entry["data"])
    shape = tuple(entry["shape"])

    def read() -> NDArray[np.float64]:
        if code == "BF16":
            # A bfloat16 is the upper half of a float32.
            return (
                (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").astype(np.float64).reshape(shape)
            )
        return np.frombuffer(data, _STORED[code]).astype(np.float64).reshape(shape)

    return Tensor(shape, _DTYPES.get(code, code), read)


def _plain(tensors: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Leave out a counter of averages, and put pruned weights in the place of their two tensors."""
    plain = {}
    for name, tensor in tensors.items():
        partner = name.removesuffix(_MASK) + _ORIGINAL
        if (name == _COUNTER and not tensor.shape) or (name.endswith(_MASK) and partner in tensors):
            continue
        mask = tensors.get(name.removesuffix(_ORIGINAL) + _MASK) if name.endswith(_ORIGINAL) else None
        if mask is None:
            plain[name] = tensor
        else:
            plain[name.removesuffix(_ORIGINAL)] = _pruned(name, tensor, mask, source)
    return plain


def pruned(original: NDArray[np.float64], mask: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """Return the product of a weight and its mask, which is exact.

    Raises:
        NetworkError: if the mask has other entries than 0 and 1.
    """
    if not np.isin(mask, (0, 1)).all():
        raise NetworkError(
            f"{where} has a mask with other entries than 0 and 1: make it a plain weight, with "
            "torch.nn.utils.prune.remove(layer, 'weight')"
        )
    return np.where(mask == 1, original, 0.0)


def _pruned(name: str, original: Tensor, mask: Tensor, source: str) -> Tensor:
    if original.shape != mask.shape:
        raise NetworkError(
            f"{source}: {printable(name)} and its mask differ in shape: save the network again"
        )
    refuse_dtype(mask.dtype, f"{source}: the mask of {printable(name)}")
    where = f"{source}: {printable(name)}"
    return Tensor(original.shape, original.dtype, lambda: pruned(original.read(), mask.read(), where))


def _of_linear_layer(name: str, tensor: Tensor, source: str) -> TensorName:
    """The layer's name and "weight", "kernel" or "bias", of a tensor that a linear layer can have."""
    place, dimensions = divided(name), len(tensor.shape)
    if place.is_parametrised:
        raise NetworkError(f"{source}: {printable(name)} {PARAMETRISED}, and save it then")
    part = place.part
    if part == "weight" and dimensions == 1:
        raise NetworkError(
            f"{source}: {printable(name)} has one dimension, as a weight of a normalisation layer or of a "
            f"loss has: {SUPPORTED}; fold a layer into a linear one, and save no loss with the network"
        )
    if part in _NORMALISATION:
        raise NetworkError(
            f"{source}: {printable(name)} belongs to a normalisation layer: {SUPPORTED}; fold it into a "
            "linear layer"
        )
    if part in ("weight", KERNEL) and dimensions > 2:
        raise NetworkError(
            f"{source}: {printable(name)} has {dimensions} dimensions, as a convolution has: {SUPPORTED}"
        )
    if (part, dimensions) not in (("weight", 2), (KERNEL, 2), ("bias", 1)):
        raise NetworkError(
            f"{source}: {printable(name)} is neither the weight matrix nor the bias of a linear layer: "
            f"{SUPPORTED}; save nothing else"
        )
    refuse_dtype(tensor.dtype, f"{source}: {printable(name)}")
    return place


def _transposed(kernel: Tensor) -> Tensor:
    return Tensor(kernel.shape[::-1], kernel.dtype, lambda: kernel.read().T)


def _ordered(shapes: Mapping[str, tuple[int, ...]], source: str, *, shapes_overrule: bool) -> tuple[str, str]:
    """Order two layers as their names say; as only their shapes allow if the names say nothing.

    Args:
        shapes: outputs x inputs, by name.
        source: for messages.
        shapes_overrule: whether the order that alone fits counts against the names as well, because it is
            known how the matrices lie.
    """
    a, b = shapes
    named = order_of_names(a, b)
    fitting = [(i, j) for i, j in ((a, b), (b, a)) if shapes[i][0] == shapes[j][1]]
    if named in fitting:
        return named
    if len(fitting) == 1 and (named is None or shapes_overrule):
        return fitting[0]
    i, j = named or (a, b)
    both = f"{source}: the weights {printable(i)} ({_by(shapes[i])}) and {printable(j)} ({_by(shapes[j])})"
    # Transposed weights fit in the wrong order, so shapes do not overrule names.
    if named is not None or not fitting:
        raise NetworkError(
            f"{both} do not follow each other: give shapes (m, d) and (c, m), as torch.nn.Linear holds "
            "them, or kernels (d, m) and (m, c)"
        )
    raise NetworkError(f"{both} fit together in both orders: number their names, such as fc1 and fc2")


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _affine(parts: Mapping[str, Tensor], source: str) -> Affine:
    # A tensor may be a small storage repeated without end, so its size is bounded before it is read.
    for tensor in parts.values():
        refuse_vast(math.prod(tensor.shape), source)
    return Affine(
        parts["weight"].read().T,
        parts["bias"].read() if "bias" in parts else None,
        tuple(tensor.dtype for tensor in parts.values()),
    )
