"""Where compiled code is kept on disk, so that only the first run on a machine compiles it.

numba keeps it within the package or the user's home. Within the package it would outlast an uninstallation,
and shadow the package where it is installed elsewhere next; and where neither can be written to, as in a
container with a read-only root, numba fails. So here the folder is the first of these that will do:

- NUMBA_CACHE_DIR;
- var/cache/certify of the Python environment, for all of its users, also where it has become read-only;
- the user's folder of caches;
- a folder in the one for temporary files, that is the user's and nobody else's, as what is kept there is run.

Where none will, code is compiled in each process that runs it.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from numba import config, njit
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    UserProvidedCacheLocator,
    ZipCacheLocator,
)

_F = TypeVar("_F", bound=Callable[..., Any])


def kept(function: _F) -> _F:
    """Compile a function of a single file, and keep its code; division by zero gives infinity or NaN."""
    return kept_by(KeptCode)(function)


def kept_by(cache: Callable[[Callable[..., Any]], KeptCode]) -> Callable[[_F], _F]:
    """Return a decorator that compiles a function, and keeps its code as this cache of it does."""

    def decorate(function: _F) -> _F:
        dispatcher: Any = njit(nogil=True, error_model="numpy")(function)
        with suppress(RuntimeError):  # no folder will do
            dispatcher._cache = cache(function)
        entry: _F = dispatcher
        return entry

    return decorate


def is_kept(dispatcher: Any) -> bool:
    """Say whether a function's code is on disk, for some machine and types."""
    return isinstance(dispatcher._cache, KeptCode) and dispatcher._cache.has_code()


def can_be_kept(dispatcher: Any) -> bool:
    """Say whether there is a folder for a function's code."""
    return isinstance(dispatcher._cache, KeptCode)


def folders() -> Iterator[Path]:
    """Yield where code may be kept, the best first."""
    if chosen := getattr(config, "CACHE_DIR", ""):  # of which its types know nothing
        yield Path(chosen)
    yield Path(sys.prefix) / "var" / "cache" / "certify"
    with suppress(RuntimeError):  # there is no home
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        if caches.is_absolute():
            yield caches / "certify"
    with suppress(OSError):
        yield private_folder(Path(tempfile.gettempdir()))


def private_folder(parent: Path) -> Path:
    """Return the user's own folder of certify within one that others can write to, too.

    Raises:
        OSError: if it cannot be made, or others made it or can write to it.
    """
    if not hasattr(os, "getuid"):
        raise OSError("users have no numbers here")
    folder = parent / f"certify-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OSError(f"{folder} is not this user's alone")
    return folder


class _Locator(UserProvidedCacheLocator):
    """A folder for the code of one function."""

    def __init__(self, function: Callable[..., Any], file: str, folder: Path) -> None:
        super().__init__(function, file)  # type: ignore[no-untyped-call]
        self._cache_path = os.fspath(folder / self.get_suitable_cache_subpath(file))  # type: ignore[no-untyped-call]

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> _Locator | None:
        if not os.path.exists(file):
            return None
        for folder in folders():
            locator = cls(function, file, folder)
            try:
                locator.ensure_cache_path()  # type: ignore[no-untyped-call]
            except OSError:
                if not os.path.isdir(locator._cache_path):
                    continue
            return locator
        return None


class _Files(CompileResultCacheImpl):
    _locator_classes = [_Locator, ZipCacheLocator]  # type: ignore[list-item]  # noqa: RUF012


class KeptCode(FunctionCache):
    """numba's files of compiled code, in the folders of this module."""

    _impl_class = _Files

    def has_code(self) -> bool:
        """Say whether there is some, compiled from the source as it is now."""
        with suppress(OSError):
            index = self._cache_file._load_index()  # type: ignore[no-untyped-call]
            return any(map(self.is_current, index))
        return False

    def is_current(self, key: Any) -> bool:
        """Say of a key of the index whether its code is of the source as it is now."""
        return True

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep code that was compiled, unless the disk is full or read-only."""
        with suppress(OSError):
            super().save_overload(signature, data)  # type: ignore[no-untyped-call]
