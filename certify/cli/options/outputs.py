"""Where a command may write: never over its inputs, another output, or a file that certify did not write."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from certify.checker.certificate.file import opened
from certify.checker.certificate.header import FORMAT
from certify.checker.data.matrix_file import read_matrix
from certify.checker.errors import CertifyError, DataError
from certify.networks.formats.table import BY_SUFFIX, WRITTEN_BY, suffix_of

if TYPE_CHECKING:
    from rich.console import Console

STANDARD_OUTPUT = "-"  # where a command can write there
_CERTIFICATE = f'{{"format":"{FORMAT}"'.encode()
_HEAD = 1 << 16  # bytes of a file that are looked at


@dataclass(frozen=True)
class Kind:
    """A kind of file that certify writes.

    Attributes:
        words: what a file of it is, with its article.
        suffixes: ends of names, in small letters, that are its own.
        is_own: says of a file that is there whether certify wrote it; it may raise an OSError.
        only: whether names must end in one of `suffixes`, because it is by them that the file is read.
    """

    words: str
    suffixes: tuple[str, ...]
    is_own: Callable[[Path], bool]
    only: bool = False


def _begins(*beginnings: str) -> Callable[[Path], bool]:
    return lambda path: _head(path).startswith(tuple(map(str.encode, beginnings)))


def _contains(text: str) -> Callable[[Path], bool]:
    return lambda path: text.encode() in _head(path)


def _is_certificate(path: Path) -> bool:
    try:
        with opened(path) as file:
            return file.read(len(_CERTIFICATE)) == _CERTIFICATE
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return False


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _is_marked_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == WRITTEN_BY
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


CERTIFICATE = Kind("a certificate", (".cert", ".gz"), _is_certificate)
NETWORK = Kind("a network", (".npz",), _is_marked_archive, only=True)
PAGE = Kind("a page", (".html", ".htm"), _contains("<title>certify: "))
TABLE = Kind("a table of all rows", (".csv",), _begins("problem,gamma,"))
STUDY_TABLES = Kind("the tables of a study", (".md",), _contains("<!-- certify study -->"))
PROBLEM = Kind("the text of a problem", (), _begins("certify problem ", "certify matrix "))
THEOREM = Kind("a file of Coq", (".v",), _contains("From Certify Require Import "))
# Those who write these know a file of theirs, and refuse others.
CHECKPOINT = Kind("a checkpoint", (".ckpt", ".npz"), lambda _: True)

# Ends of names of what certify reads, or writes as another kind.
_KNOWN = frozenset(
    {
        ".gz",
        ".csv",
        ".tsv",
        ".parquet",
        ".npy",
        ".mtx",
        ".json",
        ".html",
        ".htm",
        ".py",
        ".v",
        ".cert",
        *BY_SUFFIX,
    }
)


def matrix_of(certificate: Path | None) -> Kind:
    """Return the matrices of certificates by this name: only the certificate tells them from others."""
    return Kind("the matrix of a certificate", (".csv",), partial(_is_matrix_of, certificate))


def _is_matrix_of(certificate: Path | None, path: Path) -> bool:
    try:
        return certificate is not None and read_matrix(path).sha256() == _header(certificate).get(
            "matrix_sha256"
        )
    except DataError:
        return False


def require_writable(inputs: Iterable[Path | None], *outputs: tuple[Path | None, Kind]) -> None:
    """Refuse outputs that would be lost, or overwrite what they must not, before the long work.

    Args:
        inputs: files that the command reads.
        outputs: where it writes, and what; None for nothing.

    Raises:
        CertifyError: if an output lies in no folder, or in one that cannot be written to, is an input or
            another output, has a name that ends like another kind of file, or is a file that certify did not
            write.
    """
    taken = {_located(path) for path in inputs if path is not None}
    for path, kind in outputs:
        if path is None:
            continue
        if path == Path(STANDARD_OUTPUT):
            raise CertifyError(
                f"{kind.words} is not written to standard output: give a file in the place of -"
            )
        place = _located(path)
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise CertifyError(f"{path}: cannot be written; give a file in a folder that exists")
        if place in taken:
            raise CertifyError(
                f"{path} is the data or another output, or read: give each output a file of its own"
            )
        taken.add(place)
        if path.exists() and not path.is_file():
            continue  # a pipe or a device keeps nothing
        if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            raise CertifyError(
                f"{path}: {kind.words} cannot be written here; give a file in a folder of your own"
            )
        _refuse_suffix(path, kind)
        _refuse_foreign(path, kind)


def _located(path: Path) -> Path:
    """Return a path without links and without the current folder's help."""
    try:
        return path.resolve()
    except FileNotFoundError:
        raise CertifyError(
            f"{path}: the current folder is no longer there; change to one that is, or give whole paths"
        ) from None


def _refuse_suffix(path: Path, kind: Kind) -> None:
    suffix = suffix_of(path)
    if suffix in kind.suffixes or not (kind.only or suffix in _KNOWN):
        return
    ends = " or ".join(kind.suffixes)
    remedy = f"one that ends in {ends}" if ends else "one with another end"
    raise CertifyError(f"{path}: {kind.words} would be written under this name: give {remedy}")


def _refuse_foreign(path: Path, kind: Kind) -> None:
    try:
        if not path.exists() or path.stat().st_size == 0 or kind.is_own(path):
            return
    except OSError as error:
        raise CertifyError(
            f"{path}: cannot be written ({error.strerror}); give another file, or change its permissions"
        ) from None
    raise CertifyError(
        f"{path} is there already and is not {kind.words} that certify wrote: give another name, or delete it"
    )


def write_all(*writes: Callable[[], None]) -> CertifyError | None:
    """Write outputs, each whatever became of the others; return the first error.

    It is for the command to raise once it has shown its result, which took longer than to find another disk.
    """
    first = None
    for write in writes:
        try:
            write()
        except CertifyError as error:
            first = first or error
    return first


def tell_what_is_replaced(certificate: Path, sha256: str, console: Console) -> None:
    """Say before the work that a certificate of other data, or of another problem, will be replaced.

    Args:
        certificate: where one is going to be written, under a name that the user did not give.
        sha256: hash of the problem or the matrix.
        console: for remarks.
    """
    header = _header(certificate)
    hashes = {header.get(name) for name in ("problem_sha256", "matrix_sha256")} - {None}
    if hashes and sha256 not in hashes:
        console.print(
            f"{certificate} is of other data or another problem, and will be replaced; --certificate FILE "
            "keeps both",
            markup=False,
            soft_wrap=True,
        )


def _header(certificate: Path) -> dict[str, str]:
    """Return what a certificate's header has in texts; nothing of a file that is none."""
    try:
        with opened(certificate) as file:
            header = json.loads(file.readline())
    except (OSError, EOFError, zlib.error, ValueError, RecursionError):
        return {}
    entries = header.items() if isinstance(header, dict) else ()
    return {name: entry for name, entry in entries if isinstance(entry, str)}
