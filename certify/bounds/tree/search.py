"""The search for a proof tree over the whole space of directions, one orthant after the other.

Each orthant of the root frame is a cone, which `cone_search` searches by itself, several at a time on several
cores. What comes out is a tree of cuts and leaf rules whose numbers are exact integers, made for the checker;
whether it proves anything is for the checker to say (docs/method.md, section 3b).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from certify.bounds.tree.cone_search.depth_first import DONE, Limits, Task, search_cone
from certify.bounds.tree.cone_search.nodes import ENVELOPE, SPLIT, Nodes, no_nodes
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Node,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Frame
from formulations.arrays import Matrix, Vector

_WITHOUT_END = 1 << 62
MAX_FEATURES = 12  # the orthants alone are 2^d cones
MAX_NODES = 60_000_000  # of all orthants, each of which may have its share
_MARGIN = 1e-10
_POLL = 0.1
_PROBE = 50_000  # cones of each orthant


@dataclass(frozen=True)
class Search:
    """The outcome of one search.

    Attributes:
        trees: a tree of each orthant of the frame, in the order of the Sign nodes above them; None unless the
            search proved its level.
        witnesses: directions with gauges above the level, as columns; None if none was found.
        cones: how many cones were visited.
    """

    trees: tuple[Nodes, ...] | None
    witnesses: Matrix | None
    cones: int


def search_tree(
    X: Matrix,
    N: Matrix,
    level: float,
    frame: Frame,
    *,
    bits: int = 8,
    guide: Sequence[Nodes] | None = None,
    max_nodes: int = _WITHOUT_END,
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
    guides = [no_nodes()] * 2 ** len(frame.generators) if guide is None else guide
    searches = [
        _OrthantSearch(Task(X, N, generators, exponents, level, _MARGIN, bits, earlier), max_nodes)
        for (generators, exponents), earlier in zip(_orthants(frame), guides, strict=True)
    ]

    def poll() -> bool:
        on_progress(sum(search.cones for search in searches))
        return should_stop()

    # First a short look everywhere: it finishes small trees, and gathers witnesses from all sides.
    _run(searches, _PROBE, poll, until_witness=False)
    if not any(search.witnesses for search in searches):
        _run([search for search in searches if search.tree is None], _WITHOUT_END, poll, until_witness=True)
    witnesses = [direction for search in searches for direction in search.witnesses]
    trees = [search.tree for search in searches if search.tree is not None]
    return Search(
        tuple(trees) if len(trees) == len(searches) else None,
        np.column_stack(witnesses) if witnesses else None,
        sum(search.cones for search in searches),
    )


class _OrthantSearch:
    """The search of one orthant, possibly in two goes."""

    def __init__(self, task: Task, max_nodes: int) -> None:
        self._task = task
        self._max_nodes = max_nodes
        self._counter = np.zeros(1, np.int64)
        self._before = 0
        self.stop = np.zeros(1, np.int64)
        self.tree: Nodes | None = None
        self.witnesses: list[Vector] = []

    @property
    def cones(self) -> int:
        """The number of cones visited."""
        return self._before + int(self._counter[0])

    def run(self, max_cones: int) -> None:
        """Search from the start."""
        self._before += int(self._counter[0])
        self._counter[0] = 0
        limits = Limits(self._max_nodes, max_cones, self.stop, self._counter)
        status, tables, directions = search_cone(self._task, limits)
        if status == DONE:
            self.tree = Nodes(*tables)
        self.witnesses = list(directions)


def _run(
    searches: Sequence[_OrthantSearch], max_cones: int, poll: Callable[[], bool], *, until_witness: bool
) -> None:
    """Run searches on all cores; the first one with a witness ends those after it, whichever came first."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(search.run, max_cones) for search in searches]
        waiting = set(futures)
        try:
            while waiting:
                _, waiting = wait(waiting, timeout=_POLL, return_when=FIRST_COMPLETED)
                ended = poll()
                for place, (search, future) in enumerate(zip(searches, futures, strict=True)):
                    if until_witness and future.done() and search.witnesses:
                        for later in searches[place + 1 :]:
                            later.stop[0] = 1
                            later.witnesses = []
                    if ended:
                        search.stop[0] = 1
        finally:
            for search in searches:  # also on Ctrl-C: the pool waits for its threads
                search.stop[0] = 1
        for future in futures:
            future.result()
    for search in searches:
        search.stop[0] = 0


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
            if kind == SPLIT:
                nodes.append(Split(k, l, a, b))
            else:
                nodes.append(EnvelopeLeaf() if kind == ENVELOPE else TauLeaf(a, b))
    return tuple(nodes)
