"""Approximate dual points of the semidefinite relaxation: N and the multipliers that bound its gauge.

With alpha = relu(Xu) and beta = relu(-Xu) = alpha - Xu, every product of two of these quantities is
nonnegative and alpha_i beta_i = 0. The relaxation SDP-NN proves that

    level |u|^2 - |N^T alpha|^2
        - [ alpha^T A alpha + alpha^T B beta + beta^T C beta + sum_i s_i alpha_i beta_i ]

is a positive semidefinite form in (u, alpha), with A, B, C entrywise nonnegative and s free; then
h(N)^2 <= level (docs/method.md, section 3a).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix, Vector


@dataclass(frozen=True)
class Multipliers:
    """Multipliers of the products of alpha and beta, in the units of a level.

    Attributes:
        alpha_alpha: A, n x n, symmetric, entrywise nonnegative.
        alpha_beta: B, n x n, entrywise nonnegative; entry (i, j) belongs to alpha_i beta_j.
        beta_beta: C, n x n, symmetric, entrywise nonnegative.
        slack: s, of length n, free; entry i belongs to alpha_i beta_i = 0.
    """

    alpha_alpha: Matrix
    alpha_beta: Matrix
    beta_beta: Matrix
    slack: Vector

    @classmethod
    def zero(cls, n: int) -> Multipliers:
        """Return the multipliers that prove nothing."""
        return cls(np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n)), np.zeros(n))

    def scaled(self, factor: float) -> Multipliers:
        """Multiply every multiplier by a positive factor, as a change of units of the level does."""
        return Multipliers(
            factor * self.alpha_alpha, factor * self.alpha_beta, factor * self.beta_beta, factor * self.slack
        )

    @property
    def used(self) -> NDArray[np.bool_]:
        """Whether a sample has a multiplier that is not zero, for each."""
        tables = (self.alpha_alpha, self.alpha_beta, self.beta_beta)
        used = self.slack != 0
        for table in tables:
            used = used | np.any(table != 0, axis=0) | np.any(table != 0, axis=1)
        return np.asarray(used)

    def of(self, rows: Indices) -> Multipliers:
        """Return those of some samples."""
        at = np.ix_(rows, rows)
        return Multipliers(self.alpha_alpha[at], self.alpha_beta[at], self.beta_beta[at], self.slack[rows])

    def of_all(self, rows: Indices, n: int) -> Multipliers:
        """Return these, which belong to some of n samples, as multipliers of all; the others have none."""
        whole, at = Multipliers.zero(n), np.ix_(rows, rows)
        whole.alpha_alpha[at], whole.alpha_beta[at] = self.alpha_alpha, self.alpha_beta
        whole.beta_beta[at], whole.slack[rows] = self.beta_beta, self.slack
        return whole

    def form(self, X: Matrix) -> Matrix:
        """Return the bracket as a symmetric matrix over (u, alpha), of order d + n.

        Args:
            X: the inputs, n x d.
        """
        mixed = self.alpha_beta + np.diag(self.slack)
        u_alpha = -X.T @ (mixed.T / 2 + self.beta_beta)
        alpha_alpha = self.alpha_alpha + (mixed + mixed.T) / 2 + self.beta_beta
        return np.block([[X.T @ self.beta_beta @ X, u_alpha], [u_alpha.T, alpha_alpha]])


@dataclass(frozen=True)
class DualSolution:
    """What a solver says of a relaxation: estimates, nothing proved.

    Attributes:
        dual_point: N, n x c.
        multipliers: in the units of the level gamma^2, so that
            gamma^2 |u|^2 - |N^T alpha|^2 - [...] is (nearly) positive semidefinite.
        value: the primal objective that the solver reports (a loss).
        dual_value: `<N, Y> - 1/2 |N|_F^2` (a loss); a bound only as far as the form above is semidefinite.
        solver: name of the solver that ran.
        status: the solver's own word.
        seconds: wall time.
        gap: how much the relaxation's value is above the dual value (a loss), as far as the solver's primal
            matrix is feasible; None where it has none that meets all inequalities.
    """

    dual_point: Matrix
    multipliers: Multipliers
    value: float
    dual_value: float
    solver: str
    status: str
    seconds: float
    gap: float | None = field(default=None, kw_only=True)


def relaxation_form(X: Matrix, N: Matrix, level: float, multipliers: Multipliers) -> Matrix:
    """Return level |u|^2 - |N^T alpha|^2 - [...] as a symmetric matrix over (u, alpha), of order d + n.

    Args:
        X: the inputs, n x d.
        N: the dual point, n x c.
        level: the square of a gauge bound.
        multipliers: in units of a level.
    """
    d = X.shape[1]
    form = -multipliers.form(X)
    form[:d, :d] += level * np.eye(d)
    form[d:, d:] -= N @ N.T
    return form
