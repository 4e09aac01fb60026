"""A case of the corpus: a certificate, the data to check it against, and what a checker has to say."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.checker.certificate.any_certificate import AnyCertificate
from certify.checker.certificate.file import to_text
from certify.checker.certificate.training import Certificate
from certify.checker.obligations import Obligation
from certify.checker.problems.matrix import SymmetricMatrix


@dataclass(frozen=True)
class Case:
    """What is written once, and kept.

    Attributes:
        name: the folder ("valid", "invalid" or "malformed") and the name of the files in it.
        how: how it was made, in a sentence.
        certificate: its bytes.
        data: the bytes of the data file.
        obligation: what the certificate fails to deliver; None if it is valid, or no certificate.
        levels: the levels of trust that give a verdict, each with "valid", "rejected" or, where floating
            point may accept or not what is true, "open".
        ending: of the data file's name.
    """

    name: str
    how: str
    certificate: bytes
    data: bytes
    obligation: Obligation | None = None
    levels: tuple[tuple[str, str], ...] = ()
    ending: str = ".csv"


def case(
    name: str,
    how: str,
    certificate: AnyCertificate,
    data: bytes | SymmetricMatrix,
    *,
    obligation: Obligation | None = None,
    kernel: bool = False,
    tight: bool = False,
    ending: str = ".csv",
) -> Case:
    """Make a case of a certificate that can be written.

    Args:
        name: without the folder.
        how: how it was made.
        certificate: true or not.
        data: the file, or a matrix that is written as CSV.
        obligation: what the certificate fails to deliver; None if it is valid.
        kernel: whether it is small enough for Coq's kernel.
        tight: whether floating point with error bounds need not see that it is valid.
        ending: of the data file's name.
    """
    verdict = "valid" if obligation is None else "rejected"
    levels = [("exact", verdict), ("proved", verdict)] + [("kernel", verdict)] * kernel
    if isinstance(certificate, Certificate):
        levels.append(("rigorous", "open" if tight else verdict))
    content = as_csv(data) if isinstance(data, SymmetricMatrix) else data
    folder = "valid" if obligation is None else "invalid"
    text = to_text(certificate).encode("ascii")
    return Case(f"{folder}/{name}", how, text, content, obligation, tuple(levels), ending)


def as_csv(matrix: SymmetricMatrix) -> bytes:
    """Write a matrix in integers and fractions."""
    rows = ([str(Fraction(entry, matrix.denominator)) for entry in row] for row in matrix.entries)
    return "".join(",".join(row) + "\n" for row in rows).encode("ascii")


def claim_of(certificate: AnyCertificate) -> str | None:
    """Return the bound that a certificate claims, as p/q; None if its statement is no bound."""
    if certificate.bound is None:
        return None
    return f"{certificate.bound.numerator}/{certificate.bound.denominator}"
