"""Local descent on all neurons at once, with the output weights eliminated (docs/method.md, section 4).

For fixed hidden weights U the best output weights are a convex problem, for the squared loss a ridge
regression, so only U is left to move:

    min_U  gamma/2 |U|_F^2 + min_V ( loss(relu(X U) V) + gamma/2 |V|_F^2 ) ,

whose gradient in U is the partial gradient at the best V; an output bias puts Q of
`formulations.training.intercept` before relu(X U) and the targets. Each neuron moves in its own frame: the
subspace in which the rows of its kinks stay zero, in coordinates that make its own curvature the identity.
Without the first, the descent stalls at the kinks on which good neurons sit; without the second, it crawls on
data whose columns differ in scale.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.squared import SquaredLoss
from formulations.training.intercept import Intercept
from formulations.training.oracle import orthogonal_to

_PATIENCE = 10  # iterations: a single one may gain little before others that gain much


@dataclass(frozen=True)
class Descent:
    """The end of a local descent.

    Attributes:
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
        losses: the objective at the start and after every iteration.
    """

    hidden: Matrix
    output: Matrix
    losses: tuple[float, ...]


class _Stop(Exception):
    """Leaves the solver from inside the objective."""


def descend(
    X: Matrix,
    loss: SquaredLoss,
    gamma: float,
    hidden: Matrix,
    *,
    intercept: Intercept | None = None,
    kinks: Sequence[Indices] | None = None,
    max_iterations: int = 500,
    least_gain: float = 0.0,
    should_stop: Callable[[], bool] = lambda: False,
) -> Descent:
    """Run L-BFGS on the hidden weights from the given ones; prefer it where the number of neurons is settled.

    Args:
        X: inputs, of shape (n, d).
        loss: of the predictions, n x c.
        gamma: weight of the penalty, positive.
        hidden: u_j as columns, of shape (d, m), with their lengths.
        intercept: the output bias, which is eliminated too; none by default.
        kinks: for every neuron the rows i that keep x_i^T u_j = 0; none by default.
        max_iterations: limit of L-BFGS iterations.
        least_gain: in loss; the descent also ends where ten iterations gain less.
        should_stop: asked at every evaluation; once true, the best weights so far are returned.
    """
    intercept = intercept or Intercept()
    loss = intercept.without_bias(loss)
    best = _eliminate_output(X, loss, gamma, intercept, hidden)
    if not hidden.size or not best.loss:  # nothing to move, or nothing below
        return Descent(best.hidden, best.output, (best.loss,))
    frames, start = _frames(X, gamma, intercept, best, kinks)
    scale = best.loss
    losses = [best.loss]

    def objective(coordinates: Vector) -> tuple[float, Vector]:
        nonlocal best
        if should_stop():
            raise _Stop
        moved = (frames @ coordinates.reshape(start.shape)[:, :, None])[:, :, 0].T
        point = _eliminate_output(X, loss, gamma, intercept, moved)
        if point.loss < best.loss:
            best = point
        gradient = (frames.transpose(0, 2, 1) @ point.gradient.T[:, :, None])[:, :, 0]
        return point.loss / scale, gradient.ravel() / scale

    def remember(intermediate_result: OptimizeResult) -> None:
        losses.append(float(intermediate_result.fun) * scale)
        if len(losses) > _PATIENCE and losses[-1 - _PATIENCE] - losses[-1] < least_gain:
            raise _Stop

    with contextlib.suppress(_Stop):
        minimize(
            objective,
            start.ravel(),
            jac=True,
            method="L-BFGS-B",
            callback=remember,
            options={
                "maxiter": max_iterations,
                "maxfun": 2 * max_iterations,
                "maxcor": 20,
                "ftol": 1e-13,
                "gtol": 1e-10,
            },
        )
    return Descent(best.hidden, best.output, tuple(losses))


@dataclass(frozen=True)
class _Point:
    """A network with the best output weights for its hidden ones."""

    hidden: Matrix
    output: Matrix
    loss: float
    gradient: Matrix  # with respect to hidden, d x m


def _eliminate_output(
    X: Matrix, loss: SquaredLoss, gamma: float, intercept: Intercept, hidden: Matrix
) -> _Point:
    """Solve for the output weights; the loss is what an eliminated output bias leaves of it."""
    before = X @ hidden
    features = intercept.apply(np.maximum(before, 0.0))
    output = loss.best_output(features, gamma)
    predictions = features @ output
    slopes = (before > 0) * (intercept.apply(loss.gradient(predictions)) @ output.T)
    gradient = X.T @ slopes + gamma * hidden
    penalty = float(np.sum(hidden**2)) + float(np.sum(output**2))
    return _Point(hidden, output, loss.value(predictions) + gamma / 2 * penalty, gradient)


def _frames(
    X: Matrix, gamma: float, intercept: Intercept, point: _Point, kinks: Sequence[Indices] | None
) -> tuple[NDArray[np.float64], Matrix]:
    """Return the frame of every neuron, of shape (m, d, d), and the coordinates of its weights, (m, d).

    The curvature of a neuron is |v_j|^2 (X_A^T X_A - s s^T / damping) + gamma I over its active rows A and
    their sum s, for a loss whose own curvature is 1. Held directions are given the largest curvature instead,
    which keeps the root well-posed, and are then projected away.
    """
    d, m = point.hidden.shape
    frames, coordinates = np.empty((m, d, d)), np.empty((m, d))
    squares = np.sum(point.output**2, axis=1)
    for j in range(m):
        active = X[X @ point.hidden[:, j] > 0]
        total = active.sum(axis=0)
        product = active.T @ active - np.outer(total, total) / intercept.damping
        curvature = squares[j] * product + gamma * np.eye(d)
        basis = orthogonal_to(X[kinks[j]]) if kinks is not None and len(kinks[j]) else np.eye(d)
        projector = basis @ basis.T
        held = (np.eye(d) - projector) * np.trace(curvature)
        values, vectors = np.linalg.eigh(projector @ curvature @ projector + held)
        roots = np.sqrt(np.maximum(values, gamma / 2))
        frames[j] = projector @ (vectors / roots)
        coordinates[j] = roots * (vectors.T @ point.hidden[:, j])
    return frames, coordinates
