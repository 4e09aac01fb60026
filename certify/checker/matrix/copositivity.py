"""Check a certificate that a matrix M is (strictly) copositive, or that it is not.

A tree proves that z^T M z is nonnegative (positive) on the orthant: its cones cover the orthant, and each
leaf proves it on its own cone. A witness z proves the contrary by the value of z^T M z.
"""

from __future__ import annotations

from collections.abc import Callable

from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    COPOSITIVITY,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
)
from certify.checker.matrix.cone import MatrixCone
from certify.checker.matrix.leaf_rules import Copositivity
from certify.checker.matrix.verdict import verdict_on
from certify.checker.numbers.rounding import decimal_up
from certify.checker.obligations import Obligation, require
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.tree.walk import Walk, check_tree, walk_trees
from certify.checker.verdict import Verdict, leaves_in_words

_MOST_SHOWN = 2000  # characters of a witness; all of it is in the certificate


def check_copositivity(
    certificate: CopositivityCertificate,
    matrix: SymmetricMatrix,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    walk: Walk = walk_trees,
) -> Verdict:
    """Decide whether a certificate proves that a matrix is, or is not, (strictly) copositive.

    Args:
        certificate: as `verdict_on` takes it, like the matrix.
        matrix: as above.
        on_progress: called with (nodes done, nodes in all), after each leaf or each part of the tree.
        walk: the way to walk a tree, which may share the work.
    """

    def check() -> tuple[str, int]:
        if certificate.statement not in (COPOSITIVE, STRICTLY_COPOSITIVE):
            _check_witness(certificate, matrix)
            return "the witness's value is computed in exact arithmetic", 0
        require(not certificate.witness, Obligation.WITNESS)
        root, premise = MatrixCone.root(matrix.entries), Copositivity(certificate.strict)
        leaves = check_tree(certificate.tree, root, premise, on_progress, walk)
        return f"every obligation holds in exact arithmetic ({leaves_in_words(leaves)})", leaves

    return verdict_on(certificate, matrix, COPOSITIVITY, check)


def _check_witness(certificate: CopositivityCertificate, matrix: SymmetricMatrix) -> None:
    z = certificate.witness
    require(not certificate.tree, Obligation.COVER)
    fits = len(z) == matrix.order and min(z) >= 0 and any(z)
    require(fits, Obligation.WITNESS)
    value = matrix.value(z)
    enough = value <= 0 if certificate.statement == NOT_STRICTLY_COPOSITIVE else value < 0
    require(enough, Obligation.WITNESS)


def copositivity_theorem(certificate: CopositivityCertificate, matrix: SymmetricMatrix) -> str:
    """State what a valid certificate proves, in words."""
    name = f"The symmetric matrix M of order {matrix.order} is"
    if certificate.statement == COPOSITIVE:
        return f"{name} copositive: z^T M z >= 0 for all z >= 0."
    if certificate.statement == STRICTLY_COPOSITIVE:
        return f"{name} strictly copositive: z^T M z > 0 for all z >= 0, z != 0."
    z = ", ".join(map(str, certificate.witness))
    value = decimal_up(matrix.value(certificate.witness), 12)
    return (
        f"{name} not {'strictly ' * certificate.strict}copositive: z^T M z <= {value} for the witness "
        f"z = ({z if len(z) <= _MOST_SHOWN else z[:_MOST_SHOWN] + ' ...'})."
    )
