"""A primal-dual interior-point method for SDP-NN with few multipliers (docs/method.md, section 3a).

    maximise <N, Y> - 1/2 |N|^2   subject to   Z = G - sum_k y_k sym(f_k g_k^T) positive semidefinite,

where the variables y are the entries of N, the free slack and nonnegative multipliers, and every
constraint matrix is a product of two of the linear forms alpha_i, beta_i, v_j over z = (u, alpha, v). So the
Newton matrix in the direction of Nesterov and Todd has the entries

    M_kl = (K[f_k, f_l] K[g_k, g_l] + K[f_k, g_l] K[g_k, f_l]) / 2,

K the Gram matrix of the forms in the scaling point: gathers, and one Cholesky factorisation. The start is
strictly feasible for the dual, and so is every iterate: each is a dual point with multipliers of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from formulations.arrays import Indices, Matrix, Vector

_TO_BOUNDARY = 0.95
_REGULARISATION = 1e-13


@dataclass(frozen=True)
class DualProgram:
    """The constant part of the problem.

    Attributes:
        constant: G, of order p = d + K + c, the form gamma (|u|^2 + |v|^2).
        forms: p x (2K + c), its columns the forms alpha_i, beta_i, v_j.
        first: for each free variable (entries of N, then slack) the index f of its first form.
        second: likewise, g.
        coefficients: what multiplies f g.
        targets: b, the linear part of the objective in the entries of N, which come first.
    """

    constant: Matrix
    forms: Matrix
    first: Indices
    second: Indices
    coefficients: Vector
    targets: Vector

    @property
    def free(self) -> int:
        """The number of variables without a sign."""
        return len(self.first)

    def gram(self, matrix: Matrix) -> Matrix:
        """Return the values of all products of two forms under a matrix over z."""
        return np.asarray(self.forms.T @ matrix @ self.forms)


@dataclass(frozen=True)
class Direction:
    """A step of both variables, with the longest lengths that keep them inside their cones.

    Attributes:
        y: of all variables.
        L: of the primal matrix.
        w: of the primal slacks of the multipliers.
        primal_length: at most 1.
        dual_length: at most 1.
    """

    y: Vector
    L: Matrix
    w: Vector
    primal_length: float
    dual_length: float


class InteriorPoint:
    """One iterate, moved in place.

    Attributes:
        program: the problem.
        first: the index f of each variable's first form: the free variables, then the multipliers.
        second: likewise, g.
        coefficients: what multiplies f g; 1 for multipliers.
        y: the dual variables.
        w: the primal slacks, zero for free variables.
        Z: the dual matrix, positive definite.
        L: the primal matrix over z, positive definite.
    """

    def __init__(self, program: DualProgram, y: Vector, L: Matrix) -> None:
        """Start at free variables `y` that are strictly feasible and a positive definite `L`."""
        self.program = program
        self.first, self.second = program.first, program.second
        self.coefficients = program.coefficients
        self.y, self.w, self.L = y, np.zeros(len(y)), L
        self.Z = program.constant - self._operator(y)

    @property
    def centrality(self) -> int:
        """The number of complementary pairs."""
        return len(self.Z) + len(self.y) - self.program.free

    @property
    def gap(self) -> float:
        """The complementarity gap (a loss)."""
        return float(np.sum(self.L * self.Z) + self.y @ self.w)

    def dual_value(self) -> float:
        """Return <N, Y> - 1/2 |N|^2 in the merged variables, a bound as every iterate is feasible."""
        entries = self.y[: len(self.program.targets)]
        return float(self.program.targets @ entries - entries @ entries / 2)

    def primal_value(self) -> float:
        """Return the primal objective, an upper estimate as far as L is feasible."""
        count = len(self.program.targets)
        residual = self.program.targets - self._adjoint(self.L)[:count]
        return float(np.sum(self.program.constant * self.L) + residual @ residual / 2)

    def _primal_residual(self) -> Vector:
        count = len(self.program.targets)
        result = self.w - self._adjoint(self.L)
        result[:count] += self.program.targets - self.y[:count]
        return np.asarray(result)

    def _operator(self, y: Vector) -> Matrix:
        size = self.program.forms.shape[1]
        table = np.zeros((size, size))
        np.add.at(table, (self.first, self.second), self.coefficients * y / 2)
        return np.asarray(self.program.forms @ (table + table.T) @ self.program.forms.T)

    def _adjoint(self, matrix: Matrix) -> Vector:
        return np.asarray(self.coefficients * self.program.gram(matrix)[self.first, self.second])

    def lengths(self, matrix: Matrix) -> Vector:
        """Return the length of each form under a positive definite matrix over z."""
        return np.asarray(np.sqrt(np.einsum("if,ij,jf->f", self.program.forms, matrix, self.program.forms)))

    def include(self, first: Indices, second: Indices, least_slack: float, reach: float = 0.3) -> None:
        """Add multipliers at positive values that keep Z positive definite.

        Args:
            first: indices of forms.
            second: likewise.
            least_slack: least primal slack, relative to the lengths of the two forms under L.
            reach: the share of the way to the boundary of Z that all of them take together.
        """
        mu = self.gap / self.centrality
        under_z = self.lengths(_inverse(self.Z))
        under_l = self.lengths(self.L)
        values = 1 / (under_z[first] * under_z[second])
        slack = self.program.gram(self.L)[first, second]
        values = np.where(slack > 0, np.minimum(values, mu / np.maximum(slack, 1e-300)), values)
        old = len(self.y)
        self.first = np.concatenate([self.first, first])
        self.second = np.concatenate([self.second, second])
        self.coefficients = np.concatenate([self.coefficients, np.ones(len(first))])
        added = self._operator(np.concatenate([np.zeros(old), values]))
        largest = float(
            linalg.eigh(added, self.Z, eigvals_only=True, subset_by_index=[len(added) - 1] * 2)[0]
        )
        values *= min(1.0, reach / max(largest, 1e-300))
        least = least_slack * under_l[first] * under_l[second]
        self.y = np.concatenate([self.y, values])
        self.w = np.concatenate([self.w, np.maximum(slack, np.maximum(least, 1e-300))])
        self.Z = self.program.constant - self._operator(self.y)

    def drop(self, threshold: float) -> NDArray[np.bool_]:
        """Drop multipliers far below their slacks, both relative to their forms; say which were kept."""
        free = self.program.free
        under_z, under_l = self.lengths(_inverse(self.Z)), self.lengths(self.L)
        f, g = self.first[free:], self.second[free:]
        small = self.y[free:] * under_z[f] * under_z[g] < threshold
        kept = ~(small & (self.w[free:] > threshold * under_l[f] * under_l[g]))
        keep = np.concatenate([np.ones(free, dtype=bool), kept])
        without = self.program.constant - self._operator(np.where(keep, self.y, 0.0))
        # A product is no semidefinite form: without its multiplier Z may leave the cone.
        if kept.all() or float(np.linalg.eigvalsh(without)[0]) <= 0:
            return np.ones_like(kept)
        self.first, self.second = self.first[keep], self.second[keep]
        self.coefficients, self.y, self.w = self.coefficients[keep], self.y[keep], self.w[keep]
        self.Z = without
        return kept

    def direction(self) -> Direction:
        """Return the predictor-corrector step (Mehrotra) in the Nesterov-Todd scaling.

        Raises:
            LinAlgError: if the iterate is too close to the boundary for double precision.
        """
        free, y, w = self.program.free, self.y, self.w
        positive_y, positive_w = y[free:], w[free:]
        mu = self.gap / self.centrality
        lower_z, lower_l = np.linalg.cholesky(self.Z), np.linalg.cholesky(self.L)
        rotation, spectrum, _ = np.linalg.svd(lower_l.T @ lower_z)
        R = lower_l @ rotation / np.sqrt(spectrum)
        residual = self._primal_residual()
        newton, scale = self._newton_matrix(R @ R.T)
        factor = linalg.cho_factor(newton, lower=True, overwrite_a=True, check_finite=False)
        quadratic = np.zeros(len(y))
        quadratic[: len(self.program.targets)] = 1.0

        def solve(
            centre: float, target: Matrix, correction: Vector | float
        ) -> tuple[Vector, Matrix, Matrix, Vector]:
            dy = np.zeros(len(y))
            for _ in range(2):  # once, and once more on what rounding left
                _, dl, dw = rest(dy, centre, target, correction)
                error = residual - quadratic * dy - self._adjoint(R @ dl @ R.T) + dw
                dy = dy + scale * linalg.cho_solve(factor, scale * error, check_finite=False)
            return dy, *rest(dy, centre, target, correction)

        def rest(
            dy: Vector, centre: float, target: Matrix, correction: Vector | float
        ) -> tuple[Matrix, Matrix, Vector]:
            dz = -R.T @ self._operator(dy) @ R
            dw = np.zeros(len(y))
            dw[free:] = (centre - correction - positive_w * dy[free:]) / positive_y - positive_w
            return dz, target - dz, dw

        def longest(step: Matrix, values: Vector, change: Vector) -> float:
            roots = np.sqrt(spectrum)
            lowest = float(np.linalg.eigvalsh(step / roots[:, None] / roots)[0])
            if len(values):
                lowest = min(lowest, float(np.min(change / values)))
            return -1 / lowest if lowest < 0 else np.inf

        dy, dz, dl, dw = solve(0.0, -np.diag(spectrum), 0.0)
        dual = min(1.0, longest(dz, positive_y, dy[free:]))
        primal = min(1.0, longest(dl, positive_w, dw[free:]))
        predicted = float(
            np.sum((np.diag(spectrum) + primal * dl) * (np.diag(spectrum) + dual * dz))
            + (positive_y + dual * dy[free:]) @ (positive_w + primal * dw[free:])
        )
        sigma = min(1.0, max(predicted / (mu * self.centrality), 1e-6)) ** 2
        product = dz @ dl
        corrector = (product + product.T) / (spectrum[:, None] + spectrum)
        target = np.diag(sigma * mu / spectrum - spectrum) - corrector
        dy, dz, dl, dw = solve(sigma * mu, target, dy[free:] * dw[free:])
        primal_step = R @ dl @ R.T
        return Direction(
            y=dy,
            L=(primal_step + primal_step.T) / 2,
            w=dw,
            primal_length=min(1.0, _TO_BOUNDARY * longest(dl, positive_w, dw[free:])),
            dual_length=min(1.0, _TO_BOUNDARY * longest(dz, positive_y, dy[free:])),
        )

    def _newton_matrix(self, scaling: Matrix) -> tuple[Matrix, Vector]:
        """Return the Newton matrix with unit diagonal, and the scale that made it so."""
        gram = self.program.gram(scaling)
        f, g, free = self.first, self.second, self.program.free
        from_f, from_g = gram[f], gram[g]
        matrix = from_f[:, f] * from_g[:, g] + from_f[:, g] * from_g[:, f]
        matrix *= (self.coefficients / 2)[:, None]
        matrix *= self.coefficients
        diagonal = matrix.diagonal().copy()
        diagonal[: len(self.program.targets)] += 1.0
        diagonal[free:] += self.w[free:] / self.y[free:]
        scale = 1 / np.sqrt(diagonal)
        matrix *= scale[:, None]
        matrix *= scale
        np.fill_diagonal(matrix, 1.0 + _REGULARISATION)
        return matrix, scale

    def move(self, direction: Direction, primal_length: float) -> None:
        """Take the step, the primal one shortened to the given length."""
        self.y = self.y + direction.dual_length * direction.y
        self.w = self.w + primal_length * direction.w
        self.L = self.L + primal_length * direction.L
        self.Z = self.program.constant - self._operator(self.y)


def _inverse(matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
