"""Where to cut a cone in two: which edge, and at which point of it.

An edge is cut at the kink of a row, where the row's width ends, if that gains enough; else in its middle.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from certify.bounds.tree.cone_search.nodes import SPLIT, Node
from certify.bounds.tree.cone_search.path import Path, Premise
from certify.runtime.compiled import compiled

# Least gain of a cut at a kink, relative to what bisecting the longest edge gains: such a cut does not fall
# exactly on its kink, and without a limit what is left of the row would be cut again and again.
_KINK_OR_MIDDLE = 0.1
_LEAST_SHARE = 0.02  # of an edge's width, for a row at whose kink the edge may be cut


@compiled
def choose_cut(premise: Premise, path: Path, depth: int, gains: Any, bits: int) -> Node:
    """Return the split of a cone.

    Args:
        premise: what is to be proved.
        path: its cone is that at `depth`.
        depth: as said.
        gains: how wide the rows make each edge (k, l), k > l.
        bits: of the integers of a cut, beyond a power of two.
    """
    W, weights = path.W[depth], path.weights[depth]
    gain, k, l = _widest_edge(gains)
    cosine, far_k, far_l = _longest_edge(W, weights)
    # Generators may be so close that 1 - cosine is rounded to zero, or less.
    if cosine < 0 or not gain > max(0.0, _KINK_OR_MIDDLE * math.sqrt(premise.level) * (1 - cosine)):
        k, l = far_k, far_l
        ratio = weights[k] / weights[l]
    else:
        cosine = np.dot(W[k], W[l]) * weights[k] * weights[l]
        row = _best_kink(premise, path, depth, cosine, k, l)
        ratio = -path.products[depth, row, l] / path.products[depth, row, k]
    mantissa, power = _in_bits(ratio, bits)
    return Node(SPLIT, k, l, mantissa, power + path.units[depth, l] - path.units[depth, k])


@compiled
def _widest_edge(gains: Any) -> Any:
    """Return the largest gain and its edge."""
    gain, first, second = 0.0, 1, 0
    for k in range(len(gains)):
        for l in range(k):
            if gains[k, l] > gain:
                gain, first, second = gains[k, l], k, l
    return gain, first, second


@compiled
def _longest_edge(W: Any, weights: Any) -> Any:
    """Return the cosine of the widest angle between two generators, and which they are."""
    least, first, second = 2.0, 0, 1
    for k in range(len(W)):
        for l in range(k):
            cosine = np.dot(W[k], W[l]) * weights[k] * weights[l]
            if cosine < least:
                least, first, second = cosine, k, l
    return least, first, second


@compiled
def _best_kink(premise: Premise, path: Path, depth: int, cosine: float, k: int, l: int) -> int:
    """Return the row at whose kink to cut the edge (k, l): the one that leaves the wider half least wide.

    Rows that add little to the width are no candidates, but the one that adds most always is. The row is
    counted among the mixed ones.
    """
    sizes, rows = premise.sizes, path.rows[depth]
    products, weights = path.products[depth], path.weights[depth]
    mixed = path.counts[depth]
    total, largest, best, least = 0.0, 0.0, -1, math.inf
    for r in range(mixed):
        if products[r, k] * products[r, l] < 0:
            bend = min(abs(products[r, k]) * weights[k], abs(products[r, l]) * weights[l])
            total += sizes[rows[r]] * bend
            largest = max(largest, sizes[rows[r]] * bend)
    for candidate in range(mixed):
        a, b = abs(products[candidate, l]) * weights[l], abs(products[candidate, k]) * weights[k]
        if products[candidate, k] * products[candidate, l] >= 0:
            continue
        if sizes[rows[candidate]] * min(a, b) < min(_LEAST_SHARE * total, largest):
            continue
        length = math.sqrt(a * a + b * b + 2 * a * b * cosine)
        at_k, at_l = 0.0, 0.0
        for r in range(mixed):
            first, second = products[r, k] * weights[k], products[r, l] * weights[l]
            if first * second < 0:
                here = (a * first + b * second) / length
                if here * first > 0:
                    at_l += sizes[rows[r]] * min(abs(here), abs(second))
                else:
                    at_k += sizes[rows[r]] * min(abs(here), abs(first))
        if max(at_k, at_l) < least:
            best, least = candidate, max(at_k, at_l)
    return best


@compiled
def _in_bits(ratio: float, bits: int) -> Any:
    """Write a positive ratio as an odd integer of so many bits times a power of two."""
    power = math.floor(math.log2(ratio)) - bits + 1
    mantissa = round(ratio * 2.0**-power)
    while mantissa % 2 == 0:
        mantissa //= 2
        power += 1
    return mantissa, power
