"""SDP-NN in its reduced form for any convex loss, by a general solver.

As `reduced.py` has it for the squared loss, in the same variables and units: of the relaxation only the first
term changes,

    minimise  loss(L_alpha,v) + gamma/2 (tr L_uu + tr L_vv)   over the same moments L ,

and of its dual the objective, which becomes the loss's dual value (docs/method.md, sections 2 and 3a). The
solver is given the moments, for cvxpy writes losses and not their duals. The predictions are variables of
their own: the multipliers of the equations that tie them to L are the dual point, at a kink of the loss, too.
"""

from __future__ import annotations

import time

import numpy as np

from formulations.arrays import Matrix, check_problem
from formulations.lines import directions
from formulations.losses.in_cvxpy import loss_in_cvxpy
from formulations.losses.loss import Loss
from formulations.modelling import cvxpy as cp
from formulations.sdp.conic.reduced import ReducedSolution, ScaledProblem, primal_value
from formulations.sdp.multipliers import Multipliers
from formulations.sdp.products import BracketProducts
from formulations.sdp.solvers import choose_solver, run


def solve_reduced_loss(
    X: Matrix, loss: Loss, gamma: float, *, solver: str | None = None, verbose: bool = False
) -> ReducedSolution:
    """Solve SDP-NN with a loss.

    Args:
        X: the inputs, n x d.
        loss: of n samples with c outputs, weighted or not.
        gamma: the weight of the regularisation, positive.
        solver: mosek, clarabel or scs; None for the best that is there (see `choose_solver`).
        verbose: let the solver print its progress.

    Returns:
        Estimates, as those of `solve_reduced`; the dual point is in the loss's domain.

    Raises:
        ValueError: the problem is malformed, the solver is not available, or it returned no numbers.
    """
    check_problem(X, loss.targets, gamma)
    start = time.perf_counter()
    (n, d), c = X.shape, loss.targets.shape[1]
    lines = directions(X)
    rows = lines.nonzero
    # The predictions of zero rows are zero.
    N = -loss.gradient(np.zeros_like(loss.targets))
    lifted = np.zeros((n + d + c, n + d + c))
    multipliers, name, status = Multipliers.zero(len(lines.units)), "none", "optimal"
    if rows.size:
        scaled = ScaledProblem.of(lines, loss.targets, gamma)
        unit = scaled.target_unit
        bracket = BracketProducts.of(lines.units @ scaled.coordinates, scaled.order)
        program = scaled.program(bracket)
        split, signs = bracket.matrices.shape[1], program.nonnegative
        choice = choose_solver(scaled.order, solver)
        moments = cp.Variable((scaled.order, scaled.order), PSD=True)
        predictions = cp.Variable((rows.size, c))
        entries = moments.flatten(order="C")
        signed = program.matrices[:, :signs].T @ entries <= 0
        free = program.matrices[:, signs:split].T @ entries == 0
        outputs = program.matrices[:, split:].T @ entries
        tied = predictions.flatten(order="C") == -outputs
        penalty = program.constant.ravel() @ entries
        in_units: cp.Expression = predictions * unit
        objective = loss_in_cvxpy(loss.rows(rows), in_units) / unit**2 + penalty
        status = run(cp.Problem(cp.Minimize(objective), [signed, free, tied]), choice, verbose=verbose)
        name = choice.name.lower()
        duals = [constraint.dual_value for constraint in (signed, free, tied)]
        if moments.value is None or any(part is None for part in duals):
            raise ValueError(f"solver {name!r} returned no numbers (status {status!r}); try another solver")
        values = [np.atleast_1d(part) for part in duals]
        N[rows] = unit * values[2].reshape(-1, c)
        level_unit = unit * scaled.input_unit * gamma
        multipliers = bracket.multipliers(np.concatenate(values[:2])).scaled(level_unit)
        lifted = scaled.lifted((moments.value + moments.value.T) / 2, lines)
    N = loss.into_domain(N)
    return ReducedSolution(
        dual_point=N,
        multipliers=lines.spread(multipliers, N),
        value=primal_value(lifted[:n, n + d :], lifted[n:, n:], loss, gamma),
        dual_value=loss.dual_value(N),
        solver=name,
        status=status,
        seconds=time.perf_counter() - start,
        lifted=lifted,
    )
