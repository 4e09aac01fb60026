"""The certificate that a symmetric matrix is copositive, or is not."""

from __future__ import annotations

from dataclasses import dataclass

from certify.checker.certificate.header import header_text
from certify.checker.certificate.nodes import AnyLeaf, Node

COPOSITIVE = "copositive"


STRICTLY_COPOSITIVE = "strictly_copositive"


NOT_COPOSITIVE = "not_copositive"


NOT_STRICTLY_COPOSITIVE = "not_strictly_copositive"


COPOSITIVITY = (COPOSITIVE, STRICTLY_COPOSITIVE, NOT_COPOSITIVE, NOT_STRICTLY_COPOSITIVE)


@dataclass(frozen=True)
class CopositivityCertificate:
    """A claim about the sign of z^T M z over all z >= 0, z != 0, for one symmetric matrix M, with its proof.

    Attributes:
        statement: one of `COPOSITIVITY`: z^T M z is never negative; is always positive; is negative for the
            witness; is not positive for the witness.
        matrix_sha256: hash of the exact matrix.
        tree: the proof of either of the first two, its nodes in preorder; () for the others.
        witness: z >= 0 as integers for the last two; () for the others.
        method: how the answer was found; says nothing about its truth.
    """

    statement: str
    matrix_sha256: str
    tree: tuple[Node, ...]
    witness: tuple[int, ...]
    method: str

    @property
    def strict(self) -> bool:
        """Whether the question was that of strict copositivity."""
        return self.statement in (STRICTLY_COPOSITIVE, NOT_STRICTLY_COPOSITIVE)

    @property
    def leaves(self) -> int:
        """The number of leaves of the tree."""
        return sum(isinstance(node, AnyLeaf) for node in self.tree)


def _header(certificate: CopositivityCertificate) -> str:
    return header_text(
        certificate.statement,
        {
            "matrix_sha256": certificate.matrix_sha256,
            "witness": list(map(str, certificate.witness)),
            "nodes": len(certificate.tree),
            "method": certificate.method,
        },
    )
