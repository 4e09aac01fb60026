"""SDP-NN with copositive cuts: what a few inequalities of CP-NN are worth.

SDP-NN lets the block B of its matrix over (alpha, beta) be any doubly nonnegative matrix. CP-NN, whose value
is the optimum, wants it completely positive. With the nearest completely positive X, M = X - B is copositive,
and <M, B> >= 0 holds for CP-NN but not here: a cut (docs/method.md, section 8). Every value is an estimate of
a lower bound of the optimum, as good as the solver and the pricing of M.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from formulations.arrays import Matrix, check_problem
from formulations.copositive.nearest_cp import Column, nearest_cp
from formulations.modelling import cvxpy as cp
from formulations.sdp.conic.reduced import ReducedSolution
from formulations.sdp.lifted import extend
from formulations.sdp.solvers import SolverChoice, choose_solver, run

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
    solution: ReducedSolution | None = None,
    first: Matrix | None = None,
    solver: str | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[CutRound, ...]:
    """Solve SDP-NN in its reduced form, and again after each copositive cut; meant for about ten samples.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        cuts: how many cuts.
        solution: of SDP-NN, if it is at hand.
        first: a copositive matrix of order 2n that is the first cut; none by default.
        solver: mosek, clarabel or scs; None for the best that is there (see `choose_solver`).
        should_stop: asked before each cut.

    Returns:
        The rounds; the first one is SDP-NN itself.

    Raises:
        ValueError: the problem is malformed, the solver is not available, or it returned no numbers at first.
    """
    program = _Program.of(X, Y, gamma, solver)
    given = [] if first is None else [first]
    if solution is None:
        solved: tuple[float, Matrix] | None = program.solve()
        if solved is None:
            raise ValueError(
                f"solver {program.solver.name.lower()!r} returned no numbers (status {program.status!r})"
            )
    else:
        solved = solution.value, _block(extend(solution.lifted, X), len(X))
    rounds: list[CutRound] = []
    columns: tuple[Column, ...] = ()
    while solved is not None:
        value, B = solved
        order = len(B)
        size = float(np.linalg.norm(B)) or 1.0
        nearest = nearest_cp(
            order / size * B, [np.eye(order)], tolerance=_TOLERANCE, margin=_MARGIN, start=columns
        )
        columns = nearest.columns
        rounds.append(CutRound(value, nearest.distance / order))
        if len(rounds) > cuts or nearest.least == 0.0 or should_stop():
            break
        # The shift pays for what the pricing found negative.
        program.add(given.pop() if given else nearest.separator - nearest.least * np.eye(order))
        solved = program.solve()
    return tuple(rounds)


def _block(matrix: Matrix, n: int) -> Matrix:
    """Return what a matrix has over (alpha, beta), symmetric."""
    block = matrix[: 2 * n, : 2 * n]
    return np.asarray((block + block.T) / 2)


@dataclass
class _Program:
    """SDP-NN and its cuts for cvxpy, in units in which inputs and targets are about one.

    Attributes:
        objective: to minimise, over the square of the targets' unit.
        constraints: the cuts are the last ones.
        block: B, of order 2n; over the units of inputs and targets.
        moments: of order n + d + c over (alpha, u, v).
        target_unit: root mean square of the targets.
        solver: which one works.
        status: its last word.
    """

    objective: cp.Expression
    constraints: list[cp.Constraint]
    block: cp.Expression
    moments: cp.Variable
    target_unit: float
    solver: SolverChoice
    status: str = ""

    @classmethod
    def of(cls, X: Matrix, Y: Matrix, gamma: float, solver: str | None) -> _Program:
        check_problem(X, Y, gamma)
        (n, d), c = X.shape, Y.shape[1]
        order = n + d + c
        input_unit = float(np.sqrt(np.mean(X**2) * d)) or 1.0
        target_unit = float(np.sqrt(np.mean(Y**2))) or 1.0
        moments = cp.Variable((order, order), PSD=True)
        change = np.zeros((2 * n, order))
        change[:n, :n] = change[n:, :n] = np.eye(n)
        change[n:, n : n + d] = -X / input_unit
        block = cast(cp.Expression, change @ moments @ change.T)
        upper = np.triu_indices(2 * n)
        constraints = [block[upper] >= 0, block[np.arange(n), np.arange(n, 2 * n)] == 0]
        objective = ((moments[:n, n + d :] - Y / target_unit) ** 2).sum() / 2
        objective += gamma / (input_unit * target_unit) / 2 * moments[n:, n:].trace()
        return cls(objective, constraints, block, moments, target_unit, choose_solver(order, solver))

    def add(self, cut: Matrix) -> None:
        """Demand that <M, B> >= 0."""
        self.constraints.append((cut / np.abs(cut).max() @ self.block).trace() >= 0)

    def solve(self) -> tuple[float, Matrix] | None:
        """Return the value (a loss) and B; None if the solver returns no numbers."""
        problem = cp.Problem(cp.Minimize(self.objective), self.constraints)
        self.status = run(problem, self.solver)
        if self.moments.value is None:
            return None
        B = np.asarray(self.block.value)
        return self.target_unit**2 * float(problem.value), _block(B, len(B) // 2)
