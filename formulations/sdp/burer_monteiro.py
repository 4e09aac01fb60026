"""SDP-NN with its matrix as a product of a low-rank factor, after Burer and Monteiro (2003).

Lambda = Z Z^T for Z = (alpha, beta, u, v) of r columns turns the relaxation (docs/method.md, section 3a) into

    minimise  1/2 |alpha v^T - Y|^2 + gamma/2 (|u|^2 + |v|^2)
    over  beta = alpha - X u  with  alpha alpha^T, alpha beta^T, beta beta^T >= 0,  <alpha_i, beta_i> = 0 ,

the products between rows. A network of r neurons is a point of it. It is no longer convex: a descent may end
in a local minimum above SDP-NN's value. Where all constraints are equations, generic objectives have none
once r (r + 1) / 2 is above their number (Barvinok 1995, Pataki 1998; Boumal, Voroninski and Bandeira 2020),
and below it some have (Waldspurger and Waters 2020). Constraints are kept by multipliers, the augmented
Lagrangian of Burer and Monteiro, and L-BFGS minimises in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from formulations.arrays import Matrix, Vector, check_problem
from formulations.lines import directions
from formulations.sdp.conic.reduced import ScaledProblem

_ROUNDS = 200
_FIRST_PENALTY, _LARGEST_PENALTY = 1.0, 2000.0  # beyond it a descent crawls, and ends above the minimum
_GROWTH = 2.0
_ENOUGH = 0.5  # what a round has to leave of the error, or the penalty grows


@dataclass(frozen=True)
class FactorisedSolution:
    """Where a descent ended.

    Attributes:
        value: the relaxation's objective there, a loss; above SDP-NN's value up to the violation's effect.
        violation: the largest of the constraints, in units in which inputs and targets are about one.
        rank: r.
        order: of the matrix over (alpha, u, v) for different inputs; the largest rank that there is.
        barvinok: the least rank with r (r + 1) / 2 above the number of constraints, which is about 2 n and so
            above the order where n is above d + c.
        active: the same for the constraints that are active at the end, equations among them.
        rounds: of the augmented Lagrangian.
        settled: whether violation and complementarity fell below the tolerance.
    """

    value: float
    violation: float
    rank: int
    order: int
    barvinok: int
    active: int
    rounds: int
    settled: bool


def solve_factorised(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    rank: int | None = None,
    seed: int = 0,
    tolerance: float = 1e-6,
    should_stop: Callable[[], bool] = lambda: False,
) -> FactorisedSolution:
    """Descend from a random factor.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        rank: r, at least 1; the order by default.
        seed: of the start.
        tolerance: of the violation and of the complementarity of constraints and multipliers.
        should_stop: asked at every evaluation; once true, that is the end.

    Raises:
        ValueError: the problem is malformed, or the rank not positive.
    """
    check_problem(X, Y, gamma)
    if rank is not None and rank < 1:
        raise ValueError(f"the rank is {rank}; a factor has at least one column")
    lines = directions(X)
    count = len(lines.units)
    order = count + X.shape[1] + Y.shape[1]
    rank = order if rank is None else rank
    barvinok = _rank_beyond(count * (2 * count - 1))
    if not count:
        return FactorisedSolution(float(np.sum(Y**2) / 2), 0.0, rank, order, barvinok, 1, 0, True)
    scaled = ScaledProblem.of(lines, Y, gamma)
    left_out = float(np.sum(np.delete(Y, lines.nonzero, axis=0) ** 2) / 2)  # of inputs that are zero
    factor = _Factor(lines.units, scaled, rank)
    rng = np.random.default_rng(seed)
    point = rng.standard_normal(factor.size) / math.sqrt(rank)
    multipliers = _Multipliers.zero(count)
    penalty, error, rounds = _FIRST_PENALTY, np.inf, 0
    while rounds < _ROUNDS and error > tolerance and not should_stop():
        before = error
        try:
            point = factor.descend(point, multipliers, penalty, should_stop)
        except _Stop as stopped:
            point = stopped.point
        rounds += 1
        error = factor.error(point, multipliers, penalty)
        multipliers = factor.updated(point, multipliers, penalty)
        if error > _ENOUGH * before:
            penalty = min(_GROWTH * penalty, _LARGEST_PENALTY)
    value = scaled.target_unit**2 * factor.value(point) + left_out
    active = _rank_beyond(factor.active(point, multipliers, penalty))
    return FactorisedSolution(
        value, factor.violation(point), rank, order, barvinok, active, rounds, error <= tolerance
    )


def _rank_beyond(constraints: int) -> int:
    """Return the least rank r with r (r + 1) / 2 above a number of constraints."""
    return (math.isqrt(8 * constraints + 1) - 1) // 2 + 1


class _Stop(Exception):
    """Leaves the solver from inside the objective, with where it was."""

    def __init__(self, point: Vector) -> None:
        super().__init__()
        self.point = point


@dataclass(frozen=True)
class _Multipliers:
    """Of the products, each K x K; those of alpha and beta have the equations' on the diagonal."""

    alpha_alpha: Matrix
    alpha_beta: Matrix
    beta_beta: Matrix

    @classmethod
    def zero(cls, count: int) -> _Multipliers:
        return cls(*(np.zeros((count, count)) for _ in range(3)))


@dataclass(frozen=True)
class _Parts:
    """A factor in parts, of r columns each."""

    u: Matrix
    alpha: Matrix
    v: Matrix
    beta: Matrix


@dataclass(frozen=True)
class _Factor:
    """The problem for factors of a rank, in the units of `ScaledProblem` but for u, which is in its own."""

    units: Matrix
    scaled: ScaledProblem
    rank: int

    @property
    def size(self) -> int:
        rows: int = sum(self.units.shape) + self.scaled.targets.shape[1]
        return rows * self.rank

    def parts(self, point: Vector) -> _Parts:
        d, count = self.units.shape[1], len(self.units)
        rows = point.reshape(-1, self.rank)
        u, alpha, v = rows[:d], rows[d : d + count], rows[d + count :]
        return _Parts(u, alpha, v, alpha - self.units @ u)

    def value(self, point: Vector) -> float:
        parts = self.parts(point)
        residual = self._outputs(parts) @ parts.v.T - self.scaled.targets
        squares = float(np.sum(parts.u**2)) + float(np.sum(parts.v**2))
        return float(np.sum(residual**2)) / 2 + self.scaled.gamma / 2 * squares

    def violation(self, point: Vector) -> float:
        """Return by how much the worst constraint is missed."""
        parts = self.parts(point)
        mixed = _mixed(parts)
        inside = [parts.alpha @ parts.alpha.T, mixed, parts.beta @ parts.beta.T, -np.abs(mixed.diagonal())]
        return max(float(np.max(-product, initial=0.0)) for product in inside)

    def error(self, point: Vector, multipliers: _Multipliers, penalty: float) -> float:
        """Return the largest of the violation and of min(product, multiplier / penalty)."""
        parts = self.parts(point)
        pulls = self._pulls(parts, multipliers, penalty)
        held = (multipliers.alpha_alpha, multipliers.alpha_beta, multipliers.beta_beta)
        return max(
            float(np.max(np.abs(pull - of / penalty), initial=0.0))
            for pull, of in zip(pulls, held, strict=True)
        )

    def active(self, point: Vector, multipliers: _Multipliers, penalty: float) -> int:
        """Return how many constraints have a multiplier, in units of the penalty, above their product."""
        parts = self.parts(point)
        below = np.tri(len(parts.alpha), k=-1, dtype=bool)
        of_alpha = multipliers.alpha_alpha > penalty * (parts.alpha @ parts.alpha.T)
        of_beta = multipliers.beta_beta > penalty * (parts.beta @ parts.beta.T)
        mixed = multipliers.alpha_beta > penalty * _mixed(parts)
        np.fill_diagonal(mixed, True)
        return int(np.sum(of_alpha & below) + np.sum(mixed) + np.sum(of_beta & below))

    def descend(
        self, point: Vector, multipliers: _Multipliers, penalty: float, should_stop: Callable[[], bool]
    ) -> Vector:
        """Minimise the augmented Lagrangian from a point."""

        def objective(at: Vector) -> tuple[float, Vector]:
            if should_stop():
                raise _Stop(at.copy())
            return self._lagrangian(at, multipliers, penalty)

        found = minimize(
            objective,
            point,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 150, "maxfun": 300, "maxcor": 20, "ftol": 1e-15, "gtol": 1e-8},
        )
        return np.asarray(found.x)

    def updated(self, point: Vector, multipliers: _Multipliers, penalty: float) -> _Multipliers:
        """Return the multipliers after a descent."""
        return _Multipliers(
            *(penalty * pull for pull in self._pulls(self.parts(point), multipliers, penalty))
        )

    def _outputs(self, parts: _Parts) -> Matrix:
        """Return the activations of the rows that are not zero, m x r."""
        d = self.units.shape[1]
        linear, kinked = self.scaled.activations[:, :d], self.scaled.activations[:, d:]
        return np.asarray(linear @ parts.u + kinked @ parts.alpha)

    def _pulls(
        self, parts: _Parts, multipliers: _Multipliers, penalty: float
    ) -> tuple[Matrix, Matrix, Matrix]:
        """Return max(0, multiplier / penalty - product) of inequalities; of equations without the maximum."""
        of_alpha = np.maximum(multipliers.alpha_alpha / penalty - parts.alpha @ parts.alpha.T, 0.0)
        of_beta = np.maximum(multipliers.beta_beta / penalty - parts.beta @ parts.beta.T, 0.0)
        mixed = multipliers.alpha_beta / penalty - _mixed(parts)
        pulls = np.maximum(mixed, 0.0)
        np.fill_diagonal(pulls, mixed.diagonal())
        return of_alpha, pulls, of_beta

    def _lagrangian(self, point: Vector, multipliers: _Multipliers, penalty: float) -> tuple[float, Vector]:
        parts, gamma = self.parts(point), self.scaled.gamma
        d = self.units.shape[1]
        outputs = self._outputs(parts)
        residual = outputs @ parts.v.T - self.scaled.targets
        of_alpha, mixed, of_beta = self._pulls(parts, multipliers, penalty)
        squares = float(np.sum(parts.u**2)) + float(np.sum(parts.v**2))
        # Symmetric products stand for two entries each.
        violated = float(np.sum(of_alpha**2)) / 2 + float(np.sum(mixed**2)) + float(np.sum(of_beta**2)) / 2
        value = float(np.sum(residual**2)) / 2 + gamma / 2 * squares + penalty / 2 * violated
        to_outputs = residual @ parts.v
        to_beta = -penalty * (of_beta @ parts.beta + mixed.T @ parts.alpha)
        to_alpha = self.scaled.activations[:, d:].T @ to_outputs + to_beta
        to_alpha -= penalty * (of_alpha @ parts.alpha + mixed @ parts.beta)
        to_u = self.scaled.activations[:, :d].T @ to_outputs - self.units.T @ to_beta + gamma * parts.u
        to_v = residual.T @ outputs + gamma * parts.v
        return value, np.concatenate([to_u, to_alpha, to_v]).ravel()


def _mixed(parts: _Parts) -> Matrix:
    return np.asarray(parts.alpha @ parts.beta.T)
