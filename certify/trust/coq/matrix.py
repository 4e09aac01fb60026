"""Coq's kernel as the checker of a statement of a matrix: matrix and certificate become a theorem.

The theorem is about vectors of Coq's real numbers (`certify.trust.coq.kernel`).
"""

from __future__ import annotations

from pathlib import Path

from certify.checker.certificate.complete_positivity import (
    COMPLETE_POSITIVITY,
    COMPLETELY_POSITIVE,
    NOT_COMPLETELY_POSITIVE,
    CompletePositivityCertificate,
)
from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
)
from certify.checker.certificate.file import MatrixCertificate
from certify.checker.certificate.nodes import (
    FacesLeaf,
    Leaf,
    Part,
    Split,
)
from certify.checker.matrix.complete_positivity import complete_positivity_theorem
from certify.checker.matrix.copositivity import copositivity_theorem
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.verdict import Verdict
from certify.trust.coq.data import matrix_data, text
from certify.trust.coq.kernel import (
    TIME_LIMIT,
    Kernel,
    KernelProof,
    Question,
    rejected,
)
from certify.trust.coq.matrix_terms import matrix_certificate_definitions, matrix_definitions

HEADER = """\
(* A statement of a symmetric matrix, written by certify. `M` is the matrix as it stands in the file, the last
   theorem the statement. `integers`, the same over a denominator, and `evidence`, the certificate, may be
   anything. Have it checked by
   coqc -R proofs/theories Certify THIS_FILE, where proofs/ is that of certify. *)
From Coq Require Import ZArith QArith Qreals Reals String List.
From Certify Require Import Factor Tree CopositiveTree CompletePositivity MatrixChecker OverReals AsRead.
Import ListNotations.
Open Scope Z_scope.
"""
_IN_VALUES = "`value` in AsRead.v, `nonzero` in MatrixChecker.v and `positive` (>= 0) in Orthant.v are"
_IN_SUMS = "`completely_positive` in AsRead.v is"
_CHECK = "check_matrix hint (fun _ => true) integers evidence"
_SAYS = {
    COPOSITIVE: "forall z, length z = length M -> positive z -> 0 <= value M z",
    STRICTLY_COPOSITIVE: "forall z, length z = length M -> positive z -> nonzero z -> 0 < value M z",
    NOT_COPOSITIVE: "exists z, length z = length M /\\ positive z /\\ value M z < 0",
    NOT_STRICTLY_COPOSITIVE: "exists z, length z = length M /\\ positive z /\\ nonzero z /\\ value M z <= 0",
    COMPLETELY_POSITIVE: "completely_positive M {q}",
    NOT_COMPLETELY_POSITIVE: "~ completely_positive M {q}",
}


def check_matrix_in_kernel(
    certificate: MatrixCertificate,
    matrix: SymmetricMatrix,
    *,
    file: Path | None = None,
    time_limit: float = TIME_LIMIT,
) -> tuple[Verdict, KernelProof | None]:
    """Decide whether a certificate proves its statement of a matrix, inside Coq's kernel.

    Args:
        certificate: as read from an untrusted file.
        matrix: the matrix that the user means, from the user's own data.
        file: where to keep the file of Coq; it holds the theorem, or for a rejected certificate the
            evaluation that says what it owes.
        time_limit: seconds after which coqc is ended.

    Returns:
        The verdict and, if the certificate is valid, what was proved.

    Raises:
        DataError: if Coq or the compiled theories are not there, the certificate is too large, or the file
            has no name for Coq or cannot be written.
        KernelCheckerError: if coqc fails.
        TimeLimitError: if it does not end in time.
    """
    kernel = Kernel.find(file, time_limit)
    size = f"{len(certificate.tree)} nodes"
    if isinstance(certificate, CompletePositivityCertificate) and certificate.terms:
        size = f"{len(certificate.terms)} terms"
    kernel.refuse_large(estimated_matrix_seconds(certificate, matrix), size, "or use --trust proved")
    try:
        require(certificate.statement in _SAYS, Obligation.STATEMENT)
        require(certificate.matrix_sha256 == matrix.sha256(), Obligation.MATRIX)
        definitions = (
            HEADER,
            *matrix_data(matrix),
            *matrix_definitions(matrix),
            *matrix_certificate_definitions(certificate, matrix),
        )
    except Rejection as rejection:
        return rejected(rejection), None
    free = 0 if isinstance(certificate, CopositivityCertificate) else certificate.free
    said = _SAYS[certificate.statement].format(q=matrix.order - free)
    name = f"M_is_{certificate.statement}"
    words = (
        copositivity_theorem(certificate, matrix)
        if isinstance(certificate, CopositivityCertificate)
        else complete_positivity_theorem(certificate, matrix)
    )
    conclusion = (
        f"Definition in_words : string := {text(words)}%string.",
        "Lemma as_read : same_matrix integers M = true.",
        "Proof. vm_cast_no_check (eq_refl true). Qed.",
        "Open Scope R_scope.",
        f"Theorem {name} : {said}.",
        "Proof. exact (matrix_as_read integers M as_read hint (fun _ => true) evidence _ checked). Qed.",
    )
    return kernel.answer(
        Question(
            definitions,
            _CHECK,
            conclusion,
            name,
            said,
            data="M",
            meaning=_IN_SUMS if certificate.statement in COMPLETE_POSITIVITY else _IN_VALUES,
            bound=None,
            leaves=certificate.leaves,
        )
    )


def estimated_matrix_seconds(certificate: MatrixCertificate, matrix: SymmetricMatrix) -> float:
    """Estimate the time that Coq's kernel takes, within a factor of about three (proofs/README.md).

    Singular forms and long integers take longer, which is not known before.
    """
    p = matrix.order
    seconds = 3.0 + p**2 * 2e-5
    if isinstance(certificate, CompletePositivityCertificate):
        seconds += len(certificate.terms) * p**2 * 1e-5
    waiting = [p]  # the orders of the cones that are left
    for node in certificate.tree:
        if not waiting:
            break
        m = waiting.pop()
        match node:
            case Split():
                waiting += [m, m]
                seconds += m**2 * 1e-5
            case Part(members):
                waiting += [max(m - len(members), 0), min(len(members), m)]
                seconds += m**2 * 1e-5
            case FacesLeaf(rows):
                seconds += sum(_seconds_of_row(row, m) for row in rows)
            case Leaf(_, _, products):
                seconds += _seconds_of_form(m) + len(products) * 1e-4
            case _:
                seconds += _seconds_of_form(m)
    return seconds


def _seconds_of_form(order: int) -> float:
    return order**3 * 4e-5


def _seconds_of_row(row: tuple[tuple[int, int, int], ...], order: int) -> float:
    """Return what a row of faces takes, beside its marks the form of its set, or of its classes."""
    seconds = len(row) * order * 1.6e-5
    numbers = {p for _, _, p in row}
    if numbers == {0}:
        return seconds + _seconds_of_form(len(row))
    if max(numbers, default=0) < 0:
        return seconds + _seconds_of_form(len(numbers))
    return seconds
