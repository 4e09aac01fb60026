"""The optimum of training with two features by one convex program, which knows nothing of dual points.

The lines x_i . u = 0 and the axes cut the plane into cones of at most a right angle, and in each of them
relu(Xu) = D X u for one diagonal D of zeros and ones. Its neurons are u = R s with s >= 0, where R has the
two rays as columns. Sums of (s, v)(s, v)^T over them are all the positive semidefinite M with M_12 >= 0: a
form that is nonnegative for all s >= 0 and v leaves, at the best v, a copositive 2 x 2 matrix, and that is a
positive semidefinite one plus a nonnegative one. So the least objective of a network of any width is

    min  loss(sum_cones D X R M_sv + 1 b^T) + gamma/2 sum_cones (tr R M_ss R^T + tr M_vv) + the decay of b.
"""

from __future__ import annotations

from fractions import Fraction
from math import atan2, gcd, lcm
from typing import Any

import cvxpy as cp
import numpy as np

from formulations.arrays import Matrix

atoms: Any = cp  # what cvxpy imports by a star has no types that a strict checker sees

Rows = list[list[Fraction]]


def optimum(
    X: Rows, Y: Rows, weights: list[Fraction], gamma: Fraction, loss: str, output_bias: str = "none"
) -> float:
    """Return the global optimum of training (a loss).

    Args:
        X: n x 2.
        Y: n x c, targets of the loss.
        weights: of the n samples.
        gamma: the weight decay.
        loss: its text.
        output_bias: "none", "free" or "decayed".
    """
    inputs, targets = np.array(X, dtype=float), np.array(Y, dtype=float)
    n, c = targets.shape
    predictions: Any = cp.Constant(np.zeros((n, c)))
    decay: Any = cp.Constant(0.0)
    constraints: list[Any] = []
    for rays in _cones(X):
        moments = cp.Variable((2 + c, 2 + c), PSD=True)
        constraints.append(moments[0, 1] >= 0)
        active = inputs @ rays.sum(axis=1) > 0
        predictions += (active[:, None] * inputs @ rays) @ moments[:2, 2:]
        decay += atoms.trace(rays.T @ rays @ moments[:2, :2]) + atoms.trace(moments[2:, 2:])
    if output_bias != "none":
        bias = cp.Variable((1, c))
        predictions += np.ones((n, 1)) @ bias
        decay += atoms.sum_squares(bias) if output_bias == "decayed" else 0
    losses = np.array(weights, dtype=float) @ _losses(loss, predictions, targets)
    problem: Any = cp.Problem(cp.Minimize(losses + float(gamma) / 2 * decay), constraints)
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == "optimal"
    return float(problem.value)


def _cones(X: Rows) -> list[Matrix]:
    """Return the rays of each cone as the columns of a 2 x 2 matrix, in the order of the angles."""
    rays = {(1, 0), (0, 1), (-1, 0), (0, -1)}
    for x in X:
        scale = lcm(*(entry.denominator for entry in x))
        p, q = (int(entry * scale) for entry in x)
        if common := gcd(p, q):
            rays |= {(-q // common, p // common), (q // common, -p // common)}
    units = [np.array(ray) / np.hypot(*ray) for ray in sorted(rays, key=lambda ray: atan2(ray[1], ray[0]))]
    return [np.column_stack([units[k - 1], units[k]]) for k in range(len(units))]


def _losses(text: str, z: Any, y: Matrix) -> Any:
    """Return the losses of the n samples, by their definitions.

    Args:
        text: of the loss.
        z: the predictions, n x c.
        y: the targets, n x c.
    """
    word, *parameters = text.split(" ")
    size = float(Fraction(parameters[0])) if parameters else 0.0
    c = y.shape[1]
    match word:
        case "squared":
            entries = atoms.square(z - y) / 2
        case "huber":
            entries = atoms.huber(z - y, size) / 2
        case "absolute":
            entries = atoms.abs(z - y)
        case "quantile":
            entries = size * atoms.pos(y - z) + (1 - size) * atoms.pos(z - y)
        case "epsilon-insensitive":
            entries = atoms.pos(atoms.abs(z - y) - size)
        case "hinge":
            entries = atoms.pos(1 - atoms.multiply(y, z))
        case "squared-hinge":
            entries = atoms.square(atoms.pos(1 - atoms.multiply(y, z))) / 2
        case "logistic":
            entries = atoms.logistic(-atoms.multiply(y, z))
        case "poisson":
            entries = atoms.exp(z) - atoms.multiply(y, z)
        case "multiclass-hinge":
            return atoms.max(z + 1 - y, axis=1) - atoms.sum(atoms.multiply(y, z), axis=1)
        case "cross-entropy":
            shares = (1 - size) * y + size / c
            return atoms.log_sum_exp(z, axis=1) - atoms.sum(atoms.multiply(shares, z), axis=1)
        case _:
            raise ValueError(f"the loss {text} is not defined here")
    return atoms.sum(entries, axis=1)
