"""Coq's kernel as the checker of a statement of a matrix: matrix and certificate become a theorem.

The theorem is about vectors of Coq's real numbers (`certify.kernel`).
"""

from __future__ import annotations

from pathlib import Path

from certify.certificate import (
    COPOSITIVE,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
    FacesLeaf,
    Leaf,
    Part,
    Split,
)
from certify.certificate_file import MatrixCertificate
from certify.check import Verdict
from certify.coq_matrices import matrix_certificate_definitions, matrix_definitions
from certify.cp_certificate import (
    COMPLETE_POSITIVITY,
    COMPLETELY_POSITIVE,
    NOT_COMPLETELY_POSITIVE,
    CompletePositivityCertificate,
)
from certify.kernel import TIME_LIMIT, Kernel, KernelProof, Question, rejected
from certify.obligations import Obligation, Rejection, require
from certify.symmetric_matrix import SymmetricMatrix

HEADER = """\
(* A statement of a symmetric matrix, written by certify. `M` is the matrix, integers over a denominator, and
   the last theorem the statement; `evidence`, the certificate, may be anything. Have it checked by
   coqc -R proofs/theories Certify THIS_FILE, where proofs/ is that of certify. *)
From Coq Require Import ZArith List Reals.
From Certify Require Import Factor Tree CopositiveTree CompletePositivity MatrixChecker OverReals.
Import ListNotations.
Open Scope Z_scope.
"""
_NAMES = """\
Notation positive := (Forms.positive RField).
Notation nonzero := (MatrixChecker.nonzero RField).
Notation value := (MatrixChecker.value RField).
Notation completely_positive := (CompletePositivity.completely_positive RField).
Open Scope R_scope.
"""
_IN_VALUES = "`value` and `nonzero` in MatrixChecker.v and `positive` (>= 0) in Forms.v are"
_IN_SUMS = "`completely_positive` in CompletePositivity.v is"
_CHECK = "check_matrix hint (fun _ => true) M evidence"
# What is said of M, and why it follows from `said`, which has x <= y /\\ x <> y for x < y.
_SAYS = {
    COPOSITIVE: ("forall z, length z = order M -> positive z -> 0 <= value M z", "exact said."),
    STRICTLY_COPOSITIVE: (
        "forall z, length z = order M -> positive z -> nonzero z -> 0 < value M z",
        "intros z L P N. destruct (said z L P N) as [[S | E] D]; [exact S | destruct (D E)].",
    ),
    NOT_COPOSITIVE: (
        "exists z, length z = order M /\\ positive z /\\ value M z < 0",
        "destruct said as (z & L & P & [S | E] & D); [now exists z | destruct (D E)].",
    ),
    NOT_STRICTLY_COPOSITIVE: (
        "exists z, length z = order M /\\ positive z /\\ nonzero z /\\ value M z <= 0",
        "exact said.",
    ),
    COMPLETELY_POSITIVE: ("completely_positive (entries M) (denominator M) {q}", "exact said."),
    NOT_COMPLETELY_POSITIVE: ("~ completely_positive (entries M) (denominator M) {q}", "exact said."),
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
            *matrix_definitions(matrix),
            *matrix_certificate_definitions(certificate, matrix),
        )
    except Rejection as rejection:
        return rejected(rejection), None
    free = 0 if isinstance(certificate, CopositivityCertificate) else certificate.free
    said, why = _SAYS[certificate.statement]
    said = said.format(q=matrix.order - free)
    name = f"M_is_{certificate.statement}"
    conclusion = (
        "Theorem said : says RField (stated evidence) (free evidence) M.",
        "Proof. exact (check_matrix_sound_over_the_reals hint (fun _ => true) M evidence _ checked). Qed.",
        f"{_NAMES}Theorem {name} : {said}.",
        f"Proof. {why} Qed.",
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
