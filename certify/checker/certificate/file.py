"""The certificate file: its deterministic writer and its strict reader.

The format is described for strangers in docs/certificate-format.md. Reading trusts nothing: every size is
bounded, so that memory stays within a few gigabytes, nothing recurses, and what has been read is only well
formed.
"""

from __future__ import annotations

import os
from pathlib import Path

from certify.checker.certificate.complete_positivity import (
    COMPLETE_POSITIVITY,
    CompletePositivityCertificate,
    body_lines,
    header_entries,
    read_body,
)
from certify.checker.certificate.copositivity import COPOSITIVITY, CopositivityCertificate, _header
from certify.checker.certificate.header import (
    Header,
    header_text,
)
from certify.checker.certificate.node_text import (
    MATRIX_NODES,
    MAX_NODES,
    lines_of,
    node_lines,
    read_nodes,
)
from certify.checker.certificate.training import Certificate, _read_training, _training_header
from certify.checker.errors import CertificateError

MAX_FILE_BYTES = 1 << 29
MatrixCertificate = CopositivityCertificate | CompletePositivityCertificate
AnyCertificate = Certificate | MatrixCertificate


def to_text(certificate: AnyCertificate) -> str:
    """Write the certificate; the same certificate gives the same text."""
    if isinstance(certificate, CompletePositivityCertificate):
        lines = [header_text(certificate.statement, header_entries(certificate)), *body_lines(certificate)]
        return "\n".join(lines) + "\n"
    header = _training_header(certificate) if isinstance(certificate, Certificate) else _header(certificate)
    lines = [header]
    for node in certificate.tree:
        lines.extend(node_lines(node))
    return "\n".join(lines) + "\n"


def save_certificate(certificate: AnyCertificate, path: str | os.PathLike[str]) -> None:
    """Write the certificate to a file.

    Raises:
        CertificateError: if the file cannot be written.
    """
    try:
        Path(path).write_text(to_text(certificate), encoding="ascii", newline="\n")
    except OSError as error:
        raise CertificateError(
            f"{path}: the certificate cannot be written ({error.strerror}); choose another path"
        ) from error


def load_certificate(path: str | os.PathLike[str]) -> Certificate:
    """Read the certificate file of a training problem.

    Raises:
        CertificateError: if the file cannot be read, is not well formed or states something else.
    """
    certificate = load_any_certificate(path)
    if not isinstance(certificate, Certificate):
        raise CertificateError(f"{path}: {_no_training(certificate)}")
    return certificate


def load_any_certificate(path: str | os.PathLike[str]) -> AnyCertificate:
    """Read a certificate file, whatever it states.

    Raises:
        CertificateError: if the file cannot be read or is not well formed.
    """
    try:
        text = _read_bounded(Path(path)).decode("ascii")
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
        raise CertificateError(f"{path}: {error}") from error


def _read_bounded(path: Path) -> bytearray:
    """Read a file block by block: a pipe or a device has no size that could be asked for."""
    content = bytearray()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content += block
            if len(content) > MAX_FILE_BYTES:
                raise CertificateError(
                    f"{path}: the file is larger than {MAX_FILE_BYTES >> 20} MiB, the most that is read"
                )
    return content


def from_text(text: str) -> Certificate:
    """Read the certificate of a training problem from its text.

    Raises:
        CertificateError: if the text is not well formed or states something else.
    """
    certificate = any_from_text(text)
    if not isinstance(certificate, Certificate):
        raise CertificateError(_no_training(certificate))
    return certificate


def any_from_text(text: str) -> AnyCertificate:
    """Read a certificate from its text, whatever it states.

    Raises:
        CertificateError: if the text is not well formed; the message names the line.
    """
    lines = iter(lines_of(text))
    header = Header(next(lines, ""))
    certificate: AnyCertificate
    if header.statement == "training":
        certificate = _read_training(header, lines)
    elif header.statement in COPOSITIVITY:
        certificate = CopositivityCertificate(
            statement=header.statement,
            matrix_sha256=header.sha256("matrix_sha256"),
            tree=tuple(read_nodes(lines, header.count("nodes", MAX_NODES), MATRIX_NODES)),
            witness=header.integers("witness"),
            method=header.text("method"),
        )
    elif header.statement in COMPLETE_POSITIVITY:
        certificate = read_body(header, lines)
    else:
        raise CertificateError(
            f'the header\'s "statement" {header.statement[:40]!r} is not one that this certify reads: '
            f"{', '.join(('training', *COPOSITIVITY, *COMPLETE_POSITIVITY))}"
        )
    header.finish()
    return certificate


def _no_training(certificate: MatrixCertificate) -> str:
    return (
        f"the certificate states {certificate.statement!r} of a matrix; this command is for a bound on "
        "training, and certify check reads both"
    )
