"""Training with one output as a convex program over all activation patterns (Pilanci and Ergen 2020).

A neuron u with an output weight of either sign is v = |output| u or w = |output| u in the cone of u's pattern
D_p, where it computes D_p X v or -D_p X w, and pays gamma |v| or gamma |w|:

    minimise  loss( sum_p D_p X (v_p - w_p) ) + gamma sum_p (|v_p| + |w_p|)   over v_p, w_p in cone p .

With all patterns its value is the optimum of training, for networks of any width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from formulations.arrays import Matrix, check_problem
from formulations.losses.in_cvxpy import atoms, loss_in_cvxpy
from formulations.losses.loss import Loss
from formulations.modelling import cvxpy as cp
from formulations.patterns.arrangement import Arrangement, arrangement, blocks, wall_positions
from formulations.sdp.solvers import SolverChoice, run

_SOLVER = SolverChoice("CLARABEL", "lmi", {})
_NOISE = 1e-7  # of the longest neuron: what an interior-point method leaves of zeros


@dataclass(frozen=True)
class PatternSolution:
    """What the solver returned.

    Attributes:
        value: the loss, the solver's word.
        hidden: u_j as columns, d x m, of a network near the solution, with |u_j| = |v_j|.
        output: v_j as rows, m x c.
        patterns: how many there are.
        status: the solver's own word, in cvxpy's vocabulary.
    """

    value: float
    hidden: Matrix
    output: Matrix
    patterns: int
    status: str


def solve_over_patterns(X: Matrix, loss: Loss, gamma: float, *, most: int) -> PatternSolution:
    """Enumerate the patterns and solve the program.

    Args:
        X: the inputs, n x d.
        loss: of n samples with one output.
        gamma: the weight of the regularisation, positive.
        most: how many patterns there may be.

    Raises:
        ValueError: there are more patterns, the problem is malformed or has several outputs, or the solver
            returned no numbers.
    """
    check_problem(X, loss.targets, gamma)
    if loss.targets.shape[1] != 1:
        raise ValueError(f"there are {loss.targets.shape[1]} outputs; this program is for one")
    unit = float(np.sqrt(np.mean(np.sum(X**2, axis=1)))) or 1.0
    found = arrangement(X, most)
    d, count = X.shape[1], len(found.active)
    ahead, behind = cp.Variable((d, count)), cp.Variable((d, count))
    active = blocks(X / unit, found.active)
    inside = _inequalities(found)
    predictions = active @ atoms.vec(ahead - behind, order="F")
    lengths = atoms.sum(atoms.norm(ahead, axis=0)) + atoms.sum(atoms.norm(behind, axis=0))
    objective = loss_in_cvxpy(loss, atoms.reshape(predictions, (len(X), 1), order="F"))
    within = [inside @ atoms.vec(side, order="F") >= 0 for side in (ahead, behind)]
    problem = cp.Problem(cp.Minimize(objective + gamma / unit * lengths), within)
    status = run(problem, _SOLVER)
    if ahead.value is None or behind.value is None:
        raise ValueError(f"the solver returned no numbers (status {status!r})")
    weights = np.hstack([ahead.value, behind.value]) / unit
    signs = np.repeat([1.0, -1.0], count)
    sizes = np.linalg.norm(weights, axis=0)
    kept = sizes > _NOISE * sizes.max()
    roots = np.sqrt(sizes[kept])
    return PatternSolution(
        float(problem.value), weights[:, kept] / roots, (signs[kept] * roots)[:, None], count, status
    )


def _inequalities(found: Arrangement) -> sparse.csr_array:
    """Return the matrix of all cells' inequalities on their vectors, one below the other, W x Pd."""
    cells, rows = wall_positions(found)
    count, d = rows.shape
    columns = cells[:, None] * d + np.arange(d)
    entries = (rows.ravel(), (np.repeat(np.arange(count), d), columns.ravel()))
    return sparse.csr_array(entries, shape=(count, len(found.active) * d))
