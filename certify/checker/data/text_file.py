"""A whole file as text: of a file, of standard input, or of a file that gzip has compressed."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import AbstractContextManager, nullcontext
from typing import IO

from certify.checker.errors import DataError
from certify.checker.text.letters import ascii_lower

MAX_BYTES = 1 << 30  # of a text file, as the proved checker has it
STANDARD_INPUT = "-"
_BLOCK = 1 << 20  # bytes
TABLE_AS_TEXT = "save the table as CSV in UTF-8, or name its --encoding, utf-16 or latin-1"
MATRIX_AS_TEXT = "save the matrix as CSV in UTF-8, or as .mtx in the Matrix Market format"
_BYTE_ORDERS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def read_text(source: str, encoding: str = "utf-8", *, remedy: str) -> str:
    """Read a whole file of text, without its byte order mark.

    Args:
        source: the path; "-" is standard input, and what ends in .gz is decompressed.
        encoding: of `certify.checker.data.reading.ENCODINGS`; UTF-16 needs a byte order mark.
        remedy: what to do about a file that is no such text.

    Raises:
        DataError: if it cannot be read, is larger than `MAX_BYTES` or is something else.
    """
    wrong = f"{source} is not a text file in {encoding.upper()}: {remedy}"
    data = _read_bytes(source, None if encoding == "utf-16" else wrong)
    try:
        if encoding == "utf-16":
            if bytes(data[:2]) not in _BYTE_ORDERS:
                raise DataError(
                    f"{source} does not begin with the byte order mark of UTF-16: leave --encoding out, or "
                    "convert the file to UTF-8"
                )
            text = data[2:].decode(_BYTE_ORDERS[bytes(data[:2])])
        else:
            text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{source}, line {line} is not {encoding.upper()} text: {remedy}") from None
    if "\0" in text:
        raise DataError(wrong)
    return text


def without_gz(source: str) -> str:
    """Return the path of a file as it is called without compression."""
    return source[:-3] if ends_in(source, ".gz") else source


def ends_in(source: str, *suffixes: str) -> bool:
    """Say whether a path ends in one of these, which are in small letters."""
    return ascii_lower(source).endswith(suffixes)


def _read_bytes(source: str, with_zeros: str | None) -> bytearray:
    """Return the bytes; `with_zeros` is what is wrong with a byte 0, None for nothing."""
    data = bytearray()
    try:
        with _opened(source) as file:
            # Block by block: a pipe or a device has no size that could be asked for, nor need it have an end.
            while block := file.read(_BLOCK):
                data += block
                if with_zeros is not None and b"\0" in block:
                    raise DataError(with_zeros)
                if len(data) > MAX_BYTES:
                    raise DataError(f"{source} is larger than {MAX_BYTES >> 20} MiB, the most that is read")
    except FileNotFoundError:
        # A path has one slash where the address has two.
        is_address = ascii_lower(source).startswith(("http:/", "https:/"))
        remedy = "download the file, and give its path" if is_address else "check the path"
        raise DataError(f"{source} does not exist: {remedy}") from None
    except IsADirectoryError:
        raise DataError(f"{source} is a directory: give the CSV or Parquet file itself") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise DataError(f"{source} is no whole file of gzip: compress the table anew") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{source} cannot be read ({reason}): check the path and its permissions") from None
    return data


def _opened(source: str) -> AbstractContextManager[IO[bytes] | gzip.GzipFile]:
    if source == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    if ends_in(source, ".gz"):
        return gzip.open(source, "rb")
    return open(source, "rb")
