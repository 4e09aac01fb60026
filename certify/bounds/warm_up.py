"""Compiling what a bound runs as machine code, before its time counts.

numba compiles a kernel at its first call and keeps the code on disk (`formulations.compiled` says where).
That takes up to half a minute, once; taking it up again takes a part of a second. The two large kernels take
about as long as each other, and are compiled beside each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache

import numpy as np

from certify.bounds.tree.cone_search.depth_first import search_cone
from certify.bounds.tree.search import search_tree
from certify.checker.certificate.training import Frame
from certify.checker.errors import ChildError
from certify.runtime.progress import Clock
from certify.runtime.worker import Calls
from formulations.compiled import can_be_kept, is_kept
from formulations.sdp.multiplier_generation import solve_dual
from formulations.training.oracle import GaugeOracle

_POLL = 0.1  # seconds
_NOT_KEPT = "in each run, as no folder can keep it: let NUMBA_CACHE_DIR name one"


@cache
def compile_kernels(*, trees: bool, relaxations: bool) -> None:
    """Call each kernel once, with arrays of the types that all of its calls have.

    Args:
        trees: with those of the tree search.
        relaxations: with those of the interior-point methods.
    """
    X, Y = np.ones((1, 1)), np.ones((1, 1))
    with _tree_in_child() if trees else nullcontext():
        GaugeOracle(X).maximise(Y, X)
    if trees:
        compile_tree()
    if relaxations:
        solve_dual(X, Y, 0.1)


def compile_tree() -> bool:
    """Call the kernel of the tree search; return whether its code is kept."""
    ones = np.ones((1, 1))
    search_tree(ones, ones, 4.0, Frame.identity(1))
    return is_kept(search_cone)


@contextmanager
def _tree_in_child() -> Iterator[None]:
    """Compile the kernel of the tree search in another process meanwhile, if its code comes back by disk."""
    if is_kept(search_cone) or not can_be_kept(search_cone) or (os.cpu_count() or 1) == 1:
        yield
        return
    with Calls() as calls:
        try:
            calls.start(compile_tree)
        except ChildError:
            yield
            return
        yield
        while calls.next(_POLL) is None:
            pass


def warm_up(clock: Clock, *, trees: bool, relaxations: bool) -> None:
    """Compile kernels while the clock stands; it is said where that takes more than a second."""
    when = "once on this machine" if can_be_kept(search_cone) else _NOT_KEPT
    with clock.uncounted("compile") as words:
        clock.observer.update(when)
        compile_kernels(trees=trees, relaxations=relaxations)
        words.append(f"{when}, and not counted")
