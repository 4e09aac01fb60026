"""The file formats of trained networks: by which ends of names they go, what reads them, what that needs.

What is imported to read a file is imported when one is read, so that the command line's help can name the
formats at no cost. A new format is a reader in a module of this folder and an entry of `FORMATS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING

from certify.checker.errors import NetworkError
from certify.networks.formats.packages import not_installed

if TYPE_CHECKING:
    from certify.networks.loaded import LoadedNetwork

Reader = Callable[[str, bytes], "LoadedNetwork"]


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        kind: what a file of it is, in words, with the article.
        suffixes: ends of names, in small letters.
        package: what must be installed to read one, by certify's extra of the same name; None for nothing.
        reader: imports and returns the function that reads the bytes of a file, given its path for messages.
    """

    kind: str
    suffixes: tuple[str, ...]
    package: str | None
    reader: Callable[[], Reader]

    def read(self, source: str, data: bytes) -> LoadedNetwork:
        """Read the bytes of the file of this path.

        Raises:
            NetworkError: if the package is not installed, or the file is not a network that can be read.
        """
        if self.package is not None:
            try:
                import_module(self.package)
            except ImportError:
                raise NetworkError(
                    f"{source} is {self.kind} and {not_installed(self.package)}, or save the weights as .npz"
                ) from None
        return self.reader()(source, data)


def _npz() -> Reader:
    from certify.networks.formats.npz import npz_network

    return npz_network


def _safetensors() -> Reader:
    from certify.networks.formats.state_dict import safetensors_network

    return safetensors_network


def _torch() -> Reader:
    from certify.networks.formats.torch_module import torch_network

    return torch_network


def _onnx() -> Reader:
    from certify.networks.formats.onnx_graph import onnx_network

    return onnx_network


FORMATS = (
    Format("an .npz file", (".npz",), None, _npz),
    Format("a safetensors file", (".safetensors",), "safetensors", _safetensors),
    Format("a PyTorch file", (".pt", ".pth", ".ckpt", ".bin", ".pth.tar"), "torch", _torch),
    Format("an ONNX file", (".onnx",), "onnx", _onnx),
)
BY_SUFFIX = {suffix: kind for kind in FORMATS for suffix in kind.suffixes}


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return the end of a file's name that a format goes by, in small letters; else its last suffix."""
    name = PurePath(path).name.lower()
    ends = [suffix for suffix in BY_SUFFIX if name.endswith(suffix) and name != suffix]
    return max(ends, key=len, default=PurePath(name).suffix)


WRITTEN_BY = b"written by certify"  # the comment of an .npz file of its own, by which it is known
SUFFIXES = f"{', '.join([*BY_SUFFIX][:-1])} or {[*BY_SUFFIX][-1]}"  # in words
