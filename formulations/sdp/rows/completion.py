"""What SDP-NN's primal matrix for some samples leaves of the targets of others, which it does not know.

A further sample x with target y borders the primal matrix L over z = (u, alpha, v) by the moments a of its
alpha with z and by its square. With alpha beta = 0 for beta = alpha - x . u that square is x . a_u, so that L
and a stay positive semidefinite where

    |L^-1/2 a - 1/2 L^1/2 x| <= 1/2 |L^1/2 x| ,

and products with the forms of the known samples are nonnegative where a satisfies linear inequalities. How
near to y the output can come under these conditions, one sample at a time, is a small convex program. Samples
that can all be met change little; the others are what a larger set of samples has to know. What comes out is
an estimate: it says where to look, and proves nothing.
"""

from __future__ import annotations

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.sdp.activation_region import Region

_STEPS = 250  # of the splitting, all samples at once
_FIT = 10.0  # weight of the output against the conditions, in a step


def least_residuals(region: Region, L: Matrix, X: Matrix, Y: Matrix) -> Vector:
    """Return the least distance of each target from what the sample's output may be, of length k.

    Args:
        region: the whole space, with the samples that are known.
        L: the primal matrix for them, positive definite.
        X: inputs of further samples, k x d, none of them zero.
        Y: their targets, k x c.
    """
    geometry = region.geometry
    rank, count = len(geometry.weights), len(region.names)
    values, vectors = np.linalg.eigh(L)
    root = vectors * np.sqrt(np.maximum(values, 0.0))  # L = root root^T, and a = root b
    rows = np.zeros((len(L), len(X)))
    rows[:rank] = (X @ geometry.axes).T
    centres = root.T @ rows / 2
    reach = np.linalg.norm(centres, axis=0)
    seen = reach > 1e-12 * reach.max(initial=0.0)
    reach = np.where(seen, reach, 1.0)
    # Each form f of a known sample has E[f alpha] >= 0 and E[f beta] = E[f alpha] - E[f x . u] >= 0.
    forms = region.forms[:, :count]
    least = np.maximum(forms.T @ (L @ rows), 0.0) / reach
    on_forms = forms.T @ root
    lengths = np.maximum(np.linalg.norm(on_forms, axis=1), 1e-300)
    on_forms, least = on_forms / lengths[:, None], least / lengths[:, None]
    outputs = 2 * root[len(L) - Y.shape[1] :]  # L is half of what the outputs are
    size = max(float(np.linalg.norm(outputs)), 1e-300)
    outputs, wanted = outputs / size, Y.T / (reach * size)
    return np.asarray(
        np.where(seen, _nearest(centres / reach, on_forms, least, outputs, wanted) * reach * size, 0.0)
        + np.where(seen, 0.0, np.linalg.norm(Y, axis=1))
    )


def _nearest(centres: Matrix, forms: Matrix, least: Matrix, outputs: Matrix, wanted: Matrix) -> Vector:
    """Return the least |outputs b - wanted|, by columns, over |b - centre| <= 1 with forms b >= least.

    By the alternating direction method of multipliers with one copy of b, of forms b and of outputs b each.
    """
    order = forms.shape[1]
    inverse = np.linalg.inv(np.eye(order) + forms.T @ forms + outputs.T @ outputs)
    ball, bounded, output = centres, np.maximum(forms @ centres, least), outputs @ centres
    of_ball, of_bounded, of_output = (np.zeros_like(copy) for copy in (ball, bounded, output))
    for _ in range(_STEPS):
        b = inverse @ ((ball - of_ball) + forms.T @ (bounded - of_bounded) + outputs.T @ (output - of_output))
        moved = b + of_ball - centres
        ball = centres + moved / np.maximum(1.0, np.linalg.norm(moved, axis=0))
        of_ball += b - ball
        here = forms @ b
        bounded = np.maximum(here + of_bounded, least)
        of_bounded += here - bounded
        here = outputs @ b
        output = (here + of_output + _FIT * wanted) / (1 + _FIT)
        of_output += here - output
    return np.asarray(np.linalg.norm(outputs @ ball - wanted, axis=0))
