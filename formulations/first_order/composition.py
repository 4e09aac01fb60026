"""Which rows make a block.

Multipliers between blocks are what a proof in blocks does without. Blocks that are each like the whole, small
samples of it, share (u, v) with the least loss where the weight decay is strong (docs/solvers.md has what
other compositions do).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from formulations.arrays import Indices, Matrix

# Takes the rows (K x d), their targets (K x c), a number of blocks up to K and a seed, and returns that many
# blocks of rows, ascending, as equal in size as can be.
Composition = Callable[[Matrix, Matrix, int, int], list[Indices]]


def stratified(units: Matrix, targets: Matrix, number: int, seed: int) -> list[Indices]:
    """Deal the rows out in the order of their targets, along the axes in which these differ most.

    Args:
        units: the rows, K x d.
        targets: K x c.
        number: of blocks.
        seed: of the order of rows with the same targets.
    """
    order = np.random.default_rng(seed).permutation(len(units))
    around = targets[order] - targets.mean(axis=0)
    _, axes = np.linalg.eigh(around.T @ around)
    # The last key of lexsort counts first; targets that differ by rounding are the same.
    size = float(np.abs(around).max(initial=0.0)) or 1.0
    order = order[np.lexsort((around @ axes / size).round(9).T)]
    return dealt(order, number)


def dealt(order: Indices, number: int) -> list[Indices]:
    """Give the rows to the blocks in turns."""
    return [np.sort(order[start::number]) for start in range(number)]
