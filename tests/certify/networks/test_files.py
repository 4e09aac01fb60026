"""One network is the same in every format, and files that are not networks get one sentence."""

import io
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from certify.checker.errors import NetworkError
from certify.networks.files import load_network
from certify.networks.formats import untrusted_file
from certify.networks.formats.npz import save_network
from certify.networks.formats.torch_module import network_of_module
from certify.networks.network import ReLUNetwork
from tests.certify.networks.network_files import Weights

SUFFIXES = [".npz", ".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".pth.tar", ".onnx"]
OF_TORCH = {".pt", ".pth", ".ckpt", ".bin", ".pth.tar"}
BIASES = [(False, False), (True, False), (False, True), (True, True)]


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., Path]:
    def write(**arrays: object) -> Path:
        path = tmp_path / "net.npz"
        np.savez(path, **arrays)  # type: ignore[arg-type]
        return path

    return write


@pytest.mark.parametrize("biases", BIASES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_format_gives_the_same_exact_network(
    tmp_path: Path, dtype: str, biases: tuple[bool, bool]
) -> None:
    weights = Weights.random(dtype, biases)
    files = [load_network(weights.write(tmp_path, suffix)) for suffix in SUFFIXES]
    for loaded in [*files, network_of_module(weights.module())]:
        assert loaded.network == weights.exact
        assert loaded.output_bias == weights.exact_output_bias
        assert (loaded.hidden_bias, loaded.features, loaded.outputs) == (biases[0], 3, 2)
        assert loaded.dtype == dtype


def test_describe(tmp_path: Path) -> None:
    path = Weights.random(biases=(True, False)).write(tmp_path, ".npz")
    assert load_network(path).describe() == f"{path}: 3 inputs, 4 neurons with a bias, 2 outputs, float32"
    assert load_network(path).notes == ()


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_file_without_an_activation_says_what_is_assumed(tmp_path: Path, suffix: str) -> None:
    path = Weights.random().write(tmp_path, suffix)
    assert load_network(path).notes == (
        f"{path} names no activation between 'fc1' and 'fc2': ReLU is assumed",
    )


@settings(max_examples=40)
@given(
    hnp.arrays(np.float64, (2, 3), elements=st.floats(allow_nan=False, allow_infinity=False)),
    hnp.arrays(np.float64, (3, 2), elements=st.floats(allow_nan=False, allow_infinity=False)),
)
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, hidden: np.ndarray, output: np.ndarray
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.npz"
    network = ReLUNetwork.from_floats(hidden, output)
    save_network(network, path, 2)
    assert load_network(path).network == network


def test_a_network_without_neurons(tmp_path: Path) -> None:
    network = ReLUNetwork(((), ()), ())
    save_network(network, tmp_path / "net.npz", 3)
    loaded = load_network(tmp_path / "net.npz")
    assert (loaded.network, loaded.features, loaded.outputs) == (network, 2, 3)


class TestFiles:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(NetworkError, match=r"net\.npz does not exist: check the path"):
            load_network(tmp_path / "net.npz")

    def test_directory(self, tmp_path: Path) -> None:
        (tmp_path / "net.pt").mkdir()
        with pytest.raises(NetworkError, match=r"net\.pt is a directory: give the network's file"):
            load_network(tmp_path / "net.pt")

    @pytest.mark.parametrize("name", ["net.h5", "net", "net.npy"])
    def test_wrong_extension(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(
            NetworkError, match=r"is no network format's: give a file \.npz, \.safetensors, \.pt"
        ):
            load_network(tmp_path / name)

    @pytest.mark.parametrize(
        ("name", "remedy"),
        [
            (
                "mlp.joblib",
                r"a pickle may run code, so load it yourself if you trust it, and give certify\.gap",
            ),
            ("net.keras", r"save the weights by numpy\.savez under the names that they have"),
        ],
    )
    def test_remedies(self, tmp_path: Path, name: str, remedy: str) -> None:
        with pytest.raises(NetworkError, match=remedy):
            load_network(tmp_path / name)

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_empty(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"net{suffix}"
        path.touch()
        with pytest.raises(NetworkError, match="is empty: save the network again"):
            load_network(path)

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_cut_off_anywhere(self, tmp_path: Path, suffix: str) -> None:
        path = Weights.random().write(tmp_path, suffix)
        content = path.read_bytes()
        for length in range(1, len(content), len(content) // 8):
            path.write_bytes(content[:length])
            with pytest.raises(NetworkError) as caught:
                load_network(path)
            assert len(str(caught.value)) < 400

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @settings(max_examples=25)
    @given(noise=st.binary(min_size=1, max_size=8), place=st.floats(0, 1))
    def test_damage_is_a_sentence_or_harmless(
        self, tmp_path_factory: pytest.TempPathFactory, suffix: str, noise: bytes, place: float
    ) -> None:
        path = Weights.random().write(tmp_path_factory.getbasetemp(), suffix)
        content = bytearray(path.read_bytes())
        start = int(place * (len(content) - len(noise)))
        content[start : start + len(noise)] = noise
        path.write_bytes(content)
        try:
            load_network(path)
        except NetworkError as error:
            assert "\n" not in str(error)  # noqa: PT017

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize("other", SUFFIXES)
    def test_another_format_under_this_name(self, tmp_path: Path, suffix: str, other: str) -> None:
        path = Weights.random().write(tmp_path, other).rename(tmp_path / f"wrong{suffix}")
        if {suffix, other} <= OF_TORCH or suffix == other:
            load_network(path)
        else:
            with pytest.raises(NetworkError, match=r"wrong\."):
                load_network(path)

    def test_vast(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(untrusted_file, "MAX_BYTES", 2**20)
        (tmp_path / "net.onnx").write_bytes(bytes(2**20 + 1))
        with pytest.raises(NetworkError, match="has more than 1 MiB: save only the weights"):
            load_network(tmp_path / "net.onnx")


class TestNpz:
    hidden = np.ones((2, 3))
    output = np.ones((3, 1))

    def test_the_arrays_order_and_byte_order(self, npz: Callable[..., Path]) -> None:
        weights = Weights.random("float64")
        path = npz(hidden=np.asfortranarray(weights.hidden), output=weights.output.astype(">f8"))
        assert load_network(path).network == replace(weights, hidden_bias=None).exact

    def test_compressed(self, tmp_path: Path) -> None:
        weights = Weights.random("float32", (False, False))
        np.savez_compressed(tmp_path / "net.npz", **weights.arrays())  # type: ignore[arg-type]
        assert load_network(tmp_path / "net.npz").network == weights.exact

    @pytest.mark.parametrize("form", ["params/Dense_{}/{}", "sequential/dense_{}/{}:0", "layers.{}.{}"])
    def test_parameters_of_frameworks(self, npz: Callable[..., Path], form: str) -> None:
        """A hidden layer as wide as the data: the name says how its matrix lies."""
        weights = Weights.random("float32", d=3, m=3, c=2)
        is_kernel = "ense" in form
        arrays: dict[str, object] = {}
        layers = [(weights.hidden, weights.hidden_bias), (weights.output, weights.output_bias)]
        for k, (matrix, bias) in enumerate(layers):
            name = form.format(k, "kernel" if is_kernel else "weight")
            arrays |= {name: matrix if is_kernel else matrix.T, form.format(k, "bias"): bias}
        loaded = load_network(npz(**arrays))
        assert (loaded.network, loaded.output_bias) == (weights.exact, weights.exact_output_bias)
        assert "names no activation between" in loaded.notes[0]

    def test_mixed_types(self, npz: Callable[..., Path]) -> None:
        path = npz(hidden=self.hidden.astype(np.float16), output=self.output)
        assert load_network(path).dtype == "float16 and float64"

    @pytest.mark.parametrize(
        ("arrays", "sentence"),
        [
            ({"hidden": hidden}, "has no array 'output': give hidden (d x m) and output (m x c)"),
            ({"output": output}, "has no array 'hidden': give"),
            (
                {"hidden": hidden, "output": output, "scale": output},
                "has the array 'scale', or has it twice: give hidden (d x m) and output (m x c), and",
            ),
            (
                {"hidden": hidden, "output": np.ones((2, 1))},
                "the hidden layer has 3 neurons and the output layer takes 2: give two layers that belong",
            ),
            (
                {"W1": hidden, "W2": output},
                "or the parameters of a framework by their names, such as Dense_0/",
            ),
            (
                {"Dense_0/kernel": hidden},
                "has 1 linear layer ('Dense_0'): supported are two linear layers with",
            ),
            (
                {"Dense_0/kernel": hidden, "Dense_1/kernel": output, "hidden_bias": np.ones(3)},
                "has the array 'Dense_0/kernel', or has it twice: give hidden (d x m) and output",
            ),
            ({"hidden": np.ones(3), "output": output}, "the hidden layer's weights have 1 dimension: give a"),
            (
                {"hidden": hidden, "output": np.array(1.0)},
                "the output layer's weights have 0 dimensions: give",
            ),
            (
                {"hidden": hidden, "output": output, "hidden_bias": np.ones(2)},
                "the hidden layer has 3 outputs and its bias the shape (2,): give one bias per output",
            ),
            (
                {"hidden": hidden, "output": output, "output_bias": np.ones((1, 1))},
                "the output layer has 1 output and its bias the shape (1, 1): give",
            ),
            ({"hidden": np.ones((0, 3)), "output": output}, "has 0 inputs and 1 output: give a network with"),
            (
                {"hidden": np.array([[1.0, np.nan, 1.0]]), "output": output},
                "the hidden layer's weight from input 1 to output 2 is nan: give finite weights",
            ),
            (
                {"hidden": hidden, "output": output, "output_bias": np.array([-np.inf])},
                "the output layer's bias of output 1 is -inf: give finite weights",
            ),
            (
                {"hidden": hidden.astype(int), "output": output},
                "array 'hidden' has the type int64 and a weight must be float16, bfloat16, float32 or",
            ),
            ({"hidden": hidden, "output": output.astype(complex)}, "array 'output' has the type complex128"),
            ({"hidden": hidden, "output": output.astype(np.longdouble)}, "array 'output' has the type"),
            ({"hidden": hidden, "output": np.array([[print]])}, "array 'output' has the type object and a"),
        ],
    )
    def test_refuses(self, npz: Callable[..., Path], arrays: dict[str, object], sentence: str) -> None:
        with pytest.raises(NetworkError, match=re.escape(sentence)) as caught:
            load_network(npz(**arrays))
        assert "net.npz" in str(caught.value)

    @pytest.mark.parametrize("shape", [(10**12, 3), (-1, 3), (2**70,)])
    def test_a_forged_shape_allocates_nothing(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
            member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(24)
            archive.writestr("hidden.npy", member)
        with pytest.raises(NetworkError, match="the array 'hidden' is damaged or cut off: save the network"):
            load_network(tmp_path / "net.npz")

    def test_a_bomb(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(untrusted_file, "MAX_BYTES", 2**20)
        np.savez_compressed(tmp_path / "net.npz", hidden=np.zeros((2, 2**20)))
        assert (tmp_path / "net.npz").stat().st_size < 2**18
        with pytest.raises(NetworkError, match="unpacks to more than 1 MiB: save only the weights"):
            load_network(tmp_path / "net.npz")

    def test_a_packing_without_bounds(self, tmp_path: Path) -> None:
        stream = io.BytesIO()
        np.save(stream, self.hidden)
        with zipfile.ZipFile(tmp_path / "net.npz", "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("hidden.npy", stream.getvalue())
        with pytest.raises(NetworkError, match=r"is packed in a way that an .npz file of numpy is not"):
            load_network(tmp_path / "net.npz")

    def test_a_layer_of_too_many_weights(self, npz: Callable[..., Path]) -> None:
        path = npz(hidden=np.zeros((1, 2_000_001), np.float16), output=np.zeros((2_000_001, 1), np.float16))
        with pytest.raises(NetworkError, match="has a layer of 2000001 weights: give a network with at most"):
            load_network(path)


@pytest.mark.parametrize(
    ("suffix", "package", "extra"),
    [
        (".pt", "torch", "torch"),
        (".safetensors", "safetensors", "safetensors"),
        (".onnx", "onnx", "onnx"),
    ],
)
def test_a_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str, extra: str
) -> None:
    path = Weights.random().write(tmp_path, suffix)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        NetworkError, match=re.escape(f"pip install 'certify[{extra}]', or save the weights as")
    ):
        load_network(path)


def test_npz_needs_no_framework() -> None:
    code = (
        "import sys; import certify.networks.files; "
        "print({'torch', 'onnx', 'safetensors', 'ml_dtypes'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.stdout == "set()\n", done.stderr


def test_a_bias_is_the_last_row() -> None:
    weights = Weights(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0, 6.0]), np.array([7.0]))
    loaded = network_of_module(weights.module())
    assert loaded.network == ReLUNetwork(((1, 2), (5, 6)), ((3,), (4,)))
    assert loaded.output_bias == (Fraction(7),)
