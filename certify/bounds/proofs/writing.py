"""Writing a certificate: a dual point in integers, a proof tree, and the bound that follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.nodes import EnvelopeLeaf, Leaf, Node, Sign
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.recipe import Preprocessing
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.training.leaf_rules import MAX_LEAF_ORDER
from certify.checker.tree.walk import Walk, walk_trees
from certify.floats.dual_rounding import rounded_dual_point
from certify.floats.problem import Arrays

_TRIVIAL_EXPONENT = 64
# Relative to gamma^2. The first is above the error of the eigenvalues at order 1000; at the last, nothing
# of a double's rounding is left.
_MARGINS = (1e-10, 1e-8, 1e-6, 1e-4, 1e-2)


def first_valid(
    problem: TrainingProblem,
    rounded: Callable[[float], Certificate | None],
    preprocessing: Preprocessing | None,
    walk: Walk = walk_trees,
) -> Certificate:
    """Return the first certificate that the checker accepts, rounding with larger and larger margins.

    Args:
        problem: the exact problem.
        rounded: returns the certificate with a margin for rounding, relative to gamma^2; None for none.
        preprocessing: for the certificate that needs no solver, where none is accepted.
        walk: how the checker goes through the trees, in processes where there are many.
    """
    for margin in _MARGINS:
        certificate = rounded(margin)
        if certificate is None or not proves_more(certificate, problem):
            continue
        if check_certificate(certificate, problem, walk=walk).valid:
            return certificate
    return trivial_certificate(problem, preprocessing=preprocessing)


def proves_more(certificate: Certificate, problem: TrainingProblem) -> bool:
    """Say whether a certificate claims more than the one that needs no solver."""
    return certificate.bound > 0 or certificate.bound > trivial_certificate(problem).bound


def trivial_certificate(
    problem: TrainingProblem, *, preprocessing: Preprocessing | None = None
) -> Certificate:
    """Return the certificate that needs no solver: what the samples at x = 0 cost every network.

    The network computes its output bias there, so their dual point is what the best one leaves of the
    targets; elsewhere it is zero.
    """
    nothing = Arrays.of(problem).dual_line.multiple(np.zeros((problem.n, problem.c)), 1.0)
    rows = rounded_dual_point(problem, nothing, Fraction(1), _TRIVIAL_EXPONENT)
    tree: tuple[Node, ...] = (Leaf(1, 1),)
    part = None
    if not fit_in_a_leaf(problem):
        if problem.output_bias.frees_hidden:
            tree = tuple(_orthants(problem.d))
        else:
            part = [i for i, row in enumerate(rows) if any(row)]
    certificate = certificate_of(problem, rows, _TRIVIAL_EXPONENT, tree, preprocessing, "trivial")
    return certificate if part is None else in_one_block(certificate, part)


def _orthants(d: int, k: int = 0) -> Iterator[Node]:
    """Yield a tree of leaves that have no limit on their samples: one for each orthant from axis k on."""
    if k == d:
        yield EnvelopeLeaf()
        return
    yield Sign(k)
    for _ in range(2):
        yield from _orthants(d, k + 1)


def fit_in_a_leaf(problem: TrainingProblem) -> bool:
    """Say whether a leaf of the whole space may have all samples."""
    return problem.n + problem.d <= MAX_LEAF_ORDER


def in_one_block(certificate: Certificate, rows: Sequence[int]) -> Certificate:
    """Return a certificate whose tree is of these samples alone, with the whole weight decay.

    A dual point that is zero elsewhere needs no more, and a leaf may have so many samples and no more.

    Args:
        certificate: in one tree, which is written for these samples.
        rows: their numbers, ascending; some sample stands for none.
    """
    d, c = len(certificate.frame.generators), len(certificate.dual_point[0])

    def identity(order: int) -> tuple[tuple[int, ...], ...]:
        return tuple((0,) * k + (1,) for k in range(order))

    square = tuple(tuple(int(k == l) for l in range(c)) for k in range(c))
    block = Block(
        tuple(rows) or (0,), identity(d), identity(c), ((0,) * c,) * d, square, len(certificate.tree)
    )
    return replace(certificate, blocks=Blocks(0, 0, (block,)))


def certificate_of(
    problem: TrainingProblem,
    dual_point: IntegerRows,
    exponent: int,
    tree: tuple[Node, ...],
    preprocessing: Preprocessing | None,
    method: str,
    frame: Frame | None = None,
) -> Certificate:
    """Put a certificate together with the claim that its dual point makes.

    Args:
        problem: the exact problem.
        dual_point: N as integers over 2**exponent.
        exponent: at least 0.
        tree: the proof that its gauge is at most gamma.
        preprocessing: recorded.
        method: likewise.
        frame: the root of the tree; the coordinate frame by default.
    """
    return Certificate(
        problem_sha256=problem.sha256(),
        gamma=problem.gamma,
        loss=problem.loss.text,
        output_bias=problem.output_bias,
        preprocessing=preprocessing,
        bound=dual_bound(problem, dual_point, exponent),
        dual_point=dual_point,
        dual_exponent=exponent,
        frame=Frame.identity(problem.d) if frame is None else frame,
        tree=tree,
        method=method,
    )
