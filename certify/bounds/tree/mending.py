"""Leaves that floating point takes for proofs and exact arithmetic does not, cut further until they are.

Which of two intervals a row has on a cone depends on its sign at one point, and where that is 0 up to
rounding the search may have taken the other one. Such leaves are few; each becomes a small subtree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from certify.checker.certificate.nodes import AnyLeaf, EnvelopeLeaf, Node, Split, TauLeaf
from certify.checker.obligations import Rejection
from certify.checker.training.cone import TrainingCone
from certify.checker.training.leaf_rules import Level
from certify.checker.tree.walk import children

_MOST_CUTS = 10  # below a leaf, one under the other
_TAUS = (TauLeaf(1, 4), TauLeaf(1, 1), TauLeaf(4, 1))


def mended(nodes: Sequence[Node], root: TrainingCone, level: Level) -> tuple[Node, ...] | None:
    """Return a tree all of whose leaves prove the premise; None where some cannot be mended.

    Args:
        nodes: a whole tree, its inner nodes legal.
        root: its cone.
        level: of the premise.
    """
    kept: list[Node] = []
    pending: list[TrainingCone] = [root]
    for node in nodes:
        cone = pending.pop()
        if not isinstance(node, AnyLeaf):
            kept.append(node)
            pending.extend(reversed(children(node, cone, level)))
            continue
        proof = _proof(node, cone, level, _MOST_CUTS)
        if proof is None:
            return None
        kept.extend(proof)
    return tuple(kept)


def _proof(leaf: AnyLeaf, cone: TrainingCone, level: Level, cuts: int) -> tuple[Node, ...] | None:
    """Return a tree for a cone: the leaf, another one, or a cut and two trees."""
    for other in dict.fromkeys((leaf, EnvelopeLeaf(), *_TAUS)):
        if _proves(other, cone, level):
            return (other,)
    if not cuts or len(cone.lengths) == 1:
        return None
    cut = _middle_of_longest_edge(cone)
    parts = [_proof(leaf, child, level, cuts - 1) for child in children(cut, cone, level)]
    first, second = parts
    return None if first is None or second is None else (cut, *first, *second)


def _proves(leaf: AnyLeaf, cone: TrainingCone, level: Level) -> bool:
    try:
        level.check_leaf(leaf, cone)
    except Rejection:
        return False
    return True


def _middle_of_longest_edge(cone: TrainingCone) -> Split:
    """Return the cut between the two generators with the widest angle, both taken at about one length."""
    d, gram, edges, place = len(cone.lengths), cone.gram, [], 0
    table: dict[tuple[int, int], int] = {}
    for k in range(d):
        for l in range(k, d):
            table[k, l] = gram[place]
            place += 1
    for k in range(d):
        for l in range(k + 1, d):
            size = math.isqrt(table[k, k] * table[l, l])
            edges.append((table[k, l] / size, k, l))
    _, k, l = min(edges)
    behind = cone.lengths[k] - cone.lengths[l]
    return Split(k, l, 1 << max(-behind, 0), 1 << max(behind, 0))
