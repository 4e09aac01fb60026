"""A point that refutes copositivity, or the weights that Gaddum's proof needs, by a linear program.

For a symmetric matrix M the largest least entry of M x over x >= 0 of sum 1 is the smallest largest entry of
M z: the value of the game that M is the payoff of (von Neumann). It is not negative if M is copositive; if it
is, M z < 0 refutes that (Gaddum 1958; docs/method.md, section 7).
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from formulations.arrays import Matrix, Vector


def game_value(matrix: Matrix) -> tuple[float, Vector, Vector] | None:
    """Solve max over x min over i of (M x)_i, x and the z of the other side being of sum 1.

    Args:
        matrix: M, q x p, its entries of the order of 1.

    Returns:
        The value, x of length p at a vertex of the optimal ones, and z of length q, up to the solver's
        accuracy; None where it found none.
    """
    q, p = matrix.shape
    result = optimize.linprog(
        np.append(np.zeros(p), -1.0),
        A_ub=np.hstack([-matrix, np.ones((q, 1))]),
        b_ub=np.zeros(q),
        A_eq=[[1.0] * p + [0.0]],
        b_eq=[1.0],
        bounds=[(0, None)] * p + [(None, None)],
        method="highs-ds",
    )
    if result.status != 0:
        return None
    solution: Vector = np.asarray(result.x)
    other: Vector = -np.asarray(result.ineqlin.marginals)
    return float(solution[p]), np.maximum(solution[:p], 0.0), np.maximum(other, 0.0)
