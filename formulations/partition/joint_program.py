"""SDP-NN on a partition: one dual point for all regions, an interior-point step (docs/method.md, section 3c).

    maximise <N, Y> - 1/2 |N|^2   subject to   Z_r(N, slack_r, y_r) positive semidefinite for each region r.

Slack and multipliers belong to one region each. So the Newton matrix is block-arrow: each region is
eliminated by a Cholesky factor of its own, and what is left has the order of N. The step is the predictor-
corrector one of `formulations.sdp.interior_point`, with one step length for all regions. Every iterate is
strictly feasible.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numba import njit
from scipy import linalg

from formulations.arrays import Matrix, Vector
from formulations.partition.regions import Region

_T = TypeVar("_T")

_TO_BOUNDARY = 0.95
_REGULARISATIONS = (1e-13, 1e-10, 1e-7)


@njit(cache=True, nogil=True)
def _newton_matrix(gram: Any, first: Any, second: Any, coefficients: Any, matrix: Any) -> None:
    """Fill in c_k c_l (K[f_k,f_l] K[g_k,g_l] + K[f_k,g_l] K[g_k,f_l]) / 2, both triangles."""
    for k in range(len(first)):
        f, g = first[k], second[k]
        for l in range(k + 1):
            a, b = first[l], second[l]
            value = gram[f, a] * gram[g, b] + gram[f, b] * gram[g, a]
            value *= 0.5 * coefficients[k] * coefficients[l]
            matrix[k, l] = value
            matrix[l, k] = value


@dataclass
class _Local:
    """A region's change in one step."""

    free: Vector
    y: Vector
    z: Matrix
    l: Matrix
    w: Vector


class _Elimination:
    """A region with its scaling and its own part of the Newton system eliminated."""

    def __init__(self, region: Region) -> None:
        self.region = region
        lower_z, lower_l = np.linalg.cholesky(region.Z), np.linalg.cholesky(region.L)
        rotation, self.spectrum, _ = np.linalg.svd(lower_l.T @ lower_z)
        self.R = lower_l @ rotation / np.sqrt(self.spectrum)
        first, second, coefficients = region.first, region.second, region.coefficients
        matrix = np.empty((len(first), len(first)))
        _newton_matrix(region.gram(self.R @ self.R.T), first, second, coefficients, matrix)
        self.shared = q = len(region.entries)
        own = matrix[q:, q:]
        m = len(region.slack)
        places = np.arange(m, len(own))
        own[places, places] += region.w / region.y
        self.scale = 1 / np.sqrt(own.diagonal())
        self.factor = _factor(own * self.scale[:, None] * self.scale)
        self.cross = self._solve(self.scale[:, None] * matrix[q:, :q])
        self.schur = matrix[:q, :q] - self.cross.T @ self.cross
        values = region.adjoint(region.L)
        self.heard = values[:q]
        self.residual = -values[q:]
        self.residual[m:] += region.w

    def _solve(self, right: Matrix, transposed: bool = False) -> Matrix:
        return np.asarray(
            linalg.solve_triangular(
                self.factor, right, lower=True, trans="T" if transposed else "N", check_finite=False
            )
        )

    def forward(self, centre: float, target: Matrix, correction: Vector | float) -> Vector:
        """Eliminate the region's right-hand side; return what is left of it in the entries of N."""
        region, q, m = self.region, self.shared, len(self.region.slack)
        values = region.adjoint(self.R @ target @ self.R.T)
        right = self.residual - values[q:]
        right[m:] += (centre - correction) / region.y - region.w
        self._centre, self._target, self._correction = centre, target, correction
        self._right = self._solve(self.scale * right)
        return np.asarray(-values[:q] - self.cross.T @ self._right)

    def backward(self, change: Vector) -> _Local:
        """Return the region's own change, for the one of N."""
        region, m = self.region, len(self.region.slack)
        entries = change[region.entries]
        own = self.scale * self._solve(self._right - self.cross @ entries, transposed=True)
        dy = own[m:]
        dz = -self.R.T @ region.operator(np.concatenate([entries, own])) @ self.R
        dw = (self._centre - self._correction - region.w * dy) / region.y - region.w
        return _Local(own[:m], dy, dz, self._target - dz, dw)

    def longest(self, step: Matrix, values: Vector, change: Vector) -> float:
        """Return how far a step of a matrix and of positive numbers may go."""
        roots = np.sqrt(self.spectrum)
        lowest = float(np.linalg.eigvalsh(step / roots[:, None] / roots)[0])
        if len(values):
            lowest = min(lowest, float(np.min(change / values)))
        return -1 / lowest if lowest < 0 else np.inf

    def predicted(self, local: _Local, primal: float, dual: float) -> float:
        """Return the gap after a step of such lengths."""
        region, centre = self.region, np.diag(self.spectrum)
        return float(
            np.sum((centre + primal * local.l) * (centre + dual * local.z))
            + (region.y + dual * local.y) @ (region.w + primal * local.w)
        )

    def corrected(self, local: _Local, mu: float) -> Matrix:
        """Return the corrector's target after a predictor."""
        product = local.z @ local.l
        spread = self.spectrum[:, None] + self.spectrum
        corrector: Matrix = (product + product.T) / spread
        return np.diag(mu / self.spectrum - self.spectrum) - corrector


def _factor(matrix: Matrix) -> Matrix:
    """Factor a matrix of unit diagonal, with as little added to it as that takes."""
    if not len(matrix):
        return matrix
    for regularisation in _REGULARISATIONS:
        np.fill_diagonal(matrix, 1.0 + regularisation)
        try:
            return np.asarray(np.linalg.cholesky(matrix))
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError("the Newton matrix is not positive definite")


class JointProgram:
    """The dual point with all regions.

    Attributes:
        N: flattened, row by row.
        targets: likewise.
        regions: they cover the space.
    """

    def __init__(self, N: Vector, targets: Vector, regions: Sequence[Region]) -> None:
        """Start at a strictly feasible point."""
        self.N, self.targets, self.regions = N, targets, list(regions)
        for region in self.regions:
            region.refresh(N)

    def dual_value(self) -> float:
        """Return <N, Y> - 1/2 |N|^2 (a loss)."""
        return float(self.targets @ self.N - self.N @ self.N / 2)

    def primal_value(self) -> float:
        """Return the primal objective (a loss), an upper estimate as far as the matrices are feasible."""
        residual = self.targets.copy()
        paid = 0.0
        for region in self.regions:
            residual[region.entries] -= region.adjoint(region.L)[: len(region.entries)]
            paid += region.weight
        return paid + float(residual @ residual) / 2

    def relative_gap(self) -> float:
        """Return the complementarity gap, or what infeasibility hides of it, relative to the dual value."""
        dual = self.dual_value()
        gap = max(sum(region.gap for region in self.regions), abs(self.primal_value() - dual))
        return gap / max(abs(dual), 1e-300)

    def relax(self, interior: Vector, share: float) -> None:
        """Move away from the boundary, a share of the way to N = 0 with the given slack of all rows."""
        mu = sum(region.gap for region in self.regions) / sum(region.centrality for region in self.regions)
        self.N = (1 - share) * self.N
        for region in self.regions:
            region.relax(interior, share)
            region.refresh(self.N)
            region.centre(mu)

    def step(self) -> None:
        """Move.

        Raises:
            LinAlgError: if an iterate is too close to the boundary for double precision.
        """
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self._step(lambda work, items: list(pool.map(work, items)))

    def _step(self, each: Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]) -> None:
        parts: list[_Elimination] = each(_Elimination, self.regions)
        total = sum(region.centrality for region in self.regions)
        mu = sum(region.gap for region in self.regions) / total
        newton, residual = np.eye(len(self.N)), self.targets - self.N
        for part in parts:
            entries = part.region.entries
            newton[np.ix_(entries, entries)] += part.schur
            residual[entries] -= part.heard
        scale = 1 / np.sqrt(newton.diagonal())
        factor = _factor(newton * scale[:, None] * scale)

        def solve(work: Callable[[_Elimination], Vector]) -> tuple[Vector, list[_Local]]:
            right = residual.copy()
            for part, left in zip(parts, each(work, parts), strict=True):
                right[part.region.entries] += left
            change = scale * linalg.cho_solve((factor, True), scale * right, check_finite=False)
            return change, each(lambda part: part.backward(change), parts)

        _, locals_ = solve(lambda part: part.forward(0.0, -np.diag(part.spectrum), 0.0))
        dual, primal = self._lengths(parts, locals_, 1.0)
        predicted = sum(
            part.predicted(local, primal, dual) for part, local in zip(parts, locals_, strict=True)
        )
        centre = min(1.0, max(predicted / (mu * total), 1e-6)) ** 2 * mu
        before = dict(zip(map(id, parts), locals_, strict=True))

        def corrected(part: _Elimination) -> Vector:
            local = before[id(part)]
            return part.forward(centre, part.corrected(local, centre), local.y * local.w)

        change, locals_ = solve(corrected)
        dual, primal = self._lengths(parts, locals_, _TO_BOUNDARY)
        self.N = self.N + dual * change
        for part, local in zip(parts, locals_, strict=True):
            region = part.region
            region.slack = region.slack + dual * local.free
            region.y, region.w = region.y + dual * local.y, region.w + primal * local.w
            step = part.R @ local.l @ part.R.T
            region.L = region.L + primal * (step + step.T) / 2
            region.refresh(self.N)

    def _lengths(
        self, parts: Sequence[_Elimination], locals_: Sequence[_Local], share: float
    ) -> tuple[float, float]:
        """Return the longest common steps of the dual and the primal variables."""
        dual = primal = 1.0
        for part, local in zip(parts, locals_, strict=True):
            region = part.region
            dual = min(dual, share * part.longest(local.z, region.y, local.y))
            primal = min(primal, share * part.longest(local.l, region.w, local.w))
        return dual, primal
