"""The types of arrays in annotations, and the check that arrays are a training problem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Indices = NDArray[np.intp]


def check_problem(X: Matrix, Y: Matrix, gamma: float) -> None:
    """Raise ValueError unless X, n x d, Y, n x c, and gamma > 0 pose a training problem."""
    if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y) or not X.size or not Y.size:
        raise ValueError(
            f"X and Y have shapes {X.shape} and {Y.shape}; give them as n x d and n x c with n, d, c >= 1"
        )
    if not (np.isfinite(X).all() and np.isfinite(Y).all()):
        raise ValueError("X or Y has an entry that is not finite; remove or replace the sample")
    if not (gamma > 0 and np.isfinite(gamma)):
        raise ValueError(f"gamma is {gamma}; it has to be a positive number")
