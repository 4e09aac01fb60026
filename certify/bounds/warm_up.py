"""Compiling what a bound runs as machine code, before its time counts.

numba compiles a kernel at its first call and keeps the code on disk, for this machine and this user. That
takes up to half a minute, once; taking it up again takes a part of a second.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from certify.bounds.tree.search import search_tree
from certify.checker.certificate.training import Frame
from certify.runtime.progress import Clock
from formulations.sdp.multiplier_generation import solve_dual
from formulations.training.oracle import GaugeOracle


@cache
def compile_kernels(*, trees: bool, relaxations: bool) -> None:
    """Call each kernel once, with arrays of the types that all of its calls have.

    Args:
        trees: with those of the tree search.
        relaxations: with those of the interior-point methods.
    """
    X, Y = np.ones((1, 1)), np.ones((1, 1))
    GaugeOracle(X).maximise(Y, X)
    if trees:
        search_tree(X, Y, 4.0, Frame.identity(1))
    if relaxations:
        solve_dual(X, Y, 0.1)


def warm_up(clock: Clock, *, trees: bool, relaxations: bool) -> None:
    """Compile kernels while the clock stands; it is said where that takes more than a second."""
    with clock.uncounted("compile") as words:
        clock.observer.update("once on this machine")
        compile_kernels(trees=trees, relaxations=relaxations)
        words.append("once on this machine, and not counted")
