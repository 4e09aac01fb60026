"""SDP-NN as the paper writes it, of order 2n + d + c, in PICOS: a second opinion on paper_cvxpy.py.

PICOS is an optional dependency. Its solvers are other ones than cvxpy's: CVXOPT, which is free and takes
about ten samples, and MOSEK.
"""

from __future__ import annotations

import time

import numpy as np

from formulations.arrays import Matrix, check_problem
from formulations.losses.in_picos import PicosLoss
from formulations.losses.loss import Loss
from formulations.sdp.conic.paper_cvxpy import (
    PaperSolution,
    as_loss,
    paper_equations,
    paper_multipliers,
    paper_solution,
)
from formulations.sdp.solvers import mosek_is_licensed

# Without an interior point CVXOPT breaks down somewhere beyond, and what it then has differs by processor.
_CVXOPT_TOLERANCE = 1e-4
_TOLERANCES = tuple(
    f"{kind}_{what}_tol" for kind in ("abs", "rel") for what in ("prim_fsb", "dual_fsb", "ipm_opt")
)


def solve_paper_picos(
    X: Matrix, loss: Loss | Matrix, gamma: float, *, solver: str | None = None, verbose: bool = False
) -> PaperSolution:
    """Solve SDP-NN in the paper's variables; prefer `solve_reduced` for anything but a comparison.

    Args:
        X: the inputs, n x d.
        loss: of n samples with c outputs, weighted or not; a matrix of targets, n x c, for the squared one.
        gamma: the weight of the regularisation, positive.
        solver: mosek or cvxopt; None for MOSEK where it has a licence and CVXOPT otherwise.
        verbose: let the solver print its progress.

    Raises:
        ValueError: the problem is malformed, PICOS or the solver is not available, or no numbers came back.
    """
    loss = as_loss(loss)
    check_problem(X, loss.targets, gamma)
    try:
        import picos
    except ImportError:
        raise ValueError("PICOS is not installed; install it with: pip install 'certify[picos]'") from None
    name = (solver or ("mosek" if mosek_is_licensed() else "cvxopt")).lower()
    if name not in ("mosek", "cvxopt") or name not in picos.available_solvers():
        raise ValueError(f"solver {name!r} is not available to PICOS; install cvxopt or a licensed mosek")

    (n, d), c = X.shape, loss.targets.shape[1]
    order = 2 * n + d + c
    start = time.perf_counter()
    # Once CVXOPT's Cholesky factorisation has got as far as it can, PICOS would start again with another that
    # divides by zero where there is no interior point.
    tolerances = dict.fromkeys(_TOLERANCES, _CVXOPT_TOLERANCE) if name == "cvxopt" else {}
    problem = picos.Problem(
        solver=name,
        verbosity=int(verbose),
        primals=None,
        duals=None,
        cvxopt_kktsolver="chol",
        **tolerances,
    )
    lifted = picos.SymmetricVariable("Lambda", order)
    tie = picos.Constant("M", paper_equations(X, c))
    predictions = picos.RealVariable("Z", (n, c))
    problem.minimize = PicosLoss(problem, loss, predictions).expression() + gamma / 2 * picos.trace(
        lifted[2 * n :, 2 * n :]
    )
    problem += lifted >> 0
    computed = problem.add_constraint(predictions == lifted[:n, order - c :])
    # The upper triangle, and no more: twice the same equation would leave CVXOPT with a singular system.
    upper = picos.Constant("U", _selection(*np.triu_indices(2 * n), 2 * n))
    signed = problem.add_constraint(upper * lifted[: 2 * n, : 2 * n].vec >= 0)
    complementary = problem.add_constraint(picos.maindiag(lifted[:n, n : 2 * n]) == 0)
    equations = picos.Constant("E", _selection(*np.triu_indices(n), n))
    problem += equations * (tie * lifted * tie.T).vec == 0
    try:
        status = problem.solve().claimedStatus
    except (picos.SolutionFailure, ArithmeticError, ValueError) as error:
        raise ValueError(f"solver {name!r} returned no numbers ({error}); try another solver") from error
    if any(part is None for part in (lifted.value, signed.dual, complementary.dual, computed.dual)):
        raise ValueError(f"solver {name!r} returned no numbers (status {status!r}); try another solver")
    return paper_solution(
        loss,
        gamma,
        np.array(lifted.value),
        -np.reshape(np.array(computed.dual), (n, c)),
        paper_multipliers(np.array(signed.dual).ravel(), np.array(complementary.dual).ravel(), gamma),
        solver=name,
        status=status,
        seconds=time.perf_counter() - start,
    )


def _selection(rows: np.ndarray, columns: np.ndarray, order: int) -> Matrix:
    """Return the matrix that picks these entries of a matrix out of its columns, stacked."""
    selection = np.zeros((rows.size, order**2))
    selection[np.arange(rows.size), columns * order + rows] = 1
    return selection
