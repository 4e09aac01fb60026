"""Nodes and constants of graphs that are a two-layer network."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, helper

from certify.networks.loaded import LoadedNetwork
from tests.certify.networks.network_files import Array, Weights

Load = Callable[[onnx.ModelProto], LoadedNetwork]

WEIGHTS = Weights.random()
U, V, A, B = WEIGHTS.arrays().values()
CONSTANTS: dict[str, Array] = {"U": U, "V": V, "a": A, "b": B}


def node(text: str, **attributes: Any) -> NodeProto:
    """Read "y = Gemm x w" as a node."""
    output, _, operator, *inputs = text.split()
    return helper.make_node(operator, inputs, [output], **attributes)


FIRST, RELU, LAST = node("z = Gemm x U a"), node("h = Relu z"), node("y = Gemm h V b")
CHAIN = [FIRST, RELU, LAST]


def values(loaded: LoadedNetwork, x: Array) -> Array:
    """The network's outputs for the rows of x."""
    network = loaded.network
    hidden = np.array(network.hidden, dtype=float) / network.hidden_denominator
    output = np.array(network.output, dtype=float) / network.output_denominator
    data = np.hstack([x, np.ones((len(x), 1))]) if loaded.hidden_bias else x
    bias = np.array([float(b) for b in loaded.output_bias] or 0.0)
    result: Array = np.maximum(data @ hidden, 0) @ output + bias
    return result


SCALARS: dict[str, Any] = {
    "zero": np.array(0, np.float32),
    "zeros": np.zeros(4, np.float32),
    "most": np.array(np.inf, np.float32),
    "half": np.array(0.5, np.float32),
    "no": np.array(False),
    "rows": np.array([-1, 3], np.int64),
    "kept": np.array([0, -1], np.int64),
    "wide": np.array([-1, 1, 3], np.int64),
    "narrow": np.array([-1, 4], np.int64),
    "outputs": np.array([-1, 2], np.int64),
    "axis": np.array([1], np.int64),
    "open": np.array([-1], np.int64),
    "first": np.array(0, np.int64),
}
