"""Losses as convex expressions of cvxpy, for whoever hands a relaxation to a general solver.

Each is the definition of its class in `formulations.losses`, with cones that Clarabel, SCS and MOSEK take:
straight lines, squares and, for logistic, cross-entropy and Poisson, the exponential cone. What a minimum
over further variables defines has these variables in it, so that an expression is only to be minimised.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from formulations.arrays import Matrix
from formulations.losses.entropy import CrossEntropy, LogisticLoss, PoissonLoss
from formulations.losses.loss import Loss
from formulations.losses.multiclass import MulticlassHinge
from formulations.losses.piecewise import PiecewiseLoss
from formulations.losses.squared import SquaredLoss
from formulations.modelling import cvxpy as cp

atoms: Any = cp  # what cvxpy imports by a star has no types that a strict checker sees


def loss_in_cvxpy(loss: Loss, predictions: cp.Expression) -> cp.Expression:
    """Return the loss of predictions, an affine n x c expression, to be minimised.

    Raises:
        ValueError: the loss is of a class that has no expression here.
    """
    total: cp.Expression
    match loss:
        case SquaredLoss():
            total = _weighted(loss, (predictions - loss.targets) ** 2) / 2
        case PiecewiseLoss():
            residual = loss.targets - predictions
            total = _one_side(loss, residual, loss.upper) + _one_side(loss, -residual, -loss.lower)
        case MulticlassHinge():
            total = _multiclass_hinge(loss, predictions)
        case LogisticLoss():
            total = _weighted(loss, atoms.logistic(-atoms.multiply(loss.targets, predictions)))
        case CrossEntropy():
            sizes = loss.sample_weights[:, 0] * loss.targets.sum(axis=1)
            total = sizes @ atoms.log_sum_exp(predictions, axis=1) - _fit(loss, predictions)
        case PoissonLoss():
            total = _weighted(loss, atoms.exp(predictions)) - _fit(loss, predictions)
        case _:
            raise ValueError(f"the loss {loss.text} is not written down for cvxpy")
    return total


def _one_side(loss: PiecewiseLoss, residual: Any, ends: Matrix) -> Any:
    """Return the sum of the maxima over nu in [0, end] of nu (r - E) - 1/2 damping nu^2.

    With damping the maximum is the least end s + (r - E - s)_+^2 / (2 damping) over s >= 0: a parabola that
    goes straight on where its slope is the end. Where the end is infinite s is zero.

    Args:
        loss: the family's member.
        residual: r, n x c.
        ends: n x c, zero or more, perhaps infinite.
    """
    damping = loss.damping * np.ones_like(ends)
    straight = np.nonzero((ends > 0) & (damping == 0))
    curved = np.nonzero((ends > 0) & (damping > 0) & np.isinf(ends))
    bent = np.nonzero((ends > 0) & (damping > 0) & np.isfinite(ends))
    total = cp.Constant(0.0)
    if straight[0].size:
        total += ends[straight] @ atoms.pos(residual[straight] - loss.insensitive)
    if curved[0].size:
        total += 1 / (2 * damping[curved]) @ atoms.pos(residual[curved] - loss.insensitive) ** 2
    if bent[0].size:
        beyond = cp.Variable(bent[0].size, nonneg=True)
        total += ends[bent] @ beyond
        total += 1 / (2 * damping[bent]) @ atoms.pos(residual[bent] - loss.insensitive - beyond) ** 2
    return total


def _multiclass_hinge(loss: MulticlassHinge, predictions: Any) -> Any:
    """Return it, or its envelope: the least value at a point p with 1/(2 mu) |p - predictions|^2."""
    total, weights = cp.Constant(0.0), loss.sample_weights[:, 0]
    if loss.mu:
        near = cp.Variable(predictions.shape)
        total, predictions = atoms.sum_squares(near - predictions) / (2 * loss.mu), near
    ahead = atoms.max(predictions + (1 - loss.targets), axis=1)
    return total + weights @ ahead - _fit(loss, predictions)


def _weighted(loss: Loss, terms: Any) -> Any:
    """Return the sum of terms, n x c, each times the weight of its sample."""
    return atoms.sum(atoms.multiply(loss.sample_weights * np.ones_like(loss.targets), terms))


def _fit(loss: Loss, predictions: Any) -> Any:
    """Return the sum of w y z."""
    return _weighted(loss, atoms.multiply(loss.targets, predictions))
