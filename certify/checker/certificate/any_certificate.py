"""What all certificates have in common, whatever they state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Protocol, Self

from certify.checker.certificate.header import Header
from certify.checker.certificate.nodes import AnyLeaf, Node


class AnyCertificate(Protocol):
    """A claim about a problem or a matrix, with its proof; nothing of it is believed before it is checked."""

    @property
    def statement(self) -> str:
        """The word for what is claimed: a key of `certify.checker.statements.STATEMENTS`."""

    @property
    def bound(self) -> Fraction | None:
        """The claimed lower bound (a loss); None where the statement is no bound."""

    @property
    def subject_sha256(self) -> str:
        """The hash of the exact problem or matrix."""

    @property
    def tree(self) -> tuple[Node, ...]:
        """The nodes of the proof's tree, in preorder; () where it has none."""

    @property
    def leaves(self) -> int:
        """The number of leaves of the tree."""

    @property
    def method(self) -> str:
        """How the proof was found; says nothing about its truth."""

    def header_entries(self) -> dict[str, Any]:
        """Return what the header says beside the format and the statement."""

    def body_lines(self) -> Iterator[str]:
        """Yield the lines after the header, without their newlines."""

    @classmethod
    def read(cls, header: Header, lines: Iterator[str], nodes: Iterable[type[Node]]) -> Self:
        """Read a certificate.

        Args:
            header: of which the format and the statement have been read.
            lines: of the file after the header.
            nodes: those that the statement's trees may have.

        Raises:
            CertificateError: if it is not well formed.
        """


class MatrixCertificate(AnyCertificate, Protocol):
    """A claim about a symmetric matrix."""

    @property
    def matrix_sha256(self) -> str:
        """The hash of the exact matrix."""

    @property
    def free(self) -> int | None:
        """How many coordinates, the last ones, may have any sign; None where the statement has none."""


def count_leaves(nodes: Iterable[Node]) -> int:
    """Return the number of leaves among nodes."""
    return sum(isinstance(node, AnyLeaf) for node in nodes)


def tree_lines(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the lines of nodes, without their newlines."""
    for node in nodes:
        yield from node.lines()
