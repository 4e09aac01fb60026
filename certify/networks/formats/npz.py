"""Networks in .npz files, as numpy.savez writes them: read, and written.

A file holds arrays `hidden` (d x m) and `output` (m x c) and, if the layers have biases, `hidden_bias` (m)
and `output_bias` (c), and nothing else; or the parameters of a framework under the names that they have
there, see `formats.tensor_names`.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from certify.checker.errors import NetworkError
from certify.networks.formats.state_dict import Tensor, network_of_tensors
from certify.networks.formats.table import BY_SUFFIX, WRITTEN_BY, suffix_of
from certify.networks.formats.tensor_names import divided
from certify.networks.formats.untrusted_file import open_archive
from certify.networks.loaded import (
    Affine,
    LoadedNetwork,
    printable,
    refuse_dtype,
    two_layers,
)
from certify.networks.network import ReLUNetwork

_REQUIRED = ("hidden", "output")


_ARRAYS = (*_REQUIRED, "hidden_bias", "output_bias")


def save_network(network: ReLUNetwork, path: str | Path, outputs: int, *, hidden_bias: bool = False) -> None:
    """Write a network whose weights are doubles, so that its exact loss is that of the file.

    Args:
        network: made from floats.
        path: written as it is; nothing is appended.
        outputs: c, which a network without neurons does not know.
        hidden_bias: write the last row of its hidden layer as `hidden_bias`.

    Raises:
        NetworkError: if the file cannot be written, or its name ends like another format's.
    """
    suffix = suffix_of(path)
    if suffix in BY_SUFFIX and suffix != ".npz":
        raise NetworkError(
            f"{path}: the network is written as .npz, and {suffix} is another format: give a name that ends "
            "in .npz"
        )
    hidden, output, bias = network.layers()
    arrays = {"hidden": hidden, "output": output.reshape(network.width, outputs)}
    if hidden_bias:
        arrays["hidden"], arrays["hidden_bias"] = hidden[:-1], hidden[-1]
    if network.output_bias:
        arrays["output_bias"] = bias
    try:
        Path(path).write_bytes(_archive(arrays))
    except OSError as error:
        raise NetworkError(
            f"{path}: the network cannot be written ({error.strerror}); choose another path"
        ) from error


def _archive(arrays: Mapping[str, NDArray[np.float64]]) -> bytes:
    """Return an .npz file whose comment says that it is certify's, which may then overwrite it."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = WRITTEN_BY
    return stream.getvalue()


def npz_network(source: str, data: bytes) -> LoadedNetwork:
    """Read the bytes of an .npz file.

    Raises:
        NetworkError: if the arrays are not such a network's, or damaged, or
            `certify.networks.loaded.two_layers` refuses them.
    """
    kind = "an .npz file of numpy"
    archive = open_archive(source, data, kind, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    names = [member.filename.removesuffix(".npy") for member in archive.infolist()]
    is_of_framework = not any(name in _ARRAYS for name in names)
    arrays: dict[str, NDArray[np.floating]] = {}
    for name, member in zip(names, archive.infolist(), strict=True):
        if name in arrays or not (name in _ARRAYS or is_of_framework):
            raise NetworkError(
                f"{source} has the array {printable(name)}, or has it twice: give hidden (d x m) and output "
                "(m x c), and hidden_bias (m) and output_bias (c) if there are biases"
            )
        arrays[name] = _array(source, name, archive, member)
    if is_of_framework and any(divided(name).is_of_linear_layer for name in names):
        return network_of_tensors({name: _tensor(array) for name, array in arrays.items()}, source)
    for name in _REQUIRED:
        if name not in arrays:
            raise NetworkError(
                f"{source} has no array {name!r}: give hidden (d x m) and output (m x c), or the parameters "
                "of a framework by their names, such as Dense_0/kernel or layers.0.weight"
            )
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


def _tensor(array: NDArray[np.floating]) -> Tensor:
    return Tensor(array.shape, array.dtype.name, lambda: _float64(array))


def _float64(array: NDArray[np.floating]) -> NDArray[np.float64]:
    return array.astype(np.float64)
