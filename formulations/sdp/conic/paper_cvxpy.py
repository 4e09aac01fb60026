"""SDP-NN as the paper writes it, of order 2n + d + c, in cvxpy: for comparison, not for use.

The condition M Lambda M^T = 0, which ties beta to alpha - Xu, holds on a face of the semidefinite cone only:
no feasible point is positive definite. Interior-point methods are built on such points and stop at two or
three digits here, a first-order method at one or two. The reduced form (reduced.py) has the same value.
Source: Prakhya, Birdal and Yurtsever, "Convex Formulations for Training Two-Layer ReLU Neural Networks",
ICLR 2025, problem (SDP-NN).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, Vector, check_problem
from formulations.losses.in_cvxpy import loss_in_cvxpy
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss
from formulations.modelling import cvxpy as cp
from formulations.sdp.conic.reduced import primal_value
from formulations.sdp.multipliers import DualSolution, Multipliers
from formulations.sdp.solvers import SolverChoice, choose_solver, run


@dataclass(frozen=True)
class PaperSolution(DualSolution):
    """A dual solution together with the primal one.

    Attributes:
        lifted: Lambda, of order 2n + d + c over (alpha, beta, u, v).
    """

    lifted: Matrix


def solve_paper_cvxpy(
    X: Matrix,
    loss: Loss | Matrix,
    gamma: float,
    *,
    solver: str | SolverChoice | None = None,
    verbose: bool = False,
) -> PaperSolution:
    """Solve SDP-NN in the paper's variables; prefer `solve_reduced` for anything but a comparison.

    Args:
        X: the inputs, n x d.
        loss: of n samples with c outputs, weighted or not; a matrix of targets, n x c, for the squared one.
        gamma: the weight of the regularisation, positive.
        solver: mosek, clarabel or scs, or one with settings of its own; None for the best that is there (see
            `choose_solver`).
        verbose: let the solver print its progress.

    Raises:
        ValueError: the problem is malformed, the solver is not available, or it returned no numbers.
    """
    loss = as_loss(loss)
    check_problem(X, loss.targets, gamma)
    (n, d), c = X.shape, loss.targets.shape[1]
    order = 2 * n + d + c
    choice = solver if isinstance(solver, SolverChoice) else choose_solver(order, solver)
    start = time.perf_counter()
    lifted = cp.Variable((order, order), PSD=True)
    predictions = cp.Variable((n, c))
    tie = paper_equations(X, c)
    upper = np.triu_indices(n)
    signed = lifted[np.triu_indices(2 * n)] >= 0
    complementary = lifted[np.arange(n), np.arange(n, 2 * n)] == 0
    computed = predictions == lifted[:n, order - c :]
    objective = loss_in_cvxpy(loss, predictions) + gamma / 2 * lifted[2 * n :, 2 * n :].trace()
    constraints = [signed, complementary, computed, (tie @ lifted @ tie.T)[upper] == 0]
    status = run(cp.Problem(cp.Minimize(objective), constraints), choice, verbose=verbose)
    duals = [constraint.dual_value for constraint in (signed, complementary, computed)]
    if lifted.value is None or any(part is None for part in duals):
        raise ValueError(f"solver {choice.name.lower()!r} returned no numbers (status {status!r})")
    return paper_solution(
        loss,
        gamma,
        lifted.value,
        np.reshape(duals[2], (n, c)),
        paper_multipliers(np.asarray(duals[0]), -np.atleast_1d(duals[1]), gamma),
        solver=choice.name.lower(),
        status=status,
        seconds=time.perf_counter() - start,
    )


def as_loss(loss: Loss | Matrix) -> Loss:
    """Return a loss; a matrix of targets is the squared loss to them."""
    return loss if isinstance(loss, Loss) else SquaredLoss(loss)


def paper_equations(X: Matrix, c: int) -> Matrix:
    """Return M = [-I, I, X, 0], n x (2n + d + c), which maps (alpha, beta, u, v) to beta - alpha + Xu."""
    n = len(X)
    return np.hstack([-np.eye(n), np.eye(n), X, np.zeros((n, c))])


def paper_multipliers(signed: Vector, complementary: Vector, gamma: float) -> Multipliers:
    """Return the multipliers in units of the level gamma^2.

    Args:
        signed: multipliers of the upper triangle of the block of Lambda over (alpha, beta), 2n x 2n, by rows.
        complementary: multipliers of <alpha_i beta_i>, of length n. The Lagrangian has these products with
            a minus, like the others.
        gamma: the weight of the regularisation.
    """
    n = complementary.size
    half = np.zeros((2 * n, 2 * n))
    # The objective is half of <gamma I, Lambda>, and gamma more comes in when v is eliminated.
    half[np.triu_indices(2 * n)] = gamma * np.maximum(signed, 0)
    full = half + half.T
    return Multipliers(full[:n, :n], 2 * full[:n, n:], full[n:, n:], 2 * gamma * complementary)


def paper_solution(
    loss: Loss,
    gamma: float,
    lifted: Matrix,
    dual_point: Matrix,
    multipliers: Multipliers,
    *,
    solver: str,
    status: str,
    seconds: float,
) -> PaperSolution:
    """Return the solution that Lambda, N and the multipliers amount to.

    Args:
        loss: of n samples with c outputs.
        gamma: the weight of the regularisation.
        lifted: Lambda.
        dual_point: N, n x c, the multipliers of the equations that the predictions are L_alpha,v; a solver's
            errors are taken out of it as far as they lead out of the loss's domain.
        multipliers: in units of the level gamma^2.
        solver: which one it was.
        status: what it said.
        seconds: wall time.
    """
    n, c = loss.targets.shape
    lifted = (lifted + lifted.T) / 2
    N = loss.into_domain(dual_point)
    return PaperSolution(
        dual_point=N,
        multipliers=multipliers,
        value=primal_value(lifted[:n, -c:], lifted[2 * n :, 2 * n :], loss, gamma),
        dual_value=loss.dual_value(N),
        solver=solver,
        status=status,
        seconds=seconds,
        lifted=lifted,
    )
