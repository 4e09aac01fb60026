"""All that a certificate may state, in one table by the words of the headers.

A statement comes with its certificate, which knows its lines in a file, with the nodes that its trees may
have, with what it is about (a training problem or a symmetric matrix), with its check and with its words for
people. Whoever reads, checks or prints a certificate asks the table; a new statement is a line of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certify.checker.certificate.any_certificate import AnyCertificate
from certify.checker.certificate.complete_positivity import COMPLETE_POSITIVITY, CompletePositivityCertificate
from certify.checker.certificate.copositivity import COPOSITIVITY, CopositivityCertificate
from certify.checker.certificate.nodes import Node
from certify.checker.certificate.training import Certificate
from certify.checker.matrix.complete_positivity import check_complete_positivity, complete_positivity_theorem
from certify.checker.matrix.copositivity import check_copositivity, copositivity_theorem
from certify.checker.matrix.leaf_rules import NODES as MATRIX_NODES
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.subject import OfMatrix, Subject, Training
from certify.checker.training.check import check_certificate
from certify.checker.training.leaf_rules import NODES as TRAINING_NODES
from certify.checker.tree.walk import Walk
from certify.checker.verdict import Verdict


@dataclass(frozen=True)
class Statement:
    """A statement, or several of one kind.

    Attributes:
        certificate: the class of its certificates.
        nodes: those that its trees may have.
        subject: the class of what it is about.
        check: decides, in exact arithmetic, whether a certificate proves it of a subject; takes (certificate,
            subject, on_progress, walk) as `certify.checker.check.check_subject` does.
        theorem: says in words what a valid certificate proves of a subject.
        has_free: whether some coordinates may be free, which a user may expect.
    """

    certificate: type[AnyCertificate]
    nodes: tuple[type[Node], ...]
    subject: type[Subject]
    check: Callable[[Any, Any, Callable[[int, int], None] | None, Walk], Verdict]
    theorem: Callable[[Any, Any], str]
    has_free: bool = False


def _of_matrix(
    certificate: type[AnyCertificate],
    check: Callable[..., Verdict],
    theorem: Callable[[Any, SymmetricMatrix], str],
    *,
    has_free: bool = False,
) -> Statement:
    """Return a statement whose check and words take the matrix itself."""
    return Statement(
        certificate,
        MATRIX_NODES,
        OfMatrix,
        lambda certificate, subject, tell, walk: check(certificate, subject.matrix, tell, walk=walk),
        lambda certificate, subject: theorem(certificate, subject.matrix),
        has_free,
    )


_TRAINING = Statement(
    Certificate,
    TRAINING_NODES,
    Training,
    lambda certificate, subject, tell, walk: check_certificate(certificate, subject.problem, tell, walk=walk),
    lambda certificate, subject: subject.theorem(certificate.bound),
)
_COPOSITIVITY = _of_matrix(CopositivityCertificate, check_copositivity, copositivity_theorem)
_COMPLETE_POSITIVITY = _of_matrix(
    CompletePositivityCertificate, check_complete_positivity, complete_positivity_theorem, has_free=True
)
STATEMENTS: dict[str, Statement] = {
    "training": _TRAINING,
    **dict.fromkeys(COPOSITIVITY, _COPOSITIVITY),
    **dict.fromkeys(COMPLETE_POSITIVITY, _COMPLETE_POSITIVITY),
}


def statement_of(certificate: AnyCertificate) -> Statement:
    """Return the statement of a certificate, by its class: its word may be any."""
    return next(kind for kind in STATEMENTS.values() if kind.certificate is type(certificate))
