"""Write a certificate to a file, and read one from a file that may be anything.

The same certificate is always written as the same bytes. The format is described for strangers in
docs/certificate-format.md. Reading trusts nothing: every size is bounded, so that memory stays within a few
gigabytes, and nothing recurses. What has been read is well formed; whether it proves anything is for the
checker to say.
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import IO

from certify.checker.certificate.any_certificate import AnyCertificate
from certify.checker.certificate.header import Header, header_text
from certify.checker.certificate.node_text import lines_of
from certify.checker.certificate.training import Certificate
from certify.checker.data.text_file import ends_in
from certify.checker.errors import CertificateError
from certify.checker.statements import STATEMENTS

MAX_FILE_BYTES = 1 << 29


def to_text(certificate: AnyCertificate) -> str:
    """Write the certificate; the same certificate gives the same text."""
    header = header_text(certificate.statement, certificate.header_entries())
    return "\n".join([header, *certificate.body_lines()]) + "\n"


def save_certificate(certificate: AnyCertificate, path: str | os.PathLike[str]) -> None:
    """Write the certificate to a file, compressed by gzip if its name ends in .gz.

    Raises:
        CertificateError: if the file cannot be written.
    """
    content = to_text(certificate).encode("ascii")
    if is_compressed(path):
        content = gzip.compress(content, mtime=0)  # the same certificate, the same bytes
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise CertificateError(
            f"{path}: the certificate cannot be written ({error.strerror}); choose another path"
        ) from error


def is_compressed(path: str | os.PathLike[str]) -> bool:
    """Say of a certificate's file by its name whether gzip has compressed it."""
    return ends_in(os.fspath(path), ".gz")


def load_certificate(path: str | os.PathLike[str]) -> Certificate:
    """Read the certificate file of a training problem.

    Raises:
        CertificateError: if the file cannot be read, is not well formed or states something else.
    """
    certificate = load_any_certificate(path)
    try:
        return of_training(certificate)
    except CertificateError as error:
        raise CertificateError(f"{path}: {error}") from None


def load_any_certificate(path: str | os.PathLike[str]) -> AnyCertificate:
    """Read a certificate file, whatever it states; of a name in .gz, what gzip has compressed.

    Raises:
        CertificateError: if the file cannot be read or is not well formed.
    """
    try:
        text = _read_bounded(Path(path)).decode("ascii")
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise CertificateError(f"{path} is no whole file of gzip: compress the certificate anew") from None
    except OSError as error:
        raise CertificateError(
            f"{path}: the certificate cannot be read ({error.strerror}); check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise CertificateError(
            f"{path}: byte {error.start + 1} is not ASCII, so this is no certificate; "
            "give a file that certify wrote"
        ) from error
    try:
        return any_from_text(text)
    except CertificateError as error:
        if "\r\n" in text:
            raise CertificateError(
                f"{path}: the lines end in CR LF, as after a transfer as text: copy the file as it is, or "
                "take the carriage returns out (dos2unix)"
            ) from error
        raise CertificateError(f"{path}: {error}") from error


def _read_bounded(path: Path) -> bytearray:
    """Read a file block by block: a pipe or a device has no size that could be asked for, nor has gzip."""
    content = bytearray()
    with opened(path) as file:
        while block := file.read(1 << 20):
            content += block
            if len(content) > MAX_FILE_BYTES:
                raise CertificateError(
                    f"{path}: the file is larger than {MAX_FILE_BYTES >> 20} MiB, the most that is read"
                )
    return content


def opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a certificate's file for its text.

    Raises:
        OSError: if it cannot be read.
    """
    return gzip.open(path, "rb") if is_compressed(path) else path.open("rb")


def from_text(text: str) -> Certificate:
    """Read the certificate of a training problem from its text.

    Raises:
        CertificateError: if the text is not well formed or states something else.
    """
    return of_training(any_from_text(text))


def of_training(certificate: AnyCertificate) -> Certificate:
    """Return a certificate that must be of a training problem.

    Raises:
        CertificateError: if it states something else.
    """
    if isinstance(certificate, Certificate):
        return certificate
    raise CertificateError(
        f"the certificate states {certificate.statement!r} of a matrix; this command is for a bound on "
        "training, and certify check reads both"
    )


def any_from_text(text: str) -> AnyCertificate:
    """Read a certificate from its text, whatever it states.

    Raises:
        CertificateError: if the text is not well formed; the message names the line.
    """
    lines = iter(lines_of(text))
    header = Header(next(lines, ""))
    if header.statement not in STATEMENTS:
        raise CertificateError(
            f'the header\'s "statement" {header.statement[:40]!r} is not one that this certify reads: '
            f"{', '.join(STATEMENTS)}"
        )
    kind = STATEMENTS[header.statement]
    certificate = kind.certificate.read(header, lines, kind.nodes)
    header.finish()
    return certificate
