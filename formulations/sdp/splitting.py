"""SDP-NN by operator splitting: eigenvalues of one matrix and entrywise maxima in turn, no Newton matrix.

With T the matrix that takes (u, v, alpha) to (u, v, alpha, beta), the relaxation is

    minimise  f(K)   over   K = T L T^T,   L positive semidefinite,

f(K) = 1/2 |output - Y|^2 + gamma/2 (tr K_uu + tr K_vv) with the signs of all products of alpha and beta. In
coordinates in which T has orthonormal columns, projecting K - W on the matrices T L T^T is one
eigenvalue decomposition of order d + c + K, and minimising f(K) + rho/2 |K - M|^2 goes entry by entry. The
iteration is that of Douglas and Rachford (Eckstein and Bertsekas, 1992) with over-relaxation and a penalty
rho that balances the two residuals, as solvers of doubly nonnegative programs use it (Sun, Toh, Yuan and
Zhao, "SDPNAL+", 2020).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from formulations.arrays import Matrix
from formulations.sdp.multipliers import Multipliers
from formulations.sdp.unit_problem import UnitProblem

_RELAXATION = 1.6
_BALANCED = 1.25  # the ratio of the residuals' roots up to which rho stays
_LARGEST_CHANGE = 2.0


class Splitting:
    """One iterate, moved in place.

    Attributes:
        problem: in its units.
        steps: how many were taken.
        rank: of the projected matrix.
    """

    def __init__(self, problem: UnitProblem) -> None:
        """Start at zero."""
        self.problem = problem
        (count, d), c = problem.units.shape, problem.targets.shape[1]
        self._d, self._outer = d, d + c
        gram = np.zeros((d + c + count, d + c + count))
        gram[:d, :d] = np.eye(d) + problem.units.T @ problem.units
        gram[d : d + c, d : d + c] = np.eye(c)
        gram[d + c :, d + c :] = 2 * np.eye(count)
        gram[d + c :, :d] = -problem.units
        gram[:d, d + c :] = -problem.units.T
        values, vectors = np.linalg.eigh(gram)
        self._root = (vectors / np.sqrt(values)) @ vectors.T
        self._forms = self._outer + problem.lines + np.where(problem.on_beta, count, 0)
        size = self._outer + 2 * count
        self._state = np.zeros((size, size))
        self._signed = np.zeros((size, size))
        self._rho = 1.0
        self._residuals = (0.0, 0.0)
        self.steps = self.rank = 0

    def step(self) -> None:
        """Project once on either set."""
        problem, d, outer = self.problem, self._d, self._outer
        count = len(problem.units)
        signed = self._minimiser()
        mirrored = 2 * signed - self._state
        # T^T (2 K - M) T, with beta = alpha - units u.
        right = np.empty((len(mirrored), outer + count))
        right[:, :outer] = mirrored[:, :outer]
        right[:, :d] -= mirrored[:, outer + count :] @ problem.units
        right[:, outer:] = mirrored[:, outer : outer + count] + mirrored[:, outer + count :]
        inner = np.empty((outer + count, outer + count))
        inner[:outer] = right[:outer]
        inner[:d] -= problem.units.T @ right[outer + count :]
        inner[outer:] = right[outer : outer + count] + right[outer + count :]
        inner = self._root @ inner @ self._root
        values, vectors = eigh(
            (inner + inner.T) / 2,
            subset_by_value=(0, np.inf),
            driver="evr",
            overwrite_a=True,
            check_finite=False,
        )
        columns = self._root @ vectors
        forms = np.concatenate([columns, columns[outer:] - problem.units @ columns[:d]]) * np.sqrt(values)
        difference = forms @ forms.T
        difference -= signed
        self._residuals = (
            float(np.linalg.norm(difference)),
            self._rho * float(np.linalg.norm(signed - self._signed)),
        )
        difference *= _RELAXATION
        self._signed = signed
        self._minus_dual = self._state - signed
        self._state = self._state + difference
        self.steps += 1
        self.rank = len(values)

    def balance(self) -> None:
        """Change rho where one residual is much larger than the other."""
        primal, dual = self._residuals
        if not (primal > 0 and dual > 0):
            return
        factor = min(max((primal / dual) ** 0.5, 1 / _LARGEST_CHANGE), _LARGEST_CHANGE)
        if not 1 / _BALANCED < factor < _BALANCED:
            signed = self._minimiser()
            self._state = signed + (self._state - signed) / factor
            self._rho *= factor

    def _minimiser(self) -> Matrix:
        """Return the K that minimises f(K) + rho/2 |K - M|^2."""
        problem, d, outer, rho = self.problem, self._d, self._outer, self._rho
        count = len(problem.units)
        state = self._state
        result = state.copy()
        np.maximum(state[outer:, outer:], 0.0, out=result[outer:, outer:])
        of_units = np.arange(outer, outer + count)
        result[of_units, of_units + count] = result[of_units + count, of_units] = 0.0
        weights = np.arange(outer)
        result[weights, weights] -= problem.gamma / 2 / rho
        radii = problem.radii[:, None]
        seen = state[self._forms, d:outer]
        output = (radii * problem.targets + 2 * rho * seen) / (radii**2 + 2 * rho)
        result[self._forms, d:outer] = output
        result[d:outer, self._forms] = output.T
        return result

    def take(self, entries: Matrix, multipliers: Multipliers) -> None:
        """Go on from another dual point, N of the groups and multipliers of the units, and the same K."""
        problem, d, outer = self.problem, self._d, self._outer
        count = len(problem.units)
        dual = np.zeros_like(self._state)
        weights = np.arange(outer)
        dual[weights, weights] = problem.gamma / 2
        output = -problem.radii[:, None] * entries / 2
        dual[self._forms, d:outer] = output
        dual[d:outer, self._forms] = output.T
        mixed = (multipliers.alpha_beta + np.diag(multipliers.slack)) / 4
        alphas, betas = slice(outer, outer + count), slice(outer + count, None)
        dual[alphas, alphas] = -multipliers.alpha_alpha / 2
        dual[betas, betas] = -multipliers.beta_beta / 2
        dual[alphas, betas], dual[betas, alphas] = -mixed, -mixed.T
        self._state = self._signed + dual / self._rho

    def primal_value(self) -> float:
        """Return f(K) (a loss of the unit problem): an estimate, as K need not be semidefinite."""
        problem = self.problem
        output = problem.radii[:, None] * self._signed[self._forms, self._d : self._outer]
        weights = np.trace(self._signed[: self._outer, : self._outer])
        return float(np.sum((output - problem.targets) ** 2) + problem.gamma * weights) / 2

    def multipliers(self) -> tuple[Matrix, Multipliers]:
        """Return N of the groups, G x c, and multipliers of the units, for a form nearly semidefinite."""
        problem, outer = self.problem, self._outer
        count = len(problem.units)
        products = -self._rho * self._minus_dual[outer:, outer:]
        of_alpha, of_beta = products[:count, :count], products[count:, count:]
        mixed = products[:count, count:]
        output = problem.radii[:, None] * self._signed[self._forms, self._d : outer]
        positive = np.maximum(4 * mixed, 0.0)
        np.fill_diagonal(positive, 0.0)
        return problem.targets - output, Multipliers(
            np.maximum(2 * of_alpha, 0.0), positive, np.maximum(2 * of_beta, 0.0), 4 * np.diag(mixed)
        )
