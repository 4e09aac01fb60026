"""The best output layer over fixed hidden features, with weight decay: what descent eliminates.

For features F, n x m, it is the convex problem

    min over V, b of  loss(F V + 1 b^T) + gamma/2 |V|_F^2  (+ gamma/2 |b|^2 for a decayed output bias) ,

a ridge regression for the squared loss, and a few steps of Newton's method for the others, from the layer
before, which is near. A loss with kinks is taken with its Moreau envelope.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from formulations.arrays import Matrix, Vector
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss
from formulations.training.masters.intercept import Intercept, check_output_bias

_STEPS, _HALVINGS = 50, 20
_SLOPE = 1e-4  # of the gain that the slope promises, which a step has to keep
_DECREMENT = 1e-12  # of the value, that a further step would gain
_LEAST_BEND = 1e-4  # of the weights, with which a free bias is taken to bend
_JITTER = 1e-13


@dataclass(frozen=True)
class OutputLayer:
    """An output layer that is best for its features.

    Attributes:
        output: V, m x c.
        bias: b, of length c; zero without one.
        value: of the problem above (a loss).
        slopes: the derivatives of the value in the features, n x m.
    """

    output: Matrix
    bias: Vector
    value: float
    slopes: Matrix


class OutputProblem(ABC):
    """The problem above but for its features."""

    @abstractmethod
    def solve(self, features: Matrix) -> OutputLayer:
        """Return the best layer for features, n x m."""

    @abstractmethod
    def bends(self, layer: OutputLayer, features: Matrix) -> tuple[Matrix, Vector]:
        """Return how the value bends with the predictions along the outputs of each neuron.

        Returns:
            v_j^T H_i v_j as an n x m matrix, H_i second derivatives of the loss of sample i, and its sums
            over the samples, with that of the output bias's decay; infinite without an output bias.
        """


def output_problem(loss: Loss, gamma: float, output_bias: str, *, blur: float = 0.0) -> OutputProblem:
    """Return the problem for a loss.

    Args:
        loss: of n samples.
        gamma: weight of the decay, positive.
        output_bias: "none", "free" or "decayed".
        blur: of the Moreau envelope of a loss with kinks (`formulations.losses.loss.Loss.smoothed`).
    """
    check_output_bias(output_bias)
    if isinstance(loss, SquaredLoss):
        return _Ridge(loss, gamma, Intercept.of(output_bias, len(loss.targets), gamma, loss.weights))
    return _Newton(loss, gamma, output_bias, blur)


class _Ridge(OutputProblem):
    """The squared loss, with its output bias eliminated."""

    def __init__(self, loss: SquaredLoss, gamma: float, intercept: Intercept) -> None:
        self._loss, self._gamma, self._intercept = loss, gamma, intercept
        self._left = intercept.without_bias(loss)

    def solve(self, features: Matrix) -> OutputLayer:
        mixed = self._intercept.apply(features)
        output = self._left.best_output(mixed, self._gamma)
        predictions = mixed @ output
        value = self._left.value(predictions) + self._gamma / 2 * float(np.sum(output**2))
        slopes = self._intercept.lift(self._left.gradient(predictions)) @ output.T
        return OutputLayer(output, np.zeros(output.shape[1]), value, slopes)

    def bends(self, layer: OutputLayer, features: Matrix) -> tuple[Matrix, Vector]:
        squares = np.sum(layer.output**2, axis=1)
        bends = self._loss.sample_weights * squares
        if np.isinf(self._intercept.damping):
            return bends, np.full(len(squares), np.inf)
        return bends, self._intercept.damping * squares


class _Newton(OutputProblem):
    """Any loss without kinks, from the last layer there was."""

    def __init__(self, loss: Loss, gamma: float, output_bias: str, blur: float) -> None:
        self._loss = loss.smoothed(blur) if blur else loss
        # Far from its kinks a loss with kinks does not bend at all; what counts is how its slope changes
        # over the predictions that are to come.
        self._rough = loss.smoothed(1.0)
        self._gamma, self._has_bias = gamma, output_bias != "none"
        self._penalty = gamma if output_bias == "decayed" else 0.0
        # Where nothing bends along a free bias a step needs a limit.
        self._least = _LEAST_BEND * float(loss.sample_weights.sum())
        self._last: Matrix | None = None

    def solve(self, features: Matrix) -> OutputLayer:
        loss, c = self._loss, self._loss.targets.shape[1]
        columns = np.hstack([features, np.ones((len(features), 1))]) if self._has_bias else features
        decay = np.full(columns.shape[1], self._gamma)
        decay[features.shape[1] :] = self._penalty
        layer = self._start(columns)
        predictions = columns @ layer
        value = loss.value(predictions) + float(decay @ np.sum(layer**2, axis=1)) / 2
        for _ in range(_STEPS):
            gradient = columns.T @ loss.gradient(predictions) + decay[:, None] * layer
            step = self._step(columns, np.where(decay > 0, decay, self._least), predictions, gradient)
            promised = -float(np.sum(gradient * step))
            if not promised > _DECREMENT * abs(value):
                break
            moved, change = columns @ step, 1.0
            for _ in range(_HALVINGS):
                ahead = layer + change * step
                reached = loss.value(predictions + change * moved)
                reached += float(decay @ np.sum(ahead**2, axis=1)) / 2
                if reached <= value - _SLOPE * change * promised:
                    break
                change /= 2
            else:
                break
            layer, predictions, value = ahead, predictions + change * moved, reached
        self._last = layer
        output = layer[: features.shape[1]]
        bias = layer[-1] if self._has_bias else np.zeros(c)
        return OutputLayer(output, bias, value, loss.gradient(predictions) @ output.T)

    def bends(self, layer: OutputLayer, features: Matrix) -> tuple[Matrix, Vector]:
        predictions = features @ layer.output + layer.bias
        hessian = self._rough.hessian(predictions)
        bends = np.einsum("mp,ipq,mq->im", layer.output, hessian, layer.output, optimize=True)
        if not self._has_bias:
            return bends, np.full(len(layer.output), np.inf)
        return bends, bends.sum(axis=0) + self._penalty * np.sum(layer.output**2, axis=1)

    def _start(self, columns: Matrix) -> Matrix:
        shape = columns.shape[1], self._loss.targets.shape[1]
        return self._last if self._last is not None and self._last.shape == shape else np.zeros(shape)

    def _step(self, columns: Matrix, decay: Vector, predictions: Matrix, gradient: Matrix) -> Matrix:
        loss = self._loss
        L, c = gradient.shape
        if not loss.zero_sum:
            bends = loss.curvature(predictions)
            steps = [_separate_step(columns, decay, bends[:, p], gradient[:, p]) for p in range(c)]
            return np.column_stack(steps)
        hessian = loss.hessian(predictions)
        matrix = np.empty((c, L, c, L))
        for p in range(c):
            for q in range(p + 1):
                block = (columns.T * hessian[:, p, q]) @ columns
                if p == q:
                    block[np.diag_indices(L)] += decay
                matrix[p, :, q, :] = block
                matrix[q, :, p, :] = block
        return _solved(matrix.reshape(c * L, c * L), -gradient.T.ravel()).reshape(c, L).T


def _separate_step(columns: Matrix, decay: Vector, bends: Vector, gradient: Vector) -> Vector:
    """Return the Newton step of one output, through the samples where they are fewer than the weights.

    Of a loss with kinks only the samples near one bend.
    """
    near = np.flatnonzero(bends)
    if len(near) >= len(gradient) or not np.all(decay > 0):
        return _solved((columns.T * bends) @ columns + np.diag(decay), -gradient)
    rows, plain = columns[near], gradient / decay
    gram = (rows / decay) @ rows.T
    gram[np.diag_indices(len(near))] += 1 / bends[near]
    return np.asarray((rows.T @ _solved(gram, rows @ plain)) / decay - plain)


def _solved(matrix: Matrix, right: Vector) -> Vector:
    """Return the solution for a semidefinite matrix, a little more on the diagonal where it has to be."""
    diagonal = np.diag_indices_from(matrix)
    values, jitter = matrix[diagonal], _JITTER
    floor = float(values.max(initial=0.0)) or 1.0
    while True:
        matrix[diagonal] = values + jitter * floor
        factor, failed = scipy.linalg.lapack.dpotrf(matrix, lower=1)
        if not failed or jitter > 1:
            return np.asarray(scipy.linalg.cho_solve((factor, True), right, check_finite=False))
        jitter *= 1000
