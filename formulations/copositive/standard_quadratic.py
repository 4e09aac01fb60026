"""Local minima of a quadratic form on the simplex { z >= 0, sum z = 1 }, from many starts at once.

Minimising a form there is known as the standard quadratic program (Bomze 1998). A point with a negative value
refutes copositivity, and points with the least values are where a proof is hardest.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from formulations.arrays import Matrix

_STEPS = 30  # for each row of the matrix
_MOST_STEPS = 4000
_ASKED = 100


def simplex_minima(
    matrix: Matrix, starts: int, seed: int, should_stop: Callable[[], bool] = lambda: False
) -> Matrix:
    """Descend from the vertices' neighbourhoods and from random points, two coordinates at a time.

    Args:
        matrix: symmetric, p x p, finite.
        starts: number of starts, at least one.
        seed: of the random ones.
        should_stop: asked every hundred steps; once true, the points are taken as they are.

    Returns:
        Points z >= 0 of sum 1 as rows, starts x p, the lowest first; local minima up to rounding where the
        steps were enough.
    """
    p = len(matrix)
    random = np.random.default_rng(seed)
    points = random.dirichlet(np.full(p, 0.5), starts)
    rows = np.arange(starts)
    diagonal = np.diag(matrix)
    gradients = points @ matrix
    for step_number in range(min(_STEPS * p, _MOST_STEPS)):
        if step_number % _ASKED == 0 and should_stop():
            break
        down = np.argmin(gradients, axis=1)
        up = np.argmax(np.where(points > 0, gradients, -np.inf), axis=1)
        slope = gradients[rows, up] - gradients[rows, down]
        curvature = diagonal[up] + diagonal[down] - 2 * matrix[up, down]
        longest = points[rows, up]
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(curvature > 0, np.minimum(slope / curvature, longest), longest)
        step = np.where(slope > 0, step, 0.0)
        if not step.any():
            break
        points[rows, down] += step
        points[rows, up] = np.where(step >= longest, 0.0, longest - step)
        gradients += step[:, None] * (matrix[down] - matrix[up])
    values = np.einsum("ij,ij->i", points @ matrix, points)
    return np.asarray(points[np.argsort(values, kind="stable")])
