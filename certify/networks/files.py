"""Read a trained network from a file of any usual format.

Files are untrusted: they are of bounded size, also unpacked, and nothing in them is run. The formats are in
`certify.networks.formats.table`.
"""

from __future__ import annotations

import os

from certify.checker.errors import NetworkError
from certify.networks.formats.table import BY_SUFFIX, suffix_of
from certify.networks.formats.untrusted_file import read_bytes
from certify.networks.loaded import LoadedNetwork, printable

_PICKLED = "; a pickle may run code, so load it yourself if you trust it, and give certify.gap the object"
_SAVED_ANEW = "; save the weights by numpy.savez under the names that they have"
_REMEDIES = dict.fromkeys((".pkl", ".pickle", ".joblib"), _PICKLED) | dict.fromkeys(
    (".h5", ".hdf5", ".keras", ".msgpack", ".eqx", ".tflite"), _SAVED_ANEW
)


def load_network(path: str | os.PathLike[str]) -> LoadedNetwork:
    """Read a two-layer ReLU network from a file, whose name's end says what it is.

    - .npz: the arrays of this module's head.
    - .safetensors: a state dict, see `formats.state_dict`; ReLU is assumed, for it names no activation.
    - .pt, .pth, .ckpt, .bin, .pth.tar: a state dict, bare or in a checkpoint.
    - .onnx: Gemm, or MatMul and Add, then Relu, then the same again, see `formats.onnx_graph`;
      weights may lie in a file beside it.

    Every weight is the dyadic rational that its float16, bfloat16, float32 or float64 is.

    Raises:
        NetworkError: if the file is anything else, is damaged or vast, or would run code, or a package that
            reads it is not installed.
    """
    source = os.fspath(path)
    suffix = suffix_of(source)
    if suffix not in BY_SUFFIX:
        raise NetworkError(
            f"{source}: the name's end {printable(suffix)} is no network format's: give a file "
            f"{', '.join(BY_SUFFIX)}{_REMEDIES.get(suffix, '')}"
        )
    return BY_SUFFIX[suffix].read(source, read_bytes(source))
