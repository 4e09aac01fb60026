"""SDP-NN with copositive cuts: what a few inequalities of CP-NN are worth.

SDP-NN lets the block B of its matrix over (alpha, beta) be any doubly nonnegative matrix. CP-NN, whose value
is the optimum, wants it completely positive. With the nearest completely positive X, M = X - B is copositive,
and <M, B> >= 0 holds for CP-NN but not here: a cut (docs/method.md, section 8). Every value is an estimate of
a lower bound of the optimum, as good as the solver and the pricing of M.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from formulations.multipliers import Matrix
from formulations.nearest_cp import nearest_cp
from formulations.reduced import check_problem
from formulations.solvers import choose_solver, run

_MARGIN = 10.0  # of the distance: it is the least there is up to 10 %
_TOLERANCE = 1e-6  # a relative distance below it is no more than a solver's error


@dataclass(frozen=True)
class CutRound:
    """SDP-NN with the cuts of all rounds before.

    Attributes:
        value: its value (a loss), the solver's word.
        distance: |X - B|_F over |B|_F for the nearest completely positive X that was found.
    """

    value: float
    distance: float


def copositive_cuts(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    cuts: int,
    solver: str | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[CutRound, ...]:
    """Solve SDP-NN in its reduced form, and again after each copositive cut; meant for about ten samples.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        cuts: how many cuts.
        solver: mosek, clarabel or scs; None for the best that is there (see `choose_solver`).
        should_stop: asked before each cut.

    Returns:
        The rounds; the first one is SDP-NN itself.

    Raises:
        ValueError: the problem is malformed, the solver is not available, or it returned no numbers at first.
    """
    check_problem(X, Y, gamma)
    (n, d), c = X.shape, Y.shape[1]
    order = n + d + c
    choice = choose_solver(order, solver)
    input_unit = float(np.sqrt(np.mean(X**2) * d)) or 1.0
    target_unit = float(np.sqrt(np.mean(Y**2))) or 1.0
    moments = cp.Variable((order, order), PSD=True)
    change = np.zeros((2 * n, order))
    change[:n, :n] = change[n:, :n] = np.eye(n)
    change[n:, n : n + d] = -X / input_unit
    block = change @ moments @ change.T
    upper = np.triu_indices(2 * n)
    constraints = [block[upper] >= 0, block[np.arange(n), np.arange(n, 2 * n)] == 0]
    objective = ((moments[:n, n + d :] - Y / target_unit) ** 2).sum() / 2
    objective += gamma / (input_unit * target_unit) / 2 * moments[n:, n:].trace()
    rounds: list[CutRound] = []
    while True:
        problem = cp.Problem(cp.Minimize(objective), constraints)
        status = run(problem, choice, verbose=False)
        if moments.value is None:
            if not rounds:
                raise ValueError(f"solver {choice.name.lower()!r} returned no numbers (status {status!r})")
            return tuple(rounds)
        B = change @ moments.value @ change.T
        B = (B + B.T) / 2
        size = float(np.linalg.norm(B)) or 1.0
        nearest = nearest_cp(2 * n / size * B, [np.eye(2 * n)], tolerance=_TOLERANCE, margin=_MARGIN)
        rounds.append(CutRound(target_unit**2 * float(problem.value), nearest.distance / (2 * n)))
        if len(rounds) > cuts or nearest.least == 0.0 or should_stop():
            return tuple(rounds)
        # The shift pays for what the pricing found negative.
        cut = nearest.separator - nearest.least * np.eye(2 * n)
        constraints.append((cut @ block).trace() >= 0)
