"""The constant tensors of an ONNX graph: its initialisers, in its file or beside it, and what comes of them.

A tensor may lie in a file beside the graph, as torch's exporter leaves it there. That is read if it is a
plain file of the same folder, and no further than it goes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from certify.checker.errors import NetworkError
from certify.networks.formats.untrusted_file import MAX_BYTES
from certify.networks.loaded import printable, refuse_dtype, refuse_vast

# What only moves, casts or rescales the entries of its first operand, which no result outgrows.
FOLDED = frozenset(
    {"Identity", "Transpose", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "DequantizeLinear"}
)
_DTYPES = {"FLOAT": "float32", "FLOAT16": "float16", "BFLOAT16": "bfloat16", "DOUBLE": "float64"}
_NAMES = {code: name for name, code in TensorProto.DataType.items()}

Constant = TensorProto | NDArray[Any]


class Constants:
    """The constants that are known so far, by name; a tensor's values are read when they are asked for."""

    def __init__(self, tensors: Mapping[str, TensorProto], source: str, version: int) -> None:
        """Take over the initialisers.

        Args:
            tensors: they, by name.
            source: the path of the graph.
            version: of ONNX's operators.
        """
        self._known: dict[str, Constant] = dict(tensors)
        self._source = source
        self._version = version

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def add(self, name: str, tensor: TensorProto) -> None:
        """Enter a tensor of a node."""
        self._known[name] = tensor

    def fold(self, node: NodeProto) -> None:
        """Enter what a node of `FOLDED` makes of constants.

        Raises:
            NetworkError: if a constant cannot be read, or the node not be computed.
        """
        from onnx.reference import ReferenceEvaluator

        # The package has this operator from that version on alone, which added to it and changed nothing.
        version = max(self._version, 19) if node.op_type == "DequantizeLinear" else self._version
        inputs = {name: self.values(name) for name in node.input if name}
        plain = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in inputs]
        results = [helper.make_tensor_value_info(node.output[0], TensorProto.UNDEFINED, None)]
        graph = helper.make_graph([node], "constant", plain, results)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])
        try:
            with np.errstate(all="ignore"):
                (result,) = ReferenceEvaluator(model).run(None, inputs)
            self._known[node.output[0]] = np.asarray(result)
        except Exception:  # operands that do not fit raise almost anything
            raise NetworkError(
                f"{self._source}: the constant {printable(node.output[0])} cannot be computed: export the "
                "network again"
            ) from None

    def weights(self, name: str) -> tuple[NDArray[np.float64], str]:
        """Return a constant's values and their type, one of `certify.networks.loaded.FLOATS`.

        Raises:
            NetworkError: if it cannot be read, or is of another type.
        """
        constant = self._known[name]
        if isinstance(constant, TensorProto):
            code = _NAMES.get(constant.data_type, "UNDEFINED")
            dtype = _DTYPES.get(code, code.lower())
        else:
            dtype = constant.dtype.name
        refuse_dtype(dtype, self._where(name))
        return self.values(name).astype(np.float64), dtype

    def values(self, name: str) -> NDArray[Any]:
        """Return a constant's values, of whatever type.

        Raises:
            NetworkError: if it cannot be read.
        """
        constant = self._known[name]
        if not isinstance(constant, TensorProto):
            return constant
        refuse_vast(math.prod(constant.dims), self._source)
        if constant.data_location == TensorProto.EXTERNAL:
            constant = self._fetched(name, constant)
        try:
            return numpy_helper.to_array(constant)
        except Exception:  # a tensor whose data do not fit its shape raises almost anything
            raise NetworkError(f"{self._where(name)} is damaged: export the network again") from None

    def integers(self, name: str) -> tuple[int, ...]:
        """Return the entries of a constant of integers, such as a shape; () if it is anything else.

        Raises:
            NetworkError: if it cannot be read.
        """
        values = self.values(name)
        is_list = values.ndim <= 1 and np.issubdtype(values.dtype, np.integer)
        return tuple(int(entry) for entry in values.ravel()) if is_list else ()

    def _fetched(self, name: str, tensor: TensorProto) -> TensorProto:
        """Return a tensor with its bytes, which lie in a file beside the graph."""
        entries = {entry.key: entry.value for entry in tensor.external_data}
        path = self._beside(name, entries.get("location", ""))
        try:
            offset = int(entries.get("offset", "0"))
            size = math.prod(tensor.dims) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
            length = int(entries.get("length", size))
        except (ValueError, KeyError, TypeError):
            raise NetworkError(f"{self._where(name)} is damaged: export the network again") from None
        if length != size or offset < 0 or offset + length > min(path.stat().st_size, MAX_BYTES):
            raise NetworkError(
                f"{self._where(name)} is damaged, or {path.name} beside it is cut off or more than "
                f"{MAX_BYTES // 2**20} MiB: export the network again"
            )
        try:
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read(length)
        except OSError as error:
            raise NetworkError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
        fetched = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        fetched.raw_data = data
        return fetched

    def _beside(self, name: str, location: str) -> Path:
        """Return the path of a plain file in the folder of the graph."""
        folder = Path(self._source).parent
        is_plain = PurePosixPath(location).name == location == PureWindowsPath(location).name != ".."
        if not location or not is_plain or "\0" in location:
            raise NetworkError(
                f"{self._where(name)} lies in {printable(location)}, and only files in the folder of "
                f"{Path(self._source).name} are read: export the network again"
            )
        path = folder / location
        if not path.exists():
            raise NetworkError(
                f"{self._where(name)} lies in {printable(location)}, which is not beside it: keep both files "
                "in one folder, or export the network into one file"
            )
        if not path.is_file() or path.resolve().parent != folder.resolve():
            raise NetworkError(
                f"{self._where(name)} lies in {printable(location)}, which is no plain file of that folder: "
                "copy it there"
            )
        return path

    def _where(self, name: str) -> str:
        return f"{self._source}: the tensor {printable(name)}"


def parsed(source: str, data: bytes) -> onnx.ModelProto:
    """Read the bytes of an .onnx file.

    Raises:
        NetworkError: if they are damaged.
    """
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # damaged bytes raise what protobuf's implementation likes
        model = onnx.ModelProto()
    if not model.graph.node:
        raise NetworkError(f"{source} is not an ONNX file, or is cut off: export the network again")
    return model
