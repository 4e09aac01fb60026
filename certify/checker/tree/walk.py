"""Walk a proof tree from its root: its leaves cover the root's cone, and each proves the premise on its own.

What a cone carries and what a leaf proves is up to the statement: `training.cone` and `training.leaf_rules`
are of a training problem, `matrix.cone` and `matrix.leaf_rules` of a symmetric matrix. The tree is hostile
input: nothing recurses, and the cones that still wait, and the work, are limited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, Self, TypeVar

from certify.checker.certificate.nodes import (
    AnyLeaf,
    Node,
    Part,
    RowSign,
    Sign,
    Split,
)
from certify.checker.limits.deadline import look
from certify.checker.numbers.integers import length_of
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.work import Meter

# Larger ones serve nobody but who wants to exhaust the checker's memory: the cones that are still owed hold
# their generators and mixed rows.
MAX_PENDING_VECTORS = 500_000
MAX_GENERATOR_BITS = 4096

Vector = tuple[int, ...]


class WalkedCone(Protocol):
    """A part of {sum_k t_k w_k : t_k >= 0 where signed}, with what its leaves need to know of it."""

    @property
    def signed(self) -> tuple[bool, ...]:
        """Whether t_k >= 0 is known, for each generator."""

    @property
    def vectors(self) -> int:
        """The number of vectors that the cone counts as."""

    def generator(self, k: int) -> Vector:
        """Return w_k."""

    def halves(self, k: int) -> tuple[Self, Self]:
        """Return the children of a sign node; raise Rejection if it does not fit."""

    def sides(self, number: int) -> tuple[Self, Self]:
        """Return the children of a row node; raise Rejection if it does not fit."""

    def faces(self, members: Sequence[int]) -> tuple[Self, Self]:
        """Return the children of a part node; raise Rejection if it does not fit."""

    def divided(self, k: int, l: int, a: int, b: int, vector: Vector, length: int) -> tuple[Self, Self]:
        """Return the cones with w = a w_k + b w_l, of so many bits, in the place of w_k, then of w_l."""


C = TypeVar("C", bound=WalkedCone)
C_contra = TypeVar("C_contra", bound=WalkedCone, contravariant=True)


class Premise(Protocol[C_contra]):
    """What is to be proved on every leaf's cone."""

    @property
    def max_work(self) -> int:
        """The most work that a tree may take."""

    def work(self, node: Node, cone: C_contra) -> int:
        """Return the work of a node on its cone (docs/certificate-format.md, "Work")."""

    def check_leaf(self, leaf: AnyLeaf, cone: C_contra) -> None:
        """Raise Rejection if the leaf does not prove the premise on its cone."""


class Walk(Protocol):
    """A way to walk trees one after the other: `walk_trees`, or one that shares the work."""

    def __call__(
        self,
        trees: Iterable[tuple[Sequence[Node], C]],
        premise: Premise[C],
        *,
        on_leaf: Callable[[int], None] | None = None,
    ) -> int:
        """Do what `walk_trees` does, telling the number of nodes done after a leaf or more."""


def check_tree(
    nodes: Sequence[Node],
    root: C,
    premise: Premise[C],
    on_progress: Callable[[int, int], None] | None,
    walk: Walk,
) -> int:
    """Check a tree, telling how far it is; as `check_trees` does for several."""
    return check_trees([(nodes, root)], len(nodes), premise, on_progress, walk)


def check_trees(
    trees: Iterable[tuple[Sequence[Node], C]],
    count: int,
    premise: Premise[C],
    on_progress: Callable[[int, int], None] | None,
    walk: Walk,
) -> int:
    """Check trees, telling how far it is.

    Args:
        trees: the nodes of each, and its cone; taken one after the other, so that no more than a few cones
            are there at a time.
        count: the number of nodes of all.
        premise: what their leaves prove.
        on_progress: called with (nodes done, nodes in all).
        walk: the way to walk them.

    Returns:
        The number of leaves.

    Raises:
        Rejection: as `walk` does, for the first node that fails.
        TimeIsUpError: as `walk` does.
    """

    def tell(done: int) -> None:
        if on_progress is not None:
            on_progress(done, count)

    return walk(trees, premise, on_leaf=tell)


def walk_trees(
    trees: Iterable[tuple[Sequence[Node], C]],
    premise: Premise[C],
    *,
    on_leaf: Callable[[int], None] | None = None,
) -> int:
    """Walk trees one after the other, as `walk` does; their nodes are counted on, and their work adds up."""
    meter = Meter(premise.max_work)
    leaves = done = 0

    def tell(of_tree: int) -> None:
        if on_leaf is not None:
            on_leaf(done + of_tree)

    for nodes, root in trees:
        leaves += walk(nodes, root, premise, first=done, meter=meter, on_leaf=tell)
        done += len(nodes)
    return leaves


def walk(
    nodes: Sequence[Node],
    root: C,
    premise: Premise[C],
    *,
    first: int = 0,
    waiting: int = 0,
    meter: Meter | None = None,
    on_leaf: Callable[[int], None] | None = None,
) -> int:
    """Walk a tree in preorder, with the cones still owed on a stack.

    Args:
        nodes: all of the tree, and nothing else.
        root: its cone.
        premise: what its leaves prove.
        first: the number of the first node, where the tree is part of a larger one.
        waiting: the vectors of the cones that are owed beside this tree there.
        meter: adds up the work.
        on_leaf: called with the number of nodes done after each leaf.

    Returns:
        The number of leaves.

    Raises:
        Rejection: if the tree does not prove the premise on its cone.
        TimeIsUpError: if a deadline is watched and over.
    """
    meter = meter or Meter(premise.max_work)
    pending = [root]
    vectors = waiting + root.vectors
    leaves = 0
    for number, node in enumerate(nodes, start=first):
        require(bool(pending), Obligation.COVER, number)
        cone = pending.pop()
        vectors -= cone.vectors
        look()
        meter.spend(premise.work(node, cone))
        below = children(node, cone, premise, number)
        pending.extend(reversed(below))
        vectors += sum(child.vectors for child in below)
        require(vectors <= MAX_PENDING_VECTORS, Obligation.LIMITS, number)
        if not below:
            leaves += 1
            if on_leaf is not None:
                on_leaf(number + 1 - first)
    require(not pending, Obligation.COVER)
    return leaves


def children(node: Node, cone: C, premise: Premise[C], number: int | None = None) -> tuple[C, ...]:
    """Check one node on its cone; return the cones of its children, which cover it.

    Args:
        node: of the tree.
        cone: its place there.
        premise: what leaves prove.
        number: of the node, which a rejection names.

    Raises:
        Rejection: if the node does not fit the cone, or is a leaf that does not prove the premise there.
    """
    try:
        return _children(node, cone, premise)
    except Rejection as rejection:
        raise Rejection(rejection.obligation, number) from None


def _children(node: Node, cone: C, premise: Premise[C]) -> tuple[C, ...]:
    match node:
        case Sign(k):
            return cone.halves(k)
        case RowSign(number):
            return cone.sides(number)
        case Split():
            return _split(node, cone)
        case Part(members):
            return cone.faces(members)
        case _:
            assert isinstance(node, AnyLeaf)
            premise.check_leaf(node, cone)
            return ()


def _split(node: Split, cone: C) -> tuple[C, C]:
    d = len(cone.signed)
    require(0 <= node.k < d and 0 <= node.l < d and node.k != node.l, Obligation.SPLIT_INDEX)
    require(cone.signed[node.k] and cone.signed[node.l], Obligation.SPLIT_SIGNED)
    require(node.a > 0 and node.b > 0, Obligation.SPLIT_POSITIVE)
    first, second = cone.generator(node.k), cone.generator(node.l)
    generator = tuple([node.a * p + node.b * q for p, q in zip(first, second, strict=True)])
    bits = length_of(generator)
    require(bits <= MAX_GENERATOR_BITS, Obligation.LIMITS)
    return cone.divided(node.k, node.l, node.a, node.b, generator, bits)
