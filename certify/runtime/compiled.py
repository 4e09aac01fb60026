"""Compiling with numba where a kernel has more than one file, and keeping the result on disk.

numba builds everything that a compiled function calls into its machine code, and takes that code up again in
later runs as long as the function's own file is unchanged. With helpers in other files it would go on to run
the helpers of yesterday. So here a kernel is a folder of Python files, a package: its helpers are marked
`compiled`, which keeps nothing, and the few functions that are called from outside are marked
`compiled_entry(__package__)`, which keeps the code until any file of the folder changes. What a kernel
compiles has to lie in its folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache

# Division by zero gives infinity or NaN instead of an exception, and other threads run meanwhile.
_OPTIONS = {"nogil": True, "error_model": "numpy"}
# A helper is called from compiled code alone. A call that is not inlined hands over dozens of numbers for
# each table of arrays.
compiled = njit(**_OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)


def compiled_entry(package: str) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function of a package, and keeps its code with the sources.

    Args:
        package: by its full name, on whose files the code depends.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = njit(**_OPTIONS)(function)
        dispatcher._cache = _CodeOfPackage(function, sources_digest(package))
        return dispatcher

    return decorate


@cache
def sources_digest(package: str) -> str:
    """Return a hash of all Python files of a package, by their names; folders in it do not count."""
    digest = hashlib.sha256()
    for entry in sorted(files(package).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            source = entry.read_bytes()
            digest.update(f"{entry.name} {len(source)} ".encode() + source)
    return digest.hexdigest()


class _CodeOfPackage(FunctionCache):  # type: ignore[misc]  # numba has no types
    """numba's files of compiled code, in which code is found by the sources of a package as well."""

    def __init__(self, function: Callable[..., Any], sources: str) -> None:
        super().__init__(function)
        self._sources = sources

    def _index_key(self, signature: Any, codegen: Any) -> Any:
        return super()._index_key(signature, codegen), self._sources
