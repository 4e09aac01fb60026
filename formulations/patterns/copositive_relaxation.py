"""The copositive relaxation of training with any number of outputs (Sahiner et al. 2021).

The neurons of a pattern p add up to W_p = sum u v^T, and to P_p = sum u u^T, which is in the cone that the
u u^T with A_p u >= 0 span. Relaxed to what every such P satisfies, training is

    minimise  loss( sum_p D_p X W_p ) + gamma/2 sum_p (tr P_p + tr Q_p)
    over  [[P_p, W_p], [W_p^T, Q_p]] positive semidefinite  with  A_p P_p A_p^T >= 0 .

For the squared loss W and Q can be eliminated, which leaves the form of the authors' paper and code,

    minimise  1/2 tr Y^T (I + sum_p D_p X P_p X^T D_p / gamma)^-1 Y + gamma/2 sum_p tr P_p ,

theirs with 2 gamma U_p in the place of P_p. Its value is at most the optimum. A cone with at most four walls
that are linearly independent is a ray's image of R^4_+ or less, where doubly nonnegative matrices are
completely positive (Maxfield and Minc 1962): with two features, then, it is the optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, check_problem
from formulations.losses.in_cvxpy import atoms, loss_in_cvxpy
from formulations.losses.loss import Loss
from formulations.modelling import cvxpy as cp
from formulations.patterns.arrangement import arrangement
from formulations.sdp.solvers import SolverChoice, run

_SOLVER = SolverChoice("CLARABEL", "lmi", {})


@dataclass(frozen=True)
class CopositiveValue:
    """What the solver returned.

    Attributes:
        value: a loss, the solver's word.
        patterns: how many there are.
        status: the solver's own word, in cvxpy's vocabulary.
    """

    value: float
    patterns: int
    status: str


def solve_copositive_relaxation(X: Matrix, loss: Loss, gamma: float, *, most: int) -> CopositiveValue:
    """Enumerate the patterns and solve the relaxation.

    Args:
        X: the inputs, n x d.
        loss: of n samples with c outputs.
        gamma: the weight of the regularisation, positive.
        most: how many patterns there may be.

    Raises:
        ValueError: there are more patterns, the problem is malformed, or the solver returned no numbers.
    """
    check_problem(X, loss.targets, gamma)
    unit = float(np.sqrt(np.mean(np.sum(X**2, axis=1)))) or 1.0
    found = arrangement(X, most)
    (_, d), c = X.shape, loss.targets.shape[1]
    predictions: cp.Expression = cp.Constant(np.zeros(loss.targets.shape))
    traces: cp.Expression = cp.Constant(0.0)
    constraints = []
    for cell, active in enumerate(found.active):
        moments = cp.Variable((d + c, d + c), PSD=True)
        predictions = predictions + (active[:, None] * X / unit) @ moments[:d, d:]
        traces = traces + atoms.trace(moments)
        cone = found.cone(cell)
        first, second = np.triu_indices(len(cone), 1)
        if first.size:
            constraints.append(atoms.multiply(cone[first] @ moments[:d, :d], cone[second]).sum(axis=1) >= 0)
    objective = loss_in_cvxpy(loss, predictions) + gamma / unit / 2 * traces
    problem = cp.Problem(cp.Minimize(objective), constraints)
    status = run(problem, _SOLVER)
    if problem.value is None:
        raise ValueError(f"the solver returned no numbers (status {status!r})")
    return CopositiveValue(float(problem.value), len(found.active), status)
