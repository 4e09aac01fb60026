"""A quick verdict in floating point with proven error bounds (docs/method.md, section 5).

The statement is checked exactly, as `certify.check` does. Of the tree, what floating point settles beyond its
proven errors counts as settled; the few leaves that it leaves open are checked exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from certify import rigorous_kernel
from certify.certificate import Certificate, EnvelopeLeaf, Node, Part, Sign, Split, TauLeaf
from certify.check import Verdict, check_statement
from certify.check_parts import ends_of_subtrees
from certify.cone import Cone
from certify.deadline import look
from certify.exact import float_down
from certify.leaf_rules import Level
from certify.obligations import Obligation, Rejection, require
from certify.problem import TrainingProblem
from certify.rigorous_kernel import LEAF, OTHER, SIGN, SPLIT
from certify.statement import leaves_in_words
from certify.tree_walk import MAX_PENDING_VECTORS, children

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
        The verdict, with the trust "rigorous". It may accept a certificate with a leaf that the exact checker
        refuses, for the premise is proved on the leaf's cone by whichever rule does it.
    """
    nodes = certificate.tree
    try:
        check_statement(certificate, problem)
        root, level = Cone.root(certificate, problem), Level.of(certificate, problem)
        still_open = _walk(certificate, problem, on_progress)
        exactly = _settle(nodes, still_open, root, level)
    except Rejection as rejection:
        return Verdict(False, None, "rigorous", str(rejection), rejection.obligation, 0)
    leaves = certificate.leaves
    reason = (
        f"every obligation holds beyond the proven errors of floating point "
        f"({leaves_in_words(leaves)}, {exactly} of them checked exactly)"
    )
    return Verdict(True, certificate.bound, "rigorous", reason, None, leaves)


def _walk(
    certificate: Certificate, problem: TrainingProblem, on_progress: Callable[[int, int], None] | None
) -> NDArray[np.int8]:
    """Return for each node whether it is a leaf that floating point has left open."""
    nodes = certificate.tree
    tables = _tables(nodes)
    depths = rigorous_kernel.tree_depth(tables[0])
    require(depths > 0, Obligation.COVER)
    still_open = np.zeros(len(nodes), np.int8)
    leaves = np.isin(tables[0], (LEAF, OTHER)).astype(np.int8)
    if depths * problem.d * max(problem.n, problem.d, problem.c) > _MOST_ENTRIES:
        return leaves
    generators = certificate.frame.generators
    exponents = [max(map(abs, w)).bit_length() for w in generators]
    units = [_floats([w], 1 << bits)[0] for w, bits in zip(generators, exponents, strict=True)]
    counter = np.zeros(2, np.int64)
    arguments: tuple[Any, ...] = (
        _floats(problem.inputs, problem.input_denominator),
        _floats(certificate.dual_point, 1 << certificate.dual_exponent),
        np.array(units),
        np.array(exponents, dtype=np.int64),
        float_down(problem.gamma**2),
        *tables,
        depths,
        still_open,
        counter,
    )
    if not all(np.all(np.isfinite(part)) for part in arguments[:3]):
        return leaves
    with ThreadPoolExecutor(1) as pool:
        walking = pool.submit(rigorous_kernel.walk, *arguments)
        try:
            while not walking.done():
                if on_progress is not None:
                    on_progress(int(counter[0]), len(nodes))
                look()
                _wait(walking.exception, _POLL)
        finally:
            counter[1] = 1  # else the pool would wait for the end of the tree
        illegal = int(walking.result())
    if illegal >= 0:
        # The exact checker knows what is wrong with that node, or that it is merely too much for floats.
        still_open[illegal:] |= leaves[illegal:]
    return still_open


def _wait(exception: Callable[[float], BaseException | None], seconds: float) -> None:
    try:
        exception(seconds)
    except TimeoutError:
        return


def _settle(nodes: Sequence[Node], still_open: NDArray[np.int8], root: Cone, level: Level) -> int:
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
        below = children(nodes[number], cone, level, number)
        if below:
            pending.append((below[1], ends[number + 1]))
            pending.append((below[0], number + 1))
            vectors += below[0].vectors + below[1].vectors
            require(vectors <= MAX_PENDING_VECTORS, Obligation.LIMITS, number)
    return before[-1]


def _tables(nodes: Sequence[Node]) -> tuple[NDArray[Any], ...]:
    """Return the kinds, first and second generators, factors with their powers, and taus of a tree."""
    size = len(nodes)
    kinds, ks, ls = (np.full(size, fill, np.int64) for fill in (OTHER, -1, -1))
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
                raise Rejection(Obligation.NODE_KIND, place)
            case TauLeaf(a, b, _, ()) if a > 0 and b > 0:
                kinds[place], taus[place] = LEAF, _ratio(a, b)
            case _:
                pass
    return kinds.astype(np.int8), ks, ls, factors, powers, taus


def _index(k: int) -> int:
    return k if 0 <= k < 1 << 30 else -1


def _scaled(value: int) -> tuple[float, int]:
    bits = value.bit_length()
    return value / (1 << bits), bits


def _ratio(a: int, b: int) -> float:
    try:
        return a / b
    except OverflowError:
        return math.inf


def _floats(rows: Iterable[Sequence[int]], denominator: int) -> NDArray[np.float64]:
    """Return the nearest floats of integers over a denominator; infinite where there is none."""

    def nearest(entry: int) -> float:
        try:
            return entry / denominator
        except OverflowError:
            return math.inf

    return np.array([[nearest(entry) for entry in row] for row in rows], dtype=np.float64)
