"""Factorisations A = B B^T with B > 0 of a matrix of any rank, by descents over square roots.

With A = V V^T, the factors are B = V Q for Q Q^T = I (Groetzner and Duer 2020). A descent looks for a Q with
V Q > 0, where a penalty holds both; then a polar factor makes Q Q^T exact up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from formulations.arrays import Matrix, Vector

_STEPS = 1500  # of a descent
_ATTEMPTS = 6
_MARGIN = 0.02  # of the entries of V Q, where rows of V have a length of about 1, in the first attempts


def positive_factor(
    V: Matrix, target: Matrix, should_stop: Callable[[], bool] = lambda: False
) -> Matrix | None:
    """Return Q of shape r x K with Q Q^T = target and V Q > 0; None if no descent ended in one.

    Args:
        V: of shape p x r, of rank r, rows of a length of about 1.
        target: r x r, positive definite.
        should_stop: asked before each attempt.
    """
    p, r = V.shape
    root, inverse = _root(target), np.linalg.pinv(V)
    for attempt in range(_ATTEMPTS):
        if should_stop():
            return None
        count = r if attempt % 2 == 0 else 2 * r
        margin = _MARGIN / 4 ** (attempt // 2)
        generator = np.random.default_rng(attempt)
        start = inverse @ generator.random((p, count)) * np.sqrt(p / count)
        end = _descended(V, target, margin, start)
        left, sizes, right = np.linalg.svd(np.linalg.solve(root, end), full_matrices=False)
        if sizes.min() < 0.5:
            continue
        Q = root @ (left @ right)
        if (V @ Q).min() > 0:
            return np.asarray(Q)
    return None


def _root(target: Matrix) -> Matrix:
    values, axes = np.linalg.eigh(target)
    return np.asarray((axes * np.sqrt(values)) @ axes.T)


def _descended(V: Matrix, target: Matrix, margin: float, start: Matrix) -> Matrix:
    shape = start.shape

    def objective(x: Vector) -> tuple[float, Vector]:
        Q = x.reshape(shape)
        residual = Q @ Q.T - target
        short = np.minimum(V @ Q - margin, 0.0)
        value = float(np.sum(residual**2) / 4 + np.sum(short**2) / 2)
        return value, (residual @ Q + V.T @ short).ravel()

    end = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "ftol": 1e-18, "gtol": 1e-10, "maxcor": 20},
    ).x
    return np.asarray(end.reshape(shape))
