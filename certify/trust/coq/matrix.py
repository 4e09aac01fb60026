"""What is asked of Coq's kernel for a statement of a matrix: the theorem, and an estimate of the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from certify.checker.certificate.any_certificate import MatrixCertificate
from certify.checker.certificate.complete_positivity import (
    COMPLETELY_POSITIVE,
    NOT_COMPLETELY_POSITIVE,
    CompletePositivityCertificate,
)
from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
)
from certify.checker.certificate.nodes import EnvelopeLeaf, FacesLeaf, Leaf, Node, Part, Split
from certify.checker.obligations import Obligation, require
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.statements import statement_of
from certify.checker.subject import OfMatrix
from certify.trust.coq.data import matrix_data, text
from certify.trust.coq.kernel import Question
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
SAYS = {
    COPOSITIVE: "forall z, length z = length M -> positive z -> 0 <= value M z",
    STRICTLY_COPOSITIVE: "forall z, length z = length M -> positive z -> nonzero z -> 0 < value M z",
    NOT_COPOSITIVE: "exists z, length z = length M /\\ positive z /\\ value M z < 0",
    NOT_STRICTLY_COPOSITIVE: "exists z, length z = length M /\\ positive z /\\ nonzero z /\\ value M z <= 0",
    COMPLETELY_POSITIVE: "completely_positive M {q}",
    NOT_COMPLETELY_POSITIVE: "~ completely_positive M {q}",
}


class MatrixTheorem:
    """A statement of a symmetric matrix; what differs between kinds of them is for subclasses to say.

    Attributes:
        meaning: the definitions that say what the theorem is about, with the verb.
    """

    way_out = "or use --trust proved"
    meaning: str

    def size(self, certificate: Any) -> str:
        """Count the nodes."""
        return f"{len(certificate.tree)} nodes"

    def seconds(self, certificate: Any, subject: OfMatrix) -> float:
        """Estimate the time that Coq's kernel takes."""
        return estimated_matrix_seconds(certificate, subject.matrix)

    def question(self, certificate: MatrixCertificate, subject: OfMatrix) -> Question:
        """Return the theorem, with the matrix and the certificate as definitions."""
        matrix = subject.matrix
        require(certificate.statement in SAYS, Obligation.STATEMENT)
        require(certificate.matrix_sha256 == matrix.sha256(), Obligation.MATRIX)
        definitions = (
            HEADER,
            *matrix_data(matrix),
            *matrix_definitions(matrix),
            *matrix_certificate_definitions(certificate, matrix),
        )
        said = SAYS[certificate.statement].format(q=matrix.order - (certificate.free or 0))
        name = f"M_is_{certificate.statement}"
        words = statement_of(certificate).theorem(certificate, subject)
        conclusion = (
            f"Definition in_words : string := {text(words)}%string.",
            "Lemma as_read : same_matrix integers M = true.",
            "Proof. vm_cast_no_check (eq_refl true). Qed.",
            "Open Scope R_scope.",
            f"Theorem {name} : {said}.",
            "Proof. exact (matrix_as_read integers M as_read hint (fun _ => true) evidence _ checked). Qed.",
        )
        return Question(
            definitions,
            "check_matrix hint (fun _ => true) integers evidence",
            conclusion,
            name,
            said,
            data="M",
            meaning=self.meaning,
            bound=None,
            leaves=certificate.leaves,
        )


class CopositivityTheorem(MatrixTheorem):
    """The sign of the form on the orthant."""

    meaning = "`value` in AsRead.v, `nonzero` in MatrixChecker.v and `positive` (>= 0) in Orthant.v are"


class CompletePositivityTheorem(MatrixTheorem):
    """Whether the matrix is a sum of squares of vectors of a cone."""

    meaning = "`completely_positive` in AsRead.v is"

    def size(self, certificate: CompletePositivityCertificate) -> str:
        """Count the terms, or the nodes."""
        return f"{len(certificate.terms)} terms" if certificate.terms else super().size(certificate)

    def seconds(self, certificate: CompletePositivityCertificate, subject: OfMatrix) -> float:
        """Add the terms."""
        of_terms = len(certificate.terms) * subject.matrix.order**2 * 1e-5
        return super().seconds(certificate, subject) + of_terms


def estimated_matrix_seconds(certificate: MatrixCertificate, matrix: SymmetricMatrix) -> float:
    """Estimate the time that Coq's kernel takes for all but terms, within a factor of about three.

    Singular forms and long integers take longer, which is not known before.
    """
    p = matrix.order
    seconds = 3.0 + p**2 * 2e-5
    waiting = [p]  # the orders of the cones that are left
    for node in certificate.tree:
        if not waiting:
            break
        m = waiting.pop()
        seconds += SECONDS[type(node)](node, m) if type(node) in SECONDS else _seconds_of_form(m)
        waiting += ORDERS_BELOW[type(node)](node, m) if type(node) in ORDERS_BELOW else []
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


# What a node takes on a cone of order m, and the orders of the cones below it, by its class.
SECONDS: dict[type[Node], Callable[[Any, int], float]] = {
    Split: lambda node, m: m**2 * 1e-5,
    Part: lambda node, m: m**2 * 1e-5,
    FacesLeaf: lambda leaf, m: sum(_seconds_of_row(row, m) for row in leaf.rows),
    Leaf: lambda leaf, m: _seconds_of_form(m) + len(leaf.products) * 1e-4,
    EnvelopeLeaf: lambda leaf, m: _seconds_of_form(m),
}
ORDERS_BELOW: dict[type[Node], Callable[[Any, int], list[int]]] = {
    Split: lambda node, m: [m, m],
    Part: lambda node, m: [max(m - len(node.members), 0), min(len(node.members), m)],
}
