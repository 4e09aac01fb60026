"""A matrix and its certificate as terms of Coq, of the types of proofs/theories/matrix/MatrixChecker.v.

Only numbers are written, and of the statement its name in Coq.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from functools import partial

from certify.checker.certificate.complete_positivity import COMPLETELY_POSITIVE, NOT_COMPLETELY_POSITIVE, Term
from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
)
from certify.checker.certificate.file import MatrixCertificate
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
from certify.trust.coq.terms import (
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
    p = matrix.order
    witness: tuple[int, ...] = ()
    terms: tuple[Term, ...] = ()
    refuting: tuple[int, ...] = ()
    separator: IntegerRows = ()
    free = 0
    if isinstance(certificate, CopositivityCertificate):
        witness = certificate.witness
    else:
        terms, refuting, separator = certificate.terms, certificate.vector, certificate.separator
        free = index(certificate.free, p + 1)
    tree = yield from tree_of(certificate.tree, "matrix_node", partial(_node, missing=p))
    written = []
    for number, term in enumerate(terms):
        ray = yield from _row(f"term_{number}", term.vector)
        written.append(f"Term {integer(term.weight.numerator)} {integer(term.weight.denominator)} {ray}")
    total = yield from chunked("terms", "term", written)
    rows = yield from _rows("separator", separator)
    yield (
        "Definition evidence : matrix_certificate := {|\n"
        f"  stated := {STATEMENTS[certificate.statement]};\n"
        f"  witness := {yield from _row('witness', witness)};\n"
        f"  free := {free};\n"
        f"  terms := {total}; terms_multiple := {integer(_common_multiple(terms, matrix))};\n"
        f"  vector := {yield from _row('vector', refuting)};\n"
        f"  separator := {rows};\n"
        f"  proof := {tree}\n"
        "|}."
    )


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


def _node(node: Node, name: str, missing: int) -> Generator[str, None, str]:
    """Yield definitions for a node with many integers, and return its term."""
    match node:
        case Split(k, l, a, b):
            return f"MSplit {index(k, missing)} {index(l, missing)} {integer(a)} {integer(b)}"
        case Part(members):
            parts = [f"{index(k, missing)}%nat" for k in members]
            return f"MPart {yield from chunked(f'{name}_members', 'nat', parts)}"
        case Leaf(scale, unit, products):
            rows = yield from multipliers(products, name, missing)
            return f"MProducts {integer(scale)} {integer(unit)} {rows}"
        case EnvelopeLeaf():
            return "MEnvelope"
        case FacesLeaf(faces):
            terms = []
            for number, row in enumerate(faces):
                triples = [f"({index(k, missing)}%nat, ({integer(x)}, {integer(p)}))" for k, x, p in row]
                terms.append((yield from chunked(f"{name}_row_{number}", "nat * (Z * Z)", triples)))
            return f"MFaces {yield from chunked(f'{name}_rows', 'list (nat * (Z * Z))', terms)}"
        case _:
            raise Rejection(Obligation.NODE_KIND)
