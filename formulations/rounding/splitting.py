"""SDP-NN's matrix into neurons by three-operator splitting, as in the paper (docs/method.md, section 6).

Lambda, of order p = 2n + d + c over (alpha, beta, u, v), is to be W W^T for a W of R columns, each of them a
neuron: 1/2 |W W^T - Lambda|_F^2 is to be small for W in both of

    C = { W : alpha - beta = Xu }                          a subspace, the kernel of M = [-I, I, X, 0],
    S = { W : alpha, beta >= 0, alpha_i beta_i = 0 }       not convex, but projected onto pair by pair.

With P_C, P_S the projections, an iteration of step t is, for a symmetric Lambda,

    W = P_C(Z),   V = P_S(2 W - Z - 2 t (W W^T W - Lambda W)),   Z <- Z - W + V,

which is the scheme of Davis and Yin (2017) beyond the convex functions that its theorem is about. The last W
is the answer. Source: the paper's published code (SDPNN-IW), whose steps these formulas describe. It takes
t = 0.75 / |Lambda|_F, R = 300 and a thousand iterations from the eigenvectors of Lambda in the place of Z.

*The step.* Where W W^T = Lambda the smooth term has curvature 4 lambda_max(Lambda), in the direction in which
the largest column grows, and a gradient step along it overshoots by more than it was off if t is above
1 / (2 lambda_max). (The theorem for convex functions has the same limit.) The paper's t is above it as soon
as lambda_max > 2/3 |Lambda|_F. Then even neurons that make up Lambda exactly are left again, and the scale of
W oscillates for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix

_PAPER_SHARE = 0.75
_STABLE_SHARE = 0.4


@dataclass(frozen=True)
class FeasibilityErrors:
    """How far a factor W is from being neurons: Frobenius norms over all columns, in the units of W.

    The paper's error of S is the root of the sum of the squares of `nonnegativity` and `complementarity`,
    its error of C is the distance from the kernel of M, at most `linear` / sqrt(2).

    Attributes:
        nonnegativity: of the negative parts of alpha and beta.
        complementarity: of min(alpha, beta) where both are positive.
        linear: of alpha - beta - Xu.
        fit: |W W^T - Lambda|_F over |Lambda|_F.
    """

    nonnegativity: float
    complementarity: float
    linear: float
    fit: float

    @classmethod
    def of(cls, factor: Matrix, lifted: Matrix, X: Matrix) -> FeasibilityErrors:
        """Measure a factor, p x R, against Lambda, p x p, and X, n x d."""
        n, d = X.shape
        alpha, beta, u = factor[:n], factor[n : 2 * n], factor[2 * n : 2 * n + d]
        size = float(np.linalg.norm(lifted))
        return cls(
            nonnegativity=float(np.linalg.norm(np.minimum(factor[: 2 * n], 0.0))),
            complementarity=float(np.linalg.norm(np.maximum(np.minimum(alpha, beta), 0.0))),
            linear=float(np.linalg.norm(alpha - beta - X @ u)),
            fit=float(np.linalg.norm(factor @ factor.T - lifted)) / size if size else 0.0,
        )


@dataclass(frozen=True)
class Splitting:
    """The end of a splitting.

    Attributes:
        factor: W, p x R, in C up to rounding.
        errors: those of W.
        iterations: how many there were.
    """

    factor: Matrix
    errors: FeasibilityErrors
    iterations: int


def start(lifted: Matrix, n: int, width: int, seed: int | None) -> Matrix:
    """Return a factor F, p x width, such that F F^T is the best approximation of Lambda of that rank.

    Args:
        lifted: Lambda, positive semidefinite up to rounding.
        n: the number of samples; columns get the sign that makes their alphas and betas add up to >= 0.
        width: R.
        seed: of a rotation of the columns; None for the eigenvectors themselves. Unrotated, columns beyond
            the rank of Lambda are zero and stay so.
    """
    values, vectors = np.linalg.eigh(lifted)
    rank = min(width, len(values))
    factor = vectors[:, ::-1][:, :rank] * np.sqrt(np.maximum(values[::-1][:rank], 0.0))
    if seed is None:
        factor = np.pad(factor, ((0, 0), (0, width - rank)))
    else:
        gaussian = np.random.default_rng(seed).standard_normal((width, rank))
        factor = factor @ np.linalg.qr(gaussian)[0].T
    # Lambda leaves the signs open, and a column with the wrong one loses most of its alphas and betas to S.
    return np.asarray(np.where(factor[: 2 * n].sum(axis=0) < 0, -1.0, 1.0) * factor)


def paper_step(lifted: Matrix) -> float:
    """Return 0.75 / |Lambda|_F, the step of the paper's code; for comparison."""
    return _PAPER_SHARE / max(float(np.linalg.norm(lifted)), np.finfo(float).tiny)


def stable_step(lifted: Matrix) -> float:
    """Return 0.4 / lambda_max(Lambda), a step that does not overshoot."""
    return _STABLE_SHARE / max(float(np.linalg.norm(lifted, 2)), np.finfo(float).tiny)


def project_signs(factor: Matrix, n: int) -> Matrix:
    """Return P_S: of each pair (alpha_i, beta_i) the larger one remains if it is positive."""
    alpha, beta = factor[:n], factor[n : 2 * n]
    projected = factor.copy()
    projected[:n] = np.where(alpha >= beta, np.maximum(alpha, 0.0), 0.0)
    projected[n : 2 * n] = np.where(alpha >= beta, 0.0, np.maximum(beta, 0.0))
    return projected


def _onto_ties(X: Matrix, order: int) -> Matrix:
    """Return the orthogonal projection of R^p onto the vectors with X u = alpha - beta, p x p."""
    n, d = X.shape
    # In the left singular vectors of X the equations are orthogonal, whatever the scale of X; the Gram
    # matrix 2 I + X X^T of the equations themselves is singular in floats where X is large.
    left, sizes, right = np.linalg.svd(X)
    rank = len(sizes)
    ties = np.hstack([-left.T, left.T, np.zeros((n, order - 2 * n))])
    ties[:rank, 2 * n : 2 * n + d] = sizes[:, None] * right[:rank]
    ties /= np.linalg.norm(ties, axis=1, keepdims=True)
    return np.asarray(np.eye(order) - ties.T @ ties)


def split(
    lifted: Matrix,
    X: Matrix,
    factor: Matrix,
    *,
    step: float,
    max_iterations: int = 1000,
    should_stop: Callable[[], bool] = lambda: False,
    on_step: Callable[[Matrix], None] | None = None,
) -> Splitting:
    """Run the splitting; it has no stopping rule of its own, as in the paper.

    Args:
        lifted: Lambda, of order 2n + d + c, symmetric.
        X: the inputs, n x d.
        factor: the first Z, p x R; see `start`.
        step: t, positive; see `stable_step` and `paper_step`.
        max_iterations: how often to iterate.
        should_stop: asked before every iteration; once true, the present W is returned.
        on_step: given the W of every iteration, which the paper's code predicts with.
    """
    n, order = len(X), len(lifted)
    onto = _onto_ties(X, order)
    Z, iterations = factor, 0
    W = onto @ Z
    while iterations < max_iterations and not should_stop():
        if on_step is not None:
            on_step(W)
        slope = W @ (W.T @ W) - lifted @ W
        Z = Z - W + project_signs(2 * W - Z - 2 * step * slope, n)
        W = onto @ Z
        iterations += 1
    return Splitting(W, FeasibilityErrors.of(W, lifted, X), iterations)
