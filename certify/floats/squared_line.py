"""The line of a dual point's bounds for the squared loss, in closed form (docs/method.md, section 2).

Samples at x = 0 never enter the gauge, so that their rows of N are free, and the best ones are taken:
Y - 1 b^T, with the output bias b that balances the other rows, or b = 0 without one. That leaves, as a
function of t,

    t fit - t^2/2 square + constant .
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from certify.checker.problems.output_bias import OutputBias
from certify.floats.dual_line import DualLine
from formulations.arrays import Matrix, Vector


@dataclass(frozen=True)
class SquaredLine(DualLine):
    """A parabola in t; rows at x = 0 do not count, and the targets stand for them."""

    live: NDArray[np.bool_]
    constant: float
    _targets: Matrix
    _others: Vector  # the sum of the other targets, of length c
    _share: float  # what b moves by with a unit of the live rows' sum
    _is_unbalanced: bool  # nothing but the live rows could make the sum zero that has to be
    _penalty: float  # of 1/2 |b|^2

    @classmethod
    def of(cls, X: Matrix, Y: Matrix, gamma: float, output_bias: str) -> SquaredLine:
        """Prepare a problem.

        Args:
            X: inputs, n x d.
            Y: targets, n x c.
            gamma: the weight decay.
            output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.
        """
        bias = OutputBias(output_bias)
        live = np.any(X != 0, axis=1) | bias.frees_hidden
        penalty = bias.penalty(gamma)
        damping = np.count_nonzero(~live) + penalty
        share = 1 / damping if damping > 0 and bias.exists else 0.0
        others = Y[~live].sum(axis=0)
        constant = 0.5 * (float(np.sum(Y[~live] ** 2)) - share * float(others @ others))
        return cls(live, constant, Y, others, share, bias.exists and damping == 0, penalty)

    def admissible(self, N: Matrix) -> Matrix:
        """Return N with the means of its columns taken away where nothing else balances them."""
        return self._filled(N - N.mean(axis=0) if self._is_unbalanced and len(N) else N)

    def multiple(self, N: Matrix, t: float) -> Matrix:
        """Return t N, for any t; the rows at x = 0 are chosen when all is rounded."""
        return self._filled(t * N)

    def best(self, N: Matrix, largest: float) -> tuple[float, float]:
        """Return min(largest, fit / square), and its bound."""
        fit, square = self.coefficients(N)
        scale = min(largest, fit / square) if square > 0 else 0.0
        return scale, scale * fit - scale**2 * square / 2 + self.constant

    def least(self, N: Matrix, aim: float) -> float:
        """Return the smaller t with t fit - t^2/2 square + constant = aim."""
        fit, square = self.coefficients(N)
        aim -= self.constant
        discriminant = fit**2 - 2 * square * aim
        if not (aim > 0 and fit > 0) or square == 0 or discriminant < 0:
            return math.inf
        # The difference of the root and the fit could cancel.
        return 2 * aim / (fit + math.sqrt(discriminant))

    def oriented(self, N: Matrix) -> tuple[Matrix, bool]:
        """Return -N where fit is negative."""
        flips = self.coefficients(N)[0] < 0
        return (self._filled(-N), True) if flips else (N, False)

    def rounding_cost(self, N: Matrix, unit: float) -> float:
        """Bound the change by the slopes and the curvature."""
        n, c = N.shape
        slopes, curvature = np.abs(self._targets - N), n * c / 2
        if self._penalty > 0:
            slopes = slopes + np.abs(N.sum(axis=0)) / self._penalty
            curvature += n * n * c / (2 * self._penalty)
        return float(slopes.sum() * unit + curvature * unit**2)

    def coefficients(self, N: Matrix) -> tuple[float, float]:
        """Return fit and square for an admissible N, n x c, whose rows at x = 0 do not count."""
        given = N[self.live]
        total = given.sum(axis=0)
        return (
            float(np.sum(given * self._targets[self.live])) - self._share * float(self._others @ total),
            float(np.sum(given**2)) + self._share * float(total @ total),
        )

    def _filled(self, N: Matrix) -> Matrix:
        return np.where(self.live[:, None], N, self._targets)
