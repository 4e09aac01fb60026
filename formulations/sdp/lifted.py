"""From the matrix of SDP-NN's reduced form to that of the paper, whose variables have the betas as well.

The reduced form has no beta = relu(-Xu), as it is alpha - Xu; putting it back is one linear map.
"""

from __future__ import annotations

import numpy as np

from formulations.arrays import Matrix


def extend(moments: Matrix, X: Matrix) -> Matrix:
    """Return Lambda, of order 2n + d + c over (alpha, beta, u, v), of moments over (alpha, u, v).

    Args:
        moments: of order n + d + c, as `ReducedSolution.lifted`.
        X: the inputs, n x d.
    """
    n, d = X.shape
    order = len(moments)
    change = np.zeros((n + order, order))
    change[:n, :n] = change[n : 2 * n, :n] = np.eye(n)
    change[n : 2 * n, n : n + d] = -X
    change[2 * n :, n:] = np.eye(order - n)
    return np.asarray(change @ moments @ change.T)
