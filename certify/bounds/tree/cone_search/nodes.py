"""The tree that a search writes, as tables in preorder, and the earlier tree that may guide it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from certify.runtime.compiled import compiled

SPLIT, ENVELOPE, TAU = 0, 1, 2
NONE = -1  # in place of a kind: no node

_EVERYWHERE = 1 << 30  # deeper than any cone


class Nodes(NamedTuple):
    """A tree of one cone in preorder, as tables.

    Attributes:
        kinds: SPLIT, ENVELOPE or TAU.
        ks: of a split, the first generator.
        ls: the second one.
        mantissas: of a split a/b = mantissa * 2**power; likewise of a tau. Odd, but for a tau.
        powers: likewise.
    """

    kinds: NDArray[np.int8]
    ks: NDArray[np.int8]
    ls: NDArray[np.int8]
    mantissas: NDArray[np.int64]
    powers: NDArray[np.int64]


class Node(NamedTuple):
    """A row of `Nodes`; or none, by its kind NONE."""

    kind: int
    k: int | np.int64
    l: int | np.int64
    mantissa: int | np.int64
    power: int | np.int64


class Guide(NamedTuple):
    """An earlier tree of the same cone, whose cuts are taken over, and how far the search has followed it.

    Attributes:
        nodes: the tree; without nodes there is no guide.
        place: of length 1, the node that comes next.
        ended: of length 1, the depth of the leaf below which the search is on its own; beyond all depths
            where it is not.
    """

    nodes: Nodes
    place: NDArray[np.int64]
    ended: NDArray[np.int64]


def no_nodes(capacity: int = 0) -> Nodes:
    """Return tables for so many nodes."""
    small, large = np.dtype(np.int8), np.dtype(np.int64)
    return Nodes(*(np.empty(capacity, dtype) for dtype in (small, small, small, large, large)))


@compiled
def room_for_nodes(capacity: int) -> Nodes:
    """Return tables for so many nodes, in compiled code."""
    return Nodes(
        np.empty(capacity, np.int8),
        np.empty(capacity, np.int8),
        np.empty(capacity, np.int8),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
    )


@compiled
def longer(nodes: Nodes) -> Nodes:
    """Return the tables with room for as many nodes again."""
    size = len(nodes.kinds)
    new = room_for_nodes(2 * size)
    for place in range(size):
        new.kinds[place], new.ks[place], new.ls[place] = nodes.kinds[place], nodes.ks[place], nodes.ls[place]
        new.mantissas[place], new.powers[place] = nodes.mantissas[place], nodes.powers[place]
    return new


@compiled
def first_nodes(nodes: Nodes, size: int) -> Nodes:
    """Return the tables of the first so many nodes."""
    return Nodes(
        nodes.kinds[:size], nodes.ks[:size], nodes.ls[:size], nodes.mantissas[:size], nodes.powers[:size]
    )


@compiled
def write(nodes: Nodes, place: int, node: Node) -> int:
    """Enter a node in its place; return the next one."""
    nodes.kinds[place], nodes.ks[place], nodes.ls[place] = node.kind, node.k, node.l
    nodes.mantissas[place], nodes.powers[place] = node.mantissa, node.power
    return place + 1


@compiled
def guide_by(nodes: Any) -> Guide:
    """Return the guide that a tree is, at its root."""
    ended = _EVERYWHERE if len(nodes.kinds) else -1
    return Guide(nodes, np.zeros(1, np.int64), np.full(1, ended, np.int64))


@compiled
def guided_cut(guide: Guide, depth: int) -> Node:
    """Return the cut that the guide has for the next cone in preorder, or none."""
    if len(guide.nodes.kinds) and depth <= guide.ended[0]:
        guide.ended[0] = _EVERYWHERE
        place, nodes = guide.place[0], guide.nodes
        guide.place[0] += 1
        if nodes.kinds[place] == SPLIT:
            # Small integers would make another type of the node than the numbers elsewhere.
            k, l = np.int64(nodes.ks[place]), np.int64(nodes.ls[place])
            return Node(SPLIT, k, l, nodes.mantissas[place], nodes.powers[place])
        guide.ended[0] = depth
    return Node(NONE, 0, 0, 0, 0)


@compiled
def is_guided(guide: Guide, depth: int) -> bool:
    """Say whether the cut of a cone on the way came from the guide."""
    return len(guide.nodes.kinds) > 0 and depth < guide.ended[0]
