"""Repairing an approximate dual solution of a relaxation, so that it is feasible beyond rounding.

In goes any dual point with any multipliers; out comes a dual point with multipliers whose form has a positive
least eigenvalue, as far as floating point can tell. Two things happen to them (docs/method.md, section 5):

*Repair.* The form level |u|^2 - |N^T alpha|^2 - [...] need not be semidefinite. Since
(x.u)^2 = (alpha - beta)^2, taking delta (beta_i^2 - 2 alpha_i beta_i) off adds delta alpha_i^2 and costs
delta (x_i.u)^2, which the level pays: for every large enough delta there is a least level, in closed form.

*Scaling.* h(N)^2 <= level gives the dual point t N with t = min(gamma / sqrt(level), <N,Y>/|N|^2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from certify.floats.problem import Arrays
from formulations.arrays import Matrix
from formulations.sdp.multipliers import Multipliers, relaxation_form

_OVERFLOWING = 1e70


@dataclass(frozen=True)
class FeasibleSolution:
    """A dual point and multipliers, in units of gamma^2, whose form has a positive least eigenvalue.

    Attributes:
        dual_point: N, n x c.
        multipliers: legal ones.
        margin: the least eigenvalue, relative to gamma^2, when each alpha_i is measured in units of |x_i|.
    """

    dual_point: Matrix
    multipliers: Multipliers
    margin: float


def repair(arrays: Arrays, N: Matrix, multipliers: Multipliers, margin: float) -> FeasibleSolution | None:
    """Make a dual solution feasible with the best delta and t; return None if N proves nothing.

    Args:
        arrays: the problem.
        N: n x c; entries that are not finite, or beyond 1e70, count as zero.
        multipliers: in any units of a level, as long as N is in the same; negative ones count as zero.
        margin: least eigenvalue wanted of the scaled form, relative to gamma^2, when each alpha_i is
            measured in units of |x_i|.
    """
    N, multipliers = _finite(N), _cleaned(multipliers)
    X, Y, gamma = arrays.X, arrays.Y, arrays.gamma
    d = X.shape[1]
    lengths = np.linalg.norm(X, axis=1)
    line = arrays.dual_line
    live = line.live
    # Where x = 0 the rows are chosen when all is rounded; here their targets stand for them.
    N = np.where(live[:, None], line.admissible(N), Y)
    inner, square = line.coefficients(N)
    if inner == 0 or square == 0:
        return None
    if inner < 0:  # -N has the same gauge
        N, inner = np.where(live[:, None], -N, Y), -inner
    units = np.concatenate([np.ones(d), lengths[live]])
    keep = np.concatenate([np.ones(d, dtype=bool), live])
    form = relaxation_form(X, N, 0.0, multipliers)[np.ix_(keep, keep)] * np.outer(units, units)
    if not np.all(np.isfinite(form)):
        return None
    directions = X[live] / lengths[live, None]
    level, delta = _least_level(form, directions, margin)
    t = min(gamma / math.sqrt(level), inner / square)
    paid = np.zeros(len(X))
    paid[live] = delta / lengths[live] ** 2
    repaired = Multipliers(
        multipliers.alpha_alpha,
        multipliers.alpha_beta,
        multipliers.beta_beta + np.diag(paid),
        multipliers.slack - 2 * paid,
    )
    return FeasibleSolution(np.where(live[:, None], t * N, Y), repaired.scaled(t**2), margin)


def _finite(matrix: Matrix) -> Matrix:
    """Take entries that are not finite, or so large that their products overflow, for zero."""
    return np.where(np.abs(matrix) < _OVERFLOWING, matrix, 0.0)


def _cleaned(multipliers: Multipliers) -> Multipliers:
    """Make multipliers legal: finite, symmetric where they must be, nonnegative but for the slack."""

    def nonnegative(matrix: Matrix) -> Matrix:
        return np.maximum(_finite(matrix), 0.0)

    a, c = nonnegative(multipliers.alpha_alpha), nonnegative(multipliers.beta_beta)
    return Multipliers(
        (a + a.T) / 2, nonnegative(multipliers.alpha_beta), (c + c.T) / 2, _finite(multipliers.slack)
    )


def _least_level(form: Matrix, directions: Matrix, margin: float) -> tuple[float, float]:
    """Minimise the level over delta, a convex function of one variable.

    Args:
        form: -|N^T alpha|^2 - [...] over (u, alpha), of order d + n, alpha_i in units of |x_i|.
        directions: x_i / |x_i|, n x d.
        margin: relative to the level.

    Returns:
        The least level that keeps the repaired form above margin * level, and its delta.
    """
    d = directions.shape[1]
    eigenvalues, eigenvectors = np.linalg.eigh(form[d:, d:])
    cross = eigenvectors.T @ form[d:, :d]
    gram = directions.T @ directions
    extent = max(float(np.abs(eigenvalues).max()), float(np.abs(form).max()), 1e-300)

    def level_at(delta: float, floor: float) -> float:
        lifted = eigenvalues + delta - floor
        needed = -form[:d, :d] + delta * gram + (cross.T / lifted) @ cross
        return float(np.linalg.eigvalsh((needed + needed.T) / 2)[-1]) + floor

    def best(floor: float) -> tuple[float, float]:
        # The eigenvalues are known up to rounding, so delta keeps that distance from the pole.
        start = max(0.0, floor - float(eigenvalues[0])) + 1e-13 * extent
        exponent = minimize_scalar(
            lambda e: level_at(start + extent * 10.0**e, floor), bounds=(-13.0, 3.0), method="bounded"
        ).x
        candidates = [start, start + extent * 10.0 ** float(exponent)]
        delta = min(candidates, key=lambda value: level_at(value, floor))
        return level_at(delta, floor), delta

    rough, _ = best(0.0)
    floor = margin * max(rough, 1e-12 * extent)
    level, delta = best(floor)
    return max(level, floor), delta
