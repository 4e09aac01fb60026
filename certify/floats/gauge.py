"""The gauge |N^T relu(Xu)| of a dual point N over many directions u, in floating point."""

from __future__ import annotations

import numpy as np

from certify.checker.certificate.training import Certificate
from formulations.arrays import Matrix

_BATCH = 4_000_000  # products X u at a time


def dual_point(certificate: Certificate) -> Matrix:
    """Return N, n x c, in floats."""
    unit = 1 << certificate.dual_exponent
    return np.array([[entry / unit for entry in row] for row in certificate.dual_point])


def relative_gauge(X: Matrix, N: Matrix, gamma: float, u: Matrix) -> Matrix:
    """Return |N^T relu(Xu)| / (gamma |u|), which a valid certificate keeps at or below 1.

    Args:
        X: inputs, n x d.
        N: dual point, n x c.
        gamma: the weight decay.
        u: directions as columns, d x k, none of them zero; or neurons, (d + 1) x k, with a free bias as last
            row, which |u| does not count.

    Returns:
        k values without unit.
    """
    d = X.shape[1]
    step = max(1, _BATCH // len(X))
    values: Matrix = np.empty(u.shape[1])
    for first in range(0, len(values), step):
        batch = u[:, first : first + step]
        products = X @ batch[:d] + (batch[d] if len(u) > d else 0.0)
        values[first : first + step] = np.linalg.norm(N.T @ np.maximum(products, 0), axis=0)
    values /= gamma * np.linalg.norm(u[:d], axis=0)
    return values
