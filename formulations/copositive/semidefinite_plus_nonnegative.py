"""A symmetric matrix as the sum of a semidefinite and a nonnegative one (docs/method.md, section 7).

Such a matrix is copositive; up to order 4 every copositive matrix is one (Diananda 1962).
"""

from __future__ import annotations

import math

import clarabel
import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse

from formulations.arrays import Matrix

_MOST_CLASSES = 6  # of entries with a share of their own; with more of them there is no symmetry
_ALIKE = 9  # digits
_MOST_ROUNDS = 60
_CUTS = 8  # eigenvectors a round
_SHARE_ACCURACY = 1e-10
_SOLVED = ("Solved", "AlmostSolved")


def positive_shares(
    matrix: Matrix, wanted: float = -math.inf
) -> tuple[NDArray[np.int64], list[float], float]:
    """Find the shares of the positive entries off the diagonal to take off for the largest least eigenvalue.

    Entries that are alike in the matrix, its square and cube, as by a symmetry of it, have one share.
    Much quicker than `nonnegative_part`, and as good where there is enough symmetry.

    Args:
        matrix: symmetric, its entries of the order of 1.
        wanted: the search ends once it is clear that no shares leave so large an eigenvalue.

    Returns:
        For each entry the number of its class, or -1; the share of each class, zero or more; and the least
        eigenvalue of what is left.
    """
    classes = _classes(matrix)
    parts = [np.where(classes == c, matrix, 0.0) for c in range(int(classes.max()) + 1)]
    shares = [0.0] * len(parts)
    # What is left of an entry may be as far below zero as the diagonal is above.
    largest = float(np.diag(matrix).max())
    bounds = [(0.0, 1.0 + max(largest, 0.0) / float(part[part > 0].min())) for part in parts] + [(None, None)]
    cuts, values = [], []
    least = -math.inf
    for _ in range(_MOST_ROUNDS if parts else 1):
        rest = matrix - sum((share * part for share, part in zip(shares, parts, strict=True)), np.zeros(()))
        eigenvalues, vectors = linalg.eigh(rest, subset_by_index=(0, min(_CUTS, len(rest)) - 1))
        if eigenvalues[0] > least:
            least, best = float(eigenvalues[0]), shares
        if not parts:
            break
        for v in vectors.T:
            cuts.append([*(float(v @ part @ v) for part in parts), 1.0])
            values.append(float(v @ matrix @ v))
        ahead = optimize.linprog(
            [0.0] * len(parts) + [-1.0], A_ub=cuts, b_ub=values, bounds=bounds, method="highs"
        )
        *shares, bound = np.asarray(ahead.x).tolist() if ahead.status == 0 else [-math.inf]
        if bound < max(least + _SHARE_ACCURACY, wanted):
            break
    return classes, best, least


def _classes(matrix: Matrix) -> NDArray[np.int64]:
    """Number the positive entries off the diagonal by what they are in the matrix and in two powers of it."""
    positive = matrix > 0
    np.fill_diagonal(positive, False)
    square = matrix @ matrix / len(matrix)
    kinds = np.stack([matrix, square, square @ matrix / len(matrix)], axis=2)[positive].round(_ALIKE)
    different, numbers = np.unique(kinds, axis=0, return_inverse=True)
    classes = np.full(matrix.shape, -1)
    classes[positive] = numbers.ravel() if len(different) <= _MOST_CLASSES else 0
    return classes


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
