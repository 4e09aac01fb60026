"""The projection of rows onto simplices."""

from __future__ import annotations

import numpy as np

from formulations.arrays import Matrix, Vector


def simplex_projection(rows: Matrix, sizes: Vector) -> Matrix:
    """Return for each row the nearest one without negative entries whose sum is its size.

    It is max(row - shift, 0), with the shift found among the sorted entries (Held, Wolfe and Crowder 1974).

    Args:
        rows: n x c.
        sizes: positive, of length n.
    """
    ordered = -np.sort(-rows, axis=-1)
    counts = np.arange(1, rows.shape[-1] + 1)
    shifts = (np.cumsum(ordered, axis=-1) - sizes[..., None]) / counts
    last = np.sum(ordered > shifts, axis=-1, keepdims=True) - 1
    shift = np.take_along_axis(shifts, np.maximum(last, 0), axis=-1)
    return np.asarray(np.maximum(rows - shift, 0.0))
