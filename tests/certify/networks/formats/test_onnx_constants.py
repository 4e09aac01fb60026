"""Constants of ONNX graphs: what is made of them, and those in a file beside the graph."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from certify.checker.errors import NetworkError
from certify.networks.files import load_network
from tests.certify.networks.formats.onnx_graphs import CHAIN, CONSTANTS, WEIGHTS, A, B, Load, V, node
from tests.certify.networks.network_files import Weights, onnx_model


@pytest.mark.parametrize("version", [11, 13, 21])
def test_constants_behind_nodes(load: Load, version: int) -> None:
    """Weights that are moved, cast and dequantised, as the reference does it."""
    whole = np.arange(-6, 6, dtype=np.int8).reshape(4, 3)
    scale = np.float32(0.1)
    nodes = [
        node("Q = DequantizeLinear whole scale three"),
        node("U = Transpose Q", perm=[1, 0]),
        node("V1 = Cast V8", to=TensorProto.FLOAT),
        node("V = Reshape V1 narrower"),
        node("a1 = Identity a0"),
        node("a = Flatten a1", axis=0),
        *CHAIN,
    ]
    constants: dict[str, Any] = {
        "whole": whole,
        "scale": scale,
        "three": np.array(3, np.int8),
        "V8": V.astype(np.float64).reshape(2, 4) * 1.0000000001,
        "narrower": np.array([4, 2], np.int64),
        "a0": A,
        "b": B,
    }
    model = onnx_model(nodes, constants)
    model.opset_import[0].version = version
    hidden = ((whole.astype(np.float32) - 3) * scale).T
    output = (V.astype(np.float64) * 1.0000000001).astype(np.float32)
    loaded = load(model)
    assert loaded.network == Weights(hidden, output, A).exact
    assert loaded.output_bias == WEIGHTS.exact_output_bias


class TestExternalData:
    """Weights in a file beside the graph, as torch.onnx.export leaves them."""

    def model(self, folder: Path, **entries: str) -> Path:
        """Write a graph whose U lies in net.onnx.data behind seven bytes, or says other things of it."""
        model = onnx_model(CHAIN, CONSTANTS)
        tensor = model.graph.initializer[0]
        (folder / "net.onnx.data").write_bytes(bytes(7) + tensor.raw_data)
        said = {"location": "net.onnx.data", "offset": "7", "length": str(len(tensor.raw_data))} | entries
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in said.items():
            if value:
                tensor.external_data.add(key=key, value=value)
        (folder / "net.onnx").write_bytes(model.SerializeToString())
        return folder / "net.onnx"

    @pytest.mark.parametrize("length", [None, ""])
    def test_is_read(self, tmp_path: Path, length: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
        path = self.model(tmp_path, **({} if length is None else {"length": length}))
        assert load_network(path).network == WEIGHTS.exact
        monkeypatch.chdir(tmp_path)
        assert load_network("net.onnx").network == WEIGHTS.exact

    def test_of_the_package(self, tmp_path: Path) -> None:
        model = onnx_model(CHAIN, CONSTANTS)
        onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, size_threshold=0)
        assert len(list(tmp_path.iterdir())) == 2
        assert load_network(tmp_path / "net.onnx").network == WEIGHTS.exact

    @pytest.mark.parametrize(
        "location",
        [
            "/etc/passwd",
            "../net.onnx.data",
            "..",
            ".",
            "a/../net.onnx.data",
            "sub/net.data",
            "C:\\x",
            "a\0b",
            "",
        ],
    )
    def test_nowhere_else(self, tmp_path: Path, location: str) -> None:
        path = self.model(tmp_path, location=location)
        with pytest.raises(NetworkError, match=r"only files in the folder of net\.onnx are read: export the"):
            load_network(path)

    def test_no_link_out(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        path = self.model(tmp_path / "in")
        data = path.with_name("net.onnx.data")
        data.rename(tmp_path / "net.onnx.data")
        with pytest.raises(NetworkError, match=r"lies in 'net\.onnx\.data', which is not beside it: keep"):
            load_network(path)
        data.symlink_to(tmp_path / "net.onnx.data")
        with pytest.raises(NetworkError, match=r"lies in 'net\.onnx\.data', which is no plain file of that"):
            load_network(path)
        data.unlink()
        data.mkdir()
        with pytest.raises(NetworkError, match=r"lies in 'net\.onnx\.data', which is no plain file of that"):
            load_network(path)

    @pytest.mark.parametrize(
        "entries",
        [
            {"offset": "8"},
            {"offset": "-1"},
            {"length": "47"},
            {"offset": str(2**70)},
            {"length": "x"},
            {"offset": "0", "length": str(2**60)},
        ],
    )
    def test_no_further_than_the_file(self, tmp_path: Path, entries: dict[str, str]) -> None:
        path = self.model(tmp_path, **entries)
        with pytest.raises(NetworkError, match="the tensor 'U' is damaged"):
            load_network(path)
