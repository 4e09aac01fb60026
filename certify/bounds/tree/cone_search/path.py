"""The cones from the root of a search to the present one, and the step from a cone to a child.

The cone at each depth is a row of preallocated tables, so that the search allocates nothing but its result,
and a child looks only at the rows that are still mixed on its parent.

Generators are kept in units of a power of two, so that the integers a, b of a cut a w_k + b w_l are chosen
for the integer vectors that the checker will have: one of them is a power of two, the other has a few bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from certify.bounds.tree.cone_search.nodes import Node
from certify.runtime.compiled import compiled

MAX_DEPTH = 400


class Premise(NamedTuple):
    """What is to be proved: level |u|^2 >= |N^T relu(Xu)|^2.

    Attributes:
        X: inputs, n x d.
        N: dual point, n x c.
        sizes: the lengths of the rows of N.
        level: H^2.
        margin: relative to the level, left for rounding errors.
    """

    X: Any
    N: Any
    sizes: Any
    level: float
    margin: float


class Path(NamedTuple):
    """The cones from the root to the present one, each in its own place of every table.

    Attributes:
        W: the generators, d x d.
        units: the powers of two that they are in units of.
        weights: their inverse lengths.
        values: N^T relu(Xu) at the generators, d x c.
        products: x_i . w_k of the mixed rows, n x d.
        rows: which rows are mixed.
        counts: how many.
    """

    W: Any
    units: Any
    weights: Any
    values: Any
    products: Any
    rows: Any
    counts: Any


class Cuts(NamedTuple):
    """The new generator of the split at each depth, with the same of it as in `Path`.

    Attributes:
        W: the generators.
        units: as said.
        weights: as said.
        values: as said.
        products: as said.
        ends: the two generators that each replaces, in the first child and in the second.
    """

    W: Any
    units: Any
    weights: Any
    values: Any
    products: Any
    ends: Any


@compiled
def row_lengths(N: Any) -> Any:
    """Return the lengths of the rows of N."""
    lengths = np.empty(len(N))
    for i in range(len(N)):
        square = 0.0
        for j in range(N.shape[1]):
            square += N[i, j] ** 2
        lengths[i] = math.sqrt(square)
    return lengths


@compiled
def square_of(vector: Any) -> float:
    """Return the square of a vector's length."""
    square = 0.0
    for p in range(len(vector)):
        square += vector[p] ** 2
    return square


@compiled
def root_path(premise: Premise, generators: Any, exponents: Any) -> Path:
    """Return the path to the root, with room for all below it."""
    n, d = premise.X.shape
    c = premise.N.shape[1]
    path = Path(
        np.empty((MAX_DEPTH, d, d)),
        np.empty((MAX_DEPTH, d), np.int64),
        np.empty((MAX_DEPTH, d)),
        np.empty((MAX_DEPTH, d, c)),
        np.empty((MAX_DEPTH, n, d)),
        np.empty((MAX_DEPTH, n), np.int64),
        np.zeros(MAX_DEPTH, np.int64),
    )
    for k in range(d):
        for p in range(d):
            path.W[0, k, p] = generators[k, p]
        for j in range(c):
            path.values[0, k, j] = 0.0
        path.units[0, k] = exponents[k]
        path.weights[0, k] = 1 / math.sqrt(square_of(generators[k]))
    for i in range(n):
        count = path.counts[0]
        for k in range(d):
            product = np.dot(premise.X[i], path.W[0, k])
            path.products[0, count, k] = product
            for j in range(c):
                path.values[0, k, j] += max(product, 0.0) * premise.N[i, j]
        if _is_mixed(path.products[0, count]):
            path.rows[0, count] = i
            path.counts[0] += 1
    return path


@compiled
def room_for_cuts(path: Path) -> Cuts:
    """Return room for the cut at each depth."""
    n, d = path.products.shape[1:]
    return Cuts(
        np.empty((MAX_DEPTH, d)),
        np.empty(MAX_DEPTH, np.int64),
        np.empty(MAX_DEPTH),
        np.empty((MAX_DEPTH, path.values.shape[2])),
        np.empty((MAX_DEPTH, n)),
        np.zeros((MAX_DEPTH, 2), np.int64),
    )


@compiled
def cut_cone(premise: Premise, path: Path, depth: int, split: Node, cuts: Cuts) -> bool:
    """Compute the new generator of a split; return whether it is a witness against the premise.

    It is a w_k + b w_l, first in units of 2**unit, then in its own.
    """
    W, k, l = path.W[depth], split.k, split.l
    high = path.units[depth, k] + max(split.power, 0)
    low = path.units[depth, l] + max(-split.power, 0)
    unit = max(high, low)
    a, b = split.mantissa * 2.0 ** max(high - unit, -1000), 2.0 ** max(low - unit, -1000)
    largest = 0.0
    for p in range(W.shape[1]):
        largest = max(largest, abs(a * W[k, p] + b * W[l, p]))
    shift = math.floor(math.log2(largest)) + 1
    a, b = a * 2.0**-shift, b * 2.0**-shift
    for p in range(W.shape[1]):
        cuts.W[depth, p] = a * W[k, p] + b * W[l, p]
    square = square_of(cuts.W[depth])
    cuts.units[depth] = unit + shift
    cuts.weights[depth] = 1 / math.sqrt(square)
    cuts.ends[depth, 0], cuts.ends[depth, 1] = k, l
    value = cuts.values[depth]
    for j in range(len(value)):
        value[j] = a * path.values[depth, k, j] + b * path.values[depth, l, j]
    for r in range(path.counts[depth]):
        first, second = a * path.products[depth, r, k], b * path.products[depth, r, l]
        cuts.products[depth, r] = first + second
        if first * second < 0:
            bend = max(first + second, 0.0) - max(first, 0.0) - max(second, 0.0)
            for j in range(len(value)):
                value[j] += bend * premise.N[path.rows[depth, r], j]
    return square_of(value) > premise.level * square


@compiled
def enter_child(path: Path, depth: int, cuts: Cuts, which: int) -> None:
    """Put the first or second child of a cone, `which` 0 or 1, into the next place of the path."""
    child, slot = depth + 1, cuts.ends[depth, which]
    d, c = path.values.shape[1:]
    for k in range(d):
        for p in range(d):
            path.W[child, k, p] = path.W[depth, k, p]
        for j in range(c):
            path.values[child, k, j] = path.values[depth, k, j]
        path.units[child, k], path.weights[child, k] = path.units[depth, k], path.weights[depth, k]
    for p in range(d):
        path.W[child, slot, p] = cuts.W[depth, p]
    for j in range(c):
        path.values[child, slot, j] = cuts.values[depth, j]
    path.units[child, slot], path.weights[child, slot] = cuts.units[depth], cuts.weights[depth]
    count = 0
    for r in range(path.counts[depth]):
        for k in range(d):
            path.products[child, count, k] = path.products[depth, r, k]
        path.products[child, count, slot] = cuts.products[depth, r]
        if _is_mixed(path.products[child, count]):
            path.rows[child, count] = path.rows[depth, r]
            count += 1
    path.counts[child] = count


@compiled
def _is_mixed(products: Any) -> bool:
    lowest, highest = 0.0, 0.0
    for k in range(len(products)):
        lowest, highest = min(lowest, products[k]), max(highest, products[k])
    return lowest < 0 < highest
