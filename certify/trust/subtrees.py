"""Dividing a large proof tree: its top, and the subtrees below it, which are walked apart from each other.

A subtree says what came of its walk in a line of text, which cannot do more than be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from certify.checker.certificate.nodes import AnyLeaf, Node, Split
from certify.checker.errors import ChildError
from certify.checker.limits.deadline import look
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.tree.walk import MAX_PENDING_VECTORS, C, Premise, children, walk
from certify.checker.work import Meter

WALKER = "a process that checks a part of the tree"
# A tree that is smaller in both is walked before a process has started. Leaves of hundreds of samples take
# seconds each, so that few of them are enough.
_LEAST_NODES = 4000
_LEAST_WORK = 4 * 10**9  # of its leaves
_PARTS = 16  # for each process, as parts take unequal time
_MOST_PARTS = 64 * _PARTS  # for each process; a tree that is all depth falls into one for each leaf
_ANSWER = re.compile(
    rb"(?:([0-9]{1,18}) leaves|([A-Z_]{1,40}) at ([0-9]{1,18}|no node)) after ([0-9]{1,30})\n"
)


@dataclass(frozen=True)
class Subtree:
    """A subtree.

    Attributes:
        cone: of the same kind as the premise's, whichever that is.
        nodes: of it, and nothing else.
        first: the number of its first node.
        waiting: as `walk` has it.
        premise: what its leaves prove.
        above: the work of all nodes before it that belong to no part.
    """

    cone: Any
    nodes: Sequence[Node]
    first: int
    waiting: int
    premise: Premise[Any]
    above: int

    def __reduce__(self) -> tuple[Callable[..., Subtree], tuple[object, ...]]:
        # Plain tuples are sent several times faster than nodes, and nearly all nodes are splits or envelopes.
        table = [(n.k, n.l, n.a, n.b) if isinstance(n, Split) else n for n in self.nodes]
        return _subtree_of, (self.cone, table, self.first, self.waiting, self.premise, self.above)

    def walk(self) -> str:
        """Return how many leaves there are, or which obligation fails and where, after which work: a line."""
        meter = Meter(self.premise.max_work)
        try:
            leaves = walk(
                self.nodes, self.cone, self.premise, first=self.first, waiting=self.waiting, meter=meter
            )
            return f"{leaves} leaves after {meter.spent}\n"
        except Rejection as rejection:
            place = "no node" if rejection.node is None else rejection.node
            return f"{rejection.obligation.name} at {place} after {meter.spent}\n"

    def answer(self, line: bytes) -> Answer:
        """Return what `walk` said: the number of leaves, or what a part of this kind may be rejected for.

        Raises:
            ChildError: if it is no answer for this part.
        """
        said = _ANSWER.fullmatch(line)
        if said and said[1] and int(said[1]) == sum(isinstance(node, AnyLeaf) for node in self.nodes):
            return Answer(int(said[1]), int(said[4]), None)
        name = said[2].decode() if said and said[2] else ""
        if said and name in Obligation.__members__:
            node = None if said[3] == b"no node" else int(said[3])
            if node is None or 0 <= node - self.first < len(self.nodes):
                return Answer(0, int(said[4]), Rejection(Obligation[name], node))
        raise ChildError(f"{WALKER} gave an answer that is none: {line[:50]!r}")


class Answer(NamedTuple):
    """What a process says of a part.

    Attributes:
        leaves: their number, if none fails.
        work: of the part, up to the node that fails.
        failure: what it is rejected for.
    """

    leaves: int
    work: int
    failure: Rejection | None


def _subtree_of(
    cone: Any,
    table: list[Node | tuple[int, int, int, int]],
    first: int,
    waiting: int,
    premise: Premise[Any],
    above: int,
) -> Subtree:
    nodes = [Split(*entry) if isinstance(entry, tuple) else entry for entry in table]
    return Subtree(cone, nodes, first, waiting, premise, above)


def ends_of_subtrees(nodes: Sequence[Node]) -> list[int]:
    """Return for each node the end of its subtree; an empty list where the nodes are not one whole tree."""
    ends: list[int] = []
    pending: list[int] = []  # the ends of the subtrees to the right, the nearest last
    for number in range(len(nodes) - 1, -1, -1):
        end = number + 1
        if not isinstance(nodes[number], AnyLeaf):
            if len(pending) < 2:
                return []
            pending.pop()
            end = pending.pop()
        pending.append(end)
        ends.append(end)
    ends.reverse()
    return ends if len(pending) == 1 else []


@dataclass(frozen=True)
class Top:
    """The top of a tree, and what is left below it.

    Attributes:
        size: the number of all nodes of the tree.
        parts: in the order of the tree.
        nodes: how many nodes of the top were checked; none of them is a leaf.
        work: of these, and of the one that fails.
        rejection: for the node where the top fails; the parts after it are left out then.
    """

    size: int
    parts: list[Subtree]
    nodes: int
    work: int
    rejection: Rejection | None


def undivided(nodes: Sequence[Node], root: C, premise: Premise[C], first: int) -> Top:
    """Leave a tree in one part."""
    return Top(len(nodes), [Subtree(root, nodes, first, 0, premise, 0)], 0, 0, None)


def _is_large(nodes: Sequence[Node], root: C, premise: Premise[C]) -> bool:
    if len(nodes) == 1 or len(nodes) >= _LEAST_NODES:
        return len(nodes) > 1
    # What leaves take on the whole cone says enough: below they have no more mixed samples than there.
    works = (premise.work(node, root) for node in nodes if isinstance(node, AnyLeaf))
    return any(work >= _LEAST_WORK for work in accumulate(works))


def divide_tree(
    nodes: Sequence[Node], root: C, premise: Premise[C], processes: int, before: int
) -> Top | None:
    """Walk the top of a large, whole tree down to subtrees that are small enough.

    Args:
        nodes: the tree.
        root: its cone.
        premise: what its leaves prove.
        processes: how many there are to share the work.
        before: the number of nodes of the trees before this one.

    Returns:
        The top; None if the tree is small or not whole, or has too many such subtrees.
    """
    ends = ends_of_subtrees(nodes) if _is_large(nodes, root, premise) else []
    if not ends:
        return None
    size = max(len(nodes) // (_PARTS * processes), 1)
    parts: list[Subtree] = []
    pending = [(root, 0)]
    vectors = root.vectors
    checked, meter = 0, Meter(premise.max_work)
    while pending:
        cone, number = pending.pop()
        vectors -= cone.vectors
        end = ends[number]
        if end - number <= size:
            parts.append(Subtree(cone, nodes[number:end], before + number, vectors, premise, meter.spent))
            continue
        look()
        try:
            meter.spend(premise.work(nodes[number], cone))
            first, second = children(nodes[number], cone, premise, before + number)
            vectors += first.vectors + second.vectors
            require(vectors <= MAX_PENDING_VECTORS, Obligation.LIMITS, before + number)
        except Rejection as rejection:
            return Top(len(nodes), parts, checked, meter.spent, rejection)
        checked += 1
        pending += [(second, ends[number + 1]), (first, number + 1)]
        if len(parts) + len(pending) > _MOST_PARTS * processes:
            return None
    return Top(len(nodes), parts, checked, meter.spent, None)
