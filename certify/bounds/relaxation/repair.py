"""Repairing an approximate dual solution of a relaxation, so that it is feasible beyond rounding.

In goes any dual point with any multipliers; out comes a dual point with multipliers whose form has a positive
least eigenvalue, as far as floating point can tell. Two things happen to them (docs/method.md, section 5):

*Repair.* The form level |u|^2 - |N^T alpha|^2 - [...] need not be semidefinite. Since
(x.u)^2 = (alpha - beta)^2, taking delta (beta_i^2 - 2 alpha_i beta_i) off adds delta alpha_i^2 and costs
delta (x_i.u)^2, which the level pays (`repairable_form`).

*Scaling.* h(N)^2 <= level gives the dual point t N with the best t up to gamma / sqrt(level).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from certify.bounds.relaxation.repairable_form import RepairableForm
from certify.floats.problem import Arrays
from formulations.arrays import Matrix
from formulations.sdp.multipliers import Multipliers

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
    N, multipliers = finite(N), cleaned(multipliers)
    X, gamma, line = arrays.X, arrays.gamma, arrays.dual_line
    N, _ = line.oriented(line.admissible(N))
    if line.best(N, math.inf)[0] == 0:
        return None
    repairable = RepairableForm.of(X, N, multipliers)
    if repairable is None:
        return None
    rough, _ = repairable.best(0.0)
    floor = margin * max(rough, 1e-12 * repairable.extent)
    level, delta = repairable.best(floor)
    t, _ = line.best(N, gamma / math.sqrt(max(level, floor)))
    repaired = repairable.paid(multipliers, delta)
    return FeasibleSolution(line.multiple(N, t), repaired.scaled(t**2), margin)


def finite(matrix: Matrix) -> Matrix:
    """Take entries that are not finite, or so large that their products overflow, for zero."""
    return np.where(np.abs(matrix) < _OVERFLOWING, matrix, 0.0)


def cleaned(multipliers: Multipliers) -> Multipliers:
    """Make multipliers legal: finite, symmetric where they must be, nonnegative but for the slack."""

    def nonnegative(matrix: Matrix) -> Matrix:
        return np.maximum(finite(matrix), 0.0)

    a, c = nonnegative(multipliers.alpha_alpha), nonnegative(multipliers.beta_beta)
    return Multipliers(
        (a + a.T) / 2, nonnegative(multipliers.alpha_beta), (c + c.T) / 2, finite(multipliers.slack)
    )
