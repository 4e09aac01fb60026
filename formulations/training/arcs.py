"""One or two inputs: the exact gauge by enumerating arcs; the global optimum (docs/method.md, section 3c).

On the circle |u| = 1 the n lines x_i^T u = 0 leave at most 2 n arcs. Inside an arc relu is a fixed selection
of rows, N^T relu(X u) = G u, and |G u|^2 is a constant plus a sinusoid in twice the angle; so the maximum
over the circle is attained at an end of an arc or where that sinusoid peaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Matrix, Vector
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss
from formulations.training.masters.master import solve_master

_MAX_ROUNDS = 300
_ROUNDING = 1e-14


@dataclass(frozen=True)
class PlanarOptimum:
    """Bounds on the global optimum of a training problem with one or two inputs, equal up to rounding.

    Attributes:
        lower: dual bound, by the exact gauge of the dual point (a loss).
        upper: objective of the network (a loss).
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
        dual_point: N, of shape (n, c), scaled to a gauge of at most gamma.
    """

    lower: float
    upper: float
    hidden: Matrix
    output: Matrix
    dual_point: Matrix


def maximum_gauge_2d(X: Matrix, N: Matrix) -> tuple[float, Vector]:
    """Return h(N) = max |N^T relu(X u)|_2 over |u|_2 <= 1 for two inputs, exact up to rounding.

    Args:
        X: inputs, of shape (n, 2).
        N: dual point, of shape (n, c).

    Returns:
        The gauge and a unit direction where it is attained.

    Raises:
        ValueError: if X does not have two columns.
    """
    values, directions = gauge_maxima_2d(X, N)
    best = int(np.argmax(values))
    return float(values[best]), directions[:, best]


def gauge_maxima_2d(X: Matrix, N: Matrix) -> tuple[Vector, Matrix]:
    """Return all positive local maxima of |N^T relu(X u)|_2 on the circle, in the order of their angles.

    Args:
        X: inputs, of shape (n, 2).
        N: dual point, of shape (n, c).

    Returns:
        Their values, of shape (k,), and unit directions as columns, of shape (2, k). A single one of value
        zero stands for a gauge that is zero everywhere.

    Raises:
        ValueError: if X does not have two columns.
    """
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"X has shape {X.shape}, but arcs need exactly two columns")
    if not np.any(X):
        return np.zeros(1), np.array([[1.0], [0.0]])
    present = np.any(X != 0, axis=1)
    starts, maps = _arcs(X[present], N[present])
    angles = _candidates(starts, maps)
    directions = np.vstack([np.cos(angles), np.sin(angles)])
    values = np.linalg.norm(N.T @ np.maximum(X @ directions, 0.0), axis=0)
    # The candidates are all stationary points and all kinks, so neighbours among them decide.
    peak = (values >= np.roll(values, 1)) & (values >= np.roll(values, -1))
    peak &= values > _ROUNDING * np.linalg.norm(N) * np.linalg.norm(X)
    if not np.any(peak):
        return np.zeros(1), directions[:, :1]
    return values[peak], directions[:, peak]


def _arcs(X: Matrix, N: Matrix) -> tuple[Vector, NDArray[np.float64]]:
    """Return the angles where arcs begin, sorted, and the linear map G of each arc, of shape (arcs, c, 2)."""
    normal = np.arctan2(X[:, 1], X[:, 0])
    angles = np.mod(np.concatenate([normal - np.pi / 2, normal + np.pi / 2]), 2 * np.pi)
    order = np.argsort(angles, kind="stable")
    starts = angles[order]
    rows = N[:, :, None] * X[:, None, :]
    changes = np.concatenate([rows, -rows])[order]
    last = (starts[-1] + starts[0] + 2 * np.pi) / 2
    active = X @ np.array([np.cos(last), np.sin(last)]) > 0
    return starts, rows[active].sum(axis=0) + np.cumsum(changes, axis=0)


def _candidates(starts: Vector, maps: NDArray[np.float64]) -> Vector:
    """Return, sorted, the angles of the ends of arcs and of the peaks and troughs inside them."""
    widths = np.diff(starts, append=starts[0] + 2 * np.pi)
    peaks = _peak_angles(maps)
    offsets = [np.mod(angles - starts, np.pi) for angles in (peaks, peaks + np.pi / 2)]
    inside = [(starts + offset)[offset < widths] for offset in offsets]
    return np.sort(np.concatenate([starts, *inside]))


def _peak_angles(maps: NDArray[np.float64]) -> Vector:
    """Return the angles t, modulo pi, where |G (cos t, sin t)| is largest, for maps of shape (k, c, 2)."""
    cosine, sine = maps[:, :, 0], maps[:, :, 1]
    product = np.sum(cosine * sine, axis=1)
    difference = np.sum(cosine**2, axis=1) - np.sum(sine**2, axis=1)
    angles: Vector = np.arctan2(2 * product, difference) / 2
    return angles


def global_optimum_2d(
    X: Matrix, loss: Loss | Matrix, gamma: float, *, tolerance: float = 1e-9
) -> PlanarOptimum:
    """Train to the global optimum by column generation with the exact gauge; an oracle for other methods.

    Args:
        X: inputs, of shape (n, 1) or (n, 2).
        loss: of n samples with c outputs; a matrix Y, n x c, stands for the squared loss of these.
        gamma: weight of the penalty, positive.
        tolerance: relative gap (upper - lower) / |upper| to stop at; for another loss than the squared one
            1e-7 can be reached.

    Returns:
        The bounds, whose gap exceeds the tolerance only where rounding stopped the progress.

    Raises:
        ValueError: if X does not have one or two columns, or gamma is not positive.
    """
    inputs = X.shape[1]
    if inputs not in (1, 2):
        raise ValueError(f"X has shape {X.shape}, but arcs need one or two columns")
    if inputs == 1:  # the circle has two points more than the line, and no gauge there
        X = np.hstack([X, np.zeros_like(X)])
    directions = np.zeros((2, 0))
    if not isinstance(loss, Loss):
        loss = SquaredLoss(loss)
    is_strict = loss.smoothed(1.0) is loss
    lower, upper, dual_point = -np.inf, np.inf, np.zeros_like(loss.targets)
    for _ in range(_MAX_ROUNDS):
        master = solve_master(np.maximum(X @ directions, 0.0), loss, gamma, tolerance=tolerance / 100)
        # With kinks many dual points may be best, and directions that no neuron has hold them.
        used = np.any(master.output != 0, axis=1) | (not is_strict)
        directions, output, upper = directions[:, used], master.output[used], master.value
        values, maxima = gauge_maxima_2d(X, master.dual_point)
        gauge = float(values.max())
        scale, bound = loss.best_multiple(master.dual_point, gamma / gauge if gauge else np.inf)
        if bound > lower:
            lower, dual_point = bound, scale * master.dual_point
        if upper - lower <= tolerance * abs(upper):
            break
        if not np.any(values > gamma):
            break
        directions = np.hstack([directions, maxima[:, values > gamma]])
    used = np.flatnonzero(np.any(output != 0, axis=1))
    directions, output = directions[:, used], output[used]
    norms = np.sqrt(np.linalg.norm(output, axis=1))
    hidden = (directions * norms)[:inputs]
    return PlanarOptimum(lower, upper, hidden, output / norms[:, None], dual_point)
