"""SDP-NN by operator splitting: a few eigenvectors and entrywise maxima in turn, no Newton matrix.

With T the matrix that takes (u, v, alpha) to (u, v, alpha, beta), the relaxation is

    minimise  f(K)   over   K = T L T^T,   L positive semidefinite,

f(K) = 1/2 |output - Y|^2 + gamma/2 (tr K_uu + tr K_vv) with the signs of all products of alpha and beta. In
coordinates in which T has orthonormal columns, projecting K - W on the matrices T L T^T takes the positive
semidefinite part of a matrix of order d + c + K, and minimising f(K) + rho/2 |K - M|^2 goes entry by entry.
The iteration is that of Douglas and Rachford (Eckstein and Bertsekas, 1992) with over-relaxation and a
penalty rho that balances the two residuals, as solvers of doubly nonnegative programs use it (Sun, Toh, Yuan
and Zhao, "SDPNAL+", 2020). Every twenty steps count as one for Anderson's extrapolation (Anderson, 1965;
Walker and Ni, 2011), which halves their number for a small part of their time. It starts in single
precision, where a step takes half as long, and goes on in double precision once single has no more to say.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Matrix, Vector
from formulations.first_order.positive_part import PositivePart
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.multipliers import Multipliers

_RELAXATION = 1.6
_BALANCED = 1.25  # the ratio of the residuals' roots up to which rho stays
_LARGEST_CHANGE = 2.0
_ROUND = 20  # steps
_BALANCING_ROUNDS = 6  # in which rho may change
_MEMORY = 10  # rounds that are extrapolated from
_RESTART = 2.0  # how much larger the last round's change may be than the one's before
# The relative change in a round, and the steps, up to which single precision has something to say.
_SINGLE, _SINGLE_STEPS = 2e-3, 1000


@dataclass(frozen=True)
class _Blocks:
    """A symmetric matrix over (u, v, alpha, beta): the blocks on and below the diagonal, but ab for ba.

    Attributes:
        entries: of all blocks, one after the other.
        outer: over (u, v), of order d + c.
        by_alpha: alpha by (u, v), K x (d + c).
        by_beta: beta by (u, v).
        alpha_alpha: K x K.
        alpha_beta: K x K.
        beta_beta: K x K.
    """

    entries: NDArray[Any]
    outer: Matrix
    by_alpha: Matrix
    by_beta: Matrix
    alpha_alpha: Matrix
    alpha_beta: Matrix
    beta_beta: Matrix

    @classmethod
    def of(cls, entries: NDArray[Any], outer: int, count: int) -> _Blocks:
        """View them so, for count alpha and a (u, v) of length outer."""
        shapes = [(outer, outer), (count, outer), (count, outer), *([(count, count)] * 3)]
        cuts = np.cumsum([rows * columns for rows, columns in shapes])
        parts = np.split(entries, cuts[:-1])
        return cls(entries, *(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))


class Splitting:
    """One iterate, moved in place.

    Attributes:
        problem: in its units.
        steps: how many were taken.
    """

    def __init__(self, problem: UnitProblem) -> None:
        """Start at zero."""
        self.problem = problem
        (count, d), c = problem.units.shape, problem.targets.shape[1]
        self._d, self._outer, self._count = d, d + c, count
        values, vectors = np.linalg.eigh(np.eye(d) + problem.units.T @ problem.units / 2)
        inputs = (vectors / np.sqrt(values)) @ vectors.T
        size = self._outer**2 + 2 * count * self._outer + 3 * count**2
        self._rho = 1.0
        self._last: tuple[Vector, Vector] | None = None
        self._history: deque[tuple[Vector, Vector]] = deque(maxlen=_MEMORY)
        self._positive = PositivePart()
        self._exact_inputs = inputs
        self._compute_in(np.zeros(size, np.float32))
        self.steps = 0

    def _compute_in(self, state: NDArray[Any]) -> None:
        """Go on from a state in its precision."""
        self._type = state.dtype.type
        self._inputs = self._exact_inputs.astype(self._type)
        self._half = (self.problem.units @ self._exact_inputs / 2).astype(self._type)
        self._state, self._signed, self._apart = (
            _Blocks.of(entries, self._outer, self._count)
            for entries in (state, np.zeros_like(state), np.zeros_like(state))
        )

    @property
    def rank(self) -> int:
        """Of the projected matrix."""
        return self._positive.rank

    def advance(self) -> None:
        """Take a round of steps from where the rounds before lead to."""
        begun = self._state.entries.copy()
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
        changes = np.array([change for _, change in self._history])
        gram = (changes @ changes.T).astype(float)
        gram[np.diag_indices_from(gram)] += 1e-8 * np.trace(gram)
        weights = np.linalg.solve(gram, (changes @ self._last[1]).astype(float))
        state = self._state.entries
        for weight, (moved, change) in zip(weights, self._history, strict=True):
            state -= self._type(weight) * (moved + change)

    def _remember(self, begun: Vector) -> None:
        state = self._state.entries
        change = state - begun
        size = float(np.linalg.norm(change))
        if self._last is not None:
            before, last = self._last
            if size > _RESTART * np.linalg.norm(last):
                self._history.clear()
            else:
                self._history.append((begun - before, change - last))
        self._last = begun, change
        settled = size < _SINGLE * np.linalg.norm(state) or self.steps >= _SINGLE_STEPS
        if self._type is np.float32 and settled:
            self._history.clear()
            self._last = None
            self._positive = PositivePart()
            self._compute_in(state.astype(float))

    def step(self) -> None:
        """Project once on either set, and move by what the two projections are apart."""
        self._minimise()
        signed, apart, state = self._signed.entries, self._apart.entries, self._state.entries
        np.multiply(signed, 2, out=apart)
        apart -= state
        forms = self._positive.of(self._combined(self._apart))
        self._spread(forms, self._apart)
        apart -= signed
        apart *= _RELAXATION
        state += apart
        self.steps += 1

    def balanced_step(self) -> None:
        """Do the same, and change rho where one of the two residuals is much larger than the other."""
        before = self._signed.entries.copy()
        self.step()
        signed, state = self._signed.entries, self._state.entries
        primal = float(np.linalg.norm(self._apart.entries)) / _RELAXATION
        dual = self._rho * float(np.linalg.norm(signed - before))
        if not (primal > 0 and dual > 0):
            return
        factor = min(max((primal / dual) ** 0.5, 1 / _LARGEST_CHANGE), _LARGEST_CHANGE)
        if not 1 / _BALANCED < factor < _BALANCED:
            self._minimise()
            state -= signed
            state /= factor
            state += signed
            self._rho *= factor

    def _combined(self, m: _Blocks) -> Matrix:
        """Return E^T M E, over (p, v, s): E is T in coordinates that make it orthonormal.

        With u = (I + X^T X / 2)^(-1/2) p the sums s = (alpha + beta) / sqrt 2 are such coordinates with p and
        v, as alpha and beta are s / sqrt 2 plus and minus Xu / 2.
        """
        d, outer, inputs, half = self._d, self._outer, self._inputs, self._half
        sums, differences = m.by_alpha + m.by_beta, m.by_alpha - m.by_beta
        upper = m.alpha_alpha + m.alpha_beta  # alpha by alpha + beta
        lower = m.alpha_beta.T + m.beta_beta
        result = np.empty((outer + self._count, outer + self._count), self._type)
        of_sums = result[outer:, outer:]
        np.add(upper, lower, out=of_sums)
        of_sums *= 0.5
        upper -= lower
        mixed = inputs @ sums[:, :d].T + half.T @ upper
        result[:d, outer:] = self._type(np.sqrt(0.5)) * mixed
        result[d:outer, outer:] = self._type(np.sqrt(0.5)) * sums[:, d:].T
        once = inputs @ (differences[:, :d].T @ half)
        twice = m.alpha_alpha @ half - m.alpha_beta @ half - m.alpha_beta.T @ half + m.beta_beta @ half
        result[:d, :d] = inputs @ m.outer[:d, :d] @ inputs + once + once.T + half.T @ twice
        result[:d, d:outer] = inputs @ m.outer[:d, d:] + half.T @ differences[:, d:]
        result[d:outer, d:outer] = m.outer[d:, d:]
        result[d:, :d] = result[:d, d:].T
        result[outer:, d:outer] = result[d:outer, outer:].T
        return result

    def _spread(self, forms: Matrix, out: _Blocks) -> None:
        """Compute E F F^T E^T, for F over (p, v, s)."""
        d, outer = self._d, self._outer
        of_sums, of_inputs = self._type(np.sqrt(0.5)) * forms[outer:], self._half @ forms[:d]
        outside = np.concatenate([self._inputs @ forms[:d], forms[d:outer]])
        alpha, beta = of_sums + of_inputs, of_sums - of_inputs
        for first, second, block in (
            (outside, outside, out.outer),
            (alpha, outside, out.by_alpha),
            (beta, outside, out.by_beta),
            (alpha, alpha, out.alpha_alpha),
            (alpha, beta, out.alpha_beta),
            (beta, beta, out.beta_beta),
        ):
            np.matmul(first, second.T, out=block)

    def _minimise(self) -> None:
        """Let `_signed` be the K that minimises f(K) + rho/2 |K - M|^2."""
        problem, d, rho, signed = self.problem, self._d, self._rho, self._signed
        np.copyto(signed.entries, self._state.entries)
        for table in (signed.alpha_alpha, signed.alpha_beta, signed.beta_beta):
            np.maximum(table, 0, out=table)
        np.fill_diagonal(signed.alpha_beta, 0)
        diagonal = np.arange(self._outer)
        signed.outer[diagonal, diagonal] -= problem.gamma / 2 / rho * problem.outer_scale**2
        for seen, by_form in ((~problem.on_beta, signed.by_alpha), (problem.on_beta, signed.by_beta)):
            lines, radii = problem.lines[seen], problem.radii[seen][:, None]
            output = radii * problem.targets[seen] + 2 * rho * by_form[lines, d:]
            by_form[lines, d:] = output / (radii**2 + 2 * rho)

    def _output(self) -> Matrix:
        """Return what the minimiser gives the groups, G x c."""
        problem, d, signed = self.problem, self._d, self._signed
        lines, on_beta = problem.lines, problem.on_beta[:, None]
        seen = np.where(on_beta, signed.by_beta[lines, d:], signed.by_alpha[lines, d:])
        return np.asarray(problem.radii[:, None] * seen)

    def primal_value(self) -> float:
        """Return f(K) (a loss of the unit problem): an estimate, as K need not be semidefinite."""
        self._minimise()
        problem = self.problem
        weights = problem.outer_scale**2 @ np.diag(self._signed.outer)
        return float(np.sum((self._output() - problem.targets) ** 2) + problem.gamma * weights) / 2

    def multipliers(self) -> tuple[Matrix, Multipliers]:
        """Return N of the groups, G x c, and multipliers of the units, for a form nearly semidefinite."""
        self._minimise()
        signed, state = self._signed, self._state
        alpha_alpha, mixed, beta_beta = (
            self._rho * (np.asarray(here, float) - before)
            for here, before in (
                (signed.alpha_alpha, state.alpha_alpha),
                (signed.alpha_beta, state.alpha_beta),
                (signed.beta_beta, state.beta_beta),
            )
        )
        positive = np.maximum(4 * mixed, 0.0)
        np.fill_diagonal(positive, 0.0)
        return self.problem.targets - self._output(), Multipliers(
            np.maximum(2 * alpha_alpha, 0.0),
            positive,
            np.maximum(2 * beta_beta, 0.0),
            4 * np.diag(mixed),
        )
