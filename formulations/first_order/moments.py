"""SDP-NN's own matrix from the splitting, for what is made of it: rounding, and what a solution looks like.

Proofs take the multipliers, which is the splitting's other half. Its two projections end at the same matrix:
one is semidefinite, and keeps the signs of products up to the error that is left; the other keeps them, and
is not quite semidefinite. The first is given, with the objective of both.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix
from formulations.first_order.splitting import Splitting
from formulations.first_order.unit_problem import UnitProblem
from formulations.losses.squared import SquaredLoss
from formulations.sdp.conic.reduced import primal_value

SOLVER = "first-order"
_ROUNDS_BETWEEN_LOOKS = 5


@dataclass(frozen=True)
class Moments:
    """A matrix of SDP-NN, an estimate.

    Attributes:
        lifted: L, of order n + d + c over (alpha, u, v), semidefinite.
        value: the objective there (a loss), where the signs are kept up to an error.
        other: that of the projection with the signs.
        solver: by what name it goes.
        seconds: wall time.
        settled: whether it ended by itself.
    """

    lifted: Matrix
    value: float
    other: float
    solver: str
    seconds: float
    settled: bool


def solve_moments(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    tolerance: float = 1e-4,
    time_limit: float | None = None,
) -> Moments:
    """Split until the two projections agree, and nothing changes any more.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        tolerance: relative, of the values' difference, and of what changes in twenty steps.
        time_limit: seconds, after which it ends where it is; None for none.

    Raises:
        ValueError: the problem is malformed.
    """
    begun = time.perf_counter()
    problem = UnitProblem.of(X, Y, gamma)
    splitting = Splitting(problem)
    d = X.shape[1]
    while True:
        for _ in range(_ROUNDS_BETWEEN_LOOKS):
            splitting.extrapolate()
            splitting.advance()
            if stopped := time_limit is not None and time.perf_counter() - begun > time_limit:
                break
        factor = problem.factor_of_data(splitting.factor())
        lifted = factor @ factor.T
        value = primal_value(
            lifted[: len(X), len(X) + d :], lifted[len(X) :, len(X) :], SquaredLoss(Y), gamma
        )
        other = problem.loss_unit * splitting.primal_value() + problem.beyond_reach
        settled = splitting.change <= tolerance and abs(value - other) <= tolerance * abs(other)
        if settled or stopped:
            seconds = time.perf_counter() - begun
            return Moments(np.asarray(lifted), value, other, SOLVER, seconds, bool(settled))
