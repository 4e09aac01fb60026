"""Write a matrix and its certificate for Coq.

The terms are of the types of proofs/theories/matrix/MatrixChecker.v. Only numbers are written, and of the
statement its name in Coq.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from certify.checker.certificate.any_certificate import MatrixCertificate
from certify.checker.certificate.complete_positivity import (
    COMPLETELY_POSITIVE,
    NOT_COMPLETELY_POSITIVE,
    CompletePositivityCertificate,
    Term,
)
from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
)
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Node,
    Part,
    Split,
)
from certify.checker.matrix.complete_positivity import MAX_DENOMINATOR_BITS
from certify.checker.numbers.integers import IntegerRows
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.matrix import SymmetricMatrix
from certify.trust.coq.terms import Term as CoqTerm
from certify.trust.coq.terms import (
    TermOfNode,
    chunked,
    index,
    integer,
    multipliers,
    tree_of,
)

STATEMENTS = {
    COPOSITIVE: "Copositive",
    STRICTLY_COPOSITIVE: "StrictlyCopositive",
    NOT_COPOSITIVE: "NotCopositive",
    NOT_STRICTLY_COPOSITIVE: "NotStrictlyCopositive",
    COMPLETELY_POSITIVE: "CompletelyPositive",
    NOT_COMPLETELY_POSITIVE: "NotCompletelyPositive",
}


def matrix_definitions(matrix: SymmetricMatrix) -> Iterator[str]:
    """Yield the sentences that define `integers`, the matrix over its denominator."""
    entries = yield from _rows("row", matrix.entries)
    yield (
        "Definition integers : matrix := {|\n"
        f"  entries := {entries};\n"
        f"  denominator := {integer(matrix.denominator)}\n"
        "|}."
    )


def matrix_certificate_definitions(certificate: MatrixCertificate, matrix: SymmetricMatrix) -> Iterator[str]:
    """Yield the sentences that define `evidence`, the certificate.

    Raises:
        Rejection: if there is no such statement, the tree has a node for which there is no term, or the
            weights have no common denominator that is short enough.
    """
    if certificate.statement not in STATEMENTS:
        raise Rejection(Obligation.STATEMENT)
    p, given = matrix.order, PROOFS[type(certificate)](certificate)
    tree = yield from tree_of(certificate.tree, "matrix_node", TERMS, p)
    written = []
    for number, term in enumerate(given.terms):
        ray = yield from _row(f"term_{number}", term.vector)
        written.append(f"Term {integer(term.weight.numerator)} {integer(term.weight.denominator)} {ray}")
    total = yield from chunked("terms", "term", written)
    rows = yield from _rows("separator", given.separator)
    yield (
        "Definition evidence : matrix_certificate := {|\n"
        f"  stated := {STATEMENTS[certificate.statement]};\n"
        f"  witness := {yield from _row('witness', given.witness)};\n"
        f"  free := {index(certificate.free or 0, p + 1)};\n"
        f"  terms := {total}; terms_multiple := {integer(_common_multiple(given.terms, matrix))};\n"
        f"  vector := {yield from _row('vector', given.vector)};\n"
        f"  separator := {rows};\n"
        f"  proof := {tree}\n"
        "|}."
    )


@dataclass(frozen=True)
class _Proof:
    """What a certificate may have besides a tree, as Coq's record of all statements of a matrix holds it."""

    witness: tuple[int, ...] = ()
    terms: tuple[Term, ...] = ()
    vector: tuple[int, ...] = ()
    separator: IntegerRows = ()


PROOFS: dict[type[MatrixCertificate], Callable[[Any], _Proof]] = {
    CopositivityCertificate: lambda it: _Proof(witness=it.witness),
    CompletePositivityCertificate: lambda it: _Proof(
        terms=it.terms, vector=it.vector, separator=it.separator
    ),
}


def _common_multiple(terms: Sequence[Term], matrix: SymmetricMatrix) -> int:
    """Return the least common multiple of all denominators; Coq would divide even by one that is too long."""
    common = matrix.denominator
    for term in terms:
        common = math.lcm(common, term.weight.denominator)
        require(common.bit_length() <= MAX_DENOMINATOR_BITS, Obligation.LIMITS)
    return common


def _row(name: str, entries: Sequence[int]) -> Generator[str, None, str]:
    return (yield from chunked(name, "Z", map(integer, entries)))


def _rows(name: str, rows: IntegerRows) -> Generator[str, None, str]:
    terms = []
    for number, row in enumerate(rows):
        terms.append((yield from _row(f"{name}_{number}", row)))
    return (yield from chunked(f"{name}s", "list Z", terms))


def _split(node: Split, name: str, missing: int) -> CoqTerm:
    yield from ()
    return f"MSplit {index(node.k, missing)} {index(node.l, missing)} {integer(node.a)} {integer(node.b)}"


def _part(node: Part, name: str, missing: int) -> CoqTerm:
    parts = [f"{index(k, missing)}%nat" for k in node.members]
    return f"MPart {yield from chunked(f'{name}_members', 'nat', parts)}"


def _products(node: Leaf, name: str, missing: int) -> CoqTerm:
    rows = yield from multipliers(node.products, name, missing)
    return f"MProducts {integer(node.scale)} {integer(node.unit)} {rows}"


def _envelope(node: EnvelopeLeaf, name: str, missing: int) -> CoqTerm:
    yield from ()
    return "MEnvelope"


def _faces(node: FacesLeaf, name: str, missing: int) -> CoqTerm:
    terms = []
    for number, row in enumerate(node.rows):
        triples = [f"({index(k, missing)}%nat, ({integer(x)}, {integer(p)}))" for k, x, p in row]
        terms.append((yield from chunked(f"{name}_row_{number}", "nat * (Z * Z)", triples)))
    return f"MFaces {yield from chunked(f'{name}_rows', 'list (nat * (Z * Z))', terms)}"


TERMS: dict[type[Node], TermOfNode] = {
    Split: _split,
    Part: _part,
    Leaf: _products,
    EnvelopeLeaf: _envelope,
    FacesLeaf: _faces,
}
