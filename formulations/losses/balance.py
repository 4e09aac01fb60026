"""Dual points whose columns sum to zero, as a free output bias asks for."""

from __future__ import annotations

import numpy as np

from formulations.arrays import Matrix
from formulations.losses.loss import Loss

_SWEEPS = 500  # between the rows' domain and the columns' sums
_BALANCED = 1e-14  # of the entries' sum, what is left of a column's
_HALVINGS = 200


def balanced(loss: Loss, N: Matrix) -> Matrix:
    """Return a point of the loss's domain near N whose columns sum to zero, up to rounding.

    Rows move by multiples of their samples' weights, as they do where an output bias moves.

    Args:
        loss: of n samples with c outputs.
        N: n x c, in the domain.
    """
    weights = loss.sample_weights
    if loss.zero_sum:
        size = max(float(np.abs(N).sum()), 1e-300)
        for _ in range(_SWEEPS):
            sums = N.sum(axis=0)
            if float(np.abs(sums).max()) <= _BALANCED * size:
                break
            N = loss.into_domain(N - weights * (sums / weights.sum()))
        return N
    low, high = loss.box()
    # By columns, the sum of what is clipped falls as the shift grows.
    span = float(np.abs(N / weights).max(initial=0.0)) + 1.0
    below, above = np.full(N.shape[1], -span), np.full(N.shape[1], span)
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        is_high = np.clip(N - weights * middle, low, high).sum(axis=0) > 0
        below, above = np.where(is_high, middle, below), np.where(is_high, above, middle)
    found: Matrix = np.clip(N - weights * (below + above) / 2, low, high)
    return found
