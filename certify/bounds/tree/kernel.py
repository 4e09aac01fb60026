"""The compiled depth-first search for a proof tree on one simplicial cone (docs/method.md, section 3b).

Everything is floating point and nothing is trusted: what comes out is a tree for the exact checker. The cone
at each depth is a row of preallocated tables, so that the search allocates nothing but its result, and a
child looks only at the rows that are still mixed on its parent.

Generators are kept in units of a power of two, so that the integers a, b of a cut a w_k + b w_l are chosen
for the integer vectors that the checker will have: one of them is a power of two, the other has a few bits.

All of it is in one file: whether a compiled function is out of date is told by its own file alone.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

SPLIT, ENVELOPE, TAU = 0, 1, 2
DONE, WITNESS, FULL, STOPPED, TOO_DEEP, UNFINISHED = 0, 1, 2, 3, 4, 5

MAX_DEPTH = 400
MAX_WITNESSES = 64
_CONES_AFTER_WITNESS = 100_000  # in which to look for others
_TAU_BITS = 4
# Least gain of a cut at a kink, relative to what bisecting the longest edge gains: such a cut does not fall
# exactly on its kink, and without a limit what is left of the row would be cut again and again.
_KINK_OR_MIDDLE = 0.1
_LEAST_SHARE = 0.02  # of an edge's width, for a row at whose kink the edge may be cut


class Nodes(NamedTuple):
    """A tree of one cone in preorder, as tables.

    Attributes:
        kinds: SPLIT, ENVELOPE or TAU.
        ks: of a split, the first generator.
        ls: the second one.
        mantissas: of a split a/b = mantissa * 2**power; likewise of a tau. Odd, but for a tau.
        powers: likewise.
    """

    kinds: NDArray[np.int8]
    ks: NDArray[np.int8]
    ls: NDArray[np.int8]
    mantissas: NDArray[np.int64]
    powers: NDArray[np.int64]


def no_nodes(capacity: int = 0) -> Nodes:
    """Return tables for so many nodes."""
    small, large = np.dtype(np.int8), np.dtype(np.int64)
    return Nodes(*(np.empty(capacity, dtype) for dtype in (small, small, small, large, large)))


_compile = njit(cache=True, nogil=True, error_model="numpy")


@_compile
def _has_factor(matrix: Any, factor: Any, share: float) -> bool:
    """Say whether a matrix, with a share of its positive entries off the diagonal, has a Cholesky factor."""
    for i in range(len(matrix)):
        for j in range(i + 1):
            entry = matrix[i, j]
            if i != j and entry > 0:
                entry *= share
            for k in range(j):
                entry -= factor[i, k] * factor[j, k]
            if i == j:
                if entry <= 0:
                    return False
                factor[i, i] = math.sqrt(entry)
            else:
                factor[i, j] = entry / factor[j, j]
    return True


@_compile
def _is_nonnegative(matrix: Any, factor: Any, margin: float) -> bool:
    """Say whether a form is nonnegative on the orthant, with a margin for the rounding of its entries."""
    order = len(matrix)
    nonnegative = True
    for i in range(order):
        if matrix[i, i] <= margin:
            return False
        for j in range(i):
            if matrix[i, j] < margin:
                nonnegative = False
    if nonnegative:
        return True
    for i in range(order):
        matrix[i, i] -= margin * order
    return (
        _has_factor(matrix, factor, 0.0)
        or _has_factor(matrix, factor, 1.0)
        or _has_factor(matrix, factor, 0.5)
    )


@_compile
def _enclose(
    N: Any,
    sizes: Any,
    rows: Any,
    products: Any,
    weights: Any,
    values: Any,
    centre: Any,
    radius: Any,
    gains: Any,
) -> None:
    """Fill in centre and radius of every output, and how wide the rows make each edge (k, l), k > l."""
    d, c = values.shape
    centre[:] = values
    radius[:] = 0.0
    gains[:] = 0.0
    for r in range(len(rows)):
        i = rows[r]
        inside = 0.0
        for k in range(d):
            inside += products[r, k]
            for l in range(k):
                if products[r, k] * products[r, l] < 0:
                    bend = min(abs(products[r, k]) * weights[k], abs(products[r, l]) * weights[l])
                    gains[k, l] += sizes[i] * bend
        sign = -1.0 if inside >= 0 else 1.0
        for k in range(d):
            width = sign * products[r, k]
            if width > 0:
                for j in range(c):
                    half = 0.5 * width * N[i, j]
                    centre[k, j] -= half
                    radius[k, j] += abs(half)


@_compile
def _best_kink(sizes: Any, rows: Any, products: Any, weights: Any, cosine: float, k: int, l: int) -> int:
    """Return the row at whose kink to cut the edge (k, l): the one that leaves the wider half least wide.

    Rows that add little to the width are no candidates, but the one that adds most always is.
    """
    total, largest, best, least = 0.0, 0.0, -1, math.inf
    for r in range(len(rows)):
        if products[r, k] * products[r, l] < 0:
            bend = min(abs(products[r, k]) * weights[k], abs(products[r, l]) * weights[l])
            total += sizes[rows[r]] * bend
            largest = max(largest, sizes[rows[r]] * bend)
    for candidate in range(len(rows)):
        a, b = abs(products[candidate, l]) * weights[l], abs(products[candidate, k]) * weights[k]
        if products[candidate, k] * products[candidate, l] >= 0:
            continue
        if sizes[rows[candidate]] * min(a, b) < min(_LEAST_SHARE * total, largest):
            continue
        length = math.sqrt(a * a + b * b + 2 * a * b * cosine)
        at_k, at_l = 0.0, 0.0
        for r in range(len(rows)):
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


@_compile
def _widest_edge(gains: Any) -> Any:
    """Return the largest gain and its edge."""
    gain, first, second = 0.0, 1, 0
    for k in range(len(gains)):
        for l in range(k):
            if gains[k, l] > gain:
                gain, first, second = gains[k, l], k, l
    return gain, first, second


@_compile
def _close(
    N: Any,
    sizes: Any,
    rows: Any,
    products: Any,
    values: Any,
    W: Any,
    weights: Any,
    level: float,
    margin: float,
    scratch: Any,
    gains: Any,
) -> Any:
    """Try the two leaf rules on a cone, and fill in how wide the rows make its edges.

    Returns:
        The kind of the leaf, -1 for none, with the numbers of its tau.
    """
    centre, radius, work = scratch
    d, c = centre.shape
    gram, matrix, factor = work[0], work[1], work[2]
    _enclose(N, sizes, rows, products, weights, values, centre, radius, gains)
    middle, spread = 0.0, 0.0
    for k in range(d):
        a, b = 0.0, 0.0
        for j in range(c):
            a += centre[k, j] ** 2
            b += radius[k, j] ** 2
        middle += math.sqrt(a) * weights[k]
        spread += math.sqrt(b) * weights[k]
        for l in range(k + 1):
            gram[k, l] = level * np.dot(W[k], W[l])
            square = 0.0
            for j in range(c):
                square += (abs(centre[k, j]) + radius[k, j]) * (abs(centre[l, j]) + radius[l, j])
            matrix[k, l] = gram[k, l] - square
    if _is_nonnegative(matrix, factor, margin * level):
        return ENVELOPE, 0, 0
    mantissa, power, on_centre, on_radius = 1, 0, 1.0, 0.0
    if spread > 0:
        tau = min(max(spread / max(middle, 1e-300), 2.0**-60), 2.0**60)
        power = math.floor(math.log2(tau)) - _TAU_BITS + 1
        mantissa = round(tau * 2.0**-power)
        tau = mantissa * 2.0**power
        on_centre, on_radius = 1 + tau, 1 + 1 / tau
    for k in range(d):
        for l in range(k + 1):
            square = 0.0
            for j in range(c):
                square += on_centre * centre[k, j] * centre[l, j] + on_radius * radius[k, j] * radius[l, j]
            matrix[k, l] = gram[k, l] - square
    if _is_nonnegative(matrix, factor, margin * level):
        return TAU, mantissa, power
    return -1, 0, 0


@_compile
def _longest_edge(W: Any, weights: Any) -> Any:
    """Return the cosine of the widest angle between two generators, and which they are."""
    least, first, second = 2.0, 0, 1
    for k in range(len(W)):
        for l in range(k):
            cosine = np.dot(W[k], W[l]) * weights[k] * weights[l]
            if cosine < least:
                least, first, second = cosine, k, l
    return least, first, second


@_compile
def _in_bits(ratio: float, bits: int) -> Any:
    """Write a positive ratio as an odd integer of so many bits times a power of two."""
    power = math.floor(math.log2(ratio)) - bits + 1
    mantissa = round(ratio * 2.0**-power)
    while mantissa % 2 == 0:
        mantissa //= 2
        power += 1
    return mantissa, power


@_compile
def _is_mixed(products: Any) -> bool:
    lowest, highest = 0.0, 0.0
    for k in range(len(products)):
        lowest, highest = min(lowest, products[k]), max(highest, products[k])
    return lowest < 0 < highest


@_compile
def _longer(nodes: Any) -> Any:
    """Return the tables with room for as many nodes again."""
    kinds, ks, ls, mantissas, powers = nodes
    room = len(kinds)
    return (
        np.concatenate((kinds, np.empty(room, np.int8))),
        np.concatenate((ks, np.empty(room, np.int8))),
        np.concatenate((ls, np.empty(room, np.int8))),
        np.concatenate((mantissas, np.empty(room, np.int64))),
        np.concatenate((powers, np.empty(room, np.int64))),
    )


@_compile
def grow(
    X: Any,
    N: Any,
    generators: Any,
    exponents: Any,
    level: float,
    margin: float,
    bits: int,
    guide: Any,
    max_nodes: int,
    max_cones: int,
    stop: Any,
    counter: Any,
) -> Any:
    """Search one cone for a tree that proves level |u|^2 >= |N^T relu(Xu)|^2 on it.

    Args:
        X: inputs, n x d.
        N: dual point, n x c.
        generators: of the cone as rows, d x d, each with its largest entry between 1/2 and 1 in size.
        exponents: of length d; the integer generators are 2**exponents times as long.
        level: H^2.
        margin: relative to the level, left for rounding errors.
        bits: of the integers of a cut, beyond a power of two.
        guide: tables of an earlier tree of the same cone, whose cuts are taken over; possibly empty.
        max_nodes: of the tree.
        max_cones: to visit.
        stop: an array of length 1; the search ends soon after its entry becomes nonzero.
        counter: likewise; counts the cones visited.

    Returns:
        How it ended; the tables of `Nodes`, as long as the number of nodes where the tree is complete; and
        directions with a larger gauge than the level allows, as rows, where that is how it ended.
    """
    n, d = X.shape
    c = N.shape[1]
    sizes = np.sqrt(np.sum(N**2, axis=1))
    W = np.empty((MAX_DEPTH, d, d))
    units = np.empty((MAX_DEPTH, d), np.int64)
    weights = np.empty((MAX_DEPTH, d))  # inverse lengths of the generators
    values = np.empty((MAX_DEPTH, d, c))  # N^T relu(Xu) at the generators
    products = np.empty((MAX_DEPTH, n, d))  # x_i . w_k of the mixed rows
    rows = np.empty((MAX_DEPTH, n), np.int64)
    counts = np.zeros(MAX_DEPTH, np.int64)
    children = np.zeros(MAX_DEPTH, np.int64)  # how many of a cone's have been visited
    places = np.zeros(MAX_DEPTH, np.int64)  # in the tree, of the cones on the way
    ends = np.zeros((MAX_DEPTH, 2), np.int64)
    new_w = np.empty((MAX_DEPTH, d))
    new_unit = np.empty(MAX_DEPTH, np.int64)
    new_weight = np.empty(MAX_DEPTH)
    new_value = np.empty((MAX_DEPTH, c))
    new_products = np.empty((MAX_DEPTH, n))
    scratch, gains = (np.empty((d, c)), np.empty((d, c)), np.zeros((3, d, d))), np.zeros((d, d))
    witnesses, found, found_at = np.empty((MAX_WITNESSES, d)), 0, 0

    nodes = (
        np.empty(1024, np.int8),
        np.empty(1024, np.int8),
        np.empty(1024, np.int8),
        np.empty(1024, np.int64),
        np.empty(1024, np.int64),
    )
    size, guide_at = 0, 0
    unguided = MAX_DEPTH if len(guide[0]) else -1  # cones below this depth have no guide

    W[0] = generators
    units[0] = exponents
    weights[0] = 1 / np.sqrt(np.sum(generators**2, axis=1))
    for i in range(n):
        for k in range(d):
            products[0, counts[0], k] = np.dot(X[i], W[0, k])
        if _is_mixed(products[0, counts[0]]):
            rows[0, counts[0]] = i
            counts[0] += 1
    for k in range(d):
        values[0, k] = 0.0
        for i in range(n):
            values[0, k] += max(np.dot(X[i], W[0, k]), 0.0) * N[i]
        if np.sum(values[0, k] ** 2) * weights[0, k] ** 2 > level:
            witnesses[0] = W[0, k]
            return WITNESS, nodes, witnesses[:1]

    depth = 0
    while depth >= 0:
        mixed = counts[depth]
        if children[depth] == 2:
            # An earlier level or dual point asked for this cut; this one may do without it.
            if depth < unguided and len(guide[0]) and size == places[depth] + 3:
                kind, mantissa, power = _close(
                    N,
                    sizes,
                    rows[depth, :mixed],
                    products[depth],
                    values[depth],
                    W[depth],
                    weights[depth],
                    level,
                    margin,
                    scratch,
                    gains,
                )
                if kind >= 0:
                    size = places[depth]
                    nodes[0][size], nodes[1][size], nodes[2][size] = kind, 0, 0
                    nodes[3][size], nodes[4][size] = mantissa, power
                    size += 1
            depth -= 1
            continue
        if children[depth] == 0:
            counter[0] += 1
            if found and (found == MAX_WITNESSES or counter[0] > found_at + _CONES_AFTER_WITNESS):
                return WITNESS, nodes, witnesses[:found]
            if stop[0] != 0:
                return STOPPED, nodes, witnesses[:0]
            if counter[0] > max_cones:
                return WITNESS if found else UNFINISHED, nodes, witnesses[:found]
            if size >= max_nodes:
                return WITNESS if found else FULL, nodes, witnesses[:found]
            if size == len(nodes[0]):
                nodes = _longer(nodes)
            if depth <= unguided and len(guide[0]):
                unguided = MAX_DEPTH
            kind, k, l, mantissa, power = -1, 0, 0, 0, 0
            if unguided == MAX_DEPTH:
                kind, k, l = guide[0][guide_at], guide[1][guide_at], guide[2][guide_at]
                mantissa, power = guide[3][guide_at], guide[4][guide_at]
                guide_at += 1
            if kind != SPLIT:
                if unguided == MAX_DEPTH:
                    unguided = depth
                kind, mantissa, power = _close(
                    N,
                    sizes,
                    rows[depth, :mixed],
                    products[depth],
                    values[depth],
                    W[depth],
                    weights[depth],
                    level,
                    margin,
                    scratch,
                    gains,
                )
                if kind < 0:
                    gain, k, l = _widest_edge(gains)
                    cosine, far_k, far_l = _longest_edge(W[depth], weights[depth])
                    # Generators may be so close that 1 - cosine is rounded to zero, or less.
                    if cosine < 0 or not gain > max(0.0, _KINK_OR_MIDDLE * math.sqrt(level) * (1 - cosine)):
                        k, l = far_k, far_l
                        ratio = weights[depth, k] / weights[depth, l]
                    else:
                        cosine = np.dot(W[depth, k], W[depth, l]) * weights[depth, k] * weights[depth, l]
                        row = _best_kink(
                            sizes, rows[depth, :mixed], products[depth], weights[depth], cosine, k, l
                        )
                        ratio = -products[depth, row, l] / products[depth, row, k]
                    mantissa, power = _in_bits(ratio, bits)
                    power += units[depth, l] - units[depth, k]
                    kind = SPLIT
            places[depth] = size
            nodes[0][size], nodes[1][size], nodes[2][size] = kind, k, l
            nodes[3][size], nodes[4][size] = mantissa, power
            size += 1
            if kind != SPLIT:
                depth -= 1
                continue
            if depth + 1 == MAX_DEPTH:
                return WITNESS if found else TOO_DEEP, nodes, witnesses[:found]
            # a w_k + b w_l, first in units of 2**unit, then in its own.
            high, low = units[depth, k] + max(power, 0), units[depth, l] + max(-power, 0)
            unit = max(high, low)
            a, b = mantissa * 2.0 ** max(high - unit, -1000), 2.0 ** max(low - unit, -1000)
            largest = np.max(np.abs(a * W[depth, k] + b * W[depth, l]))
            shift = math.floor(math.log2(largest)) + 1
            a, b = a * 2.0**-shift, b * 2.0**-shift
            new_w[depth] = a * W[depth, k] + b * W[depth, l]
            new_unit[depth] = unit + shift
            square = np.sum(new_w[depth] ** 2)
            new_weight[depth] = 1 / math.sqrt(square)
            new_value[depth] = a * values[depth, k] + b * values[depth, l]
            for r in range(mixed):
                first, second = a * products[depth, r, k], b * products[depth, r, l]
                new_products[depth, r] = first + second
                if first * second < 0:
                    bend = max(first + second, 0.0) - max(first, 0.0) - max(second, 0.0)
                    for j in range(c):
                        new_value[depth, j] += bend * N[rows[depth, r], j]
            if np.sum(new_value[depth] ** 2) > level * square:
                # Never a proof now; the children would have the same witness.
                if found == 0:
                    found_at = counter[0]
                witnesses[found] = new_w[depth]
                found += 1
                children[depth] = 2
                continue
            ends[depth, 0], ends[depth, 1] = k, l
        slot = ends[depth, children[depth]]
        children[depth] += 1
        child = depth + 1
        for k in range(d):
            if k == slot:
                W[child, k], values[child, k] = new_w[depth], new_value[depth]
                units[child, k], weights[child, k] = new_unit[depth], new_weight[depth]
            else:
                W[child, k], values[child, k] = W[depth, k], values[depth, k]
                units[child, k], weights[child, k] = units[depth, k], weights[depth, k]
        count = 0
        for r in range(mixed):
            for k in range(d):
                products[child, count, k] = products[depth, r, k]
            products[child, count, slot] = new_products[depth, r]
            if _is_mixed(products[child, count]):
                rows[child, count] = rows[depth, r]
                count += 1
        counts[child] = count
        children[child] = 0
        depth = child
    kinds, ks, ls, mantissas, powers = nodes
    tables = (kinds[:size], ks[:size], ls[:size], mantissas[:size], powers[:size])
    return WITNESS if found else DONE, tables, witnesses[:found]
