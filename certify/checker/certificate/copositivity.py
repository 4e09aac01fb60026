"""The certificate that a symmetric matrix is copositive, strictly so, or not, and its lines in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from certify.checker.certificate.any_certificate import count_leaves, tree_lines
from certify.checker.certificate.header import Header
from certify.checker.certificate.node_text import MAX_NODES, read_nodes
from certify.checker.certificate.nodes import Node

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

    def __repr__(self) -> str:
        proof = f"witness of {len(self.witness)} entries" if self.witness else f"{self.leaves} leaves"
        return f"CopositivityCertificate({self.statement!r}, {proof}, matrix {self.matrix_sha256[:12]}...)"

    @property
    def strict(self) -> bool:
        """Whether the question was that of strict copositivity."""
        return self.statement in (STRICTLY_COPOSITIVE, NOT_STRICTLY_COPOSITIVE)

    @property
    def bound(self) -> None:
        """The statement is no bound."""

    @property
    def free(self) -> None:
        """No coordinate is free."""

    @property
    def subject_sha256(self) -> str:
        """The hash of the matrix."""
        return self.matrix_sha256

    @property
    def leaves(self) -> int:
        """The number of leaves of the tree."""
        return count_leaves(self.tree)

    def header_entries(self) -> dict[str, Any]:
        """Return what the header says beside the format and the statement."""
        return {
            "matrix_sha256": self.matrix_sha256,
            "witness": list(map(str, self.witness)),
            "nodes": len(self.tree),
            "method": self.method,
        }

    def body_lines(self) -> Iterator[str]:
        """Yield the lines of the tree."""
        return tree_lines(self.tree)

    @classmethod
    def read(cls, header: Header, lines: Iterator[str], nodes: Iterable[type[Node]]) -> Self:
        """Read a certificate, whose header has one of `COPOSITIVITY`.

        Raises:
            CertificateError: if it is not well formed.
        """
        return cls(
            statement=header.statement,
            matrix_sha256=header.sha256("matrix_sha256"),
            tree=tuple(read_nodes(lines, header.count("nodes", MAX_NODES), nodes)),
            witness=header.integers("witness"),
            method=header.text("method"),
        )
