"""ONNX graphs that are a two-layer ReLU network, however written, and those that are not."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from certify.checker.errors import NetworkError
from certify.networks.link import Link
from tests.certify.networks.formats.onnx_graphs import (
    CHAIN,
    CONSTANTS,
    FIRST,
    LAST,
    RELU,
    SCALARS,
    WEIGHTS,
    A,
    B,
    Load,
    U,
    V,
    node,
    values,
)
from tests.certify.networks.network_files import Array, Weights, onnx_model


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize(
    ("nodes", "shapes"),
    [
        (CHAIN, "uvab"),
        ([node("z = Gemm x U a", transB=1), RELU, node("y = Gemm h V b", transB=1)], "UVab"),
        ([node("z = Gemm x U a", alpha=0.5, beta=-3.0), RELU, node("y = Gemm h V", alpha=0.1)], "uva-"),
        ([node("z = MatMul x U"), RELU, node("y = MatMul h V")], "uv--"),
        (
            [node("p = MatMul x U"), node("z = Add p a"), RELU, node("q = MatMul h V"), node("y = Add b q")],
            "uvab",
        ),
        ([node("p = Gemm x U"), node("z = Add a p"), RELU, node("y = Gemm h V")], "uva-"),
        ([node("f = Flatten x"), node("i = Identity f"), node("z = Gemm i U a"), RELU, LAST], "uvab"),
        ([FIRST, RELU, LAST], "uv11"),
    ],
)
def test_means_what_the_reference_computes(
    load: Load, nodes: list[NodeProto], shapes: str, columns: bool
) -> None:
    """u is U as it stands, U transposed; a bias is a row, a column, or 1 for all outputs."""
    constants = dict(CONSTANTS)
    transposed = {"U": U.T, "V": V.T}
    if columns:  # x W becomes W^T x
        nodes = [swapped(entry) for entry in nodes]
        constants |= transposed | {"a": A[:, None], "b": B[:, None]}
        transposed = {"U": U, "V": V}
    constants |= {key: transposed[key] for key in "UV" if key in shapes}
    if shapes.endswith("11"):
        constants |= {"a": np.array([2.5], np.float32), "b": np.array(0.5, np.float32)}
    model = onnx_model(nodes, constants)
    x = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    outputs: Any = ReferenceEvaluator(model).run(None, {"x": x.T if columns else x})
    expected = outputs[0].T if columns else outputs[0]
    assert np.allclose(values(load(model), x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("ending", "link"),
    [
        (node("s = Softmax y"), Link.SOFTMAX),
        (node("s = Softmax y", axis=1), Link.SOFTMAX),
        (node("s = LogSoftmax y", axis=-1), Link.LOG_SOFTMAX),
        (node("s = Sigmoid y"), Link.SIGMOID),
    ],
)
@pytest.mark.parametrize("version", [11, 13])
def test_a_link_at_the_end(load: Load, ending: NodeProto, link: Link, version: int) -> None:
    model = onnx_model([*CHAIN, ending, node("t = Identity s")], CONSTANTS)
    model.opset_import[0].version = version
    loaded = load(model)
    assert loaded.link is link
    assert loaded.network == WEIGHTS.exact
    x = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    z = values(loaded, x)
    softmax = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    after = {
        Link.SOFTMAX: softmax,
        Link.LOG_SOFTMAX: np.log(softmax),
        Link.SIGMOID: 1 / (1 + np.exp(-z)),
    }
    outputs: Any = ReferenceEvaluator(model).run(None, {"x": x})
    assert np.allclose(outputs[0], after[link], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("axis", "version", "fits"), [(0, 13, True), (-2, 13, True), (1, 13, False), (0, 11, False)]
)
def test_a_softmax_over_outputs_along_the_rows(load: Load, axis: int, version: int, fits: bool) -> None:
    nodes = [*map(swapped, CHAIN), node("s = Softmax y", axis=axis)]
    model = onnx_model(nodes, {"U": U.T, "V": V.T, "a": A[:, None], "b": B[:, None]})
    model.opset_import[0].version = version
    if fits:
        assert load(model).link is Link.SOFTMAX
        return
    with pytest.raises(NetworkError, match="Softmax 's' is not over the outputs"):
        load(model)


def swapped(entry: NodeProto) -> NodeProto:
    """The node of the transposed product."""
    if entry.op_type not in ("Gemm", "MatMul"):
        return entry
    left, right, *rest = entry.input
    attributes: dict[str, Any] = {
        attribute.name: helper.get_attribute_value(attribute) for attribute in entry.attribute
    }
    if "transB" in attributes:
        attributes["transA"] = attributes.pop("transB")
    return helper.make_node(entry.op_type, [right, left, *rest], entry.output, **attributes)


def test_data_transposed_on_the_way_in(load: Load) -> None:
    nodes = [node("z = Gemm x U a", transA=1), RELU, LAST]
    assert load(onnx_model(nodes, CONSTANTS)).network == WEIGHTS.exact


def test_scales_are_exact(load: Load) -> None:
    double = {key: np.full((1, 1), 0.1) for key in "UV"} | {"a": np.array([0.1])}
    nodes = [node("z = Gemm x U a", alpha=0.1, beta=0.3), RELU, node("y = Gemm h V")]
    network = load(onnx_model(nodes, double)).network
    scales = [Fraction(float(np.float32(scale))) for scale in (0.1, 0.3)]
    assert [Fraction(row[0], network.hidden_denominator) for row in network.hidden] == [
        scale * Fraction(0.1) for scale in scales
    ]


def test_constant_nodes_and_old_inputs(load: Load) -> None:
    constants = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array))
        for name, array in CONSTANTS.items()
    ]
    assert load(onnx_model([*constants, *CHAIN], {})).network == WEIGHTS.exact
    assert load(onnx_model(CHAIN, CONSTANTS, ("x", "U", "a"))).network == WEIGHTS.exact


def test_bfloat16(load: Load) -> None:
    model = onnx_model(CHAIN, CONSTANTS)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        tensor.CopyFrom(
            helper.make_tensor(tensor.name, TensorProto.BFLOAT16, array.shape, np.ones(array.size))
        )
    loaded = load(model)
    assert loaded.network == Weights(np.ones((3, 4)), np.ones((4, 2)), np.ones(4)).exact
    assert loaded.dtype == "bfloat16"


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        (
            [FIRST, node("h = Sigmoid z"), LAST],
            "has its Sigmoid 'h' before the second linear layer: supported",
        ),
        ([FIRST, node("h = LeakyRelu z"), LAST], "has the operator 'LeakyRelu': supported are two linear"),
        ([*CHAIN, node("s = Softmax y", axis=0)], "Softmax 's' is not over the outputs: use their axis"),
        ([*CHAIN, node("s = Softmax y"), node("t = Softmax s")], "goes on after its Softmax: supported are"),
        ([*CHAIN, node("s = Sigmoid y"), node("t = Add s b")], "goes on after its Sigmoid: supported are"),
        ([node("c = Conv x U"), *CHAIN], "has the operator 'Conv': supported are two linear layers with"),
        ([node("c = Cast x", to=7), *CHAIN], "Cast 'c' makes integers of the data: supported are two linear"),
        (
            [FIRST, node("h = Clip z", min=0.0, max=6.0), LAST],
            "Clip 'h' is no ReLU, as a Clip from 0 on or a",
        ),
        ([FIRST, node("h = Clip z"), LAST], "Clip 'h' is no ReLU, as a Clip from 0 on or a Max with 0 is"),
        ([FIRST, node("h = Clip z a"), LAST], "Clip 'h' is no ReLU, as a Clip from 0 on or a Max with 0 is"),
        ([FIRST, node("h = Max z a"), LAST], "Max 'h' is no ReLU, as a Clip from 0 on or a Max with 0 is"),
        ([FIRST, node("h = Max z z"), LAST], "is no chain at its Max 'h': supported are two linear layers"),
        (
            [FIRST, RELU, node("d = Dropout h half yes"), node("y = Gemm d V b")],
            "Dropout 'd' is at work: exp",
        ),
        (
            [node("t = Transpose x", perm=[1, 0, 2]), *CHAIN],
            "Transpose 't' does not keep each sample in a row",
        ),
        ([node("s = Squeeze x"), *CHAIN], "Squeeze 's' does not keep each sample in a row of its own"),
        ([*CHAIN, node("s = Squeeze y")], "Squeeze 's' does not keep each sample in a row of its own"),
        ([*CHAIN, node("s = Reshape y flat")], "Reshape 's' does not keep each sample in a row of its own"),
        ([*CHAIN, node("s = Reshape y three")], "Reshape 's' does not keep each sample in a row of its own"),
        (
            [FIRST, RELU, node("s = Reshape h three"), node("y = Gemm s V b")],
            "Reshape 's' does not keep each",
        ),
        (
            [node("s = Reshape x two"), node("z = Gemm s U a"), RELU, LAST],
            "Gemm 'z' takes 3 inputs and the data come with 2: supported",
        ),
        ([node("s = Shape x"), *CHAIN, node("t = Reshape y s")], "Reshape 't' does not keep each sample in"),
        (
            [FIRST, RELU, node("q = MatMul h V"), node("s = Sub b q")],
            "Sub 's' is not the one bias of a linear",
        ),
        ([*CHAIN, node("s = Sub half y")], "Sub 's' is not the one bias of a linear layer: supported"),
        ([*CHAIN, node("s = Sigmoid y"), node("t = Sub half s")], "goes on after its Sigmoid: supported are"),
        (
            [*CHAIN, node("s = ArgMax y", axis=0)],
            "ArgMax 's' makes something else of the outputs than labels",
        ),
        ([*CHAIN, node("s = ArgMax y", axis=1), node("t = Relu s")], "Relu 't' makes something else of the"),
        ([FIRST, node("s = ArgMax z", axis=1)], "is no chain at its ArgMax 's': supported are two linear"),
        (
            [node("t = Transpose half", perm=[0, 1]), node("z = Gemm x t"), RELU, LAST],
            "constant 't' cannot be",
        ),
        ([FIRST, RELU, helper.make_node("Gemm", ["h", "V"], ["y"], domain="my")], "operator 'my.Gemm': supp"),
        ([FIRST], "has 1 linear layer: supported are two linear layers with a ReLU between them"),
        ([FIRST, node("y = Gemm z V b")], "has no Relu between its two linear layers: supported are"),
        (
            [*CHAIN, node("k = Relu y")],
            "has its Relu 'k' not between the two linear layers: supported are two linear",
        ),
        ([node("r = Relu x"), FIRST, RELU, LAST], "has its Relu 'r' not between the two linear layers"),
        ([FIRST, RELU, node("k = Relu h"), node("y = Gemm k V b")], "has its Relu 'k' not between the two"),
        ([*CHAIN, node("w = MatMul y V")], "has more than two linear layers: supported are"),
        ([FIRST, RELU, node("s = Add h a"), node("y = Gemm s V")], "Add 's' is not the one bias of a linear"),
        ([FIRST, node("s = Add z a"), node("h = Relu s"), LAST], "Add 's' is not the one bias of a linear"),
        ([node("s = Add x U"), *CHAIN], "Add 's' is not the one bias of a linear layer: supported are"),
        ([*CHAIN, node("s = Add y x")], "is no chain at its Add 's': supported are two linear layers with"),
        ([FIRST, RELU, node("q = MatMul h V"), node("s = Add q w")], "Add 's' takes 'w', which is no const"),
        ([FIRST, RELU, node("s = MatMul h h")], "is no chain at its MatMul 's': supported are two"),
        ([FIRST, RELU, node("s = Gemm x V")], "has 1 linear layer: supported are two linear layers with a"),
        ([FIRST, RELU, node("s = MatMul h")], "is no chain at its MatMul 's': supported are two linear"),
        ([FIRST, RELU, helper.make_node("Gemm", ["h", "V"], [])], "is no chain at its Gemm '': supported"),
        ([node("s = Gemm U V x")], "Gemm 's' adds the data: supported are two linear layers with a ReLU"),
        ([FIRST, RELU, node("s = Gemm h V", transA=1)], "Gemm 's' multiplies the samples: transpose its"),
        ([FIRST, RELU, node("s = MatMul V h")], "MatMul 's' multiplies the samples: transpose its data"),
        ([node("z = Gemm x a"), RELU, LAST], "Gemm 'z' has weights of shape (4,): give a matrix"),
        ([node("z = Gemm x U b"), RELU, LAST], "Gemm 'z' adds a tensor of shape (2,) to 4 outputs: give one"),
        ([node("z = Gemm x V b"), RELU, LAST], "the hidden layer has 2 neurons and the output layer takes 4"),
        ([node("z = Gemm x U a", alpha=float("nan")), RELU, LAST], "Gemm 'z' has alpha = nan: give a finite"),
        ([node("f = Flatten x", axis=0), *CHAIN], "Flatten 'f' has an axis other than 1: use axis 1"),
        ([helper.make_node("Constant", [], ["k"], value_float=1.0), *CHAIN], "Constant 'k' holds no tensor"),
    ],
)
def test_refuses_graphs(load: Load, nodes: list[NodeProto], sentence: str) -> None:
    numbers: dict[str, Array] = {"half": np.array(0.5, np.float32)}
    shapes = {"flat": [-1], "two": [-1, 2], "three": [-1, 3]}
    integers: dict[str, Any] = {name: np.array(shape, np.int64) for name, shape in shapes.items()}
    model = onnx_model([*CHAIN], CONSTANTS | numbers | integers | {"yes": np.array(True)})
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.output[0].name = nodes[-1].output[0] if nodes[-1].output else "y"
    with pytest.raises(NetworkError, match=re.escape(sentence)) as caught:
        load(model)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda u: u.CopyFrom(numpy_helper.from_array(U.astype(np.int64), "U")),
            "'U' has the type int64 and",
        ),
        (
            lambda u: u.CopyFrom(numpy_helper.from_array(U.astype(np.int8), "U")),
            "'U' has the type int8 and a",
        ),
        (lambda u: u.CopyFrom(numpy_helper.from_array(U * np.nan, "U")), "input 1 to output 1 is nan: give"),
        (
            lambda u: setattr(u, "data_type", 999),
            "the tensor 'U' has the type undefined and a weight must be",
        ),
        (lambda u: setattr(u, "raw_data", u.raw_data[:-1]), "the tensor 'U' is damaged: export the network"),
        (lambda u: u.dims.append(2), "the tensor 'U' is damaged: export the network again"),
        (lambda u: u.dims.append(10**9), "has a layer of 12000000000 weights: give a network with at most"),
    ],
)
def test_refuses_tensors(load: Load, change: Callable[[TensorProto], None], sentence: str) -> None:
    model = onnx_model(CHAIN, CONSTANTS)
    change(model.graph.initializer[0])
    with pytest.raises(NetworkError, match=re.escape(sentence)):
        load(model)


@pytest.mark.parametrize(
    "nodes",
    [
        [FIRST, node("h = Clip z zero most"), LAST],
        [FIRST, helper.make_node("Clip", ["z", "zero", ""], ["h"]), LAST],
        [FIRST, node("h = Max zero z"), LAST],
        [FIRST, node("h = Max z zeros"), LAST],
        [node("p = MatMul x U"), node("z = Sub p a"), RELU, node("q = MatMul h V"), node("y = Sub q b")],
        [node("s = Reshape x rows"), node("z = Gemm s U a"), RELU, LAST, node("t = Reshape y outputs")],
        [node("s = Reshape x kept"), node("z = Gemm s U a"), RELU, LAST],
        [
            node("s = Reshape x wide"),
            node("z = MatMul s U"),
            RELU,
            node("i = MatMul h V"),
            node("y = Add i b"),
        ],
        [
            node("s = Unsqueeze x axis"),
            node("z = MatMul s U"),
            RELU,
            node("i = Squeeze h axis"),
            node("y = Gemm i V b"),
        ],
        [
            node("s = Shape x"),
            node("g = Gather s first", axis=0),
            node("u = Unsqueeze g first"),
            node("k = Concat u open", axis=0),
            node("f = Reshape x k"),
            node("z = Gemm f U a"),
            RELU,
            LAST,
        ],
        [FIRST, RELU, node("d = Dropout h half no"), node("e = Reshape d narrow"), node("y = Gemm e V b")],
        [
            node("c = Cast x", to=TensorProto.DOUBLE),
            node("i = Cast c", to=1),
            node("z = Gemm i U a"),
            RELU,
            LAST,
        ],
        [
            node("t = Transpose x"),
            node("z = Gemm t U a", transA=1),
            RELU,
            node("g = Transpose h", perm=[1, 0]),
            node("y = Gemm g V b", transA=1),
        ],
    ],
)
def test_what_changes_nothing(load: Load, nodes: list[NodeProto]) -> None:
    """The reference computes what the network that is read does."""
    model = onnx_model(nodes, CONSTANTS | SCALARS)
    x = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    outputs: Any = ReferenceEvaluator(model).run(None, {"x": x})
    assert np.allclose(values(load(model), x), outputs[0].reshape(5, 2), rtol=1e-4, atol=1e-5)


def test_a_clip_of_an_old_version(load: Load) -> None:
    model = onnx_model([FIRST, node("h = Clip z", min=0.0), LAST], CONSTANTS)
    model.opset_import[0].version = 6
    assert load(model).network == WEIGHTS.exact


def test_a_single_output_without_its_axis(load: Load) -> None:
    constants = CONSTANTS | SCALARS | {"V": V[:, :1], "b": B[:1]}
    for ending in (node("s = Squeeze y axis"), node("s = Squeeze y"), node("s = Reshape y open")):
        loaded = load(onnx_model([*CHAIN, ending], constants))
        assert loaded.outputs == 1
        assert loaded.network == Weights(U, V[:, :1], A).exact


def test_refuses_other_inputs_and_outputs(load: Load) -> None:
    with pytest.raises(NetworkError, match=r"net\.onnx has 2 inputs: export the network with one"):
        load(onnx_model(CHAIN, CONSTANTS, ("x", "mask")))
    model = onnx_model(CHAIN, CONSTANTS)
    model.graph.output.append(helper.make_tensor_value_info("h", TensorProto.FLOAT, None))
    with pytest.raises(
        NetworkError, match="has other outputs than its last node's: export the network alone"
    ):
        load(model)
    model = onnx_model(CHAIN, CONSTANTS)
    model.graph.sparse_initializer.add()
    with pytest.raises(NetworkError, match="has sparse weights: export the network with dense ones"):
        load(model)
