"""Walking the proof tree: its leaves cover the cone of the root, and each proves the premise on its own cone.

Exact integers only. The tree is hostile input: nothing recurses, and the cones still owed are limited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from certify.certificate import Node, Sign, Split
from certify.cone import Cone, length_of
from certify.leaf_rules import Level, check_leaf
from certify.obligations import Obligation, Rejection, require

# Larger ones serve nobody but who wants to exhaust the checker's memory: the cones that are still owed hold
# their generators and mixed rows.
MAX_PENDING_VECTORS = 500_000
MAX_GENERATOR_BITS = 4096


def walk(
    nodes: Sequence[Node],
    root: Cone,
    level: Level,
    *,
    first: int = 0,
    on_leaf: Callable[[int], None] | None = None,
) -> int:
    """Walk a tree in preorder, with the cones still owed on a stack.

    Args:
        nodes: all of the tree, and nothing else.
        root: its cone.
        level: of the premise.
        first: the number of the first node, where the tree is part of a larger one.
        on_leaf: called with the number of nodes done after each leaf.

    Returns:
        The number of leaves.

    Raises:
        Rejection: if the tree does not prove the premise on its cone.
    """
    pending = [root]
    vectors = root.vectors
    leaves = 0
    for number, node in enumerate(nodes, start=first):
        require(bool(pending), Obligation.COVER, number)
        cone = pending.pop()
        vectors -= cone.vectors
        below = children(node, cone, level, number)
        pending.extend(reversed(below))
        vectors += sum(child.vectors for child in below)
        require(vectors <= MAX_PENDING_VECTORS, Obligation.LIMITS, number)
        if not below:
            leaves += 1
            if on_leaf is not None:
                on_leaf(number + 1 - first)
    require(not pending, Obligation.COVER)
    return leaves


def children(node: Node, cone: Cone, level: Level, number: int | None = None) -> tuple[Cone, ...]:
    """Check one node on its cone; return the cones of its children, which cover it.

    Args:
        node: of the tree.
        cone: its place there.
        level: of the premise.
        number: of the node, which a rejection names.

    Raises:
        Rejection: if the node does not fit the cone, or is a leaf that does not prove the premise there.
    """
    try:
        return _children(node, cone, level)
    except Rejection as rejection:
        raise Rejection(rejection.obligation, number) from None


def _children(node: Node, cone: Cone, level: Level) -> tuple[Cone, ...]:
    match node:
        case Sign(k):
            require(0 <= k < len(cone.rays) and not cone.signed[k], Obligation.SIGN_INDEX)
            return cone.with_sign(k, negative=False), cone.with_sign(k, negative=True)
        case Split():
            return _split(node, cone)
        case _:
            check_leaf(node, cone, level)
            return ()


def _split(node: Split, cone: Cone) -> tuple[Cone, Cone]:
    d = len(cone.rays)
    require(0 <= node.k < d and 0 <= node.l < d and node.k != node.l, Obligation.SPLIT_INDEX)
    require(cone.signed[node.k] and cone.signed[node.l], Obligation.SPLIT_SIGNED)
    require(node.a > 0 and node.b > 0, Obligation.SPLIT_POSITIVE)
    first, second = cone.rays[node.k].vector, cone.rays[node.l].vector
    generator = tuple([node.a * p + node.b * q for p, q in zip(first, second, strict=True)])
    bits = length_of(generator)
    require(bits <= MAX_GENERATOR_BITS, Obligation.LIMITS)
    return cone.divided(node.k, node.l, node.a, node.b, generator, bits)
