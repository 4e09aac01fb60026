"""Narrower networks that compute the same on the samples, by Caratheodory (docs/method.md, section 6).

A neuron is w_j = |u_j| |v_j| times the point p_j = relu(X u_j / |u_j|) (v_j / |v_j|)^T of R^{n c}, the
network sum_j w_j p_j, and gamma sum_j w_j its least penalty over all scalings. Let P z = 0 for the matrix P
of the points and a z != 0 with sum z >= 0. Then w - t z for t >= 0 is the same network with no larger
penalty, and at t = min w_j / z_j over z_j > 0 a neuron is gone. This ends when the points are linearly
independent: at most rank P <= n c neurons. (To keep the penalty as it is would take one more.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Matrix, Vector

_REFINEMENTS = 3


@dataclass(frozen=True)
class ReducedNetwork:
    """A network with few neurons, |u_j| = |v_j| > 0.

    Attributes:
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
    """

    hidden: Matrix
    output: Matrix


def reduce_width(
    hidden: Matrix,
    output: Matrix,
    X: Matrix,
    *,
    tolerance: float | None = None,
    counted: int | None = None,
) -> ReducedNetwork:
    """Return at most n c of the neurons, rescaled, with the same outputs on X and no larger penalty.

    Both hold up to rounding: outputs to about 1e-14 of sum_j |u_j| |v_j| |X|. Where that is not enough, use
    `reduce_width_exactly`.

    Args:
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
        X: inputs, of shape (n, d).
        tolerance: singular values of P below it, relative to the largest, count as zero; by default the
            rounding error of P. A larger one gives fewer neurons and moves outputs by as much.
        counted: how many rows of the hidden weights, the first ones, the penalty counts and |u_j| is of; all
            by default. No neuron may have weights in the others alone.

    Raises:
        ValueError: if the shapes do not fit, or an entry is not finite.
    """
    if hidden.shape != (X.shape[1], len(output)):
        raise ValueError(
            f"hidden weights have shape {hidden.shape}, but {len(output)} rows of output weights and "
            f"{X.shape[1]} inputs ask for {(X.shape[1], len(output))}"
        )
    if not all(np.isfinite(matrix).all() for matrix in (hidden, output, X)):
        raise ValueError("the weights or X have an entry that is not finite")
    alive = np.any(hidden, axis=0) & np.any(output, axis=1)
    hidden, output = hidden[:, alive], output[alive]
    (units, lengths), (across, sizes) = _units(hidden[:counted]), _units(output.T)
    hidden = np.vstack([units, hidden[len(units) :] / lengths])
    output = across.T
    features = np.maximum(X @ hidden, 0.0)
    points = (features[:, None, :] * output.T[None, :, :]).reshape(len(X) * output.shape[1], len(output))
    weights = lengths * sizes
    aim = points @ weights
    kept, remaining = _eliminate(weights, _kernel(points, tolerance))
    roots = np.sqrt(_refine(points[:, kept], remaining, aim))
    return ReducedNetwork(hidden[:, kept] * roots, output[kept] * roots[:, None])


def _units(columns: Matrix) -> tuple[Matrix, Vector]:
    """Return nonzero columns at length 1, and their lengths, whose squares may be no floats."""
    largest = np.abs(columns).max(axis=0, initial=0.0)
    scaled = columns / largest
    lengths = np.linalg.norm(scaled, axis=0)
    return scaled / lengths, largest * lengths


def _kernel(points: Matrix, tolerance: float | None) -> Matrix:
    """Return an orthonormal basis, as columns, of the z with P z = 0."""
    # All axes are needed, and of the tall side no more than there are of them.
    _, singular, axes = np.linalg.svd(points, full_matrices=len(points) < points.shape[1])
    relative = tolerance if tolerance is not None else max(points.shape) * np.finfo(float).eps
    rank = int(np.sum(singular > relative * singular.max(initial=0.0)))
    return np.asarray(axes[rank:].T)


def _eliminate(weights: Vector, kernel: Matrix) -> tuple[NDArray[np.intp], Vector]:
    """Return which neurons remain once the kernel is used up, and their weights."""
    kept, weights = np.arange(len(weights)), weights.copy()
    while kernel.shape[1]:
        falls = kernel.sum(axis=0)
        # The penalty falls fastest along the projection of the ones; where it is stationary any z will do.
        z = kernel @ falls if np.linalg.norm(falls) > 1e-8 else kernel[:, 0] * np.copysign(1.0, falls[0])
        rising = z > 1e-8 * np.abs(z).max()
        ratios = np.divide(weights, z, out=np.full(len(z), np.inf), where=rising)
        gone = int(np.argmin(ratios))
        weights = np.delete(np.maximum(weights - ratios[gone] * z, 0.0), gone)
        kept, kernel = np.delete(kept, gone), _without_row(kernel, gone)
    return kept[weights > 0], weights[weights > 0]


def _without_row(kernel: Matrix, row: int) -> Matrix:
    """Return an orthonormal basis of those kernel vectors that vanish in a row, without that row."""
    mirror = kernel[row].copy()
    mirror[0] += np.copysign(np.linalg.norm(mirror), mirror[0])
    # After this reflection of the columns only the first is nonzero in the row.
    reflected = kernel - np.outer(kernel @ mirror, 2 * mirror / (mirror @ mirror))
    return np.asarray(np.delete(reflected[:, 1:], row, axis=0))


def _refine(points: Matrix, weights: Vector, aim: Vector) -> Vector:
    """Return the weights after corrections by least squares for what the eliminations have rounded off."""
    error = aim - points @ weights
    for _ in range(_REFINEMENTS):
        moved = weights + np.linalg.lstsq(points, error, rcond=None)[0]
        left = aim - points @ moved
        if np.any(moved <= 0) or np.linalg.norm(left) >= np.linalg.norm(error):
            break
        weights, error = moved, left
    return weights
