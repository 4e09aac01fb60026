"""What the checks of all statements of a matrix share: the look at statement and matrix, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.verdict import Verdict


class MatrixCertificate(Protocol):
    """A certificate of a statement of a matrix."""

    @property
    def statement(self) -> str:
        """What it claims."""

    @property
    def matrix_sha256(self) -> str:
        """Of the matrix that it claims it of."""


def verdict_on(
    certificate: MatrixCertificate,
    matrix: SymmetricMatrix,
    statements: Collection[str],
    check: Callable[[], tuple[str, int]],
) -> Verdict:
    """Decide whether a certificate proves one of the statements of a matrix.

    Args:
        certificate: as read from an untrusted file.
        matrix: the matrix that the user means, from the user's own data.
        statements: those that `check` knows.
        check: checks the proof, once the certificate is one for this matrix; returns why the statement holds
            and the number of leaves, and raises `Rejection` if it was not proved.

    Returns:
        The verdict, exact and without a bound.
    """
    try:
        require(certificate.statement in statements, Obligation.STATEMENT)
        require(certificate.matrix_sha256 == matrix.sha256(), Obligation.MATRIX)
        reason, leaves = check()
    except Rejection as rejection:
        return Verdict(False, None, "exact", str(rejection), rejection.obligation, 0)
    return Verdict(True, None, "exact", reason, None, leaves)
