"""The search itself: one cone after the other, depth first, until a tree is complete or something ends it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from certify.bounds.tree.cone_search.cut import choose_cut
from certify.bounds.tree.cone_search.leaf import find_leaf, room_for_enclosure
from certify.bounds.tree.cone_search.nodes import (
    NONE,
    SPLIT,
    Nodes,
    first_nodes,
    guide_by,
    guided_cut,
    is_guided,
    longer,
    room_for_nodes,
    write,
)
from certify.bounds.tree.cone_search.path import (
    MAX_DEPTH,
    Premise,
    cut_cone,
    enter_child,
    room_for_cuts,
    root_path,
    row_lengths,
    square_of,
)
from certify.runtime.compiled import compiled, compiled_entry
from formulations.arrays import Matrix

DONE, WITNESS, FULL, STOPPED, TOO_DEEP, UNFINISHED = 0, 1, 2, 3, 4, 5

_FIRST_ROOM = 1024  # nodes
_MAX_WITNESSES = 64
_CONES_AFTER_WITNESS = 100_000  # in which to look for others
_SEARCHING = -1


class Task(NamedTuple):
    """What to search.

    Attributes:
        X: inputs, n x d.
        N: dual point, n x c.
        generators: of the cone as rows, d x d, each with its largest entry between 1/2 and 1 in size.
        exponents: of length d; the integer generators are 2**exponents times as long.
        level: H^2.
        margin: relative to the level, left for rounding errors.
        bits: of the integers of a cut, beyond a power of two.
        guide: an earlier tree of the same cone, whose cuts are taken over; possibly without nodes.
    """

    X: Matrix
    N: Matrix
    generators: Matrix
    exponents: NDArray[np.int64]
    level: float
    margin: float
    bits: int
    guide: Nodes


class Limits(NamedTuple):
    """What ends a search early.

    Attributes:
        nodes: of the tree, at most.
        cones: to visit, at most.
        stop: of length 1; the search ends soon after its entry becomes nonzero.
        counter: likewise; counts the cones visited.
    """

    nodes: int
    cones: int
    stop: NDArray[np.int64]
    counter: NDArray[np.int64]


class _Witnesses(NamedTuple):
    """Directions with a larger gauge than the level allows: how many, since which cone, and which."""

    count: Any
    since: Any
    directions: Any


@compiled
def _note_witness(witnesses: _Witnesses, direction: Any, cone: int) -> None:
    if witnesses.count[0] == 0:
        witnesses.since[0] = cone
    for p in range(len(direction)):
        witnesses.directions[witnesses.count[0], p] = direction[p]
    witnesses.count[0] += 1


@compiled
def _status(limits: Limits, witnesses: _Witnesses, size: int) -> int:
    """Say whether the search goes on with one more cone, or how it ends."""
    count, cones = witnesses.count[0], limits.counter[0]
    if count and (count == _MAX_WITNESSES or cones > witnesses.since[0] + _CONES_AFTER_WITNESS):
        return WITNESS
    if limits.stop[0] != 0:
        return STOPPED
    if cones > limits.cones:
        return WITNESS if count else UNFINISHED
    if size >= limits.nodes:
        return WITNESS if count else FULL
    return _SEARCHING


@compiled_entry(__package__)
def search_cone(task: Task, limits: Limits) -> Any:
    """Search one cone for a tree that proves level |u|^2 >= |N^T relu(Xu)|^2 on it.

    Returns:
        How it ended; the tables of `Nodes`, as long as the number of nodes where the tree is complete; and
        directions with a larger gauge than the level allows, as rows, where that is how it ended.
    """
    d, c = task.X.shape[1], task.N.shape[1]
    premise = Premise(task.X, task.N, row_lengths(task.N), task.level, task.margin)
    path = root_path(premise, task.generators, task.exponents)
    cuts, enclosure = room_for_cuts(path), room_for_enclosure(d, c)
    nodes, size, guide = room_for_nodes(_FIRST_ROOM), 0, guide_by(task.guide)
    witnesses = _Witnesses(np.zeros(1, np.int64), np.zeros(1, np.int64), np.empty((_MAX_WITNESSES, d)))
    entered = np.zeros(MAX_DEPTH, np.int64)  # how many children of each cone on the path
    places = np.zeros(MAX_DEPTH, np.int64)  # in the tree, of the cones on the path
    for k in range(d):
        if square_of(path.values[0, k]) * path.weights[0, k] ** 2 > task.level:
            return WITNESS, first_nodes(nodes, 0), path.W[0, k : k + 1]

    depth, status = 0, _SEARCHING
    while depth >= 0:
        if entered[depth] == 2:
            # An earlier level or dual point asked for this cut; this one may do without it.
            if is_guided(guide, depth) and size == places[depth] + 3:
                leaf = find_leaf(premise, path, depth, enclosure)
                if leaf.kind != NONE:
                    size = write(nodes, places[depth], leaf)
            depth -= 1
            continue
        if entered[depth] == 0:
            limits.counter[0] += 1
            status = _status(limits, witnesses, size)
            if status != _SEARCHING:
                break
            if size == len(nodes.kinds):
                nodes = longer(nodes)
            node = guided_cut(guide, depth)
            if node.kind == NONE:
                node = find_leaf(premise, path, depth, enclosure)
            if node.kind == NONE:
                node = choose_cut(premise, path, depth, enclosure.gains, task.bits)
            places[depth] = size
            size = write(nodes, size, node)
            if node.kind != SPLIT:
                depth -= 1
                continue
            if depth + 1 == MAX_DEPTH:
                status = WITNESS if witnesses.count[0] else TOO_DEEP
                break
            if cut_cone(premise, path, depth, node, cuts):
                # Never a proof now; the children would have the same witness.
                _note_witness(witnesses, cuts.W[depth], limits.counter[0])
                entered[depth] = 2
                continue
        enter_child(path, depth, cuts, entered[depth])
        entered[depth] += 1
        depth += 1
        entered[depth] = 0
    if status == _SEARCHING:
        status = WITNESS if witnesses.count[0] else DONE
    found = witnesses.count[0] if status == WITNESS else 0
    return status, first_nodes(nodes, size), witnesses.directions[:found]
