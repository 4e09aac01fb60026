"""The cones from the root of a tree to the present one, with bounds on the errors of all their numbers."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from certify.runtime.compiled import compiled
from certify.trust.rigorous_walk.rounding import UNIT, Sizes
from certify.trust.rigorous_walk.tables import SIGN, SPLIT, Scaled, Tree

_LARGEST_ERROR = 2.0**-10  # of a generator of size 1; one that is less certain says nothing
_LEAST_SHIFT = -900  # in a cut, of the smaller factor


class Path(NamedTuple):
    """The cones from the root to the present one, each in its own place of every table.

    Attributes:
        W: the generators, d x d, of sizes about 1.
        units: the powers of two that they are in units of.
        errors: bounds on |w_k - W_k|; infinite where W_k says nothing.
        lengths: bounds on |W_k|.
        doubts: bounds on the error of anything that is computed at W_k, for each unit of |N_ij| |x_i|.
        signed: whether the sign of t_k is known.
        linear: N^T X over the rows that are active, c x d.
        products: x_i . W_k of the rows that are not settled, n x d.
        rows: which they are.
        counts: how many.
    """

    W: Any
    units: Any
    errors: Any
    lengths: Any
    doubts: Any
    signed: Any
    linear: Any
    products: Any
    rows: Any
    counts: Any


class Cuts(NamedTuple):
    """The new generator of the split at each depth, with the same of it as in `Path`."""

    W: Any
    units: Any
    errors: Any
    products: Any


@compiled
def root_path(data: Scaled, sizes: Sizes, depths: int) -> Path:
    """Return the path that holds the whole space, with room for so many cones."""
    n, d = data.X.shape
    c = data.N.shape[1]
    path = Path(
        np.empty((depths, d, d)),
        np.empty((depths, d), np.int64),
        np.empty((depths, d)),
        np.empty((depths, d)),
        np.empty((depths, d)),
        np.zeros((depths, d), np.bool_),
        np.zeros((depths, c, d)),
        np.empty((depths, n, d)),
        np.empty((depths, n), np.int64),
        np.zeros(depths, np.int64),
    )
    for k in range(d):
        for p in range(d):
            path.W[0, k, p] = data.generators[k, p]
        path.units[0, k] = data.exponents[k]
        path.errors[0, k] = 0.0
        _measure(path, 0, k, sizes.relative)
        path.errors[0, k] = 2 * UNIT * path.lengths[0, k]
        path.doubts[0, k] += path.errors[0, k]
        for i in range(n):
            value = 0.0
            for p in range(d):
                value += data.X[i, p] * path.W[0, k, p]
            path.products[0, i, k] = value
    for i in range(n):
        path.rows[0, i] = i
    path.counts[0] = n
    return path


@compiled
def room_for_cuts(path: Path) -> Cuts:
    """Return room for the cut at each depth."""
    depths, n, d = path.products.shape
    return Cuts(np.empty((depths, d)), np.empty(depths, np.int64), np.empty(depths), np.empty((depths, n)))


@compiled
def is_legal(path: Path, depth: int, tree: Tree, node: int) -> bool:
    """Say whether a sign or split fits its cone."""
    d = path.W.shape[1]
    k, l = tree.ks[node], tree.ls[node]
    if k < 0 or k >= d:
        return False
    if tree.kinds[node] == SIGN:
        return not path.signed[depth, k]
    if l < 0 or l >= d or k == l or not (path.signed[depth, k] and path.signed[depth, l]):
        return False
    return bool(tree.factors[node, 0] > 0 and tree.factors[node, 1] > 0)


@compiled
def cut_cone(path: Path, depth: int, tree: Tree, node: int, data: Scaled, sizes: Sizes, cuts: Cuts) -> None:
    """Compute the new generator of a split, which has positive factors."""
    d = data.X.shape[1]
    k, l = tree.ks[node], tree.ls[node]
    high = path.units[depth, k] + tree.powers[node, 0]
    low = path.units[depth, l] + tree.powers[node, 1]
    unit = max(high, low)
    a = math.ldexp(tree.factors[node, 0], max(high - unit, _LEAST_SHIFT))
    b = math.ldexp(tree.factors[node, 1], max(low - unit, _LEAST_SHIFT))
    largest = 0.0
    for p in range(d):
        cuts.W[depth, p] = a * path.W[depth, k, p] + b * path.W[depth, l, p]
        largest = max(largest, abs(cuts.W[depth, p]))
    error = a * path.errors[depth, k] + b * path.errors[depth, l]
    error += 5 * UNIT * (a * path.lengths[depth, k] + b * path.lengths[depth, l])
    error *= 1 + sizes.relative
    shift = math.frexp(largest)[1]
    if error <= _LARGEST_ERROR * largest and unit + shift < data.longest:
        scale = math.ldexp(1.0, -shift)
        cuts.units[depth] = unit + shift
        cuts.errors[depth] = error * scale
        for p in range(d):
            cuts.W[depth, p] *= scale
        for r in range(path.counts[depth]):
            i = path.rows[depth, r]
            value = 0.0
            for p in range(d):
                value += data.X[i, p] * cuts.W[depth, p]
            cuts.products[depth, r] = value
    else:
        # Whatever is made of this generator is as uncertain, so that every leaf below stays open.
        cuts.units[depth] = 0
        cuts.errors[depth] = math.inf
        for p in range(d):
            cuts.W[depth, p] = 0.0
        for r in range(path.counts[depth]):
            cuts.products[depth, r] = 0.0


@compiled
def _measure(path: Path, depth: int, k: int, relative: float) -> None:
    """Enter the length of a generator and what is in doubt there."""
    square = 0.0
    for p in range(path.W.shape[2]):
        square += path.W[depth, k, p] ** 2
    length = math.sqrt(square) * (1 + relative)
    path.lengths[depth, k] = length
    path.doubts[depth, k] = path.errors[depth, k] + relative * length


@compiled
def enter_child(
    path: Path, depth: int, tree: Tree, node: int, second: bool, data: Scaled, sizes: Sizes, cuts: Cuts
) -> None:
    """Put the first or second child of a cone into the next place of the path."""
    X, N = data.X, data.N
    d, c = X.shape[1], N.shape[1]
    is_split = tree.kinds[node] == SPLIT
    slot = tree.ls[node] if is_split and second else tree.ks[node]
    child = depth + 1
    for k in range(d):
        for p in range(d):
            path.W[child, k, p] = path.W[depth, k, p]
        path.units[child, k] = path.units[depth, k]
        path.errors[child, k] = path.errors[depth, k]
        path.lengths[child, k] = path.lengths[depth, k]
        path.doubts[child, k] = path.doubts[depth, k]
        path.signed[child, k] = path.signed[depth, k]
        for j in range(c):
            path.linear[child, j, k] = path.linear[depth, j, k]
    if is_split:
        for p in range(d):
            path.W[child, slot, p] = cuts.W[depth, p]
        path.units[child, slot] = cuts.units[depth]
        path.errors[child, slot] = cuts.errors[depth]
        _measure(path, child, slot, sizes.relative)
    else:
        path.signed[child, slot] = True
        if second:
            for p in range(d):
                path.W[child, slot, p] = -path.W[depth, slot, p]
    pointed = all_signed(path, child)
    count = 0
    for r in range(path.counts[depth]):
        i = path.rows[depth, r]
        for q in range(d):
            path.products[child, count, q] = path.products[depth, r, q]
        if is_split:
            path.products[child, count, slot] = cuts.products[depth, r]
        elif second:
            path.products[child, count, slot] = -path.products[depth, r, slot]
        active, inactive = pointed, pointed
        for q in range(d):
            slack = sizes.rows[i] * path.doubts[child, q]
            if not path.products[child, count, q] >= slack:
                active = False
            if not path.products[child, count, q] <= -slack:
                inactive = False
        if active:
            for j in range(c):
                for p in range(d):
                    path.linear[child, j, p] += N[i, j] * X[i, p]
        elif not inactive:
            path.rows[child, count] = i
            count += 1
    path.counts[child] = count


@compiled
def all_signed(path: Path, depth: int) -> bool:
    """Say whether the cone's coordinates are all of known sign."""
    signed = True
    for q in range(path.signed.shape[1]):
        signed = signed and path.signed[depth, q]
    return signed


@compiled
def all_certain(path: Path, depth: int) -> bool:
    """Say whether the cone's generators are all known well enough to prove something."""
    certain = True
    for q in range(path.errors.shape[1]):
        certain = certain and path.errors[depth, q] <= _LARGEST_ERROR
    return certain
