"""A quick verdict in floating point, with bounds on all errors of rounding that are derived by hand.

The statement is checked exactly, as at every level. The data are scaled by powers of two before they are
rounded. What floating point settles beyond its error bounds (docs/method.md, section 5) counts as settled;
the leaves that it leaves open are checked exactly, all of them where the data are out of its range, the
samples are in blocks or cones are divided by the signs of samples.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from certify.checker.certificate.blocks import blocks_in_words
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Node,
    Part,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate
from certify.checker.limits.deadline import look
from certify.checker.numbers.integers import IntegerRows, length_of
from certify.checker.numbers.rounding import float_down
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate, check_statement
from certify.checker.training.cone import Cone, TrainingCone
from certify.checker.training.leaf_rules import Level
from certify.checker.training.shifts import trees_of_shifts
from certify.checker.tree.walk import MAX_GENERATOR_BITS, MAX_PENDING_VECTORS, children
from certify.checker.verdict import Verdict, leaves_in_words
from certify.trust.packed_cone import packed
from certify.trust.parallel import in_processes
from certify.trust.rigorous_walk.rounding import MAX_ROUNDING, relative_rounding
from certify.trust.rigorous_walk.tables import (
    LARGEST_LEVEL,
    LEAF,
    LEAST_LEVEL,
    OTHER,
    SIGN,
    SPLIT,
    Scaled,
    Tree,
    tree_depth,
)
from certify.trust.rigorous_walk.walk import walk
from certify.trust.subtrees import ends_of_subtrees

_MOST_ENTRIES = 100_000_000  # of the kernel's tables; a deeper tree is for the exact checker
_POLL = 0.1


def check_rigorously(
    certificate: Certificate,
    problem: TrainingProblem,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Decide whether a certificate proves its bound, mostly in floating point.

    Args:
        certificate: as read from an untrusted file.
        problem: the problem that the user means.
        on_progress: called with (nodes done, nodes in all).

    Returns:
        The verdict, with the trust "rigorous". It may accept a certificate with a tau leaf that the exact
        checker refuses, for the premise is proved on the leaf's cone by whichever of the two envelope rules
        does it.
    """
    if certificate.blocks is not None or any(isinstance(node, RowSign) for node in certificate.tree):
        return _check_exactly(certificate, problem, on_progress)
    exactly = done = 0

    def tell(of_tree: int) -> None:
        if on_progress is not None:
            on_progress(done + of_tree, len(certificate.tree))

    try:
        check_statement(certificate, problem)
        level = Level.of(certificate, problem)
        for nodes, inputs in _trees(certificate, problem):
            generators, dual_point = certificate.frame.generators, certificate.dual_point
            still_open = _walk(_Claim(nodes, inputs, dual_point, generators, done), level, tell)
            if still_open.any():
                root = packed(Cone.whole_space(generators, inputs, dual_point))
                exactly += _settle(nodes, still_open, root, level, done)
            done += len(nodes)
    except Rejection as rejection:
        return Verdict(False, None, "rigorous", str(rejection), rejection.obligation, 0)
    return Verdict(
        True, certificate.bound, "rigorous", _reason(certificate, exactly), None, certificate.leaves
    )


@dataclass(frozen=True)
class _Claim:
    """A tree and what it is of.

    Attributes:
        nodes: of the tree.
        inputs: X, n x d, shifted where hidden biases are free.
        dual_point: N, n x c.
        generators: of the root frame.
        first: the number of its first node, where there are several trees.
    """

    nodes: Sequence[Node]
    inputs: IntegerRows
    dual_point: IntegerRows
    generators: IntegerRows
    first: int


def _trees(
    certificate: Certificate, problem: TrainingProblem
) -> Iterable[tuple[Sequence[Node], IntegerRows]]:
    """Return the nodes of all trees, each with the samples that it is for."""
    if problem.output_bias.frees_hidden:
        return trees_of_shifts(certificate, problem)
    return [(certificate.tree, problem.inputs)]


def _check_exactly(
    certificate: Certificate, problem: TrainingProblem, on_progress: Callable[[int, int], None] | None
) -> Verdict:
    """Leave nothing to floating point: the compiled walk knows neither blocks nor signs of samples."""
    in_parts = in_processes(os.cpu_count() or 1)
    verdict = check_certificate(certificate, problem, on_progress, walk=in_parts)
    reason = _reason(certificate, verdict.leaves) if verdict.valid else verdict.reason
    return replace(verdict, trust="rigorous", reason=reason)


def _reason(certificate: Certificate, exactly: int) -> str:
    proof = blocks_in_words(certificate.blocks) + leaves_in_words(certificate.leaves)
    return (
        "every obligation holds beyond the error bounds of floating point "
        f"({proof}, {exactly} of them checked exactly)"
    )


def _walk(claim: _Claim, level: Level, on_progress: Callable[[int], None]) -> NDArray[np.int8]:
    """Return for each node whether it is a leaf that floating point has left open."""
    nodes = claim.nodes
    tree = _tables(nodes, claim.first)
    depths = tree_depth(tree.kinds)
    require(depths > 0, Obligation.COVER)
    still_open = np.zeros(len(nodes), np.int8)
    leaves = np.isin(tree.kinds, (LEAF, OTHER)).astype(np.int8)
    n, d, c = len(claim.inputs), len(claim.generators), len(claim.dual_point[0])
    # The walk does not count what it holds as the exact one does, so it takes no tree that might be too deep.
    if depths * (n + d + c) > MAX_PENDING_VECTORS or depths * d * max(n, d, c) > _MOST_ENTRIES:
        return leaves
    data = _scaled_data(claim, level)
    if data is None:
        return leaves
    counter = np.zeros(2, np.int64)
    with ThreadPoolExecutor(1) as pool:
        walking = pool.submit(walk, data, tree, depths, still_open, counter)
        try:
            while not walking.done():
                on_progress(int(counter[0]))
                look()
                _wait(walking.exception, _POLL)
        finally:
            counter[1] = 1  # else the pool would wait for the end of the tree
        illegal = int(walking.result())
    if illegal >= 0:
        # The exact checker knows what is wrong with that node.
        still_open[illegal:] |= leaves[illegal:]
    return still_open


def _scaled_data(claim: _Claim, level: Level) -> Scaled | None:
    """Return the data in sizes of about 1; None where floating point could not tell anything.

    The premise stays the same if a row of X is divided by what the same row of N is multiplied by, if N and
    the root of the level are divided by the same number, and if a generator is.
    """
    rows = zip(claim.inputs, claim.dual_point, strict=True)
    # A row that is zero on either side adds nothing.
    kept = [(x, weight, length_of(x)) for x, weight in rows if any(x) and any(weight)]
    unit = max((bits + length_of(weight) for _, weight, bits in kept), default=0)
    # Without rows the premise does not depend on the level.
    ratio = Fraction(level.u, level.alpha << 2 * unit) if kept else Fraction(1)
    generators = claim.generators
    d, c = len(generators), len(claim.dual_point[0])
    if ratio < LEAST_LEVEL or relative_rounding(len(kept), d) > MAX_ROUNDING:
        return None
    exponents = [length_of(w) for w in generators]
    return Scaled(
        _floats([_over_power(x, bits) for x, _, bits in kept], d),
        _floats([_over_power(weight, unit - bits) for _, weight, bits in kept], c),
        _floats(map(_over_power, generators, exponents), d),
        np.array(exponents, dtype=np.int64),
        float_down(min(ratio, Fraction(LARGEST_LEVEL))),
        MAX_GENERATOR_BITS,
    )


def _over_power(row: Sequence[int], bits: int) -> list[float]:
    """Return the floats nearest to a row over 2**bits, which are at most 1 in size."""
    denominator = 1 << bits
    return [entry / denominator for entry in row]


def _floats(rows: Iterable[list[float]], columns: int) -> NDArray[np.float64]:
    return np.array(list(rows), dtype=np.float64).reshape(-1, columns)


def _wait(exception: Callable[[float], BaseException | None], seconds: float) -> None:
    try:
        exception(seconds)
    except TimeoutError:
        return


def _settle(
    nodes: Sequence[Node], still_open: NDArray[np.int8], root: TrainingCone, level: Level, first: int
) -> int:
    """Check the open leaves exactly; return how many there were."""
    ends = ends_of_subtrees(nodes)
    before: list[int] = [0, *accumulate(still_open.tolist())]
    pending = [(root, 0)]
    vectors = root.vectors
    while pending:
        cone, number = pending.pop()
        look()
        vectors -= cone.vectors
        if before[ends[number]] == before[number]:
            continue
        below = children(nodes[number], cone, level, first + number)
        if below:
            pending.append((below[1], ends[number + 1]))
            pending.append((below[0], number + 1))
            vectors += below[0].vectors + below[1].vectors
            require(vectors <= MAX_PENDING_VECTORS, Obligation.LIMITS, first + number)
    return before[-1]


def _tables(nodes: Sequence[Node], first: int) -> Tree:
    """Return a tree as the compiled walk takes it."""
    size = len(nodes)
    kinds = np.full(size, OTHER, np.int8)
    ks, ls = np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    factors, powers, taus = np.zeros((size, 2)), np.zeros((size, 2), np.int64), np.zeros(size)
    for place, node in enumerate(nodes):
        match node:
            case Sign(k):
                kinds[place], ks[place] = SIGN, _index(k)
            case Split(k, l, a, b):
                kinds[place], ks[place], ls[place] = SPLIT, _index(k), _index(l)
                if a > 0 and b > 0:
                    (factors[place, 0], powers[place, 0]) = _scaled(a)
                    (factors[place, 1], powers[place, 1]) = _scaled(b)
            case EnvelopeLeaf():
                kinds[place] = LEAF
            case Part():
                raise Rejection(Obligation.NODE_KIND, first + place)
            case TauLeaf(a, b, unit, ()) if a > 0 and b > 0 and unit > 0:
                kinds[place], taus[place] = LEAF, _ratio(a, b)
            case _:
                pass
    return Tree(kinds, ks, ls, factors, powers, taus)


def _index(k: int) -> int:
    return k if 0 <= k < 1 << 30 else -1


def _scaled(value: int) -> tuple[float, int]:
    """Return a positive integer as a float in [1/2, 1] times a power of two."""
    bits = value.bit_length()
    return value / (1 << bits), bits


def _ratio(a: int, b: int) -> float:
    """Return the float nearest to a / b; 0, for no tau, where there is none."""
    try:
        return a / b
    except OverflowError:
        return 0.0
