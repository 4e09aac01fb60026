"""Read the bytes of a file that may be anything: never more than a limit, also when unpacked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from certify.checker.errors import NetworkError

MAX_BYTES = 2**28  # of a file, and of what an archive unpacks to


def read_bytes(source: str) -> bytes:
    """Read a whole file that is not empty.

    Raises:
        NetworkError: if it cannot be read, is empty or has more than `MAX_BYTES` bytes.
    """
    try:
        with Path(source).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NetworkError(f"{source} does not exist: check the path") from None
    except IsADirectoryError:
        raise NetworkError(f"{source} is a directory: give the network's file itself") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NetworkError(
            f"{source} cannot be read ({reason}): check the path and its permissions"
        ) from None
    if not data:
        raise NetworkError(f"{source} is empty: save the network again")
    if len(data) > MAX_BYTES:
        raise NetworkError(f"{source} {_too_large('has')}")
    return data


def open_archive(source: str, data: bytes, kind: str, methods: tuple[int, ...]) -> zipfile.ZipFile:
    """Open a zip archive that unpacks to at most `MAX_BYTES`; `kind` says what it should be.

    Args:
        source: the path, for messages.
        data: the file's bytes.
        kind: what the file should be, with its article.
        methods: the compression methods that its reader can unpack within bounds.

    Raises:
        NetworkError: if it is no archive, or one that unpacks to more or uses another method.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception:  # a forged directory raises almost anything
        raise NetworkError(f"{source} is not {kind}, or is cut off: save the network again") from None
    if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
        raise NetworkError(f"{source} {_too_large('unpacks to')}")
    if any(member.compress_type not in methods for member in archive.infolist()):
        raise NetworkError(f"{source} is packed in a way that {kind} is not: save the network again")
    return archive


def _too_large(verb: str) -> str:
    """Say that a file is too large."""
    return f"{verb} more than {MAX_BYTES // 2**20} MiB: save only the weights of the network"
