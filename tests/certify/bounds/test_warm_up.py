"""After the warm-up nothing is left to compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from certify import bound
from certify.bounds import warm_up as module
from certify.bounds.tree.cone_search.depth_first import search_cone
from certify.bounds.warm_up import compile_kernels, compile_tree, warm_up
from certify.runtime.progress import Clock, Observer
from certify.runtime.worker import Answer, Calls
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


@pytest.mark.parametrize(
    ("has_code", "has_folder", "beside"), [(False, True, 1), (True, True, 0), (False, False, 0)]
)
def test_the_tree_is_compiled_beside_only_where_that_helps(
    has_code: bool, has_folder: bool, beside: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []

    class Recorded(Calls):
        def start(self, function: Callable[..., Any], *arguments: Any) -> int:
            started.append(function)
            return 0

        def next(self, seconds: float) -> Answer:
            return Answer(0, "result", True)

    monkeypatch.setattr(module, "Calls", Recorded)
    monkeypatch.setattr(module, "is_kept", lambda _: has_code)
    monkeypatch.setattr(module, "can_be_kept", lambda _: has_folder)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    compile_kernels.__wrapped__(trees=True, relaxations=False)
    assert started == [compile_tree] * beside


def test_where_no_folder_keeps_code_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    class Listener(Observer):
        def update(self, message: str) -> None:
            heard.append(message)

    monkeypatch.setattr(module, "can_be_kept", lambda _: False)
    warm_up(Clock(100.0, Listener(), now=Ticking()), trees=False, relaxations=False)
    assert heard == ["in each run, as no folder can keep it: let NUMBA_CACHE_DIR name one"]
