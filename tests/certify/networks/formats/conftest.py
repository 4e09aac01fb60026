"""What the tests of formats share."""

from pathlib import Path

import onnx
import pytest

from certify.networks.files import load_network
from certify.networks.loaded import LoadedNetwork
from tests.certify.networks.formats.onnx_graphs import Load


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def write_and_load(model: onnx.ModelProto) -> LoadedNetwork:
        (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
        return load_network(tmp_path / "net.onnx")

    return write_and_load
