"""The envelope and tau rules on a cone, whose numbers are known up to bounds on their errors."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from certify.runtime.compiled import compiled
from certify.trust.rigorous_walk.path import Path
from certify.trust.rigorous_walk.rounding import UNIT, Sizes

_LEAST_TAU, _LARGEST_TAU = 2.0**-100, 2.0**100
_SPARE = 1 + 2.0**-10


class AtLeaf(NamedTuple):
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


@compiled
def room_for_leaf(d: int, c: int) -> AtLeaf:
    """Return room for what is computed at a leaf."""
    return AtLeaf(np.empty((d, c)), np.empty((d, c)), np.empty(d), np.empty((d, d)), np.empty((d, d)))


@compiled
def encloses(path: Path, depth: int, N: Any, sizes: Sizes, at_leaf: AtLeaf) -> bool:
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


@compiled
def proves(path: Path, depth: int, at_leaf: AtLeaf, level: float, tau: float, sizes: Sizes) -> bool:
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


@compiled
def _fill_form(path: Path, depth: int, at_leaf: AtLeaf, level: float, tau: float, sizes: Sizes) -> float:
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
            off += off * off + (d + 8) * UNIT
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
            error = 1.01 * (level * off + moved * unit) + 4 * (c + 12) * UNIT * size * unit
            if not (error < math.inf and abs(entry) < math.inf):
                return math.inf
            at_leaf.form[k, l] = entry
            worst = max(worst, error)
    return worst


@compiled
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


@compiled
def _is_semidefinite(matrix: Any, factor: Any, shift: float) -> bool:
    """Say whether matrix - shift I has a Cholesky factor, with room for the rounding of the factor itself."""
    order = len(matrix)
    trace = 0.0
    for i in range(order):
        trace += abs(matrix[i, i])
    shift += 4 * (order + 3) * UNIT * trace
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
