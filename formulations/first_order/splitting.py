"""SDP-NN by operator splitting: eigenvalues of one matrix and entrywise maxima in turn, no Newton matrix.

With T the matrix that takes (u, v, alpha) to (u, v, alpha, beta), the relaxation is

    minimise  f(K)   over   K = T L T^T,   L positive semidefinite,

f(K) = 1/2 |output - Y|^2 + gamma/2 (tr K_uu + tr K_vv) with the signs of all products of alpha and beta. In
coordinates in which T has orthonormal columns, projecting K - W on the matrices T L T^T is one
eigenvalue decomposition of order d + c + K, and minimising f(K) + rho/2 |K - M|^2 goes entry by entry. The
iteration is that of Douglas and Rachford (Eckstein and Bertsekas, 1992) with over-relaxation and a penalty
rho that balances the two residuals, as solvers of doubly nonnegative programs use it (Sun, Toh, Yuan and
Zhao, "SDPNAL+", 2020). Every twenty steps count as one for Anderson's extrapolation (Anderson, 1965; Walker
and Ni, 2011), which halves their number for a small part of their time.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.linalg import eigh

from formulations.arrays import Matrix
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.multipliers import Multipliers

_RELAXATION = 1.6
_BALANCED = 1.25  # the ratio of the residuals' roots up to which rho stays
_LARGEST_CHANGE = 2.0
_ROUND = 20  # steps
_BALANCING_ROUNDS = 6  # in which rho may change
_MEMORY = 8  # rounds that are extrapolated from
_RESTART = 2.0  # how much larger the last round's change may be than the one's before


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
        values, vectors = np.linalg.eigh(np.eye(d) + problem.units.T @ problem.units / 2)
        self._inputs = (vectors / np.sqrt(values)) @ vectors.T
        self._half = problem.units @ self._inputs / 2
        self._forms = self._outer + problem.lines + np.where(problem.on_beta, count, 0)
        size = self._outer + 2 * count
        self._state = np.zeros((size, size))
        self._signed = np.zeros((size, size))
        self._rho = 1.0
        self._last: tuple[Matrix, Matrix] | None = None
        self._history: deque[tuple[Matrix, Matrix]] = deque(maxlen=_MEMORY)
        self.steps = self.rank = 0

    def advance(self) -> None:
        """Take a round of steps from where the rounds before lead to."""
        begun = self._state.copy()
        for _ in range(_ROUND - 1):
            self.step()
        if self.steps < _ROUND * _BALANCING_ROUNDS:
            self.balanced_step()
        else:
            self.step()
            self._remember(begun)

    def extrapolate(self) -> None:
        """Go to the linear combination of the rounds so far whose change is smallest."""
        if not self._history or self._last is None:
            return
        changes = np.array([change.ravel() for _, change in self._history])
        gram = changes @ changes.T
        gram[np.diag_indices_from(gram)] += 1e-8 * np.trace(gram)
        weights = np.linalg.solve(gram, changes @ self._last[1].ravel())
        for weight, (moved, change) in zip(weights, self._history, strict=True):
            self._state -= weight * (moved + change)

    def _remember(self, begun: Matrix) -> None:
        change = self._state - begun
        if self._last is not None:
            before, last = self._last
            if np.linalg.norm(change) > _RESTART * np.linalg.norm(last):
                self._history.clear()
            else:
                self._history.append((begun - before, change - last))
        self._last = begun, change

    def step(self) -> Matrix:
        """Project once on either set; return how far the two projections are apart."""
        signed = self._minimiser()
        mirrored = 2 * signed
        mirrored -= self._state
        inner = self._combined(self._combined(mirrored.T).T)
        values, vectors = eigh(
            inner, subset_by_value=(0, np.inf), driver="evr", overwrite_a=True, check_finite=False
        )
        forms = self._spread(vectors * np.sqrt(values))
        apart = np.matmul(forms, forms.T, out=mirrored)
        apart -= signed
        self._signed = signed
        apart *= _RELAXATION
        self._state += apart
        self.steps += 1
        self.rank = len(values)
        return apart

    def balanced_step(self) -> None:
        """Do the same, and change rho where one of the two residuals is much larger than the other."""
        before = self._signed
        primal = float(np.linalg.norm(self.step())) / _RELAXATION
        dual = self._rho * float(np.linalg.norm(self._signed - before))
        if not (primal > 0 and dual > 0):
            return
        factor = min(max((primal / dual) ** 0.5, 1 / _LARGEST_CHANGE), _LARGEST_CHANGE)
        if not 1 / _BALANCED < factor < _BALANCED:
            signed = self._minimiser()
            self._state = signed + (self._state - signed) / factor
            self._rho *= factor

    def _combined(self, rows: Matrix) -> Matrix:
        """Return E^T rows, for rows over (u, v, alpha, beta): E is T in coordinates that make it orthonormal.

        With u = (I + X^T X / 2)^(-1/2) p the sums s = (alpha + beta) / sqrt 2 are such coordinates with p and
        v, as alpha and beta are s / sqrt 2 plus and minus Xu / 2.
        """
        d, outer, count = self._d, self._outer, len(self._half)
        alphas, betas = rows[outer : outer + count], rows[outer + count :]
        result = np.empty((outer + count, rows.shape[1]))
        result[:d] = self._inputs @ rows[:d] + self._half.T @ (alphas - betas)
        result[d:outer] = rows[d:outer]
        np.add(alphas, betas, out=result[outer:])
        result[outer:] *= np.sqrt(0.5)
        return result

    def _spread(self, columns: Matrix) -> Matrix:
        """Return E columns, over (u, v, alpha, beta)."""
        d, outer = self._d, self._outer
        of_sums, of_inputs = np.sqrt(0.5) * columns[outer:], self._half @ columns[:d]
        return np.concatenate(
            [self._inputs @ columns[:d], columns[d:outer], of_sums + of_inputs, of_sums - of_inputs]
        )

    def _minimiser(self) -> Matrix:
        """Return the K that minimises f(K) + rho/2 |K - M|^2."""
        problem, d, outer, rho = self.problem, self._d, self._outer, self._rho
        count = len(problem.units)
        state = self._state
        result = state.copy()
        np.maximum(state[outer:, outer:], 0.0, out=result[outer:, outer:])
        of_units = np.arange(outer, outer + count)
        result[of_units, of_units + count] = result[of_units + count, of_units] = 0.0
        diagonal = np.arange(outer)
        result[diagonal, diagonal] -= problem.gamma / 2 / rho * problem.outer_scale**2
        radii = problem.radii[:, None]
        seen = state[self._forms, d:outer]
        output = (radii * problem.targets + 2 * rho * seen) / (radii**2 + 2 * rho)
        result[self._forms, d:outer] = output
        result[d:outer, self._forms] = output.T
        return result

    def primal_value(self) -> float:
        """Return f(K) (a loss of the unit problem): an estimate, as K need not be semidefinite."""
        problem = self.problem
        output = problem.radii[:, None] * self._signed[self._forms, self._d : self._outer]
        outer = np.arange(self._outer)
        weights = problem.outer_scale**2 @ self._signed[outer, outer]
        return float(np.sum((output - problem.targets) ** 2) + problem.gamma * weights) / 2

    def multipliers(self) -> tuple[Matrix, Multipliers]:
        """Return N of the groups, G x c, and multipliers of the units, for a form nearly semidefinite."""
        problem, outer = self.problem, self._outer
        count = len(problem.units)
        signed = self._minimiser()
        products = self._rho * (signed - self._state)[outer:, outer:]
        of_alpha, of_beta = products[:count, :count], products[count:, count:]
        mixed = products[:count, count:]
        output = problem.radii[:, None] * signed[self._forms, self._d : outer]
        positive = np.maximum(4 * mixed, 0.0)
        np.fill_diagonal(positive, 0.0)
        return problem.targets - output, Multipliers(
            np.maximum(2 * of_alpha, 0.0), positive, np.maximum(2 * of_beta, 0.0), 4 * np.diag(mixed)
        )
