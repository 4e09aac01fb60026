"""The line of a dual point's bounds for any loss: a concave function of t (docs/method.md, section 2).

With rows tN_i in the loss's domain, which is convex and holds 0, the multiple t N proves

    sum_i b_i(t N_i) - toll of the output bias at t N .

Samples at x = 0 never enter the gauge. Without an output bias their rows are the best there are, minus the
gradient at predictions of zero, whatever t is; with one they scale like the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from certify.checker.problems.output_bias import OutputBias
from certify.floats.dual_line import DualLine
from formulations.arrays import Indices, Matrix
from formulations.losses.loss import Loss

_SWEEPS = 500  # between the rows' domain and the columns' sums
_BALANCED = 1e-14  # of the entries' sum, what is left of a column's
_HALVINGS = 200


@dataclass(frozen=True)
class ConcaveLine(DualLine):
    """A concave function of t, which is searched."""

    live: NDArray[np.bool_]
    constant: float
    _loss: Loss
    _counted: Indices  # the rows that scale with t
    _fixed: Matrix  # the others', n x c
    _is_free: bool
    _toll: float  # of |N^T 1|^2

    @classmethod
    def of(cls, X: Matrix, loss: Loss, gamma: float, output_bias: str) -> ConcaveLine:
        """Prepare a problem.

        Args:
            X: inputs, n x d.
            loss: of the predictions, n x c.
            gamma: the weight decay.
            output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.
        """
        bias = OutputBias(output_bias)
        live = np.any(X != 0, axis=1) | bias.frees_hidden
        counted = np.ones(len(X), dtype=bool) if bias.exists else live
        fixed = loss.into_domain(-loss.gradient(np.zeros_like(loss.targets)))
        rest = np.flatnonzero(~counted)
        constant = loss.rows(rest).dual_value(fixed[rest]) if len(rest) else 0.0
        penalty = bias.penalty(gamma)
        return cls(
            live,
            constant,
            loss,
            np.flatnonzero(counted),
            fixed,
            bias.is_free,
            1 / (2 * penalty) if penalty > 0 else 0.0,
        )

    def admissible(self, N: Matrix) -> Matrix:
        """Return a point of the domain near N, its columns balanced where the output bias is free."""
        N = self._loss.into_domain(np.nan_to_num(N))
        if self._is_free:
            N = self._balanced(N)
        return self._filled(N)

    def multiple(self, N: Matrix, t: float) -> Matrix:
        """Return t N, for t in [0, 1] or as `best` gives it."""
        return self._filled(t * N)

    def best(self, N: Matrix, largest: float) -> tuple[float, float]:
        """Search for the best t as far as the domain reaches."""
        rows = N[self._counted]
        total = rows.sum(axis=0)
        found, _ = self._loss.rows(self._counted).best_multiple(
            rows, largest, 2 * self._toll * float(total @ total)
        )
        t = max((0.0, found), key=lambda each: self._bound(N, each))
        return t, self._bound(N, t)

    def least(self, N: Matrix, aim: float) -> float:
        """Search for the least t below the best."""
        t, bound = self.best(N, math.inf)
        if not bound >= aim:
            return math.inf
        if self._bound(N, 0.0) >= aim:
            return 0.0
        return float(brentq(lambda each: self._bound(N, each) - aim, 0.0, t, xtol=1e-15 * t))

    def oriented(self, N: Matrix) -> tuple[Matrix, bool]:
        """Return N; the domain says which sign its entries have."""
        return N, False

    def rounding_cost(self, N: Matrix, unit: float) -> float:
        """Compare with the points of the domain a unit above and below."""
        value = self._bound(N, 1.0)
        moved = (self._loss.into_domain(N + step) for step in (unit, -unit))
        return max(abs(value - self._bound(each, 1.0)) for each in moved)

    def _bound(self, N: Matrix, t: float) -> float:
        rows = t * N[self._counted]
        total = rows.sum(axis=0)
        value = self._loss.rows(self._counted).dual_value(rows)
        return value + self.constant - self._toll * float(total @ total)

    def _balanced(self, N: Matrix) -> Matrix:
        """Return a point of the domain near N whose columns sum to zero, up to rounding.

        Rows move by multiples of their samples' weights, as they do where an output bias moves.
        """
        weights = self._loss.sample_weights
        if self._loss.zero_sum:
            size = max(float(np.abs(N).sum()), 1e-300)
            for _ in range(_SWEEPS):
                sums = N.sum(axis=0)
                if float(np.abs(sums).max()) <= _BALANCED * size:
                    break
                N = self._loss.into_domain(N - weights * (sums / weights.sum()))
            return N
        low, high = self._loss.box()
        # By columns, the sum of what is clipped falls as the shift grows.
        span = float(np.abs(N / weights).max(initial=0.0)) + 1.0
        below, above = np.full(N.shape[1], -span), np.full(N.shape[1], span)
        for _ in range(_HALVINGS):
            middle = (below + above) / 2
            is_high = np.clip(N - weights * middle, low, high).sum(axis=0) > 0
            below, above = np.where(is_high, middle, below), np.where(is_high, above, middle)
        balanced: Matrix = np.clip(N - weights * (below + above) / 2, low, high)
        return balanced

    def _filled(self, N: Matrix) -> Matrix:
        filled = self._fixed.copy()
        filled[self._counted] = N[self._counted]
        return filled
