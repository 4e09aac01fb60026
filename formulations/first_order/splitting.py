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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix, Vector
from formulations.first_order.over import Over, one_by_one
from formulations.first_order.positive_part import PositivePart
from formulations.first_order.sign_tables import moved, reflected
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
_SINGLE_OF_REGIONS = 2e-4  # the change, where what is computed is far from its end anyway


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

    @property
    def outside(self) -> tuple[Matrix, Matrix, Matrix]:
        """The blocks that have u or v in them."""
        return self.outer, self.by_alpha, self.by_beta

    @classmethod
    def size(cls, outer: int, count: int) -> int:
        """Return how many entries there are, for count alpha and a (u, v) of length outer."""
        return outer**2 + 2 * count * outer + 3 * count**2

    @classmethod
    def of(cls, entries: NDArray[Any], outer: int, count: int) -> _Blocks:
        """View them so."""
        shapes = [(outer, outer), (count, outer), (count, outer), *([(count, count)] * 3)]
        cuts = np.cumsum([rows * columns for rows, columns in shapes])
        parts = np.split(entries, cuts[:-1])
        return cls(entries, *(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))


@dataclass
class _Part:
    """What belongs to one region: its matrices, and its eigenvectors.

    Attributes:
        signs: of length K; 1 where alpha of a unit is x . u, -1 where it is 0, 0 where nothing is known.
        state: M of the iteration.
        signed: the K last found.
        apart: the other projection, then how far the two are apart.
        positive: tracks the eigenvectors.
        tables: two of K x K for what a step computes on its way.
        combined: of order d + c + K, likewise.
    """

    signs: Indices
    state: _Blocks
    signed: _Blocks
    apart: _Blocks
    positive: PositivePart
    tables: NDArray[Any]
    combined: Matrix

    @property
    def has(self) -> tuple[Vector, Vector]:
        """1 where alpha may be other than zero, else -1; and likewise for beta. In the type of the state."""
        kind = self.state.entries.dtype
        return np.where(self.has_alpha, 1, -1).astype(kind), np.where(self.has_beta, 1, -1).astype(kind)

    @property
    def has_alpha(self) -> NDArray[np.bool_]:
        """The units whose alpha may be other than zero."""
        return np.asarray(self.signs >= 0)

    @property
    def has_beta(self) -> NDArray[np.bool_]:
        """The units whose beta may be other than zero."""
        return np.asarray(self.signs <= 0)


class Splitting:
    """One iterate, moved in place.

    Attributes:
        problem: in its units.
        regions: the known signs of each region, R x K: 1 where x . u >= 0, -1 where it is <= 0, 0 unknown.
        steps: how many were taken.
        change: of the state in the last round, relative to its size; it is zero at the end alone.
    """

    def __init__(self, problem: UnitProblem, over: Over = one_by_one) -> None:
        """Start at zero, on the whole space.

        Args:
            problem: in its units.
            over: does something for each region.
        """
        self.problem, self._over = problem, over
        (count, d), c = problem.units.shape, problem.targets.shape[1]
        self._d, self._outer, self._count = d, d + c, count
        values, vectors = np.linalg.eigh(np.eye(d) + problem.units.T @ problem.units / 2)
        self._exact_inputs = (vectors / np.sqrt(values)) @ vectors.T
        self._size = _Blocks.size(d + c, count)
        self._rho = 1.0
        self.regions: Indices = np.zeros((1, count), dtype=np.intp)
        self._history: deque[tuple[Vector, Vector]] = deque(maxlen=_MEMORY)
        self._compute_in(np.zeros(self._size, np.float32))
        self.steps = 0
        self.change = np.inf
        self._balanced_until = _ROUND * _BALANCING_ROUNDS

    def _compute_in(self, state: NDArray[Any]) -> None:
        """Go on from a state of all regions, one after the other, in its precision."""
        self._type = state.dtype.type
        self._inputs = self._exact_inputs.astype(self._type)
        self._half = (self.problem.units @ self._exact_inputs / 2).astype(self._type)
        self._state, self._signed, self._apart = state, np.zeros_like(state), np.zeros_like(state)
        self._last: tuple[Vector, Vector] | None = None
        self._history.clear()
        self._parts = []
        for number, signs in enumerate(self.regions):
            here = slice(number * self._size, (number + 1) * self._size)
            state_here, signed_here, apart_here = (
                _Blocks.of(entries[here], self._outer, self._count)
                for entries in (self._state, self._signed, self._apart)
            )
            tables = np.empty((2, self._count, self._count), self._type)
            combined = np.empty((self._outer + self._count,) * 2, self._type)
            self._parts.append(
                _Part(signs, state_here, signed_here, apart_here, PositivePart(), tables, combined)
            )

    @property
    def rank(self) -> int:
        """Of the projected matrices together."""
        return sum(part.positive.rank for part in self._parts)

    @property
    def size(self) -> int:
        """How many entries a region's matrices have."""
        return self._size

    def ambiguity(self) -> Matrix:
        """Return how undecided each region is about each unit's sign, R x K."""
        self._minimise()
        return np.array(
            [
                np.sqrt(
                    np.maximum(np.diag(part.signed.alpha_alpha), 0)
                    * np.maximum(np.diag(part.signed.beta_beta), 0)
                )
                for part in self._parts
            ],
            float,
        )

    def divide(self, units: Sequence[int]) -> None:
        """Divide each region by the sign of a unit of its own, or not where that is negative.

        Both halves inherit the multipliers, and either takes half of the moments.
        """
        self._minimise()
        states, regions = [], []
        for part, unit in zip(self._parts, units, strict=True):
            if unit < 0:
                states.append(part.state.entries)
                regions.append(part.signs)
                continue
            for sign in (1, -1):
                signs = part.signs.copy()
                signs[unit] = sign
                regions.append(signs)
                states.append(part.state.entries - part.signed.entries / 2)
        self.regions = np.array(regions)
        self._compute_in(np.concatenate(states))
        self._balanced_until = self.steps + _ROUND * _BALANCING_ROUNDS

    def advance(self) -> None:
        """Take a round of steps from where the rounds before lead to."""
        begun = self._state.copy()
        for _ in range(_ROUND - 1):
            self.step()
        if self.steps < self._balanced_until:
            self.balanced_step()
        else:
            self.step()
            self._remember(begun)
        size = float(np.linalg.norm(self._state))
        self.change = float(np.linalg.norm(self._state - begun)) / size if size else 0.0

    def extrapolate(self) -> None:
        """Go to the linear combination of the rounds so far whose change is smallest."""
        if not self._history or self._last is None:
            return
        changes = np.array([change for _, change in self._history])
        gram = (changes @ changes.T).astype(float)
        gram[np.diag_indices_from(gram)] += 1e-8 * np.trace(gram)
        weights = np.linalg.solve(gram, (changes @ self._last[1]).astype(float))
        for weight, (before, change) in zip(weights, self._history, strict=True):
            self._state -= self._type(weight) * (before + change)

    def _remember(self, begun: Vector) -> None:
        state = self._state
        change = state - begun
        size = float(np.linalg.norm(change))
        if self._last is not None:
            before, last = self._last
            if size > _RESTART * np.linalg.norm(last):
                self._history.clear()
            else:
                self._history.append((begun - before, change - last))
        self._last = begun, change
        if len(self._parts) == 1:
            settled = size < _SINGLE * np.linalg.norm(state) or self.steps >= _SINGLE_STEPS
        else:
            settled = size < _SINGLE_OF_REGIONS * np.linalg.norm(state)
        if self._type is np.float32 and settled:
            self._compute_in(state.astype(float))

    def step(self) -> None:
        """Project once on either set, and move by what the two projections are apart."""
        self._minimise_outside()
        self._over(self._project, self._parts)
        self.steps += 1

    def _project(self, part: _Part) -> None:
        """Do what a step does in a region."""
        forms = part.positive.of(self._combined(part))
        self._spread(forms, part.apart)
        self._move(part)

    def _move(self, part: _Part) -> None:
        """Move the state of a region by what the two projections are apart."""
        step = self._type(_RELAXATION)
        for entries, signed, change in zip(
            part.state.outside, part.signed.outside, part.apart.outside, strict=True
        ):
            change -= signed
            change *= step
            entries += change
        state, apart = part.state, part.apart
        alpha, beta = part.has
        diagonal = np.diag(state.alpha_beta) + step * np.diag(apart.alpha_beta)
        moved(state.alpha_alpha, apart.alpha_alpha, alpha, alpha, step)
        moved(state.alpha_beta, apart.alpha_beta, alpha, beta, step)
        moved(state.beta_beta, apart.beta_beta, beta, beta, step)
        np.fill_diagonal(state.alpha_beta, diagonal)

    def balanced_step(self) -> None:
        """Do the same, and change rho where one of the two residuals is much larger than the other."""
        self._minimise()
        before, state = self._signed.copy(), self._state
        before_step = state.copy()
        self.step()
        primal = float(np.linalg.norm(state - before_step)) / _RELAXATION
        self._minimise()
        dual = self._rho * float(np.linalg.norm(self._signed - before))
        if not (primal > 0 and dual > 0):
            return
        factor = min(max((primal / dual) ** 0.5, 1 / _LARGEST_CHANGE), _LARGEST_CHANGE)
        if not 1 / _BALANCED < factor < _BALANCED:
            state -= self._signed
            state /= factor
            state += self._signed
            self._rho *= factor

    def _combined(self, part: _Part) -> Matrix:
        """Return E^T M E, over (p, v, s), for M the state reflected at its projection on the signs.

        E is T in coordinates that make it orthonormal: with u = (I + X^T X / 2)^(-1/2) p the sums
        s = (alpha + beta) / sqrt 2 are such coordinates with p and v, as alpha and beta are s / sqrt 2 plus
        and minus Xu / 2.
        """
        d, outer, inputs, half = self._d, self._outer, self._inputs, self._half
        matrix, by_alpha, by_beta = (
            2 * signed - state for signed, state in zip(part.signed.outside, part.state.outside, strict=True)
        )
        sums, differences = by_alpha + by_beta, by_alpha - by_beta
        state, result, (upper, rest) = part.state, part.combined, part.tables
        reflected(
            state.alpha_alpha,
            state.alpha_beta,
            state.beta_beta,
            *part.has,
            result[outer:, outer:],
            upper,
            rest,
        )
        mixed = inputs @ sums[:, :d].T + half.T @ upper
        result[:d, outer:] = self._type(np.sqrt(0.5)) * mixed
        result[d:outer, outer:] = self._type(np.sqrt(0.5)) * sums[:, d:].T
        once = inputs @ (differences[:, :d].T @ half)
        result[:d, :d] = inputs @ matrix[:d, :d] @ inputs + once + once.T + half.T @ (rest @ half)
        result[:d, d:outer] = inputs @ matrix[:d, d:] + half.T @ differences[:, d:]
        result[d:outer, d:outer] = matrix[d:, d:]
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
        """Let `signed` be the K of all regions that minimise f(K) + rho/2 |K - M|^2."""
        self._minimise_outside()
        for part in self._parts:
            signed, state = part.signed, part.state
            for table, of_state, rows, columns in (
                (signed.alpha_alpha, state.alpha_alpha, part.has_alpha, part.has_alpha),
                (signed.alpha_beta, state.alpha_beta, part.has_alpha, part.has_beta),
                (signed.beta_beta, state.beta_beta, part.has_beta, part.has_beta),
            ):
                np.maximum(of_state, 0, out=table)
                table[~rows] = 0
                table[:, ~columns] = 0
            np.fill_diagonal(signed.alpha_beta, 0)

    def _minimise_outside(self) -> None:
        """Do that for the entries of K that have u or v in them."""
        problem, d, rho = self.problem, self._d, self._rho
        diagonal = np.arange(self._outer)
        for part in self._parts:
            signed, state = part.signed, part.state
            np.copyto(signed.outer, state.outer)
            signed.outer[diagonal, diagonal] -= problem.gamma / 2 / rho * problem.outer_scale**2
            np.copyto(signed.by_alpha, state.by_alpha)
            np.copyto(signed.by_beta, state.by_beta)
            signed.by_alpha[~part.has_alpha] = 0
            signed.by_beta[~part.has_beta] = 0
        # What region r gives a group moves by radius (Y - output) / (2 rho), where it may give anything.
        heard = self._heard()
        radii = problem.radii[:, None]
        given = self._output()
        missing = (problem.targets - given) / (1 + heard.sum(axis=0)[:, None] * radii**2 / (2 * rho))
        for part, of_part in zip(self._parts, heard, strict=True):
            for seen, by_form in (
                (of_part & ~problem.on_beta, part.signed.by_alpha),
                (of_part & problem.on_beta, part.signed.by_beta),
            ):
                by_form[problem.lines[seen], d:] += radii[seen] * missing[seen] / (2 * rho)

    def _heard(self) -> NDArray[np.bool_]:
        """Return where a region's alpha or beta, whichever a group sees, may be other than zero, R x G."""
        problem = self.problem
        zero = np.where(problem.on_beta, 1, -1)
        return np.asarray(self.regions[:, problem.lines] != zero)

    def _output(self) -> Matrix:
        """Return what the minimisers give the groups, G x c."""
        problem, d = self.problem, self._d
        lines, on_beta = problem.lines, problem.on_beta[:, None]
        seen = sum(
            np.where(on_beta, part.signed.by_beta[lines, d:], part.signed.by_alpha[lines, d:]).astype(float)
            for part in self._parts
        )
        return np.asarray(problem.radii[:, None] * seen)

    def primal_value(self) -> float:
        """Return f(K) (a loss of the unit problem): an estimate, as K need not be semidefinite."""
        self._minimise()
        problem = self.problem
        weights = sum(problem.outer_scale**2 @ np.diag(part.signed.outer) for part in self._parts)
        return float(np.sum((self._output() - problem.targets) ** 2) + problem.gamma * weights) / 2

    def factor(self) -> Matrix:
        """Return Z over (u, v, alpha), d + c + K rows, whose Z Z^T is the semidefinite projection."""
        self._minimise()
        d, outer = self._d, self._outer
        factors = []
        for part in self._parts:
            forms = part.positive.of(self._combined(part))
            of_alpha = self._type(np.sqrt(0.5)) * forms[outer:] + self._half @ forms[:d]
            factors.append(np.concatenate([self._inputs @ forms[:d], forms[d:outer], of_alpha]))
        return np.hstack(factors).astype(float)

    def multipliers(self) -> tuple[Matrix, list[Multipliers]]:
        """Return N of the groups, G x c, and for each region multipliers of the units.

        Those of a unit whose sign is known count where its product is not zero. The forms are nearly
        semidefinite.
        """
        self._minimise()
        tables = []
        for part in self._parts:
            alpha_alpha, mixed, beta_beta = (
                self._rho * (np.asarray(here, float) - before)
                for here, before in (
                    (part.signed.alpha_alpha, part.state.alpha_alpha),
                    (part.signed.alpha_beta, part.state.alpha_beta),
                    (part.signed.beta_beta, part.state.beta_beta),
                )
            )
            positive = np.maximum(4 * mixed, 0.0)
            np.fill_diagonal(positive, 0.0)
            tables.append(
                Multipliers(
                    np.maximum(2 * alpha_alpha, 0.0),
                    positive,
                    np.maximum(2 * beta_beta, 0.0),
                    4 * np.diag(mixed),
                )
            )
        return self.problem.targets - self._output(), tables
