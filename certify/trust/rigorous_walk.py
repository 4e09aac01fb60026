"""The compiled walk of a proof tree in floating point with error bounds derived by hand.

Every number that stands for an exact one comes with a bound on how far it may be off, and docs/method.md,
section 5, derives each of them. What such an enclosure proves holds for the exact cone; what it does not
prove is left to the exact checker. Every comparison is put so that it fails for NaN, and what fails proves
nothing.

All of it is in one file: whether a compiled function is out of date is told by its own file alone.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

SIGN, SPLIT, LEAF, OTHER = 0, 1, 2, 3
# What the derivations ask for: with rows, dual point and generators of size 1 nothing that counts can
# overflow, and what underflows is small against the rounding that is accounted for.
LEAST_LEVEL, LARGEST_LEVEL = 2.0**-200, 2.0**200
MAX_ROUNDING = 2.0**-20  # of `relative_rounding`

_UNIT = 2.0**-53
_LEAST_MASS = 2.0**-500
_LARGEST_ERROR = 2.0**-10  # of a generator of size 1; one that is less certain says nothing
_LEAST_SHIFT = -900  # in a cut, of the smaller factor
_LEAST_TAU, _LARGEST_TAU = 2.0**-100, 2.0**100
_SPARE = 1 + 2.0**-10

Table = NDArray[np.float64]
Indices = NDArray[np.int64]


class Scaled(NamedTuple):
    """The data in units of powers of two in which their sizes are about 1.

    Attributes:
        X: inputs, n x d, each entry the nearest float of an exact one, the largest of each row in [1/2, 1].
        N: dual point, n x c, likewise, the largest of all in [1/2, 1].
        generators: of the root frame as rows, like X, in units of 2**exponents.
        exponents: of length d.
        level: a lower bound on the level, from LEAST_LEVEL to LARGEST_LEVEL.
        longest: the bits that a new generator may have, as an integer vector.
    """

    X: Table
    N: Table
    generators: Table
    exponents: Indices
    level: float
    longest: int


class Tree(NamedTuple):
    """The nodes of a tree in preorder, as tables.

    Attributes:
        kinds: SIGN, SPLIT, LEAF (an envelope or tau leaf) or OTHER.
        ks: of a sign or split, the first generator.
        ls: of a split, the second one.
        factors: of a split, a and b as floats in [1/2, 1], nodes x 2, in units of 2**powers; 0 for none.
        powers: nodes x 2.
        taus: of a leaf, a tau to try; 0 for none.
    """

    kinds: NDArray[np.int8]
    ks: Indices
    ls: Indices
    factors: Table
    powers: Indices
    taus: Table


class _Path(NamedTuple):
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


class _Cut(NamedTuple):
    """The new generator of the split at each depth, with the same of it as in `_Path`."""

    W: Any
    units: Any
    errors: Any
    products: Any


class _Sizes(NamedTuple):
    """What errors are measured in.

    Attributes:
        rows: bounds on |x_i|.
        outputs: bounds on sum_i |N_ij| |x_i|: how much a unit of error moves an output.
        relative: R, which bounds the relative rounding of all sums but those over outputs.
    """

    rows: Any
    outputs: Any
    relative: float


class _AtLeaf(NamedTuple):
    """Room for what is computed at a leaf.

    Attributes:
        centre: middles of the outputs' enclosures at each generator, d x c.
        radius: their half-widths.
        inverse: 1 / |W_k|.
        form: d x d.
        factor: d x d.
    """

    centre: Any
    radius: Any
    inverse: Any
    form: Any
    factor: Any


_compile = njit(cache=True, nogil=True, error_model="numpy")


@_compile
def relative_rounding(n: int, d: int) -> float:
    """Return R, which bounds the relative rounding of all sums of the walk but those over outputs."""
    return (2 * n + 4 * d + 40) * _UNIT


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
    """Say whether every form with entries of at least these less `error` is nonnegative on the orthant.

    Args:
        matrix: its lower triangle counts, and is overwritten; finite.
        factor: room for a factor of it.
        error: positive and finite.
    """
    order = len(matrix)
    enough = True
    for i in range(order):
        for j in range(i + 1):
            if not matrix[i, j] >= error:
                enough = False
    if enough:
        return True
    shift = order * error * _SPARE
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
def _fill_form(path: _Path, depth: int, at_leaf: _AtLeaf, level: float, tau: float, sizes: _Sizes) -> float:
    """Write the form of a leaf, for generators of length 1, into the lower triangle of its matrix.

    Args:
        path: its cone is that at `depth`.
        depth: as said.
        at_leaf: with the enclosures; its form is filled in.
        level: of the premise.
        tau: of the tau rule; 0 for the envelope rule.
        sizes: what errors are measured in.

    Returns:
        How far the exact entries may be from these; infinite where any of it is not finite.
    """
    d, c = at_leaf.centre.shape
    W, centre, radius, inverse = path.W[depth], at_leaf.centre, at_leaf.radius, at_leaf.inverse
    errors, doubts = path.errors[depth], path.doubts[depth]
    worst = 0.0
    for k in range(d):
        for l in range(k + 1):
            unit = inverse[k] * inverse[l]
            off = errors[k] * inverse[k] + errors[l] * inverse[l]
            off += off * off + (d + 8) * _UNIT
            square, size, moved, product = 0.0, 0.0, 0.0, 0.0
            for j in range(c):
                margin, other = sizes.outputs[j] * doubts[k], sizes.outputs[j] * doubts[l]
                if tau == 0:
                    at_k, at_l = abs(centre[k, j]) + radius[k, j], abs(centre[l, j]) + radius[l, j]
                    square += at_k * at_l
                    size += at_k * at_l
                    moved += 2 * (margin * at_l + other * at_k) + 4 * margin * other
                else:
                    on_centre, on_radius = 1 + tau, 1 + 1 / tau
                    middle = on_centre * centre[k, j] * centre[l, j]
                    spread = on_radius * radius[k, j] * radius[l, j]
                    square += middle + spread
                    size += abs(middle) + spread
                    moved += on_centre * (margin * abs(centre[l, j]) + other * abs(centre[k, j]))
                    moved += on_radius * (margin * radius[l, j] + other * radius[k, j])
                    moved += (on_centre + on_radius) * margin * other
            for p in range(d):
                product += W[k, p] * W[l, p]
            entry = level * product * unit - square * unit
            error = 1.01 * (level * off + moved * unit) + 4 * (c + 12) * _UNIT * size * unit
            if not (error < math.inf and abs(entry) < math.inf):
                return math.inf
            at_leaf.form[k, l] = entry
            worst = max(worst, error)
    return worst


@_compile
def _proves(path: _Path, depth: int, at_leaf: _AtLeaf, level: float, tau: float, sizes: _Sizes) -> bool:
    """Try the envelope rule and, with a tau other than 0, the tau rule on a leaf's enclosures."""
    d = len(at_leaf.form)
    for k in range(d):
        square = 0.0
        for p in range(d):
            square += path.W[depth, k, p] ** 2
        at_leaf.inverse[k] = 1 / math.sqrt(square)
    error = _fill_form(path, depth, at_leaf, level, 0.0, sizes)
    if error < math.inf and _is_nonnegative(at_leaf.form, at_leaf.factor, error):
        return True
    if not _LEAST_TAU < tau < _LARGEST_TAU:
        return False
    error = _fill_form(path, depth, at_leaf, level, tau, sizes)
    return error < math.inf and _is_nonnegative(at_leaf.form, at_leaf.factor, error)


@_compile
def _encloses(path: _Path, depth: int, N: Any, sizes: _Sizes, at_leaf: _AtLeaf) -> bool:
    """Fill in the enclosure of each output at each generator: its middle and half-width.

    Return False where the sign of a row at the sum of the generators is unknown: that sign tells which
    enclosure of the row the exact checker takes.
    """
    centre, radius = at_leaf.centre, at_leaf.radius
    d, c = centre.shape
    doubt = 0.0
    for q in range(d):
        doubt += path.doubts[depth, q]
        for j in range(c):
            middle = 0.0
            for p in range(d):
                middle += path.linear[depth, j, p] * path.W[depth, q, p]
            centre[q, j] = middle
            radius[q, j] = 0.0
    for r in range(path.counts[depth]):
        i = path.rows[depth, r]
        inside = 0.0
        for q in range(d):
            inside += path.products[depth, r, q]
        rising = inside > 0
        if not abs(inside) >= sizes.rows[i] * doubt:
            return False
        for q in range(d):
            value = path.products[depth, r, q]
            if (value > 0) == rising:
                middle, width = max(value, 0.0), 0.0
            else:
                middle, width = 0.5 * value, 0.5 * abs(value)
            for j in range(c):
                centre[q, j] += N[i, j] * middle
                radius[q, j] += abs(N[i, j]) * width
    return True


@_compile
def _cut_cone(path: _Path, depth: int, tree: Tree, node: int, data: Scaled, sizes: _Sizes, cut: _Cut) -> None:
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
        cut.W[depth, p] = a * path.W[depth, k, p] + b * path.W[depth, l, p]
        largest = max(largest, abs(cut.W[depth, p]))
    error = a * path.errors[depth, k] + b * path.errors[depth, l]
    error += 5 * _UNIT * (a * path.lengths[depth, k] + b * path.lengths[depth, l])
    error *= 1 + sizes.relative
    shift = math.frexp(largest)[1]
    if error <= _LARGEST_ERROR * largest and unit + shift < data.longest:
        scale = math.ldexp(1.0, -shift)
        cut.units[depth] = unit + shift
        cut.errors[depth] = error * scale
        for p in range(d):
            cut.W[depth, p] *= scale
        for r in range(path.counts[depth]):
            i = path.rows[depth, r]
            value = 0.0
            for p in range(d):
                value += data.X[i, p] * cut.W[depth, p]
            cut.products[depth, r] = value
    else:
        # Whatever is made of this generator is as uncertain, so that every leaf below stays open.
        cut.units[depth] = 0
        cut.errors[depth] = math.inf
        cut.W[depth] = 0.0
        cut.products[depth] = 0.0


@_compile
def _measure(path: _Path, depth: int, k: int, relative: float) -> None:
    """Enter the length of a generator and what is in doubt there."""
    square = 0.0
    for p in range(path.W.shape[2]):
        square += path.W[depth, k, p] ** 2
    length = math.sqrt(square) * (1 + relative)
    path.lengths[depth, k] = length
    path.doubts[depth, k] = path.errors[depth, k] + relative * length


@_compile
def _enter_child(
    path: _Path, depth: int, tree: Tree, node: int, second: bool, data: Scaled, sizes: _Sizes, cut: _Cut
) -> None:
    """Put the first or second child of a cone into the next place of the path."""
    X, N = data.X, data.N
    d, c = X.shape[1], N.shape[1]
    is_split = tree.kinds[node] == SPLIT
    slot = tree.ls[node] if is_split and second else tree.ks[node]
    child = depth + 1
    path.W[child] = path.W[depth]
    path.units[child] = path.units[depth]
    path.errors[child] = path.errors[depth]
    path.lengths[child] = path.lengths[depth]
    path.doubts[child] = path.doubts[depth]
    path.signed[child] = path.signed[depth]
    path.linear[child] = path.linear[depth]
    if is_split:
        path.W[child, slot] = cut.W[depth]
        path.units[child, slot] = cut.units[depth]
        path.errors[child, slot] = cut.errors[depth]
        _measure(path, child, slot, sizes.relative)
    else:
        path.signed[child, slot] = True
        if second:
            path.W[child, slot] = -path.W[depth, slot]
    pointed = _all_signed(path, child)
    count = 0
    for r in range(path.counts[depth]):
        i = path.rows[depth, r]
        for q in range(d):
            path.products[child, count, q] = path.products[depth, r, q]
        if is_split:
            path.products[child, count, slot] = cut.products[depth, r]
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


@_compile
def _all_signed(path: _Path, depth: int) -> bool:
    signed = True
    for q in range(path.signed.shape[1]):
        signed = signed and path.signed[depth, q]
    return signed


@_compile
def _all_certain(path: _Path, depth: int) -> bool:
    certain = True
    for q in range(path.errors.shape[1]):
        certain = certain and path.errors[depth, q] <= _LARGEST_ERROR
    return certain


@_compile
def _is_legal(path: _Path, depth: int, tree: Tree, node: int) -> bool:
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


@_compile
def _sizes(X: Any, N: Any) -> _Sizes:
    n, d = X.shape
    c = N.shape[1]
    relative = relative_rounding(n, d)
    rows, outputs = np.empty(n), np.zeros(c)
    for i in range(n):
        square = 0.0
        for p in range(d):
            square += X[i, p] ** 2
        rows[i] = math.sqrt(square) * (1 + relative)
        for j in range(c):
            outputs[j] += abs(N[i, j]) * rows[i]
    for j in range(c):
        outputs[j] *= 1 + relative
        # Far above all that can underflow at this output.
        if outputs[j] < _LEAST_MASS:
            outputs[j] = _LEAST_MASS
    return _Sizes(rows, outputs, relative)


@_compile
def _root(data: Scaled, sizes: _Sizes, depths: int) -> _Path:
    """Return the path that holds the whole space, with room for so many cones."""
    n, d = data.X.shape
    c = data.N.shape[1]
    path = _Path(
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
    path.W[0] = data.generators
    path.units[0] = data.exponents
    for k in range(d):
        path.errors[0, k] = 0.0
        _measure(path, 0, k, sizes.relative)
        path.errors[0, k] = 2 * _UNIT * path.lengths[0, k]
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


@_compile
def walk(data: Scaled, tree: Tree, depths: int, open_leaves: Any, counter: Any) -> int:
    """Walk a whole tree and mark the leaves that floating point cannot settle.

    Args:
        data: the scaled problem, dual point and frame.
        tree: its nodes are all there and none is left over.
        depths: of the tree, from `tree_depth`.
        open_leaves: filled with 1 where a leaf is not settled; of the length of the tree.
        counter: of length 2; counts the nodes done, and ends the walk where its second entry is not 0.

    Returns:
        -1, or the first inner node that is no legal one, where the walk ends, or where it was ended.
    """
    n, d = data.X.shape
    c = data.N.shape[1]
    sizes = _sizes(data.X, data.N)
    path = _root(data, sizes, depths)
    cut = _Cut(np.empty((depths, d)), np.empty(depths, np.int64), np.empty(depths), np.empty((depths, n)))
    at_leaf = _AtLeaf(np.empty((d, c)), np.empty((d, c)), np.empty(d), np.empty((d, d)), np.empty((d, d)))
    entered = np.zeros(depths, np.int64)  # how many children of each cone on the path
    at = np.zeros(depths, np.int64)  # the node of each
    depth, number = 0, 0
    while depth >= 0:
        node = at[depth]
        if entered[depth] == 2:
            depth -= 1
            continue
        if entered[depth] == 0:
            counter[0] = number
            if counter[1] != 0:
                return int(node)
            number += 1
            kind = tree.kinds[node]
            if kind not in (SIGN, SPLIT):
                settled = kind == LEAF and _all_signed(path, depth) and _all_certain(path, depth)
                if settled:
                    settled = _encloses(path, depth, data.N, sizes, at_leaf) and _proves(
                        path, depth, at_leaf, data.level, tree.taus[node], sizes
                    )
                if not settled:
                    open_leaves[node] = 1
                depth -= 1
                continue
            if not _is_legal(path, depth, tree, node):
                return int(node)
            if kind == SPLIT:
                _cut_cone(path, depth, tree, node, data, sizes, cut)
        _enter_child(path, depth, tree, node, entered[depth] == 1, data, sizes, cut)
        entered[depth] += 1
        depth += 1
        entered[depth] = 0
        at[depth] = number
    return -1
