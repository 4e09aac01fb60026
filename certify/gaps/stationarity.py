"""How far a network is from a stationary point: its smallest subgradient, and the dual point of that.

At a kink of the loss its derivative in a prediction is anything between those on both sides, and at the kink
of a ReLU its slope is anything from 0 to 1. Of all these choices the one is taken that leaves the least of
the
gradient: the derivatives and the slopes in turns, each by a least-squares problem in a box. All of it is
floating point, and where both have kinks perhaps not the very smallest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear, minimize

from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from formulations.arrays import Matrix, Vector
from formulations.losses.loss import Loss

_ON_KINK = 1e-6  # of what a sum is made of, which holds the rounding of float32 weights
_ROUNDING = 1e-6  # of float32 biases and what they are taken from
_TURNS = 4
_STEPS = 30, 1000  # of a search, at least and at most
_WORK = 2 * 10**10  # of one, in multiplications
_BALANCE = 1e3  # how much more a row's sum counts than the rest, where it must be zero


@dataclass(frozen=True, eq=False)
class Subgradient:
    """A subgradient of the objective in a network's weights.

    Attributes:
        size: its norm relative to gamma times the norm of the weights, which is the gradient of the weight
            decay alone; infinite where only that is zero.
        dual_point: minus the derivatives of the loss in the predictions that it is made with, n x c; in the
            domain of the loss.
    """

    size: float
    dual_point: Matrix


def smallest_subgradient(arrays: Arrays, given: FloatNetwork) -> Subgradient:
    """Return the smallest subgradient that is found; if all weights are zero, its size is 0 or infinity."""
    N = given.dual_point(arrays.X, arrays.loss)
    intervals = _derivatives_on_kinks(arrays.loss, given, arrays.X)
    slopes = (given.before(arrays.X) > 0).astype(float)
    best = Subgradient(_size(arrays, given, N, slopes := _best_slopes(arrays, given, N, slopes)), N)
    if intervals is None:
        return best
    for _ in range(_TURNS):
        N = _best_derivatives(arrays, given, slopes, *intervals)
        before, slopes = slopes, _best_slopes(arrays, given, N, slopes)
        size = _size(arrays, given, N, slopes)
        improved = size < 0.99 * best.size
        if size < best.size:
            best = Subgradient(size, N)
        if not improved or np.array_equal(slopes, before):
            break
    return best


def has_kinks(loss: Loss) -> bool:
    """Say whether the derivative of a loss jumps anywhere."""
    return loss.smoothed(1.0) is not loss


def _derivatives_on_kinks(loss: Loss, given: FloatNetwork, X: Matrix) -> tuple[Matrix, Matrix] | None:
    """Return the ends of the dual point's entries, n x c each; None if the loss has no kink there."""
    if not has_kinks(loss):
        return None
    Z = given.predictions(X)
    sizes = np.maximum(given.before(X), 0.0) @ np.abs(given.output) + np.abs(given.output_bias)
    sizes = sizes + np.abs(loss.targets)
    steps = _ON_KINK * np.where(sizes > 0, sizes, 1.0)
    low, high = np.empty_like(Z), np.empty_like(Z)
    for k in range(Z.shape[1]):
        step = np.zeros_like(Z)
        step[:, k] = steps[:, k]
        low[:, k] = -loss.gradient(Z + step)[:, k]
        high[:, k] = -loss.gradient(Z - step)[:, k]
    return (low, high) if bool(np.any(high > low)) else None


def _best_derivatives(
    arrays: Arrays, given: FloatNetwork, slopes: Matrix, low: Matrix, high: Matrix
) -> Matrix:
    """Return the dual point between these that leaves the least of the gradient."""
    X, loss = arrays.neuron_inputs, arrays.loss
    features, decayed = np.maximum(X @ given.hidden, 0.0), _decayed_bias(arrays, given)
    open_ = high > low
    start = np.where(open_, (low + high) / 2, low)
    # In units in which an entry of the dual point and of the gradient is about 1.
    widths = (high - low)[open_]
    step = 6 * len(X) * given.hidden.shape[1] * (X.shape[1] + low.shape[1])
    steps = min(max(_STEPS[0], _WORK // max(step, 1)), _STEPS[1])
    unit = _norm(features) * float(widths.max()) or 1.0

    def value(free: Vector) -> tuple[float, Vector]:
        N = start.copy()
        N[open_] = low[open_] + free * widths
        on_output, on_hidden, on_bias = _parts(arrays, given, N, slopes, features, decayed)
        back = -(features @ on_output) - (slopes * (X @ on_hidden)) @ given.output - on_bias
        total = float(np.sum(on_output**2) + np.sum(on_hidden**2) + np.sum(on_bias**2))
        if loss.zero_sum:
            sums = _BALANCE * N.sum(axis=1, keepdims=True)
            total, back = total + float(np.sum(sums**2)), back + _BALANCE * sums
        return total / unit**2, 2 * back[open_] * widths / unit**2

    found = minimize(
        value,
        np.full(len(widths), 0.5),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1.0)] * len(widths),
        options={"maxiter": steps, "ftol": 1e-15, "gtol": 1e-12, "maxcor": 30},
    )
    N = start
    N[open_] = low[open_] + found.x * widths
    return loss.into_domain(N)


def _best_slopes(arrays: Arrays, given: FloatNetwork, N: Matrix, slopes: Matrix) -> Matrix:
    """Return the slopes of the ReLUs, n x m, on kinks those that leave the least of the gradient."""
    X, hidden = arrays.neuron_inputs, given.hidden
    products, pulls = X @ hidden, N @ given.output.T
    on_hidden = arrays.gamma * arrays.decayed(hidden) - X.T @ (slopes * pulls)
    lengths = np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(hidden, axis=0)
    on_kink = (np.abs(products) <= _ON_KINK * lengths) & (lengths > 0)
    chosen = slopes.copy()
    for j in np.flatnonzero(on_kink.any(axis=0)):
        rows = on_kink[:, j]
        columns = X[rows].T * pulls[rows, j]
        target = on_hidden[:, j] + columns @ slopes[rows, j]
        chosen[rows, j] = lsq_linear(columns, target, (0.0, 1.0)).x
    return chosen


def _size(arrays: Arrays, given: FloatNetwork, N: Matrix, slopes: Matrix) -> float:
    features, decayed = np.maximum(given.before(arrays.X), 0.0), _decayed_bias(arrays, given)
    total = _norm(*_parts(arrays, given, N, slopes, features, decayed))
    pull = arrays.gamma * _norm(arrays.decayed(given.hidden), given.output, decayed)
    if pull > 0:
        return total / pull
    # What is left is the output bias, which should balance the dual point.
    size = float(np.sum(np.abs(N))) + len(N) * float(np.sum(np.abs(given.output_bias)))
    return math.inf if total > _ROUNDING * size else 0.0


def _parts(
    arrays: Arrays, given: FloatNetwork, N: Matrix, slopes: Matrix, features: Matrix, decayed: Vector
) -> tuple[Matrix, Matrix, Vector]:
    """Return the gradient in the output weights, the hidden weights and the output bias, if there is one."""
    gamma = arrays.gamma
    on_output = gamma * given.output - features.T @ N
    on_hidden = gamma * arrays.decayed(given.hidden) - arrays.neuron_inputs.T @ (
        slopes * (N @ given.output.T)
    )
    on_bias = gamma * decayed - N.sum(axis=0) if arrays.output_bias.exists else np.zeros_like(decayed)
    return on_output, on_hidden, on_bias


def _decayed_bias(arrays: Arrays, given: FloatNetwork) -> Vector:
    return given.output_bias if arrays.output_bias.is_decayed else np.zeros_like(given.output_bias)


def _norm(*parts: Matrix) -> float:
    """Return the norm of all entries together, also where their squares are no floats."""
    entries = np.concatenate([part.ravel() for part in parts])
    largest = float(np.abs(entries).max(initial=0.0))
    return largest * float(np.linalg.norm(entries / largest)) if largest > 0 else 0.0
