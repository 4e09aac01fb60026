"""The walk itself: one node after the other, depth first."""

from __future__ import annotations

from typing import Any

import numpy as np

from certify.runtime.compiled import compiled, compiled_entry
from certify.trust.rigorous_walk.leaf import AtLeaf, encloses, proves, room_for_leaf
from certify.trust.rigorous_walk.path import (
    Path,
    all_certain,
    all_signed,
    cut_cone,
    enter_child,
    is_legal,
    room_for_cuts,
    root_path,
)
from certify.trust.rigorous_walk.rounding import Sizes, sizes_of
from certify.trust.rigorous_walk.tables import LEAF, SIGN, SPLIT, Scaled, Tree


@compiled
def _settles(path: Path, depth: int, data: Scaled, tau: float, sizes: Sizes, at_leaf: AtLeaf) -> bool:
    """Say whether floating point proves the premise on a cone, by the envelope or the tau rule."""
    return (
        all_signed(path, depth)
        and all_certain(path, depth)
        and encloses(path, depth, data.N, sizes, at_leaf)
        and proves(path, depth, at_leaf, data.level, tau, sizes)
    )


@compiled_entry(__package__)
def walk(data: Scaled, tree: Tree, depths: int, open_leaves: Any, counter: Any) -> int:
    """Walk a whole tree and mark the leaves that floating point cannot settle.

    Args:
        data: the scaled problem, dual point and frame.
        tree: its nodes are all there and none is left over.
        depths: of the tree, from `tree_depth`.
        open_leaves: filled with 1 where a leaf is not settled; of the length of the tree.
        counter: of length 2; counts the nodes done, and ends the walk where its second entry is not 0.

    Returns:
        -1, or the first inner node that is no legal one, where the walk ends, or where it was ended.
    """
    sizes = sizes_of(data.X, data.N)
    path = root_path(data, sizes, depths)
    cuts, at_leaf = room_for_cuts(path), room_for_leaf(data.X.shape[1], data.N.shape[1])
    entered = np.zeros(depths, np.int64)  # how many children of each cone on the path
    at = np.zeros(depths, np.int64)  # the node of each
    depth, number = 0, 0
    while depth >= 0:
        node = at[depth]
        if entered[depth] == 2:
            depth -= 1
            continue
        if entered[depth] == 0:
            counter[0] = number
            if counter[1] != 0:
                return int(node)
            number += 1
            kind = tree.kinds[node]
            if kind not in (SIGN, SPLIT):
                if kind != LEAF or not _settles(path, depth, data, tree.taus[node], sizes, at_leaf):
                    open_leaves[node] = 1
                depth -= 1
                continue
            if not is_legal(path, depth, tree, node):
                return int(node)
            if kind == SPLIT:
                cut_cone(path, depth, tree, node, data, sizes, cuts)
        enter_child(path, depth, tree, node, entered[depth] == 1, data, sizes, cuts)
        entered[depth] += 1
        depth += 1
        entered[depth] = 0
        at[depth] = number
    return -1
