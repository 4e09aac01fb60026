"""The lower bound that a network's own residual proves, without any training (docs/method.md, section 2).

The residual N = Y - f(X) of a global optimum is the best dual point there is. Any network's, scaled down by
its gauge, is one: t N with t = gamma / h(N) proves t <N, Y> - t^2 |N|^2 / 2. The tree search proves h(N).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from certify.floats.problem import Arrays
from formulations.arrays import Matrix
from formulations.training.hidden_bias import NeuronSpace

_STARTS = 1600
_ABOVE = 1e-9  # of a gauge, by which a witness must exceed it to count


@dataclass(frozen=True)
class ScaledResidual:
    """A dual point of gauge gamma, as far as is known.

    Attributes:
        directions: none; rows of a hidden layer x 0.
        dual_point: N, n x c.
        loss: the bound that N gives if its gauge is gamma.
    """

    directions: Matrix
    dual_point: Matrix
    loss: float


class ResidualSource:
    """One dual point, scaled down whenever a direction shows that its gauge is larger.

    Attributes:
        best: the dual point.
        peak: its gauge over gamma, as far as is known: 1.
    """

    peak = 1.0

    def __init__(self, arrays: Arrays, residual: Matrix, hidden: Matrix, seed: int) -> None:
        """Look for the gauge.

        Args:
            arrays: the problem.
            residual: N before it is scaled, n x c.
            hidden: neurons to start from, as columns, with their biases as last row where these are free.
            seed: of the other starts.
        """
        self._arrays, self._residual = arrays, arrays.dual_line.admissible(residual)
        self._space = NeuronSpace.of(arrays.X, arrays.output_bias)
        starts = self._space.oracle.draw_starts(self._residual, _STARTS, np.random.default_rng(seed))
        self._gauge = 0.0
        self._raise(np.hstack([self._space.directions_of(hidden), starts]))
        self.best = self._scaled()

    def advance(self) -> str:
        """Say that there is nothing to improve."""
        return "stationary"

    def add(self, weights: Matrix) -> bool:
        """Take neurons, as columns; return whether one has a larger gauge than was known."""
        before = self._gauge
        self._raise(self._space.directions_of(weights))
        self.best = self._scaled()
        return self._gauge > before * (1 + _ABOVE)

    def _raise(self, directions: Matrix) -> None:
        maxima = self._space.oracle.maximise(self._residual, directions)
        self._gauge = max([self._gauge, *(maximum.value for maximum in maxima)])

    def _scaled(self) -> ScaledResidual:
        N, gamma = self._residual, self._arrays.gamma
        if self._gauge > 0:
            N = N * (gamma / self._gauge)
        _, bound = self._arrays.dual_line.best(N, 1.0)
        return ScaledResidual(np.zeros((self._arrays.hidden_rows, 0)), N, bound)
