"""Local descent on all neurons at once, with the output layer eliminated (docs/method.md, section 4).

For fixed hidden weights U the best output layer is a convex problem
(`formulations.training.masters.output_layer`), so only U is left to move:

    min_U  gamma/2 |U|_F^2 + min_V,b ( loss(relu(X U) V + 1 b^T) + gamma/2 |V|_F^2 ) ,

whose gradient in U is the partial gradient at the best V and b. Each neuron moves in its own frame: the
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
from formulations.losses.loss import Loss
from formulations.training.masters.output_layer import OutputLayer, OutputProblem, output_problem
from formulations.training.oracle import orthogonal_to

_DESCENTS, _LONG = 10, 2000  # runs, and iterations of each
_GAIN = 1e-3  # of a run, relative, for another to follow
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
    loss: Loss,
    gamma: float,
    hidden: Matrix,
    *,
    output_bias: str = "none",
    blur: float = 0.0,
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
        output_bias: "none", "free", or "decayed" with the same weight; it is eliminated too.
        blur: a loss with kinks is taken with its Moreau envelope of this size, also in the losses returned;
            one without kinks stays as it is.
        kinks: for every neuron the rows i that keep x_i^T u_j = 0; none by default.
        max_iterations: limit of L-BFGS iterations.
        least_gain: in loss; the descent also ends where ten iterations gain less.
        should_stop: asked at every evaluation; once true, the best weights so far are returned.
    """
    problem = output_problem(loss, gamma, output_bias, blur=blur)
    best = _eliminate_output(X, problem, gamma, hidden)
    if not hidden.size or not best.loss:  # nothing to move, or nothing below
        return Descent(best.hidden, best.layer.output, (best.loss,))
    frames, start = _frames(X, gamma, problem, best, kinks)
    scale = abs(best.loss)
    losses = [best.loss]

    def objective(coordinates: Vector) -> tuple[float, Vector]:
        nonlocal best
        if should_stop():
            raise _Stop
        moved = (frames @ coordinates.reshape(start.shape)[:, :, None])[:, :, 0].T
        point = _eliminate_output(X, problem, gamma, moved)
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
    return Descent(best.hidden, best.layer.output, tuple(losses))


def descend_again(
    X: Matrix,
    loss: Loss,
    gamma: float,
    hidden: Matrix,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Descent:
    """Run L-BFGS from the given weights until a run of it gains less than a thousandth of the loss.

    Each run begins with coordinates for where it is: one alone ends where rounding and kinks of the objective
    stop it, which may be far from a minimum. For the arguments see `descend`.
    """
    losses: tuple[float, ...] = ()
    for _ in range(_DESCENTS):
        end = descend(X, loss, gamma, hidden, max_iterations=_LONG, should_stop=should_stop)
        hidden, losses = end.hidden, losses + end.losses
        if end.losses[0] - end.losses[-1] < _GAIN * end.losses[-1]:
            break
    return Descent(hidden, end.output, losses)


@dataclass(frozen=True)
class _Point:
    """A network with the best output layer for its hidden weights."""

    hidden: Matrix
    layer: OutputLayer
    loss: float
    gradient: Matrix  # with respect to hidden, d x m


def _eliminate_output(X: Matrix, problem: OutputProblem, gamma: float, hidden: Matrix) -> _Point:
    """Solve for the output layer."""
    before = X @ hidden
    layer = problem.solve(np.maximum(before, 0.0))
    gradient = X.T @ ((before > 0) * layer.slopes) + gamma * hidden
    return _Point(hidden, layer, layer.value + gamma / 2 * float(np.sum(hidden**2)), gradient)


def _frames(
    X: Matrix, gamma: float, problem: OutputProblem, point: _Point, kinks: Sequence[Indices] | None
) -> tuple[NDArray[np.float64], Matrix]:
    """Return the frame of every neuron, of shape (m, d, d), and the coordinates of its weights, (m, d).

    The curvature of a neuron is sum_i h_i x_i x_i^T - t t^T / damping + gamma I over its active rows, with
    h_i and damping as `OutputProblem.bends` has them and t = sum_i h_i x_i: what the best output bias leaves.
    Held directions are given the largest curvature instead, which keeps the root well-posed, and are then
    projected away.
    """
    d, m = point.hidden.shape
    frames, coordinates = np.empty((m, d, d)), np.empty((m, d))
    bends, dampings = problem.bends(point.layer, np.maximum(X @ point.hidden, 0.0))
    for j in range(m):
        alive = X @ point.hidden[:, j] > 0
        active, bend = X[alive], bends[alive, j]
        total = bend @ active
        curvature = (active.T * bend) @ active + gamma * np.eye(d)
        if dampings[j] > 0:
            curvature -= np.outer(total, total) / dampings[j]
        basis = orthogonal_to(X[kinks[j]]) if kinks is not None and len(kinks[j]) else np.eye(d)
        projector = basis @ basis.T
        held = (np.eye(d) - projector) * np.trace(curvature)
        values, vectors = np.linalg.eigh(projector @ curvature @ projector + held)
        roots = np.sqrt(np.maximum(values, gamma / 2))
        frames[j] = projector @ (vectors / roots)
        coordinates[j] = roots * (vectors.T @ point.hidden[:, j])
    return frames, coordinates
