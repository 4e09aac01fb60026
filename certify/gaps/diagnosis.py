"""What can be said of a network itself: which neurons it could do without, and whether it is stationary.

The network's dual point N is minus the gradient of the loss in its predictions, Y - f(X) for the squared
loss, at a kink of a loss the best of its subgradients; its gauge is h(N) = max |N^T relu(Xu)| over |u| <= 1.
At a global optimum h(N) <= gamma (docs/method.md, section 2); where it is larger, a new neuron in such a
direction lowers the loss, however stationary the network is. All of it is floating point, but for the neurons
that are idle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from certify.checker.problems.training import TrainingProblem
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.gaps.stationarity import has_kinks, smallest_subgradient
from certify.networks.network import ReLUNetwork
from formulations.arrays import Matrix, Vector
from formulations.rounding.caratheodory import reduce_width
from formulations.training.hidden_bias import NeuronSpace

STATIONARY = 1e-2  # what is left of the gradient when training by small steps is given up
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
        dual_point: the network's dual point N, n x c, with which that is so.
        loss_has_kinks: whether the loss has points where its derivative jumps, around which steps of training
            go on for ever.
        peak: the largest gauge found at the network's dual point, over gamma; where the output bias is free,
            at the dual point without its mean.
    """

    idle: tuple[int, ...]
    removable: tuple[int, ...]
    narrowed: ReLUNetwork
    gradient: float
    dual_point: Matrix = field(repr=False, compare=False)
    loss_has_kinks: bool
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
    subgradient = smallest_subgradient(arrays, given)
    rises = _rises_without(arrays, given)
    live = np.setdiff1d(np.arange(len(output)), idle)
    return Diagnosis(
        idle=idle,
        removable=tuple(int(j) for j in live if rises[j] <= 0),
        narrowed=_narrowed(network, hidden[:, live], output[live], arrays),
        gradient=subgradient.size,
        dual_point=subgradient.dual_point,
        loss_has_kinks=has_kinks(arrays.loss),
        peak=_peak(arrays, subgradient.dual_point, hidden[:, live]),
    )


def _narrowed(network: ReLUNetwork, hidden: Matrix, output: Matrix, arrays: Arrays) -> ReLUNetwork:
    d, bias = arrays.X.shape[1], network.output_bias
    constant = ~np.any(hidden[:d] != 0, axis=0)
    if constant.any():
        # With biases alone neurons are a part of the output bias, and cost more.
        shift = np.maximum(hidden[d, constant], 0.0) @ output[constant]
        given = bias or (Fraction(0),) * len(shift)
        bias = tuple(b + Fraction(more) for b, more in zip(given, shift.tolist(), strict=True))
    reduced = reduce_width(hidden[:, ~constant], output[~constant], arrays.neuron_inputs, counted=d)
    return replace(ReLUNetwork.from_floats(reduced.hidden, reduced.output), output_bias=bias)


def idle_neurons(problem: TrainingProblem, network: ReLUNetwork) -> tuple[int, ...]:
    """Return the neurons whose outputs are zero on all samples, decided exactly."""
    if not network.width:
        return ()
    inputs = fmpz_mat([list(row) for row in problem.neuron_inputs])
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
    activations = np.maximum(given.before(arrays.X), 0.0)
    losses = [
        arrays.loss.value(predictions - np.outer(column, row)) - value
        for column, row in zip(activations.T, given.output, strict=True)
    ]
    penalties = np.sum(given.hidden[: arrays.X.shape[1]] ** 2, axis=0) + np.sum(given.output**2, axis=1)
    return np.asarray(losses - arrays.gamma / 2 * penalties)


def _peak(arrays: Arrays, N: Matrix, hidden: Matrix) -> float:
    N = arrays.dual_line.admissible(N)
    space, rng = NeuronSpace.of(arrays.X, arrays.output_bias), np.random.default_rng(0)
    starts = np.hstack([space.directions_of(hidden), space.oracle.draw_starts(N, _STARTS, rng)])
    maxima = space.oracle.maximise(N, starts)
    return max((maximum.value for maximum in maxima), default=0.0) / arrays.gamma
