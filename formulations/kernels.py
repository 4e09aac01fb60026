"""The kernels of two-layer ReLU networks of infinite width, and regression with them, in closed form.

For a hidden layer u ~ N(0, I) and angles theta between inputs x and z (Cho and Saul 2009, Jacot et al. 2018),

    NNGP   2 E[relu(u.x) relu(u.z)] = |x| |z| (sin theta + (pi - theta) cos theta) / pi ,
    NTK    the same plus  2 x.z P(u.x > 0, u.z > 0) = x.z (pi - theta) / pi ,

the first with the output layer trained alone, the second with both layers trained. A common factor of the
kernel, which stands for the variance of the weights, changes no prediction where the ridge is relative.
"""

from __future__ import annotations

import numpy as np

from formulations.arrays import Matrix

KERNELS = ("nngp", "ntk")


def arc_cosine_kernel(X: Matrix, Z: Matrix, kind: str) -> Matrix:
    """Return the kernel between inputs, n x t, of "nngp" or "ntk".

    Args:
        X: n x d; a bias is a column of ones.
        Z: t x d.
        kind: of `KERNELS`.

    Raises:
        ValueError: the kernel is unknown.
    """
    if kind not in KERNELS:
        raise ValueError(f"the kernel {kind!r} is unknown; use {' or '.join(KERNELS)}")
    products = X @ Z.T
    sizes = np.outer(np.linalg.norm(X, axis=1), np.linalg.norm(Z, axis=1))
    cosines = np.clip(np.divide(products, sizes, out=np.zeros_like(sizes), where=sizes > 0), -1.0, 1.0)
    angles = np.arccos(cosines)
    kernel = sizes * (np.sin(angles) + (np.pi - angles) * cosines) / np.pi
    if kind == "ntk":
        kernel += products * (np.pi - angles) / np.pi
    return np.asarray(kernel)


def ridge_coefficients(kernel: Matrix, Y: Matrix, ridge: float) -> Matrix:
    """Return A, n x c, so that kernel(z, X) A predicts: A = (K + ridge tr(K)/n I)^-1 Y.

    Args:
        kernel: K of the samples, n x n.
        Y: the targets, n x c.
        ridge: relative to the mean of K's diagonal, positive.
    """
    n = len(kernel)
    mean = float(np.trace(kernel)) / n
    if mean == 0:  # all inputs are zero, and so is every prediction
        return np.zeros_like(Y)
    return np.asarray(np.linalg.solve(kernel + ridge * mean * np.eye(n), Y))
