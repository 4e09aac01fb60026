"""One node of an ONNX graph, and what it makes of the data."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto

from certify.checker.errors import NetworkError
from certify.checker.text.names import counted
from certify.networks.formats.onnx_constants import Constants
from certify.networks.formats.onnx_values import OF_ROWS, Label, Readout, Sizes, Value
from certify.networks.link import Link
from certify.networks.loaded import SUPPORTED, Affine, printable

_LINKS = {link.value: link for link in (Link.SOFTMAX, Link.LOG_SOFTMAX, Link.SIGMOID)}
# What may change nothing, also after a link.
_IDLE = frozenset({"Identity", "Flatten", "Dropout", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Transpose"})
_OPERANDS = {
    "Gemm": (2, 3),
    "MatMul": (2,),
    "Add": (2,),
    "Sub": (2,),
    "Relu": (1,),
    "Clip": (1, 2, 3),
    "Max": (2,),
    "Identity": (1,),
    "Flatten": (1,),
    "Dropout": (1, 2, 3),
    "Cast": (1,),
    "Reshape": (2,),
    "Squeeze": (1, 2),
    "Unsqueeze": (1, 2),
    "Transpose": (1,),
} | dict.fromkeys(_LINKS, (1,))
_REAL = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE})
# What leaves sizes what they are.
_OF_SIZES = frozenset({"Unsqueeze", "Squeeze", "Cast", "Identity"})
_LARGEST = float(np.finfo(np.float32).max)  # a Clip at it or above cuts nothing off


@dataclass(frozen=True)
class Step:
    """A node.

    Attributes:
        source: the path of the file, for messages.
        node: it.
        operator: its name, with its domain where that is not ONNX's own.
        constants: those of the graph.
        version: of ONNX's operators.
    """

    source: str
    node: NodeProto
    operator: str
    constants: Constants
    version: int

    @property
    def name(self) -> str:
        """The node in words."""
        return f"{self.node.op_type} {printable(self.node.name or ' '.join(self.node.output))}"

    @property
    def is_known(self) -> bool:
        """Whether the operator may be a part of a network."""
        return self.operator in _OPERANDS

    def fits(self, data: Container[str]) -> bool:
        """Say whether the number of operands is the operator's, the data being one of them."""
        return (
            len(self.node.input) in _OPERANDS[self.operator]
            and sum(name in data for name in self.node.input) == 1
        )

    def no_chain(self) -> NetworkError:
        """Return the error of a node that takes other operands."""
        return NetworkError(f"{self.source} is no chain at its {self.name}: {SUPPORTED}")

    def result(self, value: Value, operand: str, target: Sizes | None) -> Value | Readout:
        """Return what the node makes of the data.

        Args:
            value: the data.
            operand: their name.
            target: the shape that a Reshape gives them, if the graph takes it from the data.

        Raises:
            NetworkError: if that is no part of a two-layer network.
        """
        complements = self.operator == "Sub" and value.link is Link.SIGMOID and self._is_all(0, 1.0)
        if complements and self.node.input[1] == operand:
            return Readout(value, "complement")
        if value.link is not Link.NONE and self.operator not in _IDLE:
            raise NetworkError(f"{self.source} goes on after its {value.link.value}: {SUPPORTED}")
        if self.operator in _LINKS:
            return self._end(value)
        place = list(self.node.input).index(operand)
        if self.operator in ("Gemm", "MatMul"):
            return self._multiply(value, place)
        if self.operator in ("Add", "Sub"):
            return self._add(value, place)
        if self.operator in ("Relu", "Clip", "Max"):
            return self._rectify(value, place)
        if place:
            raise self.no_chain()
        return self._idle(value, target)

    def sizes(self, known: Mapping[str, Sizes]) -> Sizes:
        """Return what the node makes of shapes that the graph takes from the data.

        Raises:
            NetworkError: if that is no shape.
        """
        if self.operator == "Shape":
            is_first = self.integer("start", 0) == 0 and self.integer("end", 0) == 1
            return Sizes((None,) if is_first else (None, None))
        operands = [known.get(name) for name in self.node.input]
        first = operands[0]
        if self.operator in _OF_SIZES and first is not None:
            return first
        # The number of samples alone.
        if self.operator == "Gather" and first is not None and self._is_all(1, 0.0):
            return Sizes((None,))
        if self.operator != "Concat" or any(size and len(size.entries) != 1 for size in operands):
            raise self.no_chain()
        entries: list[int | None] = []
        for name, size in zip(self.node.input, operands, strict=True):
            if size is None and name not in self.constants:
                raise self.no_chain()
            entries += self.constants.integers(name) if size is None else size.entries
        return Sizes(tuple(entries))

    def integer(self, name: str, default: int) -> int:
        """Return an integer among the node's attributes."""
        return next((int(entry.i) for entry in self.node.attribute if entry.name == name), default)

    def labels(self) -> tuple[Label, ...]:
        """Return the labels among the node's attributes."""
        for entry in self.node.attribute:
            if entry.name == "classlabels_strings":
                return tuple(text.decode("utf-8", "replace") for text in entry.strings)
            if entry.name == "classlabels_int64s":
                return tuple(entry.ints)
        return ()

    def _rectify(self, value: Value, place: int) -> Value:
        if not self._is_relu(place):
            raise NetworkError(
                f"{self.source}: {self.name} is no ReLU, as a Clip from 0 on or a Max with 0 is: {SUPPORTED}"
            )
        if len(value.layers) != 1 or value.rectified:
            raise NetworkError(
                f"{self.source} has its {self.name} not between the two linear layers: {SUPPORTED}"
            )
        return replace(value, rectified=True)

    def _is_relu(self, place: int) -> bool:
        if self.operator == "Max":
            return self._is_all(1 - place, 0.0)
        return self.operator == "Relu" or self._clips()

    def _clips(self) -> bool:
        """Say whether a Clip cuts off what is below 0, and nothing else."""
        least, most = self._limit(1, "min", -math.inf), self._limit(2, "max", math.inf)
        return least == 0 and most is not None and most >= _LARGEST

    def _limit(self, place: int, attribute: str, default: float) -> float | None:
        """Return a limit of a Clip, an operand or in old versions an attribute; None if it is no constant."""
        if len(self.node.input) <= place or not self.node.input[place]:
            return self._number(attribute, default)
        name = self.node.input[place]
        values = self.constants.values(name) if name in self.constants else np.zeros(0)
        return float(values.item()) if values.size == 1 else None

    def _is_all(self, place: int, number: float) -> bool:
        """Say whether an operand is a constant whose entries all are this number."""
        name = self.node.input[place]
        if name not in self.constants:
            return False
        values = self.constants.values(name)
        return values.size > 0 and values.ndim <= 2 and bool((values == number).all())

    def _end(self, value: Value) -> Value:
        if len(value.layers) != 2:
            raise NetworkError(
                f"{self.source} has its {self.name} before the second linear layer: {SUPPORTED}"
            )
        link = _LINKS[self.operator]
        axis = self.integer("axis", -1 if self.version >= OF_ROWS else 1)
        if link is not Link.SIGMOID and not value.is_over_outputs(axis, self.version):
            raise NetworkError(f"{self.source}: {self.name} is not over the outputs: use their axis")
        return replace(value, link=link)

    def _multiply(self, value: Value, place: int) -> Value:
        if len(value.layers) == 2:
            raise NetworkError(f"{self.source} has more than two linear layers: {SUPPORTED}")
        if len(value.layers) == 1 and not value.rectified:
            raise NetworkError(f"{self.source} has no Relu between its two linear layers: {SUPPORTED}")
        transposed = self.integer("transA", 0) != 0, self.integer("transB", 0) != 0
        if place > 1:
            raise NetworkError(f"{self.source}: {self.name} adds the data: {SUPPORTED}")
        # The samples come along the columns if the data is transposed on the left, or not on the right.
        if value.columns not in (None, transposed[place] == (place == 0)) or (
            value.middle and (place == 1 or self.operator == "Gemm")
        ):
            raise NetworkError(f"{self.source}: {self.name} multiplies the samples: transpose its data")
        weight, dtype = self._weights(self.node.input[1 - place])
        if weight.ndim != 2:
            raise NetworkError(
                f"{self.source}: {self.name} has weights of shape {weight.shape}: give a matrix"
            )
        if transposed[1 - place] == (place == 0):
            weight = weight.T
        if not value.layers and value.features not in (None, len(weight)):
            raise NetworkError(
                f"{self.source}: {self.name} takes {len(weight)} inputs and the data come with "
                f"{value.features}: {SUPPORTED}"
            )
        layer = Affine(weight, None, (dtype,), weight_scale=self._scale("alpha"))
        value = replace(value, columns=place == 1, layers=(*value.layers, layer))
        if len(self.node.input) > 2 and self.node.input[2]:
            return self._with_bias(value, self.node.input[2], self._scale("beta"))
        return value

    def _add(self, value: Value, place: int) -> Value:
        layers = value.layers
        subtracts = self.operator == "Sub"
        if (
            not layers
            or layers[-1].bias is not None
            or (len(layers) == 1 and value.rectified)
            or (subtracts and place == 1)
        ):
            raise NetworkError(
                f"{self.source}: {self.name} is not the one bias of a linear layer: {SUPPORTED}"
            )
        return self._with_bias(value, self.node.input[1 - place], Fraction(-1 if subtracts else 1))

    def _with_bias(self, value: Value, name: str, scale: Fraction) -> Value:
        layer = value.layers[-1]
        values, dtype = self._weights(name)
        outputs = layer.weight.shape[1]
        try:
            bias = np.broadcast_to(values, (outputs, 1) if value.columns else (1, outputs)).reshape(outputs)
        except ValueError:
            raise NetworkError(
                f"{self.source}: {self.name} adds a tensor of shape {values.shape} to "
                f"{counted(outputs, 'output')}: give one bias per output"
            ) from None
        layer = replace(layer, bias=bias, bias_scale=scale, dtypes=(*layer.dtypes, dtype))
        return replace(value, layers=(*value.layers[:-1], layer))

    def _idle(self, value: Value, target: Sizes | None) -> Value | Readout:
        """Return the data after a node that may change nothing."""
        if self.operator == "Flatten" and self.integer("axis", 1) != 1:
            raise NetworkError(f"{self.source}: {self.name} has an axis other than 1: use axis 1")
        if self.operator == "Cast" and self.integer("to", 0) not in _REAL:
            raise NetworkError(f"{self.source}: {self.name} makes integers of the data: {SUPPORTED}")
        trains = self.operator == "Dropout" and len(self.node.input) == 3 and self.node.input[2]
        if trains and not self._is_all(2, 0.0):
            raise NetworkError(f"{self.source}: {self.name} is at work: export the network for evaluation")
        if self.operator == "Reshape":
            sizes = target.entries if target else self._integers(1, "shape")
            return self._reshaped(value, tuple(sizes or ()))
        if self.operator == "Transpose":
            axes = self._attribute_integers("perm")
            if value.middle or value.flat or axes not in (None, (1, 0)):
                raise self._changes()
            return value if value.columns is None else replace(value, columns=not value.columns)
        if self.operator in ("Squeeze", "Unsqueeze"):
            return self._squeezed(value, self._integers(1, "axes"))
        if self.operator == "Flatten" and value.middle:
            return replace(value, middle=False)
        return value

    def _reshaped(self, value: Value, sizes: tuple[int | None, ...]) -> Value | Readout:
        """Return the data in another shape, if a row of n x d data stays one."""
        if value.columns or not sizes:
            raise self._changes()
        if len(sizes) == 1:
            return self._flat(value) if sizes[0] in (-1, None) else self._refused()
        if sizes == (-1, 1) and len(value.layers) == 2 and value.width != 1:
            return Readout(value, "column")
        first, *middle, last = sizes
        keeps_rows = first in (-1, None, 0) or first == value.batch or (first == 1 and last == -1)
        fits = last is not None and last > 0 and value.width in (None, last)
        is_row = fits or (last == -1 and first != -1)
        if not keeps_rows or not is_row or len(middle) > 1 or any(size != 1 for size in middle):
            raise self._changes()
        features = last if value.width is None and last is not None and last > 0 else value.features
        if (features, bool(middle), False) == (value.features, value.middle, value.flat):
            return value
        return replace(value, features=features, middle=bool(middle), flat=False)

    def _squeezed(self, value: Value, axes: tuple[int, ...] | None) -> Value:
        if value.columns or value.flat:
            raise self._changes()
        is_squeezed = self.operator == "Squeeze"
        if is_squeezed != value.middle or axes != (1,):
            is_single = is_squeezed and not value.middle and axes in (None, (1,), (-1,))
            return self._flat(value) if is_single else self._refused()
        return replace(value, middle=not is_squeezed)

    def _flat(self, value: Value) -> Value:
        """Return outputs without the axis of a single one."""
        if len(value.layers) != 2 or value.width != 1 or value.columns:
            raise self._changes()
        return replace(value, flat=True, middle=False)

    def _refused(self) -> Value:
        raise self._changes()

    def _changes(self) -> NetworkError:
        return NetworkError(
            f"{self.source}: {self.name} does not keep each sample in a row of its own: {SUPPORTED}"
        )

    def _integers(self, place: int, attribute: str) -> tuple[int, ...] | None:
        """Return the integers of a constant operand, in old versions an attribute; None for neither."""
        if len(self.node.input) <= place or not self.node.input[place]:
            return self._attribute_integers(attribute)
        name = self.node.input[place]
        return self.constants.integers(name) if name in self.constants else ()

    def _attribute_integers(self, name: str) -> tuple[int, ...] | None:
        return next((tuple(entry.ints) for entry in self.node.attribute if entry.name == name), None)

    def _weights(self, name: str) -> tuple[NDArray[np.float64], str]:
        if name not in self.constants:
            raise NetworkError(
                f"{self.source}: {self.name} takes {printable(name)}, which is no constant: {SUPPORTED}"
            )
        return self.constants.weights(name)

    def _number(self, name: str, default: float) -> float:
        return next((float(entry.f) for entry in self.node.attribute if entry.name == name), default)

    def _scale(self, name: str) -> Fraction:
        value = self._number(name, 1.0)
        if not math.isfinite(value):
            raise NetworkError(f"{self.source}: {self.name} has {name} = {value}: give a finite number")
        return Fraction(value)
