"""The command `certify warm-up`."""

from __future__ import annotations

from typing import Any

from certify.bounds.tree.cone_search.depth_first import search_cone
from certify.cli.warm_up import warm_up
from certify.trust.rigorous_walk.tables import tree_depth
from certify.trust.rigorous_walk.walk import walk


def test_it_compiles_the_search_and_the_rigorous_walk() -> None:
    warm_up()
    kernels: tuple[Any, ...] = search_cone, tree_depth, walk
    assert all(kernel.signatures for kernel in kernels)
