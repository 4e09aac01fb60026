"""A certificate of complete positivity, and its lines in a file, read as hostile input.

The statement is about a symmetric matrix A of order p and the cone K = R^q_+ x R^r, p = q + r: A is
completely positive over K if it is a sum of b b^T with b in K (docs/certificate-format.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from certify.checker.certificate.any_certificate import count_leaves, tree_lines
from certify.checker.certificate.header import Header, row_texts
from certify.checker.certificate.node_text import MAX_NODES, read_nodes
from certify.checker.certificate.nodes import Node
from certify.checker.certificate.tokens import read_integer
from certify.checker.errors import CertificateError
from certify.checker.numbers.integers import IntegerRows

COMPLETELY_POSITIVE = "completely_positive"
NOT_COMPLETELY_POSITIVE = "not_completely_positive"
COMPLETE_POSITIVITY = (COMPLETELY_POSITIVE, NOT_COMPLETELY_POSITIVE)

MAX_TERMS = 1_000_000
MAX_TERM_INTEGERS = 5_000_000  # of all terms together


@dataclass(frozen=True, slots=True)
class Term:
    """r b b^T with r > 0 rational and b an integer vector."""

    weight: Fraction
    vector: tuple[int, ...]


@dataclass(frozen=True)
class CompletePositivityCertificate:
    """A claim about the complete positivity of one symmetric matrix A, with its proof.

    Attributes:
        statement: one of `COMPLETE_POSITIVITY`.
        matrix_sha256: hash of the exact matrix.
        free: r, how many coordinates, the last ones, may have any sign.
        terms: whose sum A is, for the first statement; () for the other.
        vector: z with z^T A z < 0, one proof of the second; () where it is not the one.
        separator: M, q x q integers, copositive with `<M, A> < 0` for the first q rows and columns of A: the
            other proof of the second; () where it is not the one.
        tree: the proof that M is copositive, its nodes in preorder.
        method: how the answer was found; says nothing about its truth.
    """

    statement: str
    matrix_sha256: str
    free: int
    terms: tuple[Term, ...]
    vector: tuple[int, ...]
    separator: IntegerRows
    tree: tuple[Node, ...]
    method: str

    def __repr__(self) -> str:
        proof = f"{len(self.terms)} terms" if self.terms else "vector" if self.vector else "separating matrix"
        return (
            f"CompletePositivityCertificate({self.statement!r}, free {self.free}, {proof}, "
            f"matrix {self.matrix_sha256[:12]}...)"
        )

    @property
    def bound(self) -> None:
        """The statement is no bound."""

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
            "free": self.free,
            "terms": len(self.terms),
            "vector": [str(entry) for entry in self.vector],
            "separator": row_texts(self.separator),
            "nodes": len(self.tree),
            "method": self.method,
        }

    def body_lines(self) -> Iterator[str]:
        """Yield the lines of the terms, then those of the tree."""
        for term in self.terms:
            weight = term.weight
            yield f"term {weight.numerator} {weight.denominator} {' '.join(map(str, term.vector))}"
        yield from tree_lines(self.tree)

    @classmethod
    def read(cls, header: Header, lines: Iterator[str], nodes: Iterable[type[Node]]) -> Self:
        """Read a certificate, whose header has one of `COMPLETE_POSITIVITY`.

        Raises:
            CertificateError: if it is not well formed.
        """
        terms = header.count("terms", MAX_TERMS)
        return cls(
            statement=header.statement,
            matrix_sha256=header.sha256("matrix_sha256"),
            free=header.count("free", MAX_TERMS),
            terms=tuple(_read_terms(lines, terms)),
            vector=header.integers("vector"),
            separator=header.rows("separator"),
            tree=tuple(read_nodes(lines, header.count("nodes", MAX_NODES), nodes, first=terms + 2)),
            method=header.text("method"),
        )


def _read_terms(lines: Iterator[str], count: int) -> Iterator[Term]:
    left = MAX_TERM_INTEGERS
    for number in range(2, count + 2):
        line = next(lines, None)
        if line is None:
            raise CertificateError("the file ends before its last term: the certificate is cut short")
        word, *words = line.split(" ")
        left -= len(words)
        if word != "term" or len(words) < 3 or left < 0:
            raise CertificateError(
                f"line {number}: {line[:40]!r} is no term, 'term p q b1 b2 ...', or the terms have more than "
                f"{MAX_TERM_INTEGERS} integers"
            )
        numerator, denominator, *vector = (read_integer(entry, f"line {number}") for entry in words)
        if denominator <= 0 or math.gcd(numerator, denominator) != 1:
            raise CertificateError(f"line {number}: the term's weight p/q is not in lowest terms with q > 0")
        yield Term(Fraction(numerator, denominator), tuple(vector))
