"""What can be said of a network itself: which neurons it could do without, and whether it is stationary.

The network's dual point N is minus the gradient of the loss in its predictions, Y - f(X) for the squared
loss; its gauge is h(N) = max |N^T relu(Xu)| over |u| <= 1. At a global optimum h(N) <= gamma (docs/method.md,
section 2); where it is larger, a new neuron in such a direction lowers the loss, however stationary the
network is. All of it is floating point, but for the neurons that are idle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from flint import fmpz_mat
from scipy.optimize import lsq_linear

from certify.checker.problems.training import TrainingProblem
from certify.floats.network import FloatNetwork, unit_directions
from certify.floats.problem import Arrays
from certify.networks.network import ReLUNetwork
from formulations.arrays import Matrix, Vector
from formulations.rounding.caratheodory import reduce_width
from formulations.training.oracle import GaugeOracle

STATIONARY = 1e-2  # what is left of the gradient when training by small steps is given up
_ON_KINK = 1e-6  # of |x_i| |u_j|, which holds the rounding of float32 weights
_ROUNDING = 1e-6  # of float32 biases and what they are taken from
_STARTS = 400


@dataclass(frozen=True)
class Diagnosis:
    """How a network stands, apart from its distance to the optimum; neurons are numbered from 0.

    Attributes:
        idle: neurons that are zero on every sample, or have no output weights (exact). Without them the
            predictions are the same and the penalty is no larger.
        removable: other neurons whose removal, each on its own, does not raise the loss.
        narrowed: a network of at most n c neurons with the same predictions on the samples, up to rounding,
            and no larger penalty (docs/method.md, section 6).
        gradient: norm of the smallest subgradient of the objective, relative to gamma times the norm of the
            weights, which is the gradient of the weight decay alone; infinite where only that is zero.
        peak: the largest gauge found at the network's dual point, over gamma; where the output bias is free,
            at the dual point without its mean.
    """

    idle: tuple[int, ...]
    removable: tuple[int, ...]
    narrowed: ReLUNetwork
    gradient: float
    peak: float

    @property
    def gradient_in_words(self) -> str:
        """The gradient for people."""
        if self.gradient < 0.995:  # more would be 1e+02 %
            return f"{100 * self.gradient:.2g} % of the weight decay's own"
        size = "infinitely many" if math.isinf(self.gradient) else f"{self.gradient:.4g}"
        return f"{size} times the weight decay's own"

    @property
    def is_stationary(self) -> bool:
        """Whether the gradient is at most `STATIONARY`."""
        return self.gradient <= STATIONARY


def diagnose_network(
    problem: TrainingProblem, arrays: Arrays, network: ReLUNetwork, given: FloatNetwork
) -> Diagnosis:
    """Look at a network.

    Args:
        problem: the exact problem.
        arrays: the same in floating point.
        network: the exact network.
        given: the same in floating point.
    """
    idle = idle_neurons(problem, network)
    hidden, output = given.hidden, given.output
    N = given.dual_point(arrays.X, arrays.loss)
    rises = _rises_without(arrays, given)
    live = np.setdiff1d(np.arange(len(output)), idle)
    return Diagnosis(
        idle=idle,
        removable=tuple(int(j) for j in live if rises[j] <= 0),
        narrowed=_narrowed(network, hidden[:, live], output[live], arrays.X),
        gradient=_gradient(arrays, N, given),
        peak=_peak(arrays, N, hidden[:, live]),
    )


def _narrowed(network: ReLUNetwork, hidden: Matrix, output: Matrix, X: Matrix) -> ReLUNetwork:
    reduced = reduce_width(hidden, output, X)
    narrowed = ReLUNetwork.from_floats(reduced.hidden, reduced.output)
    return replace(narrowed, output_bias=network.output_bias)


def idle_neurons(problem: TrainingProblem, network: ReLUNetwork) -> tuple[int, ...]:
    """Return the neurons whose outputs are zero on all samples, decided exactly."""
    if not network.width:
        return ()
    inputs = fmpz_mat([list(row) for row in problem.inputs])
    columns = (inputs * fmpz_mat([list(row) for row in network.hidden])).transpose().tolist()
    return tuple(
        j
        for j, (column, row) in enumerate(zip(columns, network.output, strict=True))
        if not any(row) or not any(entry > 0 for entry in column)
    )


def _rises_without(arrays: Arrays, given: FloatNetwork) -> Vector:
    """Return by how much the objective rises without each neuron."""
    predictions = given.predictions(arrays.X)
    value = arrays.loss.value(predictions)
    activations = np.maximum(arrays.X @ given.hidden, 0.0)
    losses = [
        arrays.loss.value(predictions - np.outer(column, row)) - value
        for column, row in zip(activations.T, given.output, strict=True)
    ]
    penalties = np.sum(given.hidden**2, axis=0) + np.sum(given.output**2, axis=1)
    return np.asarray(losses - arrays.gamma / 2 * penalties)


def _gradient(arrays: Arrays, N: Matrix, given: FloatNetwork) -> float:
    """Return the relative norm of the smallest subgradient; if all weights are zero, 0 or infinity."""
    hidden, output, bias = given.hidden, given.output, given.output_bias
    X, gamma = arrays.X, arrays.gamma
    products = X @ hidden
    on_output = gamma * output - np.maximum(products, 0.0).T @ N
    pulls = N @ output.T  # n x m
    on_hidden = gamma * hidden - X.T @ np.where(products > 0, pulls, 0.0)
    lengths = np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(hidden, axis=0)
    on_kink = (np.abs(products) <= _ON_KINK * lengths) & (lengths > 0)
    for j in np.flatnonzero(on_kink.any(axis=0)):
        rows = on_kink[:, j]
        columns = X[rows].T * pulls[rows, j]
        active = products[rows, j] > 0
        # Each slope on a kink is anything from 0 to 1: least squares in a box.
        target = on_hidden[:, j] + columns @ active
        on_hidden[:, j] = target - columns @ lsq_linear(columns, target, (0.0, 1.0)).x
    on_bias = np.zeros(0)
    decayed = bias if arrays.output_bias.is_decayed else np.zeros_like(bias)
    if arrays.output_bias.exists:
        on_bias = gamma * decayed - N.sum(axis=0)
    pull = gamma * _norm(hidden, output, decayed)
    total = _norm(on_output, on_hidden, on_bias)
    if pull > 0:
        return total / pull
    # What is left is the output bias, which should balance the dual point.
    size = float(np.sum(np.abs(N))) + len(N) * float(np.sum(np.abs(bias)))
    return math.inf if total > _ROUNDING * size else 0.0


def _norm(*parts: Matrix) -> float:
    """Return the norm of all entries together, also where their squares are no floats."""
    entries = np.concatenate([part.ravel() for part in parts])
    largest = float(np.abs(entries).max(initial=0.0))
    return largest * float(np.linalg.norm(entries / largest)) if largest > 0 else 0.0


def _peak(arrays: Arrays, N: Matrix, hidden: Matrix) -> float:
    N = arrays.dual_line.admissible(N)
    oracle, rng = GaugeOracle(arrays.X), np.random.default_rng(0)
    starts = np.hstack([unit_directions(hidden), oracle.draw_starts(N, _STARTS, rng)])
    maxima = oracle.maximise(N, starts)
    return max((maximum.value for maximum in maxima), default=0.0) / arrays.gamma
