"""A two-layer network from an ONNX graph: a chain of Gemm, MatMul, Add and Relu with constant weights.

The samples may lie along the rows of the data, as x W, or along the columns, as W x.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from certify.checker.errors import NetworkError
from certify.checker.text.names import counted
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
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

_DTYPES = {"FLOAT": "float32", "FLOAT16": "float16", "BFLOAT16": "bfloat16", "DOUBLE": "float64"}
_OPERANDS = {"Gemm": (2, 3), "MatMul": (2,), "Add": (2,), "Relu": (1,), "Identity": (1,), "Flatten": (1,)}
_LINKS = {link.value: link for link in (Link.SOFTMAX, Link.LOG_SOFTMAX, Link.SIGMOID)}
_OPERANDS |= dict.fromkeys(_LINKS, (1,))
_OF_ROWS = 13  # the version of the operators from which on a softmax is along one axis alone


def onnx_network(source: str, data: bytes) -> LoadedNetwork:
    """Read the bytes of an .onnx file.

    Supported are Gemm (with alpha, beta, transA and transB) or MatMul and Add, then Relu, then Gemm or
    MatMul and Add again, with Identity, and Flatten of axis 1, anywhere; a Softmax or LogSoftmax over the
    outputs or a Sigmoid may come last. The weights are initialisers or Constant nodes within the file.

    Raises:
        NetworkError: if the file is damaged, the graph is any other, or `certify.networks.loaded.two_layers`
            refuses the layers.
        ImportError: if the package onnx is not installed.
    """
    model = _parsed(source, data)
    graph = model.graph
    if graph.sparse_initializer:
        raise NetworkError(f"{source} has sparse weights: export the network with dense ones")
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    walk = _Walk(source, {tensor.name: tensor for tensor in graph.initializer}, max(versions, default=1))
    walk.current = _only_input(graph, walk.constants, source)
    for node in graph.node:
        walk.step(node)
    if [output.name for output in graph.output] != [walk.current]:
        raise NetworkError(f"{source} has other outputs than its last node's: export the network alone")
    if len(walk.layers) != 2:
        raise NetworkError(f"{source} has {counted(len(walk.layers), 'linear layer')}: {SUPPORTED}")
    return two_layers(walk.layers[0], walk.layers[1], source, link=walk.link)


def _parsed(source: str, data: bytes) -> ModelProto:
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # damaged bytes raise what protobuf's implementation likes
        model = onnx.ModelProto()
    if not model.graph.node:
        raise NetworkError(f"{source} is not an ONNX file, or is cut off: export the network again")
    return model


def _only_input(graph: GraphProto, constants: dict[str, TensorProto], source: str) -> str:
    # Files of old versions list the initialisers among the inputs.
    names: list[str] = [entry.name for entry in graph.input if entry.name not in constants]
    if len(names) != 1:
        raise NetworkError(f"{source} has {counted(len(names), 'input')}: export the network with one")
    return names[0]


@dataclass
class _Walk:
    """The way along the chain: what has been met up to the value `current`.

    Attributes:
        source: the path, for messages.
        constants: the tensors of the file by name.
        version: of ONNX's operators.
        layers: the linear layers so far.
        current: the name of the value reached.
        rectified: whether the first layer's Relu has been met.
        columns: whether samples lie along the columns; None as long as that is open.
        link: what has been applied to the second layer's outputs.
    """

    source: str
    constants: dict[str, TensorProto]
    version: int
    layers: list[Affine] = field(default_factory=list)
    current: str = ""
    rectified: bool = False
    columns: bool | None = None
    link: Link = Link.NONE

    def step(self, node: NodeProto) -> None:
        """Follow the chain over its next node."""
        operator = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
        if operator == "Constant" and node.output:
            self._constant(node)
            return
        if operator not in _OPERANDS:
            raise NetworkError(
                f"{self.source} has the operator {printable(operator)}: {SUPPORTED}; export them as Gemm, or "
                "MatMul and Add, with Relu"
            )
        operands = list(node.input)
        if operands.count(self.current) != 1 or len(operands) not in _OPERANDS[operator] or not node.output:
            raise NetworkError(f"{self.source} is no chain at its {self._name(node)}: {SUPPORTED}")
        if operator == "Flatten" and _attribute(node, "axis", 1) != 1:
            raise NetworkError(f"{self.source}: {self._name(node)} has an axis other than 1: use axis 1")
        if self.link is not Link.NONE and operator not in ("Identity", "Flatten"):
            raise NetworkError(f"{self.source} goes on after its {self.link.value}: {SUPPORTED}")
        steps = {"Gemm": self._multiply, "MatMul": self._multiply, "Add": self._add, "Relu": self._relu}
        if operator in steps:
            steps[operator](node)
        elif operator in _LINKS:
            self._end(node)
        self.current = node.output[0]

    def _constant(self, node: NodeProto) -> None:
        if [attribute.name for attribute in node.attribute] != ["value"]:
            raise NetworkError(f"{self.source}: {self._name(node)} holds no tensor: store weights as tensors")
        self.constants[node.output[0]] = node.attribute[0].t

    def _relu(self, node: NodeProto) -> None:
        if len(self.layers) != 1 or self.rectified:
            raise NetworkError(
                f"{self.source} has its {self._name(node)} not between the two linear layers: {SUPPORTED}"
            )
        self.rectified = True

    def _end(self, node: NodeProto) -> None:
        if len(self.layers) != 2:
            raise NetworkError(
                f"{self.source} has its {self._name(node)} before the second linear layer: {SUPPORTED}"
            )
        self.link = _LINKS[node.op_type]
        if self.link is Link.SIGMOID:
            return
        axis = _attribute(node, "axis", -1 if self.version >= _OF_ROWS else 1)
        over_outputs: tuple[int, ...] = (1, -1)
        if self.columns:
            over_outputs = (0, -2) if self.version >= _OF_ROWS else ()
        if axis not in over_outputs:
            raise NetworkError(f"{self.source}: {self._name(node)} is not over the outputs: use their axis")

    def _multiply(self, node: NodeProto) -> None:
        if len(self.layers) == 2:
            raise NetworkError(f"{self.source} has more than two linear layers: {SUPPORTED}")
        if len(self.layers) == 1 and not self.rectified:
            raise NetworkError(f"{self.source} has no Relu between its two linear layers: {SUPPORTED}")
        transposed = _attribute(node, "transA", 0) != 0, _attribute(node, "transB", 0) != 0
        place = list(node.input).index(self.current)
        if place > 1:
            raise NetworkError(f"{self.source}: {self._name(node)} adds the data: {SUPPORTED}")
        # The samples come along the columns if the data is transposed on the left, or not on the right.
        if self.columns not in (None, transposed[place] == (place == 0)):
            raise NetworkError(
                f"{self.source}: {self._name(node)} multiplies the samples: transpose its data"
            )
        weight, dtype = self._array(node.input[1 - place], node)
        if weight.ndim != 2:
            raise NetworkError(
                f"{self.source}: {self._name(node)} has weights of shape {weight.shape}: give a matrix"
            )
        if transposed[1 - place] == (place == 0):
            weight = weight.T
        self.columns = place == 1
        self.layers.append(Affine(weight, None, (dtype,), weight_scale=self._scale(node, "alpha")))
        if len(node.input) > 2 and node.input[2]:
            self._add_bias(node.input[2], node, self._scale(node, "beta"))

    def _add(self, node: NodeProto) -> None:
        if not self.layers or self.layers[-1].bias is not None or (len(self.layers) == 1 and self.rectified):
            raise NetworkError(
                f"{self.source}: {self._name(node)} is not the one bias of a linear layer: {SUPPORTED}"
            )
        self._add_bias(next(name for name in node.input if name != self.current), node, Fraction(1))

    def _add_bias(self, name: str, node: NodeProto, scale: Fraction) -> None:
        layer = self.layers[-1]
        values, dtype = self._array(name, node)
        outputs = layer.weight.shape[1]
        try:
            bias = np.broadcast_to(values, (outputs, 1) if self.columns else (1, outputs)).reshape(outputs)
        except ValueError:
            raise NetworkError(
                f"{self.source}: {self._name(node)} adds a tensor of shape {values.shape} to "
                f"{counted(outputs, 'output')}: give one bias per output"
            ) from None
        self.layers[-1] = replace(layer, bias=bias, bias_scale=scale, dtypes=(*layer.dtypes, dtype))

    def _array(self, name: str, node: NodeProto) -> tuple[NDArray[np.float64], str]:
        """A constant's values and type."""
        from onnx import TensorProto, numpy_helper

        if name not in self.constants:
            raise NetworkError(
                f"{self.source}: {self._name(node)} takes {printable(name)}, which is no constant: "
                f"{SUPPORTED}"
            )
        tensor = self.constants[name]
        where = f"{self.source}: the tensor {printable(name)}"
        if tensor.data_location == TensorProto.EXTERNAL:
            raise NetworkError(f"{where} lies in another file: export the network into one file")
        names = {code: name for name, code in TensorProto.DataType.items()}
        dtype = names.get(tensor.data_type, "UNDEFINED")
        dtype = _DTYPES.get(dtype, dtype.lower())
        refuse_dtype(dtype, where)
        refuse_vast(math.prod(tensor.dims), self.source)
        try:
            return numpy_helper.to_array(tensor).astype(np.float64), dtype
        except Exception:  # a tensor whose data do not fit its shape raises almost anything
            raise NetworkError(f"{where} is damaged: export the network again") from None

    def _scale(self, node: NodeProto, name: str) -> Fraction:
        value = _attribute(node, name, 1.0)
        if not math.isfinite(value):
            raise NetworkError(
                f"{self.source}: {self._name(node)} has {name} = {value}: give a finite number"
            )
        return Fraction(value)

    def _name(self, node: NodeProto) -> str:
        return f"{node.op_type} {printable(node.name or ' '.join(node.output))}"


def _attribute(node: NodeProto, name: str, default: float) -> float:
    """A number among a node's attributes, an integer if the default is one."""
    found = [attribute for attribute in node.attribute if attribute.name == name]
    if not found:
        return default
    return int(found[0].i) if isinstance(default, int) else float(found[0].f)
