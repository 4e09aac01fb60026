"""Compiling with numba where a kernel has more than one file, and keeping the result on disk.

numba builds everything that a compiled function calls into its machine code, and takes that code up again in
later runs as long as the function's own file is unchanged. With helpers in other files it would go on to run
the helpers of yesterday. So here a kernel is a folder of Python files, a package: its helpers are marked
`compiled`, which keeps nothing, and the few functions that are called from outside are marked
`compiled_entry(__package__)`, which keeps the code until any file of the folder changes. What a kernel
compiles has to lie in its folder. Where code is kept, `formulations.compiled` says.

Division by zero gives infinity or NaN in compiled code instead of an exception, and other threads run
meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from numba import njit

from formulations.compiled import KeptCode, kept_by

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """Compile a helper, which only compiled code can call, into its callers.

    A call that is not inlined would hand over dozens of numbers for each table of arrays.
    """
    compile_: Any = njit  # its types lack two of its options
    helper: _F = compile_(
        nogil=True, error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return helper


def compiled_entry(package: str) -> Callable[[_F], _F]:
    """Return a decorator that compiles a function of a package, and keeps its code with the sources.

    Args:
        package: by its full name, on whose files the code depends.
    """
    return kept_by(lambda function: _CodeOfPackage(function, sources_digest(package)))


@cache
def sources_digest(package: str) -> str:
    """Return a hash of all Python files of a package, without its folders, and of those that compile them."""
    decorators = [files(name) / "compiled.py" for name in (__package__, "formulations")]
    entries = [*decorators, *files(package).iterdir()]
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            source = entry.read_bytes()
            digest.update(f"{entry.name} {len(source)} ".encode() + source)
    return digest.hexdigest()


class _CodeOfPackage(KeptCode):
    """Files of compiled code, in which code is found by the sources of a package as well."""

    def __init__(self, function: Callable[..., Any], sources: str) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._sources = sources

    def _index_key(self, signature: Any, codegen: Any) -> Any:
        key: Any = super()._index_key(signature, codegen)  # type: ignore[no-untyped-call]
        return key, self._sources

    def is_current(self, key: Any) -> bool:
        """Say of a key of the index whether its code is of the package as it is now."""
        return bool(key[1] == self._sources)
