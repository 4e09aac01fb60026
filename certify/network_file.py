"""Trained networks from files of any usual kind, and into .npz files.

An .npz file holds arrays `hidden` (d x m) and `output` (m x c) and, if the layers have biases, `hidden_bias`
(m) and `output_bias` (c). Files are untrusted: they are of bounded size, also unpacked, and nothing in them
is run.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from certify.errors import NetworkError
from certify.loaded_network import Affine, LoadedNetwork, printable, refuse_dtype, two_layers
from certify.network import ReLUNetwork
from certify.onnx_network import onnx_network
from certify.problem import IntegerRows
from certify.state_dict import safetensors_network
from certify.torch_network import torch_network
from certify.untrusted_file import open_archive, read_bytes

_REQUIRED = ("hidden", "output")
_ARRAYS = (*_REQUIRED, "hidden_bias", "output_bias")


def load_network(path: str | os.PathLike[str]) -> LoadedNetwork:
    """Read a two-layer ReLU network from a file, whose name's end says what it is.

    - .npz: the arrays of this module's head.
    - .safetensors, .pt, .pth: a state dict, see `certify.state_dict`; ReLU is assumed, for it names no
      activation.
    - .onnx: Gemm, or MatMul and Add, then Relu, then the same again, see `certify.onnx_network`.

    Every weight is the dyadic rational that its float16, bfloat16, float32 or float64 is.

    Raises:
        NetworkError: if the file is anything else, is damaged or vast, or would run code, or a package that
            reads it is not installed.
    """
    source = os.fspath(path)
    suffix = Path(source).suffix.lower()
    if suffix not in _READERS:
        raise NetworkError(
            f"{source}: the name's end {printable(suffix)} is no network format's: give a file "
            f"{', '.join(_READERS)}"
        )
    return _READERS[suffix](source, read_bytes(source))


def save_network(network: ReLUNetwork, path: str | Path, outputs: int) -> None:
    """Write a network whose weights are doubles, so that its exact loss is that of the file.

    Args:
        network: made from floats.
        path: written as it is; nothing is appended.
        outputs: c, which a network without neurons does not know.

    Raises:
        NetworkError: if the file cannot be written.
    """
    hidden = _doubles(network.hidden, network.hidden_denominator)
    output = _doubles(network.output, network.output_denominator)
    arrays = {
        "hidden": hidden.reshape(len(network.hidden), network.width),
        "output": output.reshape(network.width, outputs),
    }
    if network.output_bias:
        arrays["output_bias"] = np.array([float(entry) for entry in network.output_bias])
    try:
        with Path(path).open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise NetworkError(
            f"{path}: the network cannot be written ({error.strerror}); choose another path"
        ) from error


def _doubles(rows: IntegerRows, denominator: int) -> NDArray[np.float64]:
    return np.array([[entry / denominator for entry in row] for row in rows], dtype=np.float64)


def _npz_network(source: str, data: bytes) -> LoadedNetwork:
    kind = "an .npz file of numpy"
    archive = open_archive(source, data, kind, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    arrays = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name not in _ARRAYS or name in arrays:
            raise NetworkError(
                f"{source} has the array {printable(name)}, or has it twice: give hidden (d x m) and output "
                "(m x c), and hidden_bias (m) and output_bias (c) if there are biases"
            )
        arrays[name] = _array(source, name, archive, member)
    for name in _REQUIRED:
        if name not in arrays:
            raise NetworkError(f"{source} has no array {name!r}: give hidden (d x m) and output (m x c)")
    hidden, output = (
        Affine(
            _float64(arrays[name]),
            _float64(arrays[f"{name}_bias"]) if f"{name}_bias" in arrays else None,
            tuple(arrays[key].dtype.name for key in (name, f"{name}_bias") if key in arrays),
        )
        for name in _REQUIRED
    )
    return two_layers(hidden, output, source)


def _array(source: str, name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.floating]:
    try:
        with archive.open(member) as file:
            stream = io.BytesIO(file.read(member.file_size))
        # Version 3 serves structured arrays alone.
        read_header = (npy.read_array_header_1_0, npy.read_array_header_2_0)[npy.read_magic(stream)[0] - 1]
        shape, fortran_order, dtype = read_header(stream)
        payload = stream.read()
    except Exception:  # damaged bytes raise almost anything
        raise _damaged(source, name) from None
    refuse_dtype(dtype.name, f"{source}, array {name!r}")
    # The header's shape is not trusted with an allocation.
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(payload):
        raise _damaged(source, name)
    return np.frombuffer(payload, dtype).reshape(shape, order="F" if fortran_order else "C")


def _damaged(source: str, name: str) -> NetworkError:
    return NetworkError(f"{source}: the array {name!r} is damaged or cut off: save the network again")


def _float64(array: NDArray[np.floating]) -> NDArray[np.float64]:
    return array.astype(np.float64)


_READERS: dict[str, Callable[[str, bytes], LoadedNetwork]] = {
    ".npz": _npz_network,
    ".safetensors": safetensors_network,
    ".pt": torch_network,
    ".pth": torch_network,
    ".onnx": onnx_network,
}
