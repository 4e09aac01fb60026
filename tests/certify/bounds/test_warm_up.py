"""After the warm-up nothing is left to compile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from certify import bound
from certify.bounds.tree.cone_search.depth_first import search_cone
from certify.bounds.warm_up import compile_kernels, warm_up
from certify.runtime.progress import Clock, Observer
from formulations.sdp import block
from formulations.training.ascent import climb
from tests.clocks import Ticking

KERNELS: tuple[Any, ...] = climb, search_cone, block._fill_newton_matrix


@pytest.mark.parametrize(
    ("n", "d", "c", "output_bias", "method"),
    [
        (8, 2, 1, "none", "auto"),
        (8, 2, 2, "free", "auto"),
        (6, 10, 2, "none", "auto"),
        (6, 10, 1, "decayed", "tree"),
        (5, 1, 1, "none", "sdp"),
    ],
)
def test_a_bound_compiles_nothing_more(n: int, d: int, c: int, output_bias: str, method: str) -> None:
    compile_kernels(trees=True, relaxations=True)
    compiled = [kernel.signatures for kernel in KERNELS]
    assert [len(signatures) for signatures in compiled] == [1, 1, 1]
    rng = np.random.default_rng(n)
    X, Y = rng.normal(size=(n, d)).round(2), rng.normal(size=(n, c)).round(2)
    bound(X, Y, output_bias=output_bias, method=method, gap=0.05)
    assert [kernel.signatures for kernel in KERNELS] == compiled


@pytest.mark.parametrize(("tick", "said"), [(0.25, []), (2.0, ["once on this machine, and not counted"])])
def test_the_clock_stands_and_only_what_takes_long_is_said(tick: float, said: list[str]) -> None:
    heard: list[str] = []

    class Listener(Observer):
        def finish(self, result: str) -> None:
            heard.append(result)

    clock = Clock(100.0, Listener(), now=Ticking(tick))
    warm_up(clock, trees=False, relaxations=False)
    assert heard == said
    assert not clock.stages
    assert clock.elapsed == 2 * tick  # of the two looks that are not the warm-up's
