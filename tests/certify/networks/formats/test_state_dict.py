"""The two layers are found by names and shapes, or refused with a sentence."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from numpy.typing import NDArray

from certify.checker.errors import NetworkError
from certify.networks.files import load_network
from certify.networks.formats.state_dict import Tensor, network_of_tensors
from certify.networks.loaded import LoadedNetwork
from tests.certify.networks.network_files import Weights

SQUARE = Weights.random("float64", d=3, m=4, c=3)


def load(tensors: dict[str, NDArray[np.floating]]) -> LoadedNetwork:
    return network_of_tensors(
        {
            name: Tensor(array.shape, array.dtype.name, lambda array=array: array.astype(np.float64))  # type: ignore[misc]
            for name, array in tensors.items()
        },
        "net",
    )


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("fc1", "fc2"),
        ("0", "2"),
        ("9", "10"),
        ("layers.0", "layers.1"),
        ("module.net.0", "module.net.2"),
        ("_orig_mod.module.fc1", "_orig_mod.module.fc2"),
        ("model.hidden", "model.output"),
        ("backbone", "head"),
        ("encoder", "zoo"),
        ("9" * 5000, "1" + "0" * 5000),
    ],
)
def test_names_order_layers_whose_shapes_do_not(first: str, last: str, reverse: bool) -> None:
    tensors = SQUARE.tensors(first, last)
    if reverse:
        tensors = dict(reversed(tensors.items()))
    assert load(tensors).network == SQUARE.exact


@pytest.mark.parametrize(("first", "last"), [("p", "q"), ("q", "p"), ("a.hidden", "a.first"), ("", "z")])
def test_shapes_order_layers_whose_names_do_not(first: str, last: str) -> None:
    weights = Weights.random()
    assert load(weights.tensors(first, last)).network == weights.exact


def test_a_pruned_weight_is_its_product() -> None:
    weights = Weights.random()
    mask = np.ones_like(weights.hidden.T)
    mask[1, 2] = mask[3, 0] = 0
    tensors = weights.tensors()
    tensors |= {"fc1.weight_orig": tensors.pop("fc1.weight"), "fc1.weight_mask": mask}
    assert load(tensors).network == replace(weights, hidden=weights.hidden * mask.T).exact


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("params/Dense_0/", "params/Dense_1/"),
        ("Dense_9/", "Dense_10/"),
        ("params.Dense_0.", "params.Dense_1."),
        ("dense/", "dense_1/"),
        ("sequential/dense_3/", "sequential/dense_4/"),
        ("hidden/", "readout/"),
        ("['params']['Dense_0']['", "['params']['Dense_1']['"),
    ],
)
@pytest.mark.parametrize("end", ["", ":0"])
def test_kernels_lie_the_other_way(first: str, last: str, end: str) -> None:
    """The widths are equal, so that the shapes do not tell how they lie."""
    weights = Weights.random("float64", d=4, m=4, c=4)
    closing = "']" if first.startswith("[") else end
    of_parts = zip(
        [f"{last}kernel", f"{first}kernel", f"{last}bias", f"{first}bias"],
        [weights.output, weights.hidden, weights.output_bias, weights.hidden_bias],
        strict=True,
    )
    loaded = load({f"{name}{closing}": array for name, array in of_parts if array is not None})
    assert (loaded.network, loaded.output_bias) == (weights.exact, weights.exact_output_bias)


def test_flax_may_number_the_last_layer_first() -> None:
    weights = Weights.random()
    assert (
        load({"Dense_0/kernel": weights.output, "Dense_1/kernel": weights.hidden}).network
        == replace(weights, hidden_bias=None).exact
    )
    with pytest.raises(NetworkError, match=r"or kernels \(d, m\) and \(m, c\)"):
        load({"Dense_0/kernel": weights.hidden, "Dense_1/kernel": weights.hidden})


@pytest.mark.parametrize("form", ["layers.{}.{}", ".layers[{}].{}", "layers/{}/{}"])
def test_names_of_equinox(form: str) -> None:
    parts = [(0, "weight"), (0, "bias"), (1, "weight"), (1, "bias")]
    tensors = dict(zip((form.format(*part) for part in parts), SQUARE.tensors().values(), strict=True))
    assert load(tensors).network == SQUARE.exact


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_bfloat16(tmp_path: Path, suffix: str) -> None:
    tensors = {name: tensor.bfloat16() for name, tensor in Weights.random().state_dict().items()}
    if suffix == ".pt":
        torch.save(tensors, tmp_path / "net.pt")
    else:
        safetensors.torch.save_file(tensors, tmp_path / "net.safetensors")
    loaded = load_network(tmp_path / f"net{suffix}")
    rounded = {name: tensor.double().numpy() for name, tensor in tensors.items()}
    expected = Weights(rounded["fc1.weight"].T, rounded["fc2.weight"].T, rounded["fc1.bias"])
    assert loaded.network == expected.exact
    assert loaded.dtype == "bfloat16"


MATRIX, VECTOR = np.ones((3, 3)), np.ones(3)
NETWORK = Weights.random().tensors()


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        (
            {},
            "net has 0 linear layers (no tensors): supported are two linear layers with a ReLU between them",
        ),
        ({"fc.weight": MATRIX}, "net has 1 linear layer ('fc'): supported are"),
        (NETWORK | {"fc3.weight": MATRIX}, "net has 3 linear layers ('fc1', 'fc2', 'fc3'): supported are"),
        (NETWORK | {"bn.running_mean": VECTOR}, "'bn.running_mean' belongs to a normalisation layer: supp"),
        (NETWORK | {"norm.weight": VECTOR}, "'norm.weight' has one dimension, as a weight of a norm"),
        (
            NETWORK | {"conv.weight": np.ones((1, 1, 3, 3))},
            "'conv.weight' has 4 dimensions, as a convolution",
        ),
        (NETWORK | {"scale": VECTOR}, "'scale' is neither the weight matrix nor the bias of a linear layer"),
        (
            NETWORK | {"fc1.weight_g": MATRIX},
            "'fc1.weight_g' belongs to a parametrisation such as weight_norm: make the weight a plain",
        ),
        (NETWORK | {"fc1.weight_orig": MATRIX}, "'fc1.weight_orig' belongs to a parametrisation such as"),
        (
            NETWORK | {"fc1.parametrizations.weight.original0": MATRIX},
            "original0' belongs to a parametrisation",
        ),
        (NETWORK | {"fc1.parametrizations.weight.0._u": VECTOR}, "_u' belongs to a parametrisation such as"),
        (
            {"fc1.weight_orig": MATRIX, "fc1.weight_mask": MATRIX / 2, "fc2.weight": MATRIX},
            "'fc1.weight_orig' has a mask with other entries than 0 and 1: make it a plain weight, with",
        ),
        ({"fc1.weight_orig": MATRIX, "fc1.weight_mask": VECTOR}, "'fc1.weight_orig' and its mask differ in"),
        (NETWORK | {"n_averaged": VECTOR}, "'n_averaged' is neither the weight matrix nor the bias of a"),
        (NETWORK | {"fc1.kernel": MATRIX}, "net has the weight of 'fc1' twice: save it once"),
        ({"a/kernel": np.ones((3, 2, 1))}, "'a/kernel' has 3 dimensions, as a convolution has: supported"),
        (NETWORK | {"x.bias": VECTOR}, "net has a bias 'x' without a weight: supported are two linear"),
        (NETWORK | {"fc1.bias": MATRIX}, "'fc1.bias' is neither the weight matrix nor the bias of a linear"),
        (NETWORK | {"fc1.bias": VECTOR}, "the hidden layer has 4 outputs and its bias the shape (3,): give"),
        (NETWORK | {"fc1.bias": np.ones(4, np.int8)}, "'fc1.bias' has the type int8 and a weight must be fl"),
        (NETWORK | {"fc1.bias": np.full(4, np.nan)}, "the hidden layer's bias of output 1 is nan: give fin"),
        (
            {"p.weight": MATRIX, "q.weight": MATRIX},
            "net: the weights 'p' (3 x 3) and 'q' (3 x 3) fit together in both orders: number their names",
        ),
        ({"p1.weight": MATRIX, "p01.weight": MATRIX}, "fit together in both orders: number their names"),
        (
            {"p.weight": np.ones((3, 2)), "q.weight": np.ones((5, 4))},
            "net: the weights 'p' (3 x 2) and 'q' (5 x 4) do not follow each other: give shapes (m, d) and",
        ),
        (
            {"fc1.weight": np.ones((2, 9)), "fc2.weight": np.ones((9, 3))},
            "the weights 'fc1' (2 x 9) and 'fc2' (9 x 3) do not follow each other: give shapes",
        ),
        ({"\x1b[2J.weight": VECTOR}, r"'\x1b[2J.weight' has one dimension"),
    ],
)
def test_refuses(tensors: dict[str, NDArray[np.floating]], sentence: str) -> None:
    with pytest.raises(NetworkError, match=re.escape(sentence)) as caught:
        load(tensors)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(("dtype", "name"), [(np.int8, "I8"), (np.uint16, "U16")])
def test_safetensors_of_integers(tmp_path: Path, dtype: type[np.integer], name: str) -> None:
    path = tmp_path / "net.safetensors"
    tensors = {key: array.astype(dtype) for key, array in NETWORK.items()}
    safetensors.numpy.save_file(tensors, path)
    with pytest.raises(NetworkError, match=f"'fc1.bias' has the type {name} and a weight must be float16"):
        load_network(path)


def test_a_tensor_is_not_read_before_its_size_is_known() -> None:
    def read() -> NDArray[np.float64]:
        raise AssertionError

    tensors = {
        "fc1.weight": Tensor((10**9, 3), "float32", read),
        "fc2.weight": Tensor((3, 10**9), "float32", read),
    }
    with pytest.raises(NetworkError, match="net has a layer of 3000000000 weights: give a network with at"):
        network_of_tensors(tensors, "net")
