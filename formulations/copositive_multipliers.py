"""A symmetric matrix as the sum of a semidefinite and a nonnegative one (docs/method.md, section 7).

Such a matrix is copositive; up to order 4 every copositive matrix is one (Diananda 1962).
"""

from __future__ import annotations

import math

import clarabel
import numpy as np
from scipy import linalg, optimize, sparse

from formulations.multipliers import Matrix

_SOLVED = ("Solved", "AlmostSolved")


def positive_share(matrix: Matrix) -> tuple[float, float]:
    """Find the share of the positive entries off the diagonal to take off for the largest least eigenvalue.

    Much quicker than `nonnegative_part`, and as good where a symmetry makes all those entries alike.

    Args:
        matrix: symmetric, its entries of the order of 1.

    Returns:
        The share, from 0 to 1, and the least eigenvalue of what is left.
    """
    positive = np.maximum(matrix, 0.0)
    np.fill_diagonal(positive, 0.0)

    def loss(share: float) -> float:
        return -float(linalg.eigvalsh(matrix - share * positive, subset_by_index=(0, 0))[0])

    best = optimize.minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-8})
    return float(best.x), -float(best.fun)


def nonnegative_part(
    matrix: Matrix, direction: Matrix | None = None, *, time_limit: float = math.inf
) -> tuple[Matrix, float] | None:
    """Find N >= 0, zero on its diagonal, and the largest s with `matrix` - N - s `direction` semidefinite.

    Args:
        matrix: symmetric, its entries of the order of 1.
        direction: symmetric; by default the identity, and s is the least eigenvalue of `matrix` - N.
        time_limit: of the solver, in seconds.

    Returns:
        N and s, up to the solver's accuracy; None where the solver found none in time.
    """
    order = len(matrix)
    first, second = np.triu_indices(order, 1)
    count = len(first)
    # The upper triangle by columns, its off-diagonal entries times the root of 2: the solver's convention.
    columns, lines = np.tril_indices(order)
    weight = np.where(lines == columns, 1.0, np.sqrt(2.0))
    rows_of_pairs = second * (second + 1) // 2 + first
    # The variables are the entries of N, then s.
    of_pairs = sparse.csc_array(
        (np.full(count, np.sqrt(2.0)), (rows_of_pairs, np.arange(count))), shape=(len(weight), count)
    )
    along = np.eye(order) if direction is None else direction
    semidefinite = sparse.hstack([of_pairs, sparse.csc_array((weight * along[lines, columns])[:, None])])
    nonnegative = sparse.hstack([-sparse.eye_array(count), sparse.csc_array((count, 1))])
    objective = np.zeros(count + 1)
    objective[count] = -1.0
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.time_limit = max(time_limit, 0.0)
    solution = clarabel.DefaultSolver(
        sparse.csc_matrix((count + 1, count + 1)),
        objective,
        sparse.csc_matrix(sparse.vstack([semidefinite, nonnegative])),
        np.concatenate([weight * matrix[lines, columns], np.zeros(count)]),
        [clarabel.PSDTriangleConeT(order), clarabel.NonnegativeConeT(count)],
        settings,
    ).solve()
    if str(solution.status) not in _SOLVED:
        return None
    values = np.array(solution.x)
    found = np.zeros((order, order))
    found[first, second] = found[second, first] = np.maximum(values[:count], 0.0)
    return found, float(values[count])
