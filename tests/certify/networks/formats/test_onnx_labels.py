"""What scikit-learn's converter puts behind a network in an ONNX graph."""

import re
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from certify.checker.errors import NetworkError
from certify.networks.link import Link
from tests.certify.networks.formats.onnx_graphs import (
    CHAIN,
    CONSTANTS,
    SCALARS,
    WEIGHTS,
    A,
    B,
    Load,
    U,
    V,
    node,
)
from tests.certify.networks.network_files import Weights, onnx_model


class TestLabels:
    """What scikit-learn's converter puts behind a perceptron is left out, and its labels are known."""

    PAIR = (
        node("p = Sigmoid y"),
        node("n = Sub one p"),
        node("both = Concat n p", axis=1),
        node("m = ArgMax both", axis=1),
    )
    NAMES = (
        helper.make_node("ArrayFeatureExtractor", ["names", "m"], ["e"], domain="ai.onnx.ml"),
        node("r = Reshape e open"),
        node("label = Identity r"),
    )

    def model(self, nodes: list[NodeProto], outputs: list[str], names: Any, c: int) -> onnx.ModelProto:
        constants: dict[str, Any] = (
            CONSTANTS | SCALARS | {"V": V[:, :c], "b": B[:c], "one": np.array([1], np.float32)}
        )
        model = onnx_model([*CHAIN, *nodes], constants | {"names": np.array(names)})
        del model.graph.output[:]
        for output in outputs:
            model.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, None))
        return model

    def test_two_classes(self, load: Load) -> None:
        for names, classes in (([5, 3], ("5", "3")), ([0, 1], ())):
            model = self.model([*self.PAIR, *self.NAMES], ["label", "both"], names, 1)
            loaded = load(model)
            assert (loaded.outputs, loaded.link, loaded.classes) == (1, Link.SIGMOID, classes)
            assert loaded.network == Weights(U, V[:, :1], A).exact
            assert not loaded.hidden_bias_is_free
            model.producer_name = "skl2onnx"
            assert load(model).hidden_bias_is_free
            assert load(model).notes[0].endswith("scikit-learn, whose weight decay leaves out all biases")

    def test_probabilities_by_name(self, load: Load) -> None:
        zipped = helper.make_node(
            "ZipMap", ["p"], ["map"], domain="ai.onnx.ml", classlabels_strings=["cat", "dog"]
        )
        nodes = [node("p = Softmax y"), node("i = Identity p"), node("m = ArgMax i", axis=1), zipped]
        loaded = load(self.model([*nodes, node("label = Cast m", to=7)], ["label", "map"], ["x"], 2))
        assert (loaded.outputs, loaded.link, loaded.classes) == (2, Link.SOFTMAX, ("cat", "dog"))

    def test_outputs_in_one_column(self, load: Load) -> None:
        """The converter of a regression reshapes several outputs to one column."""
        model = self.model([node("s = Reshape y column")], ["s"], ["x"], 2)
        model.graph.initializer.append(numpy_helper.from_array(np.array([-1, 1], np.int64), "column"))
        assert load(model).network == WEIGHTS.exact

    @pytest.mark.parametrize(
        ("nodes", "names", "c", "sentence"),
        [
            ((*PAIR, *NAMES), ["a", "b", "c"], 1, "has 1 output and 3 labels: export it again"),
            (
                (*PAIR[:2], node("both = Concat p n", axis=1)),
                ["a"],
                1,
                "Concat 'both' makes something else of",
            ),
            (
                (*PAIR[:2], node("both = Concat n p", axis=0)),
                ["a"],
                1,
                "Concat 'both' makes something else of",
            ),
            (
                (*PAIR, *NAMES),
                [np.nan, 1.0],
                1,
                "the labels 'names' are no texts or numbers: export the netw",
            ),
            ((*PAIR[:2], node("both = Add n p")), ["a"], 1, "Add 'both' makes something else of the outputs"),
        ],
    )
    def test_refuses(
        self, load: Load, nodes: tuple[NodeProto, ...], names: list[Any], c: int, sentence: str
    ) -> None:
        with pytest.raises(NetworkError, match=re.escape(sentence)):
            load(self.model([*nodes], [nodes[-1].output[0]], names, c))
