"""The compiled walk of a proof tree in floating point with proven error bounds (docs/method.md, section 5).

Every number that stands for an exact one comes with a bound on how far it may be off: generators carry a
bound on the length of their error, and everything computed from them widens the radius of its envelope. What
such an enclosure proves holds for the exact cone; what it does not prove is left to the exact checker.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

SIGN, SPLIT, LEAF, OTHER = 0, 1, 2, 3
_UNIT = 2.0**-53
_TINY = 1e-290  # stands for what underflow may have lost
_CAUTION = 1 + 1e-9  # for the rounding of the error bounds themselves


_compile = njit(cache=True, nogil=True, error_model="numpy")


@_compile
def tree_depth(kinds: Any) -> int:
    """Return the depth of a tree in preorder, at least 1; 0 where nodes are missing or left over."""
    left = np.empty(len(kinds) + 1, np.int64)
    depth, deepest = 0, 1
    for number in range(len(kinds)):
        if number > 0 and depth == 0:
            return 0
        if kinds[number] == SIGN or kinds[number] == SPLIT:
            left[depth] = 2
            depth += 1
            deepest = max(deepest, depth + 1)
        else:
            while depth > 0:
                left[depth - 1] -= 1
                if left[depth - 1] > 0:
                    break
                depth -= 1
    return deepest if depth == 0 and len(kinds) > 0 else 0


@_compile
def _is_semidefinite(matrix: Any, factor: Any, shift: float) -> bool:
    """Say whether matrix - shift I has a Cholesky factor, with room for the rounding of the factor itself."""
    order = len(matrix)
    trace = 0.0
    for i in range(order):
        trace += abs(matrix[i, i])
    shift += 4 * (order + 3) * _UNIT * trace
    for i in range(order):
        for j in range(i + 1):
            entry = matrix[i, j]
            if i == j:
                entry -= shift
            for k in range(j):
                entry -= factor[i, k] * factor[j, k]
            if i == j:
                if not entry > 0:
                    return False
                factor[i, i] = math.sqrt(entry)
            else:
                factor[i, j] = entry / factor[j, j]
    return True


@_compile
def _is_nonnegative(matrix: Any, factor: Any, error: float) -> bool:
    """Say whether every form whose entries are within `error` of these is nonnegative on the orthant."""
    order = len(matrix)
    smallest = math.inf
    for i in range(order):
        for j in range(i + 1):
            smallest = min(smallest, matrix[i, j])
    if smallest >= error:
        return True
    shift = order * error * _CAUTION
    if _is_semidefinite(matrix, factor, shift):
        return True
    for share in (0.5, 0.0):
        for i in range(order):
            for j in range(i):
                if matrix[i, j] > 0:
                    matrix[i, j] *= share
        if _is_semidefinite(matrix, factor, shift):
            return True
    return False


@_compile
def _proves(W: Any, errors: Any, centre: Any, radius: Any, level: float, tau: float, work: Any) -> bool:
    """Try an envelope, and the tau rule, on generators with these errors."""
    d, c = centre.shape
    matrix, factor = work[0], work[1]
    inverse = np.empty(d)
    for k in range(d):
        inverse[k] = 1 / math.sqrt(np.sum(W[k] ** 2))
    for rule in range(2):
        worst = 0.0
        if rule == 1 and not 1e-100 < tau < 1e100:
            return False
        for k in range(d):
            for l in range(k + 1):
                unit = inverse[k] * inverse[l]
                off = errors[k] * inverse[k] + errors[l] * inverse[l]
                off += off * off + (d + 8) * _UNIT
                square, size = 0.0, 0.0
                for j in range(c):
                    if rule == 0:
                        term = (abs(centre[k, j]) + radius[k, j]) * (abs(centre[l, j]) + radius[l, j])
                        square += term
                        size += term
                    else:
                        middle = (1 + tau) * centre[k, j] * centre[l, j]
                        spread = (1 + 1 / tau) * radius[k, j] * radius[l, j]
                        square += middle + spread
                        size += abs(middle) + spread
                matrix[k, l] = level * np.dot(W[k], W[l]) * unit - square * unit
                worst = max(worst, 1.01 * level * off + 4 * (c + 12) * _UNIT * size * unit)
        if _is_nonnegative(matrix, factor, worst * _CAUTION + _TINY):
            return True
    return False


@_compile
def walk(
    X: Any,
    N: Any,
    generators: Any,
    exponents: Any,
    level: float,
    kinds: Any,
    ks: Any,
    ls: Any,
    factors: Any,
    powers: Any,
    taus: Any,
    depths: int,
    open_leaves: Any,
    counter: Any,
) -> int:
    """Walk a whole tree and mark the nodes that floating point cannot settle.

    Args:
        X: inputs, n x d, each entry the nearest float of an exact one.
        N: dual point, n x c, likewise.
        generators: of the root frame as rows, likewise, in units of 2**exponents.
        exponents: of length d.
        level: a lower bound on the level.
        kinds: of the nodes in preorder: SIGN, SPLIT, LEAF (an envelope or tau leaf), OTHER.
        ks: of a sign or split, the first generator.
        ls: of a split, the second one.
        factors: of a split, a and b as floats in [1/2, 1], nodes x 2, in units of 2**powers.
        powers: nodes x 2.
        taus: of a leaf, a tau to try; 0 for none.
        depths: of the tree, from `tree_depth`.
        open_leaves: filled with 1 where a leaf is not settled; of the length of the tree.
        counter: of length 2; counts the nodes done, and ends the walk where its second entry is not 0.

    Returns:
        -1, or the first inner node that is no legal one, where the walk ends, or where it was ended.
    """
    n, d = X.shape
    c = N.shape[1]
    lengths = np.sqrt(np.sum(X**2, axis=1)) * _CAUTION
    mass = np.zeros(c)  # sum of |N_ij| |x_i|: how much a unit of error moves an output
    for i in range(n):
        for j in range(c):
            mass[j] += abs(N[i, j]) * lengths[i] * _CAUTION
    relative = (2 * n + 4 * d + 40) * _UNIT

    W = np.empty((depths, d, d))
    units = np.empty((depths, d), np.int64)
    errors = np.empty((depths, d))  # bounds on |w_k - W_k|
    signed = np.zeros((depths, d), np.int64)
    linear = np.zeros((depths, c, d))
    products = np.empty((depths, n, d))
    rows = np.empty((depths, n), np.int64)
    counts = np.zeros(depths, np.int64)
    children = np.zeros(depths, np.int64)
    at = np.zeros(depths, np.int64)  # the node of each cone on the way
    new_w, new_error, new_unit = np.empty((depths, d)), np.empty(depths), np.empty(depths, np.int64)
    new_products = np.empty((depths, n))
    centre, radius = np.empty((d, c)), np.empty((d, c))
    work = np.zeros((2, d, d))

    W[0] = generators
    units[0] = exponents
    for k in range(d):
        errors[0, k] = 2 * _UNIT * math.sqrt(np.sum(W[0, k] ** 2))
        for i in range(n):
            products[0, i, k] = np.dot(X[i], W[0, k])
    for i in range(n):
        rows[0, i] = i
    counts[0] = n
    depth, number = 0, 0
    at[0] = 0
    while depth >= 0:
        if children[depth] == 2:
            depth -= 1
            continue
        node = at[depth]
        mixed = counts[depth]
        if children[depth] == 0:
            counter[0] = number
            if counter[1] != 0:
                return int(node)
            kind = kinds[node]
            k, l = ks[node], ls[node]
            if kind not in (SIGN, SPLIT):
                settled = kind == LEAF
                for q in range(d):
                    if signed[depth, q] == 0:
                        settled = False
                if settled:
                    for q in range(d):
                        length = math.sqrt(np.sum(W[depth, q] ** 2))
                        for j in range(c):
                            centre[q, j] = np.dot(linear[depth, j], W[depth, q])
                            radius[q, j] = 0.0
                        for r in range(mixed):
                            inside = 0.0
                            for p in range(d):
                                inside += products[depth, r, p]
                            value = products[depth, r, q]
                            rising = inside >= 0
                            middle, width = 0.0, 0.0
                            if value > 0:
                                middle = value if rising else 0.5 * value
                                width = 0.0 if rising else 0.5 * value
                            elif rising:
                                middle, width = 0.5 * value, -0.5 * value
                            for j in range(c):
                                weight = N[rows[depth, r], j]
                                centre[q, j] += weight * middle
                                radius[q, j] += abs(weight) * width
                        for j in range(c):
                            off = mass[j] * (errors[depth, q] + relative * length)
                            radius[q, j] = (radius[q, j] * (1 + relative) + off) * _CAUTION + _TINY
                    settled = _proves(W[depth], errors[depth], centre, radius, level, taus[node], work)
                if not settled:
                    open_leaves[node] = 1
                number += 1
                depth -= 1
                continue
            if k < 0 or k >= d:
                return int(node)
            if kind == SIGN:
                if signed[depth, k] != 0:
                    return int(node)
            else:
                if l < 0 or l >= d or k == l or signed[depth, k] == 0 or signed[depth, l] == 0:
                    return int(node)
                high, low = units[depth, k] + powers[node, 0], units[depth, l] + powers[node, 1]
                unit = max(high, low)
                a = factors[node, 0] * 2.0 ** max(high - unit, -900)
                b = factors[node, 1] * 2.0 ** max(low - unit, -900)
                if not (a > 0 and b > 0):
                    return int(node)
                largest, first, second = 0.0, 0.0, 0.0
                for p in range(d):
                    new_w[depth, p] = a * W[depth, k, p] + b * W[depth, l, p]
                    largest = max(largest, abs(new_w[depth, p]))
                    first += W[depth, k, p] ** 2
                    second += W[depth, l, p] ** 2
                if not largest > 1e-200:
                    return int(node)
                error = a * errors[depth, k] + b * errors[depth, l]
                error += 5 * _UNIT * (a * math.sqrt(first) + b * math.sqrt(second))
                shift = math.floor(math.log2(largest)) + 1
                scale = 2.0**-shift
                for p in range(d):
                    new_w[depth, p] *= scale
                new_error[depth] = (error * scale) * _CAUTION + _TINY
                new_unit[depth] = unit + shift
                for r in range(mixed):
                    new_products[depth, r] = np.dot(X[rows[depth, r]], new_w[depth])
            number += 1
        node = at[depth]
        kind = kinds[node]
        second_child = children[depth] == 1
        children[depth] += 1
        child = depth + 1
        k = ks[node]
        slot = k if kind == SIGN or not second_child else ls[node]
        W[child] = W[depth]
        units[child] = units[depth]
        errors[child] = errors[depth]
        signed[child] = signed[depth]
        linear[child] = linear[depth]
        if kind == SIGN:
            signed[child, slot] = 1
            if second_child:
                W[child, slot] = -W[depth, slot]
        else:
            W[child, slot] = new_w[depth]
            units[child, slot] = new_unit[depth]
            errors[child, slot] = new_error[depth]
        all_signed = True
        for q in range(d):
            if signed[child, q] == 0:
                all_signed = False
        count = 0
        for r in range(mixed):
            i = rows[depth, r]
            for q in range(d):
                products[child, count, q] = products[depth, r, q]
            if kind == SPLIT:
                products[child, count, slot] = new_products[depth, r]
            elif second_child:
                products[child, count, slot] = -products[depth, r, slot]
            active, inactive = all_signed, all_signed
            for q in range(d):
                slack = lengths[i] * (errors[child, q] + relative * d)  # |W_q| <= sqrt(d) and more
                if not products[child, count, q] >= slack:
                    active = False
                if not products[child, count, q] <= -slack:
                    inactive = False
            if active:
                for j in range(c):
                    for p in range(d):
                        linear[child, j, p] += N[i, j] * X[i, p]
            elif not inactive:
                rows[child, count] = i
                count += 1
        counts[child] = count
        children[child] = 0
        at[child] = number
        depth = child
    return -1
