"""Losses as convex expressions of PICOS, for its solvers CVXOPT and MOSEK: straight lines and squares alone.

CVXOPT has no exponential cone next to a semidefinite one. So exp x is written in squares: the Taylor
polynomial of degree four of exp(x / 2^k), squared k times (Ben-Tal and Nemirovski, "On polyhedral
approximations of the second-order cone", Mathematics of Operations Research 26, 2001). It is off by a
relative 2^(-4k) |x|^5 / 120, for k = 5 less than 1e-5 up to |x| = 4; with more squares CVXOPT breaks down.
The logistic loss and the cross-entropy ask for exp x of x <= 0 alone, where what is off by more is small.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.losses.entropy import CrossEntropy, LogisticLoss, PoissonLoss
from formulations.losses.loss import Loss
from formulations.losses.multiclass import MulticlassHinge
from formulations.losses.piecewise import PiecewiseLoss
from formulations.losses.squared import SquaredLoss

_SQUARINGS = 5


class PicosLoss:
    """A loss as it is added to a problem of PICOS, and with it the variables and constraints that it needs.

    Attributes:
        problem: of PICOS, to which constraints are added.
        loss: of n samples with c outputs.
        predictions: n x c, a variable or an affine expression of PICOS.
    """

    def __init__(self, problem: Any, loss: Loss, predictions: Any) -> None:
        """Take them; `expression` adds what it needs to the problem."""
        self.problem, self.loss, self.predictions = problem, loss, predictions
        self._count = 0

    def expression(self) -> Any:
        """Return the loss of the predictions, to be minimised.

        Raises:
            ValueError: the loss is of a class that has no expression here.
        """
        loss, w = self.loss, self.loss.sample_weights
        match loss:
            case SquaredLoss():
                scales = np.sqrt(w / 2) * np.ones_like(loss.targets)
                return self._square_bound(_constant(scales) ^ (_constant(loss.targets) - self.predictions))
            case PiecewiseLoss():
                sides = (loss.upper, 1), (-loss.lower, -1)
                return sum((self._one_side(loss, ends, sign) for ends, sign in sides), start=0.0)
            case MulticlassHinge():
                return self._multiclass_hinge(loss)
            case LogisticLoss():
                return self._logistic(loss)
            case CrossEntropy():
                sizes = w[:, 0] * loss.targets.sum(axis=1)
                rows = [[self.predictions[i, k] for k in range(loss.targets.shape[1])] for i in range(len(w))]
                return self._log_sums(sizes, rows) - self._fit(w * loss.targets)
            case PoissonLoss():
                weights = (w * np.ones_like(loss.targets)).ravel()
                means = self._variable(weights.size)
                for k, (i, j) in enumerate(np.ndindex(loss.targets.shape)):
                    self._add(self._exponential(self.predictions[i, j]) <= means[k])
                return _constant(weights).T * means - self._fit(w * loss.targets)
        raise ValueError(f"the loss {loss.text} is not written down for PICOS")

    def _one_side(self, loss: PiecewiseLoss, ends: Matrix, sign: int) -> Any:
        """Return the sum of the maxima over nu in [0, end] of nu (r - E) - 1/2 damping nu^2.

        As in `formulations.losses.in_cvxpy`, it is end s + q^2 / (2 damping) with q, s >= 0 and
        q + s >= r - E, without q where there is no damping, and without s where the end is infinite. The sign
        is that of the residual in r.
        """
        total: Any = 0.0
        for i, j in np.argwhere(ends > 0):
            damping, end = float(loss.damping[i, 0]), float(ends[i, j])
            reach: Any = 0.0
            if np.isfinite(end):
                straight = self._variable(1, lower=0)
                reach, total = reach + straight, total + end * straight
            if damping:
                curved = self._variable(1, lower=0)
                reach, total = reach + curved, total + self._square_bound(curved) / (2 * damping)
            residual = sign * (float(loss.targets[i, j]) - self.predictions[int(i), int(j)])
            self._add(reach >= residual - loss.insensitive)
        return total

    def _multiclass_hinge(self, loss: MulticlassHinge) -> Any:
        """Return it, or its envelope: the least value at a point p with 1/(2 mu) |p - predictions|^2."""
        (n, c), w, total = loss.targets.shape, loss.sample_weights, 0.0
        if loss.mu:
            near = self._variable((n, c))
            distance = self._square_bound(near - self.predictions)
            total, self.predictions = distance / (2 * loss.mu), near
        ahead = self._variable(n)
        for i, k in np.ndindex(n, c):
            self._add(ahead[i] >= self.predictions[i, k] + float(1 - loss.targets[i, k]))
        return total + _constant(w[:, 0]).T * ahead - self._fit(w * loss.targets)

    def _logistic(self, loss: LogisticLoss) -> Any:
        """Return the sum of w log(exp 0 + exp(-y z))."""
        weights = (loss.sample_weights * np.ones_like(loss.targets)).ravel()
        rows = [
            [0.0, -float(loss.targets[i, j]) * self.predictions[i, j]]
            for i, j in np.ndindex(loss.targets.shape)
        ]
        return self._log_sums(weights, rows)

    def _log_sums(self, weights: Vector, rows: list[list[Any]]) -> Any:
        """Return the weighted sum of t_i, least with sum_k exp(z_ik - t_i) <= 1: log sum_k exp z_ik."""
        logs = self._variable(len(rows))
        for i, row in enumerate(rows):
            self._add(sum((self._exponential(z - logs[i]) for z in row), start=0.0) <= 1)
        return _constant(weights).T * logs

    def _exponential(self, x: Any) -> Any:
        """Return a variable that is at least exp x, but for the error of the approximation."""
        u = x / 2**_SQUARINGS
        square = self._square_bound(1 + u)
        fourth = self._square_bound(square)
        # 1 + u + u^2/2 + u^3/6 + u^4/24, whose u^2 is written as (1 + u)^2 - 1 - 2u.
        power = (17 + 8 * u + 6 * square + fourth) / 24
        for _ in range(_SQUARINGS):
            power = self._square_bound(power)
        return power

    def _square_bound(self, x: Any) -> Any:
        """Return a variable that is at least |x|^2.

        It is a cone of its own, for PICOS 2.6 gets some squares of differences wrong in an objective.
        """
        bound = self._variable(1)
        self._add(abs(x) ** 2 <= bound)
        return bound

    def _fit(self, weighted: Matrix) -> Any:
        """Return the inner product of the predictions with a matrix, n x c."""
        return _constant(weighted) | self.predictions

    def _variable(self, shape: int | tuple[int, int], lower: float | None = None) -> Any:
        import picos

        self._count += 1
        return picos.RealVariable(f"loss_{self._count}", shape, lower=lower)

    def _add(self, constraint: Any) -> None:
        self.problem.add_constraint(constraint)


def _constant(values: Matrix | Vector) -> Any:
    import picos

    return picos.Constant(np.array(values))
