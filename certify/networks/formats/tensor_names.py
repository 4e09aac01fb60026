"""What the names of tensors say: which layer and which part of it, how a matrix lies, and what comes first.

`layers.0.weight` of PyTorch and equinox is outputs x inputs; `Dense_0/kernel` of flax and `dense/kernel:0` of
Keras are inputs x outputs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KERNEL = "kernel"
_FIRST = frozenset({"hidden", "input", "in", "first", "encoder", "up"})
_LAST = frozenset({"output", "out", "last", "final", "head", "decoder", "down", "classifier", "readout"})
# Of `weight_norm`, `spectral_norm` and the like, old and new.
_PARAMETRISED = re.compile(r"weight_[gvu]|weight_orig|bias_orig|parametrizations\b.*")


@dataclass(frozen=True)
class TensorName:
    """A tensor's name, divided.

    Attributes:
        layer: the name of what it belongs to, which may be empty.
        part: the last word, such as "weight"; "kernel" is a matrix with its inputs along the rows.
    """

    layer: str
    part: str

    @property
    def is_of_linear_layer(self) -> bool:
        """Whether it may be a matrix or a bias of a layer."""
        return bool(self.layer) and self.part in ("weight", KERNEL, "bias")

    @property
    def is_parametrised(self) -> bool:
        """Whether a weight is computed from this tensor and others in every run of the network."""
        return bool(_PARAMETRISED.fullmatch(self.part) or ".parametrizations." in f".{self.layer}.")


def divided(name: str) -> TensorName:
    """Divide a name at its last separator; "kernel:0" is Keras's way to write "kernel"."""
    # As jax.tree_util.keystr writes paths: ['params']['Dense_0']['kernel'], .layers[0].weight
    path = re.sub(r"\[['\"]?([^\[\]'\"]*)['\"]?\]", r".\1", name).lstrip(".") if "[" in name else name
    layer, _, part = path.removesuffix(":0").rpartition("/" if "/" in path else ".")
    return TensorName(layer, part)


def order_of_names(a: str, b: str) -> tuple[str, str] | None:
    """Put the names of two layers in order: by their numbers, then by words; None if they say nothing."""
    if re.sub("[0-9]+", "0", a) == re.sub("[0-9]+", "0", b):
        places = _numbers(a), _numbers(b)
    elif _without_number(a) == _without_number(b):
        # Keras counts dense, dense_1, dense_2.
        places = [(int(_without_number(a) != a), "")], [(int(_without_number(b) != b), "")]
    else:
        places = _place(a), _place(b)
    if places[0] == places[1]:
        return None
    return (a, b) if places[0] < places[1] else (b, a)


def _without_number(name: str) -> str:
    return re.sub("_[0-9]+$", "", name)


def _numbers(name: str) -> list[tuple[int, str]]:
    """The numbers in a name, in a form that compares as they do and is safe for any number of digits."""
    digits = [number.lstrip("0") for number in re.findall("[0-9]+", name)]
    return [(len(number), number) for number in digits]


def _place(name: str) -> list[tuple[int, str]]:
    """Where the words of a name put a layer, in the form of `_numbers`."""
    words = set(re.split("[^a-z]+", name.lower()))
    return [(bool(words & _LAST) - bool(words & _FIRST), "")]
