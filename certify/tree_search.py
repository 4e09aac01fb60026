"""The search for a proof tree over the whole space: root frame, orthants, both cores.

What it finds is a tree of cuts and leaf rules whose numbers are exact integers, made for the checker; whether
it proves anything is for the checker to say (docs/method.md, section 3b).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from certify import tree_kernel
from certify.certificate import EnvelopeLeaf, Frame, Node, Sign, Split, TauLeaf
from certify.tree_kernel import Nodes, no_nodes

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

MAX_FEATURES = 12  # the orthants alone are 2^d cones
MAX_NODES = 20_000_000
_FRAME_SIZE = 64
_MARGIN = 1e-10
_POLL = 0.1


@dataclass(frozen=True)
class Search:
    """The outcome of one search.

    Attributes:
        trees: a tree of each orthant of the frame, in the order of the Sign nodes above them; None unless the
            search proved its level.
        witness: a direction with a gauge above the level, where there is one.
        cones: how many cones were visited.
    """

    trees: tuple[Nodes, ...] | None
    witness: Vector | None
    cones: int


def whitened_frame(X: Matrix) -> Frame:
    """Return a frame of small integers in whose coordinates the data is round.

    Args:
        X: inputs, n x d. Where they do not span R^d the coordinate frame is returned.
    """
    d = X.shape[1]
    values, vectors = np.linalg.eigh(X.T @ X)
    if not values[0] > 1e-12 * values[-1]:
        return Frame.identity(d)
    rows = (vectors / np.sqrt(values)).T
    rows = np.rint(rows * (_FRAME_SIZE / np.abs(rows).max(axis=1, keepdims=True)))
    generators = fmpz_mat([[int(entry) for entry in row] for row in rows.tolist()])
    if generators.det() == 0:
        return Frame.identity(d)
    inverse = generators.inv().tolist()
    scale = math.lcm(*(int(entry.q) for row in inverse for entry in row))
    return Frame(
        tuple(tuple(int(entry) for entry in row) for row in generators.tolist()),
        tuple(tuple(int(entry.p) * (scale // int(entry.q)) for entry in row) for row in inverse),
        scale,
    )


def search_tree(
    X: Matrix,
    N: Matrix,
    level: float,
    frame: Frame,
    *,
    bits: int = 8,
    guide: Sequence[Nodes] | None = None,
    max_nodes: int = MAX_NODES,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int], None] = lambda cones: None,
) -> Search:
    """Search for a tree that proves level |u|^2 >= |N^T relu(Xu)|^2 for all u.

    Deterministic unless it is stopped: each orthant is searched by itself.

    Args:
        X: inputs, n x d.
        N: dual point, n x c.
        level: H^2, a square of a gauge.
        frame: the root of the tree.
        bits: of the integers of a cut. More place cuts more exactly, and make the generators longer.
        guide: trees of an earlier search in the same frame; the new ones refine them.
        max_nodes: of each orthant's tree.
        should_stop: asked ten times a second.
        on_progress: called as often, with the number of cones visited.
    """
    stop, counters = np.zeros(1, np.int64), []
    running: dict[Future[Any], int] = {}
    found: dict[int, Nodes] = {}
    witness: Vector | None = None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for place, (generators, exponents) in enumerate(_orthants(frame)):
                counters.append(np.zeros(1, np.int64))
                tables = tuple(no_nodes() if guide is None else guide[place])
                arguments = (
                    generators,
                    exponents,
                    level,
                    _MARGIN,
                    bits,
                    tables,
                    max_nodes,
                    stop,
                    counters[-1],
                )
                running[pool.submit(tree_kernel.grow, X, N, *arguments)] = place
            waiting = set(running)
            while waiting:
                done, waiting = wait(waiting, timeout=_POLL, return_when=FIRST_COMPLETED)
                for future in done:
                    status, tables, direction = future.result()
                    if status == tree_kernel.DONE:
                        found[running[future]] = Nodes(*tables)
                        continue
                    stop[0] = 1
                    if status == tree_kernel.WITNESS and witness is None:
                        witness = direction
                if should_stop():
                    stop[0] = 1
                on_progress(int(sum(counter[0] for counter in counters)))
        finally:
            stop[0] = 1  # also on Ctrl-C: the pool waits for its threads
    complete = len(found) == len(running)
    trees = tuple(found[place] for place in range(len(running))) if complete else None
    return Search(trees, witness, int(sum(counter[0] for counter in counters)))


def _orthants(frame: Frame) -> Iterator[tuple[Matrix, NDArray[np.int64]]]:
    """Yield the generators of each orthant, the last coordinate's sign varying fastest, and their units."""
    rows = np.array(frame.generators, dtype=np.float64)
    d = len(rows)
    exponents = np.array([math.frexp(float(np.abs(row).max()))[1] for row in rows], dtype=np.int64)
    unit_rows = rows * 2.0 ** -exponents[:, None].astype(np.float64)
    for place in range(2**d):
        signs = [-1.0 if place >> (d - 1 - k) & 1 else 1.0 for k in range(d)]
        yield np.ascontiguousarray(unit_rows * np.array(signs)[:, None]), exponents


def certificate_tree(trees: Sequence[Nodes]) -> tuple[Node, ...]:
    """Write the trees of all orthants as one tree of the certificate language."""
    d = (len(trees) - 1).bit_length()
    nodes: list[Node] = []
    for place, tree in enumerate(trees):
        # Where only the last signs are new, the nodes of the others lie above this orthant.
        fresh = d if place == 0 else (place & -place).bit_length() - 1
        nodes.extend(Sign(k) for k in range(d - fresh, d))
        for kind, k, l, mantissa, power in zip(*(table.tolist() for table in tree), strict=True):
            a, b = (mantissa << power, 1) if power >= 0 else (mantissa, 1 << -power)
            if kind == tree_kernel.SPLIT:
                nodes.append(Split(k, l, a, b))
            else:
                nodes.append(EnvelopeLeaf() if kind == tree_kernel.ENVELOPE else TauLeaf(a, b))
    return tuple(nodes)
