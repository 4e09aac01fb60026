"""The form that a leaf must prove semidefinite, and what raises it: a level of |u|^2, and a payment of alpha.

In go samples, their outputs and multipliers in floating point; out comes, for each least eigenvalue that is
wanted, the least level that has it. Since (x.u)^2 = (alpha - beta)^2, taking delta (beta_i^2 - 2 alpha_i
beta_i) off the form adds delta alpha_i^2 and costs delta (x_i.u)^2, which the level pays: for every large
enough delta there is a least level, in closed form (docs/method.md, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize_scalar

from formulations.arrays import Matrix, Vector
from formulations.sdp.multipliers import Multipliers, relaxation_form


@dataclass(frozen=True)
class RepairableForm:
    """A form in u and the alpha_i of the samples that are not zero, each in units of |x_i|.

    Attributes:
        form: of order d + m, without the level.
        directions: x_i / |x_i|, m x d.
        lengths: |x_i| of all n samples, zeros among them.
    """

    form: Matrix
    directions: Matrix
    lengths: Vector

    @classmethod
    def of(
        cls,
        X: Matrix,
        N: Matrix,
        multipliers: Multipliers,
        on_u: Matrix | None = None,
        offset: Matrix | None = None,
    ) -> RepairableForm | None:
        """Return u^T (on_u) u - |O^T u + N^T alpha|^2 - [...]; None if it is not finite.

        Args:
            X: the samples, n x d.
            N: their outputs, n x c.
            multipliers: of their products.
            on_u: symmetric, d x d; by default 0.
            offset: O, d x c; by default 0.
        """
        d = X.shape[1]
        lengths = np.linalg.norm(X, axis=1)
        live = np.any(X != 0, axis=1)
        units = np.concatenate([np.ones(d), lengths[live]])
        keep = np.concatenate([np.ones(d, dtype=bool), live])
        form = relaxation_form(X, N, 0.0, multipliers)[np.ix_(keep, keep)] * np.outer(units, units)
        if on_u is not None:
            form[:d, :d] += on_u
        if offset is not None:
            form[:d, :d] -= offset @ offset.T
            mixed = offset @ (N[live] * lengths[live, None]).T
            form[:d, d:] -= mixed
            form[d:, :d] -= mixed.T
        if not np.all(np.isfinite(form)):
            return None
        return cls(form, X[live] / lengths[live, None], lengths)

    @cached_property
    def _spectrum(self) -> tuple[Vector, Matrix]:
        """The eigenvalues and eigenvectors of the part without u."""
        d = self.directions.shape[1]
        eigenvalues, eigenvectors = np.linalg.eigh(self.form[d:, d:])
        return eigenvalues, eigenvectors

    @property
    def extent(self) -> float:
        """The size of the form's largest entry or eigenvalue."""
        largest = float(np.abs(self._spectrum[0]).max(initial=0.0))
        return max(largest, float(np.abs(self.form).max()), 1e-300)

    def best(self, floor: float) -> tuple[float, float]:
        """Return the least level with which the form's least eigenvalue is a floor, and its delta."""
        form, d, extent = self.form, self.directions.shape[1], self.extent
        eigenvalues, eigenvectors = self._spectrum
        cross = eigenvectors.T @ form[d:, :d]
        gram = self.directions.T @ self.directions

        def level_at(delta: float) -> float:
            lifted = eigenvalues + delta - floor
            needed = -form[:d, :d] + delta * gram + (cross.T / lifted) @ cross
            return float(np.linalg.eigvalsh((needed + needed.T) / 2)[-1]) + floor

        # The eigenvalues are known up to rounding, so delta keeps that distance from the pole.
        start = max(0.0, floor - float(eigenvalues.min(initial=floor))) + 1e-13 * extent
        exponent = minimize_scalar(
            lambda e: level_at(start + extent * 10.0**e), bounds=(-13.0, 3.0), method="bounded"
        ).x
        candidates = [start, start + extent * 10.0 ** float(exponent)]
        delta = min(candidates, key=level_at)
        return level_at(delta), delta

    def paid(self, multipliers: Multipliers, delta: float) -> Multipliers:
        """Return the multipliers with delta paid for each alpha_i."""
        live = self.lengths > 0
        paid = np.zeros(len(self.lengths))
        paid[live] = delta / self.lengths[live] ** 2
        return Multipliers(
            multipliers.alpha_alpha,
            multipliers.alpha_beta,
            multipliers.beta_beta + np.diag(paid),
            multipliers.slack - 2 * paid,
        )
