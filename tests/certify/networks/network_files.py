"""One two-layer network in every format that the product reads."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import safetensors.numpy
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

from certify.networks.network import ReLUNetwork

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Weights:
    """hidden d x m, output m x c, and biases or None."""

    hidden: Array
    output: Array
    hidden_bias: Array | None = None
    output_bias: Array | None = None

    @classmethod
    def random(
        cls,
        dtype: str = "float32",
        biases: tuple[bool, bool] = (True, True),
        d: int = 3,
        m: int = 4,
        c: int = 2,
    ) -> Weights:
        rng = np.random.default_rng(0)
        shapes: list[Any] = [(d, m), (m, c), (m,), (c,)]
        arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        return cls(
            *arrays[:2], *(bias if wanted else None for bias, wanted in zip(arrays[2:], biases, strict=True))
        )

    @property
    def exact(self) -> ReLUNetwork:
        rows = [*self.hidden, *([] if self.hidden_bias is None else [self.hidden_bias])]
        return ReLUNetwork.from_floats(rows, self.output)

    @property
    def exact_output_bias(self) -> tuple[Fraction, ...]:
        return () if self.output_bias is None else tuple(Fraction(float(b)) for b in self.output_bias)

    def arrays(self) -> dict[str, Array]:
        named = {
            "hidden": self.hidden,
            "output": self.output,
            "hidden_bias": self.hidden_bias,
            "output_bias": self.output_bias,
        }
        return {name: array for name, array in named.items() if array is not None}

    def tensors(self, first: str = "fc1", last: str = "fc2") -> dict[str, Array]:
        """The arrays as torch names and shapes them."""
        named = {
            f"{first}.weight": self.hidden.T.copy(),
            f"{first}.bias": self.hidden_bias,
            f"{last}.weight": self.output.T.copy(),
            f"{last}.bias": self.output_bias,
        }
        return {name: array for name, array in named.items() if array is not None}

    def state_dict(self, first: str = "fc1", last: str = "fc2") -> dict[str, torch.Tensor]:
        return {name: torch.from_numpy(array.copy()) for name, array in self.tensors(first, last).items()}

    def module(self) -> nn.Sequential:
        d, m = self.hidden.shape
        module = nn.Sequential(
            nn.Linear(d, m, bias=self.hidden_bias is not None),
            nn.ReLU(),
            nn.Linear(m, self.output.shape[1], bias=self.output_bias is not None),
        ).to(torch.from_numpy(self.hidden).dtype)
        module.load_state_dict(self.state_dict("0", "2"))
        return module

    def write(self, folder: Path, suffix: str) -> Path:
        path = folder / f"net{suffix}"
        if suffix == ".npz":
            np.savez(path, **self.arrays())  # type: ignore[arg-type]
        elif suffix == ".safetensors":
            safetensors.numpy.save_file(self.tensors(), path)
        elif suffix == ".onnx":
            path.write_bytes(self.onnx().SerializeToString())
        else:
            torch.save(self.state_dict(), path)
        return path

    def onnx(self) -> onnx.ModelProto:
        """As torch.onnx exports it: two Gemm nodes with weights to be transposed."""
        nodes, names = [], iter(["z", "h", "y"])
        data = "x"
        for layer, bias in (("fc1", self.hidden_bias), ("fc2", self.output_bias)):
            operands = [data, f"{layer}.weight", *([] if bias is None else [f"{layer}.bias"])]
            data = next(names)
            nodes.append(helper.make_node("Gemm", operands, [data], transB=1))
            if layer == "fc1":
                nodes.append(helper.make_node("Relu", [data], [data := next(names)]))
        return onnx_model(nodes, self.tensors())


def onnx_model(
    nodes: list[onnx.NodeProto], constants: dict[str, Array], inputs: tuple[str, ...] = ("x",)
) -> onnx.ModelProto:
    """A model from x to the last node's output."""

    def value(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)

    graph = helper.make_graph(
        nodes,
        "net",
        [value(name) for name in inputs],
        [value(nodes[-1].output[0])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph)
