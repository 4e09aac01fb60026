"""Check a certificate that a matrix is completely positive, or that it is not.

A sum of terms proves the first statement: it is added up and compared. For the second, let A be a sum of b_k
b_k^T with b_k in R^q_+ x R^r. Then z^T A z = sum_k (z . b_k)^2 >= 0 for each z, and <M, A> = sum_k b_k^T M
b_k >= 0 for each copositive M of order q, applied to the first q coordinates. So a z or an M for which that
fails proves that there is no such sum. That M is copositive is proved by a tree, as in
`certify.checker.matrix.copositivity`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from certify.checker.certificate.complete_positivity import (
    COMPLETE_POSITIVITY,
    COMPLETELY_POSITIVE,
    CompletePositivityCertificate,
    Term,
)
from certify.checker.limits.deadline import look
from certify.checker.matrix.cone import MatrixCone
from certify.checker.matrix.leaf_rules import Copositivity
from certify.checker.matrix.verdict import verdict_on
from certify.checker.obligations import Obligation, require
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.text.names import counted
from certify.checker.tree.walk import Walk, check_tree, walk
from certify.checker.verdict import Verdict, leaves_in_words
from certify.checker.work import (
    MAX_MATRIX_WORK,
    Meter,
    longest,
    words_of,
)

MAX_DENOMINATOR_BITS = 1 << 17  # of all weights together


def check_complete_positivity(
    certificate: CompletePositivityCertificate,
    matrix: SymmetricMatrix,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    walk: Walk = walk,
) -> Verdict:
    """Decide whether a certificate proves that a matrix is, or is not, completely positive.

    Args:
        certificate: as `verdict_on` takes it, like the matrix.
        matrix: as above.
        on_progress: called with (nodes done, nodes in all), after each leaf or each part of the tree.
        walk: the way to walk a tree, which may share the work.
    """

    def check() -> tuple[str, int]:
        require(0 <= certificate.free <= matrix.order, Obligation.CONE)
        proofs = [bool(certificate.terms), bool(certificate.vector), bool(certificate.separator)]
        if certificate.statement == COMPLETELY_POSITIVE:
            require(not any(proofs[1:]) and not certificate.tree, Obligation.PROOF)
            _check_terms(certificate.terms, matrix, certificate.free)
            return f"the sum of {len(certificate.terms)} terms is the matrix, in exact arithmetic", 0
        require(sum(proofs) == 1 and not proofs[0], Obligation.PROOF)
        if certificate.vector:
            require(not certificate.tree, Obligation.PROOF)
            _check_vector(certificate.vector, matrix)
            return "the vector's value is negative, in exact arithmetic", 0
        _check_separator(certificate, matrix)
        root, premise = MatrixCone.root(certificate.separator), Copositivity(False)
        leaves = check_tree(certificate.tree, root, premise, on_progress, walk)
        words = leaves_in_words(leaves)
        return f"every obligation of the separating matrix holds in exact arithmetic ({words})", leaves

    return verdict_on(certificate, matrix, COMPLETE_POSITIVITY, check)


def _check_terms(terms: tuple[Term, ...], matrix: SymmetricMatrix, free: int) -> None:
    p = matrix.order
    rest = [[0] * p for _ in range(p)]
    # Over one denominator the sum is a sum of integers.
    common = matrix.denominator
    for term in terms:
        common = math.lcm(common, term.weight.denominator)
        require(common.bit_length() <= MAX_DENOMINATOR_BITS, Obligation.LIMITS)
    meter, bits = Meter(MAX_MATRIX_WORK), common.bit_length()
    for term in terms:
        meter.spend(p * p * words_of(bits + term.weight.numerator.bit_length() + 2 * longest(term.vector)))
    for term in terms:
        look()
        require(len(term.vector) == p, Obligation.TERM)
        require(term.weight > 0 and all(entry >= 0 for entry in term.vector[: p - free]), Obligation.TERM)
        scale = term.weight.numerator * (common // term.weight.denominator)
        held = [(i, entry) for i, entry in enumerate(term.vector) if entry]
        for i, first in held:
            scaled = scale * first
            for j, second in held:
                rest[i][j] += scaled * second
    share = common // matrix.denominator
    require(
        all(
            value == share * entry
            for row, entries in zip(rest, matrix.entries, strict=True)
            for value, entry in zip(row, entries, strict=True)
        ),
        Obligation.SUM,
    )


def _check_vector(vector: tuple[int, ...], matrix: SymmetricMatrix) -> None:
    require(len(vector) == matrix.order and matrix.value(vector) < 0, Obligation.VECTOR)


def _check_separator(certificate: CompletePositivityCertificate, matrix: SymmetricMatrix) -> None:
    separator, q = certificate.separator, matrix.order - certificate.free
    require(len(separator) == q and all(len(row) == q for row in separator), Obligation.SEPARATOR_SHAPE)
    require(
        all(separator[i][j] == separator[j][i] for i in range(q) for j in range(i)),
        Obligation.SEPARATOR_SHAPE,
    )
    value = sum(
        entry * matrix.entries[i][j] for i, row in enumerate(separator) for j, entry in enumerate(row)
    )
    require(value < 0, Obligation.SEPARATION)


def complete_positivity_theorem(certificate: CompletePositivityCertificate, matrix: SymmetricMatrix) -> str:
    """State what a valid certificate proves, in words."""
    p, r = matrix.order, certificate.free
    q = p - r
    cone = " x ".join([f"R^{q}_+"] * (q > 0) + [f"R^{r}"] * (r > 0))
    name = f"The symmetric matrix A of order {p} is"
    count = len(certificate.terms)
    terms = f"{counted(count, 'term')} b b^T with b in {cone}"
    if not q:
        every = "all coordinates are free, so that this is no more than semidefiniteness"
        if certificate.statement == COMPLETELY_POSITIVE:
            return f"{name} positive semidefinite, a sum of {terms}: {every}."
        return f"{name} not positive semidefinite, no sum of terms b b^T with b in {cone}: {every}."
    where = f" with the last {f'{r} coordinates' if r > 1 else 'coordinate'} free" if r else ""
    if certificate.statement == COMPLETELY_POSITIVE:
        words = f"{name} completely positive{where}: a sum of {terms}"
        return f"{words}, so its cp-rank is at most {count}." if not r else f"{words}."
    reason = "it is not even semidefinite" if certificate.vector else "a copositive matrix separates it"
    return f"{name} not completely positive{where}: no sum of terms b b^T with b in {cone}, as {reason}."
