"""Check a certificate of a lower bound on a training loss, in integers only.

Weak duality (docs/method.md, section 2): if |N^T relu(Xu)| <= gamma |u| for every u in R^d, then no network
of any width has a loss below the bound that the dual point N gives (`problems.dual_bound`). The certificate's
tree proves this premise: its cones cover R^d, and on the cone of each leaf the form gamma^2 |u|^2 - |N^T
relu(Xu)|^2 is a sum of terms that are nonnegative there. Where the samples are in blocks, each has a tree
that proves such a premise of its own (`training.blocks`). Where hidden biases are free, there is a tree for
the kink of each sample (`training.shifts`).

This module and what it imports use the standard library and python-flint, and share no code with the search.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import fmpz_mat

from certify.checker.certificate.blocks import blocks_in_words
from certify.checker.certificate.training import Certificate
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.dual_bound import column_sums, in_domain, proves
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.blocks import block_trees, check_blocks
from certify.checker.training.leaf_rules import Level
from certify.checker.training.shifts import premises_of
from certify.checker.tree.walk import Walk, check_trees, walk_trees
from certify.checker.verdict import Verdict, leaves_in_words


def check_certificate(
    certificate: Certificate,
    problem: TrainingProblem,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    walk: Walk = walk_trees,
) -> Verdict:
    """Decide whether a certificate proves its bound for a problem.

    Args:
        certificate: as read from an untrusted file.
        problem: the problem that the user means, from the user's own data.
        on_progress: called with (nodes done, nodes in all), after each leaf or each part of the tree.
        walk: the way to walk a tree, which may share the work.
    """
    try:
        check_statement(certificate, problem)
        leaves = _check_premise(certificate, problem, on_progress, walk)
    except Rejection as rejection:
        return Verdict(False, None, "exact", str(rejection), rejection.obligation, 0)
    proof = blocks_in_words(certificate.blocks) + leaves_in_words(leaves)
    reason = f"every obligation holds in exact arithmetic ({proof})"
    return Verdict(True, certificate.bound, "exact", reason, None, leaves)


def _check_premise(
    certificate: Certificate,
    problem: TrainingProblem,
    on_progress: Callable[[int, int], None] | None,
    walk: Walk,
) -> int:
    """Check that h(N) <= gamma, by the proof that the certificate has; return the number of its leaves."""
    level, blocks, nodes = Level.of(certificate, problem), certificate.blocks, certificate.tree
    if blocks is None:
        return check_trees(premises_of(certificate, problem), len(nodes), level, on_progress, walk)
    check_blocks(blocks, certificate, problem)
    trees = block_trees(blocks, certificate, problem)
    return check_trees(trees, len(nodes), level, on_progress, walk)


def check_statement(certificate: Certificate, problem: TrainingProblem) -> None:
    """Check everything but the premise h(N) <= gamma.

    Raises:
        Rejection: if the certificate states another problem, or a bound that does not follow.
    """
    stated = certificate.gamma, certificate.loss, certificate.output_bias
    require(stated == (problem.gamma, problem.loss.text, problem.output_bias), Obligation.STATEMENT)
    require(certificate.problem_sha256 == problem.sha256(), Obligation.PROBLEM)
    dual_point = certificate.dual_point
    require(
        len(dual_point) == problem.n and all(len(row) == problem.c for row in dual_point),
        Obligation.DUAL_SHAPE,
    )
    require(problem.output_bias.fits(column_sums(dual_point)), Obligation.DUAL_SUMS)
    exponent = certificate.dual_exponent
    require(in_domain(problem, dual_point, exponent), Obligation.DUAL_DOMAIN)
    require(proves(problem, dual_point, exponent, certificate.bound), Obligation.CLAIM)
    _check_frame(certificate, problem.d)
    require(certificate.blocks is None or not problem.output_bias.frees_hidden, Obligation.BLOCK_BIAS)


def _check_frame(certificate: Certificate, d: int) -> None:
    frame = certificate.frame
    square = all(
        len(rows) == d and all(len(r) == d for r in rows) for rows in (frame.generators, frame.inverse)
    )
    require(square and frame.scale > 0, Obligation.FRAME_SHAPE)
    # As a product of matrices, for d may be in the thousands.
    product = fmpz_mat([list(r) for r in frame.inverse]) * fmpz_mat([list(r) for r in frame.generators])
    target = fmpz_mat([[frame.scale if j == i else 0 for j in range(d)] for i in range(d)])
    require(product == target, Obligation.FRAME_INVERSE)
