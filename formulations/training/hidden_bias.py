"""Free hidden biases, for training: a column of large ones, which the penalty hardly counts.

Neurons are relu(w.x + a) v with a penalty on w and v alone. In the coordinates (w, (a + w.m) / s), with m the
mean of the inputs, they are neurons without a bias on the inputs (x - m, s), and what the penalty counts
besides is (a + w.m)^2 / s^2. No neuron has use for more than |a + w.m| = r |w|, with r the largest distance
of a sample from m, beyond which all samples are active or none is; so s = 1000 r makes it a millionth of
|w|^2 at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.training.oracle import GaugeOracle

_RADII = 1000.0


@dataclass(frozen=True)
class HiddenBias:
    """The coordinates of neurons with a free bias.

    Attributes:
        centre: m, of length d.
        scale: s, a power of two.
    """

    centre: Vector
    scale: float

    @classmethod
    def of(cls, X: Matrix) -> HiddenBias:
        """Return those for inputs X, n x d."""
        centre = X.mean(axis=0)
        radius = float(np.linalg.norm(X - centre, axis=1).max())
        return cls(centre, 2.0 ** math.ceil(math.log2(_RADII * radius)) if radius > 0 else 1.0)

    def inputs(self, X: Matrix) -> Matrix:
        """Return what neurons weigh in these coordinates, n x (d + 1)."""
        return np.hstack([X - self.centre, np.full((len(X), 1), self.scale)])

    def weights(self, directions: Matrix) -> Matrix:
        """Return (w, a) of neurons, (d + 1) x k, from their coordinates."""
        w = directions[:-1]
        return np.vstack([w, self.scale * directions[-1] - self.centre @ w])

    def directions(self, weights: Matrix) -> Matrix:
        """Return the coordinates of neurons, (d + 1) x k, from their (w, a)."""
        w = weights[:-1]
        return np.vstack([w, (weights[-1] + self.centre @ w) / self.scale])


class BiasedOracle(GaugeOracle):
    """Maxima of the gauge over neurons with a free bias, in the coordinates of `HiddenBias`.

    Nearly all unit vectors are neurons that are active on all samples or on none, so that what is drawn is
    drawn otherwise: by its weights w, and by where between the samples its kink is.
    """

    def __init__(self, inputs: Matrix) -> None:
        """Prepare the inputs of `HiddenBias.inputs`, n x (d + 1)."""
        super().__init__(inputs)
        self._points, self._scale = inputs[:, :-1], float(inputs[0, -1])
        self._weights = GaugeOracle(self._points)

    def draw_gaussian(self, count: int, rng: np.random.Generator) -> Matrix:
        """Return random neurons, as units in the coordinates, with kinks evenly between two random samples.

        There are none if all samples are equal.
        """
        w = self._weights.draw_gaussian(count, rng)
        count, n = w.shape[1], len(self._points)
        first, second = (self._points[rng.integers(n, size=count)] for _ in range(2))
        share = rng.random((count, 1))
        return self._at_kinks(w, share * first + (1 - share) * second)

    def raise_together(self, N: Matrix, starts: Matrix, steps: int) -> Matrix:
        """Return the starts: a step uphill would make all samples active."""
        return starts

    def _candidates(self, share: int, corners: bool, rng: np.random.Generator) -> list[Matrix]:
        w = self._weights.draw_gaussian(share, rng)
        n = len(self._points)
        if not w.size:
            return [np.zeros((len(self._points[0]) + 1, 0))]
        at_samples = self._at_kinks(w, self._points[rng.integers(n, size=share)])
        first, second = rng.integers(n, size=share), rng.integers(n, size=share)
        between = (self._points[second] - self._points[first]).T
        is_some = np.any(between != 0, axis=0)
        along = self._at_kinks(between[:, is_some], self._points[first[is_some]])
        return [at_samples, along, *([self._crossings(share, rng)] if corners else [])]

    def _at_kinks(self, w: Matrix, points: Matrix) -> Matrix:
        """Return units with weights w, d x k, whose kinks are at points, k x d."""
        a = -np.einsum("dk,kd->k", w, points)
        drawn = np.vstack([w, a / self._scale])
        return np.asarray(drawn / np.linalg.norm(drawn, axis=0))


@dataclass(frozen=True)
class NeuronSpace:
    """Where neurons of a problem are looked for.

    Attributes:
        inputs: what they weigh, n x d, or n x (d + 1) where each has a free bias.
        oracle: on these inputs.
        bias: the coordinates of neurons with a free bias; None where they have none.
    """

    inputs: Matrix
    oracle: GaugeOracle
    bias: HiddenBias | None

    @classmethod
    def of(cls, X: Matrix, output_bias: str) -> NeuronSpace:
        """Return that of inputs X, n x d; biases of neurons are free if the output bias is "all-free"."""
        if output_bias != "all-free":
            return cls(X, GaugeOracle(X), None)
        bias = HiddenBias.of(X)
        inputs = bias.inputs(X)
        return cls(inputs, BiasedOracle(inputs), bias)

    def directions_of(self, weights: Matrix) -> Matrix:
        """Return the unit vectors of neurons as columns, without those that are zero.

        Args:
            weights: of the neurons as columns, with a free bias as last row.
        """
        columns = weights if self.bias is None else self.bias.directions(weights)
        lengths = np.linalg.norm(columns, axis=0)
        return np.asarray(columns[:, lengths > 0] / lengths[lengths > 0])

    def neurons_of(self, directions: Matrix) -> Matrix:
        """Return the weights of neurons, as columns, scaled to length 1 without a free bias, the last row."""
        if self.bias is None:
            return directions
        weights = self.bias.weights(directions)
        lengths = np.linalg.norm(weights[:-1], axis=0)
        return np.asarray(weights / np.where(lengths > 0, lengths, 1.0))
