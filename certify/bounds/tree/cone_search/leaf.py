"""The two leaf rules on a cone, envelope and tau (docs/method.md, section 3b), in floating point."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from certify.bounds.tree.cone_search.nodes import ENVELOPE, NONE, TAU, Node
from certify.bounds.tree.cone_search.path import Path, Premise
from certify.runtime.compiled import compiled

_TAU_BITS = 4


class Enclosure(NamedTuple):
    """Room for what is computed on a cone.

    Attributes:
        centre: middles of the outputs' enclosures at each generator, d x c.
        radius: their half-widths.
        gains: how wide the rows make each edge (k, l), k > l; d x d.
        gram: the level's form, lower triangle; d x d.
        form: of a leaf rule, likewise.
        factor: of the form, likewise.
    """

    centre: Any
    radius: Any
    gains: Any
    gram: Any
    form: Any
    factor: Any


@compiled
def room_for_enclosure(d: int, c: int) -> Enclosure:
    """Return the tables of an enclosure."""
    square = np.zeros((4, d, d))
    return Enclosure(np.empty((d, c)), np.empty((d, c)), square[0], square[1], square[2], square[3])


@compiled
def find_leaf(premise: Premise, path: Path, depth: int, found: Enclosure) -> Node:
    """Return a leaf that proves the premise on a cone, or none; the cone's enclosure is filled in."""
    _enclose(premise, path, depth, found)
    d, c = found.centre.shape
    W, level, least = path.W[depth], premise.level, premise.margin * premise.level
    for k in range(d):
        for l in range(k + 1):
            found.gram[k, l] = level * np.dot(W[k], W[l])
            square = 0.0
            for j in range(c):
                at_k = abs(found.centre[k, j]) + found.radius[k, j]
                square += at_k * (abs(found.centre[l, j]) + found.radius[l, j])
            found.form[k, l] = found.gram[k, l] - square
    if _is_nonnegative(found.form, found.factor, least):
        return Node(ENVELOPE, 0, 0, 0, 0)
    leaf, on_centre, on_radius = _choose_tau(path.weights[depth], found)
    for k in range(d):
        for l in range(k + 1):
            square = 0.0
            for j in range(c):
                middle = on_centre * found.centre[k, j] * found.centre[l, j]
                square += middle + on_radius * found.radius[k, j] * found.radius[l, j]
            found.form[k, l] = found.gram[k, l] - square
    if _is_nonnegative(found.form, found.factor, least):
        return leaf
    return Node(NONE, 0, 0, 0, 0)


@compiled
def _enclose(premise: Premise, path: Path, depth: int, found: Enclosure) -> None:
    """Fill in centre and radius of every output, and the gains of the edges."""
    N, centre, radius, gains = premise.N, found.centre, found.radius, found.gains
    products, weights = path.products[depth], path.weights[depth]
    d, c = centre.shape
    for k in range(d):
        for j in range(c):
            centre[k, j], radius[k, j] = path.values[depth, k, j], 0.0
        for l in range(k):
            gains[k, l] = 0.0
    for r in range(path.counts[depth]):
        i = path.rows[depth, r]
        inside = 0.0
        for k in range(d):
            inside += products[r, k]
            for l in range(k):
                if products[r, k] * products[r, l] < 0:
                    bend = min(abs(products[r, k]) * weights[k], abs(products[r, l]) * weights[l])
                    gains[k, l] += premise.sizes[i] * bend
        sign = -1.0 if inside >= 0 else 1.0
        for k in range(d):
            width = sign * products[r, k]
            if width > 0:
                for j in range(c):
                    half = 0.5 * width * N[i, j]
                    centre[k, j] -= half
                    radius[k, j] += abs(half)


@compiled
def _choose_tau(weights: Any, found: Enclosure) -> tuple[Node, float, float]:
    """Return the tau leaf that balances centre and radius, with the factors 1 + tau and 1 + 1/tau."""
    d, c = found.centre.shape
    middle, spread = 0.0, 0.0
    for k in range(d):
        a, b = 0.0, 0.0
        for j in range(c):
            a += found.centre[k, j] ** 2
            b += found.radius[k, j] ** 2
        middle += math.sqrt(a) * weights[k]
        spread += math.sqrt(b) * weights[k]
    if not spread > 0:
        return Node(TAU, 0, 0, 1, 0), 1.0, 0.0
    tau = min(max(spread / max(middle, 1e-300), 2.0**-60), 2.0**60)
    power = math.floor(math.log2(tau)) - _TAU_BITS + 1
    mantissa = round(tau * 2.0**-power)
    tau = mantissa * 2.0**power
    return Node(TAU, 0, 0, mantissa, power), 1 + tau, 1 + 1 / tau


@compiled
def _is_nonnegative(matrix: Any, factor: Any, margin: float) -> bool:
    """Say whether a form is nonnegative on the orthant, with a margin for the rounding of its entries.

    Only its lower triangle counts; it is overwritten.
    """
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


@compiled
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
