"""A two-layer network from an ONNX graph: Gemm, MatMul, Add, Relu and what changes nothing between them.

The samples may lie along the rows of the data, as x W, or along the columns, as W x. The graph is a function
of n x d data here, so that a Reshape which keeps the rows of such data is none.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import onnx

from certify.checker.data.recipe import label_text
from certify.checker.errors import NetworkError
from certify.checker.text.names import counted
from certify.networks.formats.onnx_constants import FOLDED, Constants, parsed
from certify.networks.formats.onnx_step import Step
from certify.networks.formats.onnx_values import LABELS, Readout, Sizes, Value, read_out
from certify.networks.loaded import SUPPORTED, LoadedNetwork, printable, two_layers

_SKLEARN = "skl2onnx"  # who exported it


def onnx_network(source: str, data: bytes) -> LoadedNetwork:
    """Read the bytes of an .onnx file.

    Supported are Gemm (with alpha, beta, transA and transB) or MatMul and Add or Sub, then Relu, Clip from 0
    or Max with 0, then Gemm or MatMul and Add again, with what changes nothing anywhere (Identity, Dropout,
    Cast, Flatten, Reshape, Squeeze, ...); a Softmax or LogSoftmax over the outputs or a Sigmoid may come
    last, and after that what makes labels of them, which is left out. The weights are constants in the file
    or beside it, or simply made of such.

    Raises:
        NetworkError: if the file is damaged, the graph is any other, or `certify.networks.loaded.two_layers`
            refuses the layers.
        ImportError: if the package onnx is not installed.
    """
    model = parsed(source, data)
    graph = model.graph
    if graph.sparse_initializer:
        raise NetworkError(f"{source} has sparse weights: export the network with dense ones")
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    version = max(versions, default=1)
    constants = Constants({tensor.name: tensor for tensor in graph.initializer}, source, version)
    walk = _Walk(source, constants, version)
    walk.begin(graph)
    for node in graph.node:
        walk.step(node)
    end, labels = walk.end([output.name for output in graph.output])
    if len(end.layers) != 2:
        raise NetworkError(f"{source} has {counted(len(end.layers), 'linear layer')}: {SUPPORTED}")
    # Its perceptrons, which are all that is a network there, penalise no biases.
    is_free = model.producer_name == _SKLEARN
    notes = [f"{source} comes from scikit-learn, whose weight decay leaves out all biases"] * is_free
    loaded = two_layers(end.layers[0], end.layers[1], source, notes, end.link)
    classes = _classes(labels)
    if classes and len(classes) != max(2, loaded.outputs):
        raise NetworkError(
            f"{source} has {counted(loaded.outputs, 'output')} and {len(classes)} labels: export it again"
        )
    return replace(loaded, hidden_bias_is_free=is_free, classes=classes)


class _Walk:
    """The way through the graph: what is known of the values met so far."""

    def __init__(self, source: str, constants: Constants, version: int) -> None:
        """Start with nothing but constants.

        Args:
            source: the path, for messages.
            constants: those of the graph.
            version: of ONNX's operators.
        """
        self._source = source
        self._constants = constants
        self._version = version
        self._values: dict[str, Value] = {}
        self._sizes: dict[str, Sizes] = {}
        self._readouts: dict[str, Readout] = {}

    def begin(self, graph: onnx.GraphProto) -> None:
        """Take the graph's one input.

        Raises:
            NetworkError: if there is another number of them.
        """
        # Files of old versions list the initialisers among the inputs.
        inputs = [entry for entry in graph.input if entry.name not in self._constants]
        if len(inputs) != 1:
            raise NetworkError(
                f"{self._source} has {counted(len(inputs), 'input')}: export the network with one"
            )
        sizes = inputs[0].type.tensor_type.shape.dim
        self._values[inputs[0].name] = Value(batch=sizes[0].dim_value if sizes else 0)

    def step(self, node: onnx.NodeProto) -> None:
        """Find out what a node makes of the values met so far.

        Raises:
            NetworkError: if it is a part of no two-layer network.
        """
        operator = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
        if operator == "Constant" and node.output:
            self._constant(node)
            return
        step = Step(self._source, node, operator, self._constants, self._version)
        inputs = [name for name in node.input if name]
        values = [self._values[name] for name in inputs if name in self._values]
        if not node.output:
            raise step.no_chain()
        if any(name in self._readouts for name in inputs) or (values and operator in LABELS):
            self._readouts[node.output[0]] = read_out(step, self._readouts, self._values)
        elif (any(name in self._sizes for name in inputs) and operator != "Reshape") or (
            values and operator == "Shape"
        ):
            self._sizes[node.output[0]] = step.sizes(self._sizes)
        elif not values and inputs and operator in FOLDED and all(name in self._constants for name in inputs):
            self._constants.fold(node)
        else:
            self._follow(step, values)

    def end(self, outputs: list[str]) -> tuple[Value, Readout | None]:
        """Return the value that all outputs are made of, and the readout that names classes, if there is one.

        Raises:
            NetworkError: if they are made of several values, or of something else.
        """
        readouts = [self._readouts[name] for name in outputs if name in self._readouts]
        ends = [self._values[name] for name in outputs if name in self._values]
        ends += [readout.of for readout in readouts]
        if len(ends) != len(outputs) or not ends or any(end is not ends[0] for end in ends):
            raise NetworkError(
                f"{self._source} has other outputs than its last node's: export the network alone"
            )
        return ends[0], next((readout for readout in readouts if readout.classes), None)

    def _follow(self, step: Step, values: list[Value]) -> None:
        if not step.is_known:
            raise NetworkError(
                f"{self._source} has the operator {printable(step.operator)}: {SUPPORTED}; export them as "
                "Gemm, or MatMul and Add, with Relu"
            )
        if len(values) != 1 or not step.fits(self._values):
            raise step.no_chain()
        target = next((self._sizes[name] for name in step.node.input if name in self._sizes), None)
        result = step.result(values[0], next(n for n in step.node.input if n in self._values), target)
        if isinstance(result, Readout):
            self._readouts[step.node.output[0]] = result
        else:
            self._values[step.node.output[0]] = result

    def _constant(self, node: onnx.NodeProto) -> None:
        if [attribute.name for attribute in node.attribute] != ["value"]:
            raise NetworkError(
                f"{self._source}: {node.op_type} {printable(node.name or node.output[0])} holds no tensor: "
                "store weights as tensors"
            )
        self._constants.add(node.output[0], node.attribute[0].t)


def _classes(readout: Readout | None) -> tuple[str, ...]:
    """Return the labels as the data's are written; () for mere numbers of classes."""
    labels = () if readout is None else readout.classes
    if labels == tuple(range(len(labels))):
        return ()
    return tuple(label_text(label if isinstance(label, str) else Fraction(label)) for label in labels)
