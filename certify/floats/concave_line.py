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
from formulations.losses.balance import balanced
from formulations.losses.loss import Loss


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
            N = balanced(self._loss, N)
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

    def _filled(self, N: Matrix) -> Matrix:
        filled = self._fixed.copy()
        filled[self._counted] = N[self._counted]
        return filled
