"""The best slack for a dual point whose form is not quite semidefinite: a barrier and Newton's method.

A splitting's multipliers and N leave the form

    gamma (|u|^2 + |v|^2) - 2 alpha^T N v - [products]

with eigenvalues a little below zero. What pays for them is a larger gamma, after which everything is scaled
down again, and slack: the multipliers of alpha_i beta_i, free in sign. With the other multipliers and N held,
the least g for which g gamma (|u|^2 + |v|^2) - ... is semidefinite is a convex problem in K + 1 variables,
whose Newton matrix is an entrywise product of K x K matrices: a step costs as much as two Cholesky
factorisations, where one over all multipliers costs that of a matrix several times the order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.first_order.arrow import Block
from formulations.first_order.lapack import cholesky, solve_triangular
from formulations.first_order.lapack import inverse as inverse_of

_FIRST_WEIGHT = 1 / 3  # of the barrier, relative to what g is more than one
_REDUCTION = 5.0
_CENTRED = 1.0  # the square of Newton's decrement, in units of the barrier's weight
_ENOUGH = 0.02  # of what g is more than one, that the barrier may cost
_LEAST = 1e-7
_MOST_STEPS = 40
_SUFFICIENT = 1e-4
_SHORTEST = 1e-6


def improve_slack(block: Block, *, is_over: Callable[[], bool] = lambda: False) -> bool:
    """Give a block of all units the slack for which it proves most.

    Args:
        block: at its N and multipliers, with slack to start from.
        is_over: looked at before each step.

    Returns:
        Whether its form is semidefinite now, for some multiple of gamma; the slack is as it was if not.
    """
    start = _start(block)
    if start is None:
        return False
    form, slack, g = start
    order = form.order
    weight = _FIRST_WEIGHT * max(g - 1, _LEAST) / order
    g += weight * order
    factor = form.factor(slack, g)
    for _ in range(_MOST_STEPS):
        if factor is None or is_over():
            break
        here = _barrier(factor, g, weight)
        step, decrement = form.newton(factor, weight)
        length = 1.0
        while length > _SHORTEST:
            trial = slack + length * step[:-1], g + length * step[-1]
            there = form.factor(*trial)
            promised = here - _SUFFICIENT * length * decrement
            if there is not None and _barrier(there, trial[1], weight) <= promised:
                (slack, g), factor = trial, there
                break
            length /= 2
        else:
            break
        if decrement < _CENTRED * weight:
            if weight * order < max(_ENOUGH * (g - 1), _LEAST):
                break
            weight /= _REDUCTION
    block.slack = _spread(slack, block)
    return True


@dataclass(frozen=True)
class _Form:
    """The form over (u, v, alpha), as a function of the slack s and of g.

    Attributes:
        fixed: what does not depend on them, of order d + c + K.
        outer: gamma times the weights of (u, v).
        units: K x d.
    """

    fixed: Matrix
    outer: Vector
    units: Matrix

    @property
    def order(self) -> int:
        return len(self.fixed)

    def at(self, slack: Vector, g: float) -> Matrix:
        outer, d = len(self.outer), self.units.shape[1]
        form = self.fixed.copy()
        diagonal = np.arange(self.order)
        form[diagonal[:outer], diagonal[:outer]] += g * self.outer
        form[diagonal[outer:], diagonal[outer:]] -= slack
        form[outer:, :d] += slack[:, None] * self.units / 2
        return form

    def factor(self, slack: Vector, g: float) -> Matrix | None:
        """Return the Cholesky factor; None where the form is not definite."""
        return cholesky(self.at(slack, g))

    def newton(self, factor: Matrix, weight: float) -> tuple[Vector, float]:
        """Return the step of (s, g) from where the form has this factor, and its decrement squared (a g)."""
        lower = inverse_of(factor)
        inverse = np.tril(lower) + np.tril(lower, -1).T
        outer, (count, d) = len(self.outer), self.units.shape
        alpha = inverse[outer:]
        beta = alpha - self.units @ inverse[:d]
        alpha_alpha, alpha_beta = alpha[:, outer:], alpha[:, outer:] - alpha[:, :d] @ self.units.T
        beta_beta = beta[:, outer:] - beta[:, :d] @ self.units.T
        hessian = np.empty((count + 1, count + 1))
        hessian[:count, :count] = (alpha_alpha * beta_beta + alpha_beta * alpha_beta.T) / 2
        hessian[count, :count] = -np.sum(alpha[:, :outer] * self.outer * beta[:, :outer], axis=1)
        hessian[:count, count] = hessian[count, :count]
        hessian[count, count] = np.sum(inverse[:outer, :outer] ** 2 * np.outer(self.outer, self.outer))
        slope = np.append(weight * np.diag(alpha_beta), 1 - weight * np.diag(inverse)[:outer] @ self.outer)
        hessian *= weight
        root = cholesky(hessian)
        if root is None:
            return np.zeros(count + 1), 0.0
        step = solve_triangular(root, solve_triangular(root, -slope[:, None]), transposed=True)[:, 0]
        return step, float(-slope @ step)


def _barrier(factor: Matrix, g: float, weight: float) -> float:
    """Return g less a multiple of the logarithm of the determinant of the form with this factor."""
    return g - 2 * weight * float(np.sum(np.log(np.diag(factor))))


def _start(block: Block) -> tuple[_Form, Vector, float] | None:
    """Lower the slack by a number; return the form, the slack and the least g with it."""
    problem, given = block.problem, block.slack
    block.slack = np.zeros_like(given)
    form, coupling, corner = block.parts()
    outer = len(corner)
    fixed = np.zeros((outer + len(form),) * 2)
    fixed[:outer, :outer], fixed[outer:, :outer], fixed[outer:, outer:] = -corner, coupling, form
    block.slack = given
    values = np.linalg.eigvalsh(block.parts()[0])
    if not np.isfinite(values).all():
        return None
    best: tuple[float, Vector] | None = None
    of_open = given[block.open]
    for exponent in range(-16, 4):
        lowered = max(-values[0], 0.0) * (1 + 1e-9) + 10 ** (exponent / 2) * abs(values[-1]) / 10
        block.slack = _spread(of_open - lowered, block)
        share = block.share()
        if share is not None and np.isfinite(share).all():
            scaled = share / np.outer(problem.outer_scale, problem.outer_scale)
            g = float(np.linalg.eigvalsh(scaled)[-1]) / problem.gamma
            if best is None or g < best[0]:
                best = g, of_open - lowered
    block.slack = given
    if best is None or not best[0] > 0:
        return None
    return _Form(fixed, problem.gamma * problem.outer_scale**2, block.units[block.open]), best[1], best[0]


def _spread(slack: Vector, block: Block) -> Vector:
    """Return the slack of all units of a block; where a sign is known it multiplies zero."""
    whole = np.zeros(len(block.members))
    whole[block.open] = slack
    return whole
