"""The semidefinite programs of this package, and which installed solver is handed which form of them.

A program is a concave quadratic over a linear matrix inequality (an LMI), and every one of them here has
an interior point. Its conic dual is a program in moments: a positive semidefinite matrix under linear
constraints. A solver can be given either. Clarabel is as fast on both, and finds more digits of the
multipliers from the LMI where inputs are close to parallel. SCS keeps its dual variables inside their cones,
and those are the multipliers if it is given the moments: they miss feasibility by ten times less.
"""

from __future__ import annotations

import functools
import importlib.util
import time
import warnings
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Literal

import numpy as np
from scipy import sparse

from formulations.arrays import Matrix, Vector
from formulations.modelling import cvxpy as cp

# The work of Clarabel grows with the sixth power of the order: two minutes of a processor at order 107, four
# here. SCS is faster from there on, with three digits on Gaussian inputs and none on inputs much alike.
CLARABEL_MAX_ORDER = 120

_FORMS: dict[str, Literal["lmi", "moments"]] = {"MOSEK": "lmi", "CLARABEL": "lmi", "SCS": "moments"}
# Ways to stop early at an iterate that cvxpy would throw away, though it is often good to six digits.
_CLARABEL_STALLED = ("InsufficientProgress", "NumericalError")
_OPTIONS: dict[str, dict[str, float | bool]] = {
    "MOSEK": {"accept_unknown": True},
    # The programs come in scaled already, and Clarabel's own scaling costs it iterations and digits. Shorter
    # steps get it further where inputs are nearly parallel.
    "CLARABEL": {"equilibrate_enable": False, "max_step_fraction": 0.9},
    "SCS": {"eps": 1e-6, "max_iters": 20_000, "scale": 0.01, "acceleration_lookback": 0},
}


@dataclass(frozen=True)
class SolverChoice:
    """A solver that can run here, with the settings that suit the programs of this package.

    Attributes:
        name: as cvxpy spells it.
        form: which of its two forms a program is handed over in.
        options: keyword arguments of `cvxpy.Problem.solve`.
    """

    name: str
    form: Literal["lmi", "moments"]
    options: dict[str, float | bool]


@functools.cache
def mosek_is_licensed() -> bool:
    """Return whether MOSEK is installed and solves a problem in one variable."""
    if importlib.util.find_spec("mosek") is None:
        return False
    x = cp.Variable()
    try:
        status = run(cp.Problem(cp.Minimize(x), [x >= 1]), SolverChoice("MOSEK", "lmi", {}))
    except Exception:  # a missing licence is an error of a class that only mosek itself defines
        return False
    return status == "optimal"


def choose_solver(order: int, name: str | None = None) -> SolverChoice:
    """Return the solver for a semidefinite matrix of the given order.

    That is MOSEK where it has a licence, otherwise Clarabel, and above its order SCS, whose answer is crude.

    Args:
        order: of the largest semidefinite matrix.
        name: mosek, clarabel or scs in any case, to insist on one.

    Raises:
        ValueError: the solver asked for is unknown, or is MOSEK without a licence.
    """
    if name is None:
        name = "mosek" if mosek_is_licensed() else "clarabel" if order <= CLARABEL_MAX_ORDER else "scs"
    elif name.upper() not in _FORMS:
        raise ValueError(f"solver {name!r} is not one of mosek, clarabel and scs; choose one of these")
    elif name.upper() == "MOSEK" and not mosek_is_licensed():
        raise ValueError("solver 'mosek' is not installed or has no licence; choose clarabel or scs")
    name = name.upper()
    return SolverChoice(name, _FORMS[name], _OPTIONS[name])


def run(problem: cp.Problem, choice: SolverChoice, *, verbose: bool = False) -> str:
    """Solve a cvxpy problem and return its status, whatever that is.

    An answer that the solver calls inaccurate is kept. If there is none, because the solver failed or claims
    that the problem has no solution, the variables of the problem are left without values.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cvxpy repeats the status as a warning
        try:
            data, chain, inverse_data = problem.get_problem_data(choice.name, solver_opts=choice.options)
            answer = chain.solve_via_data(problem, data, verbose=verbose, solver_opts=dict(choice.options))
            if str(getattr(answer, "status", "")) in _CLARABEL_STALLED:
                answer = SimpleNamespace(
                    status="AlmostSolved",
                    x=answer.x,
                    z=answer.z,
                    obj_val=answer.obj_val,
                    solve_time=answer.solve_time,
                    iterations=answer.iterations,
                )
            problem.unpack_results(answer, chain, inverse_data)
        except cp.SolverError:
            return "solver_error"
    return str(problem.status)


@dataclass(frozen=True)
class Outcome:
    """Approximate solutions of a program and of its dual.

    Attributes:
        variables: y, of length q.
        moments: the multiplier of the LMI, order x order, symmetric.
        solver: name of the solver, in lower case.
        status: the solver's own word, in cvxpy's vocabulary.
        seconds: wall time.
    """

    variables: Vector
    moments: Matrix
    solver: str
    status: str
    seconds: float


@dataclass(frozen=True)
class SemidefiniteProgram:
    """Maximise `linear` @ y - 1/2 |y_last|^2 such that constant + sum_k y_k F_k is positive semidefinite.

    Attributes:
        constant: order x order, symmetric.
        matrices: order^2 x q; column k holds the entries of the symmetric F_k.
        linear: of length q.
        nonnegative: that many variables come first and are nonnegative; the others are free.
        quadratic: that many variables come last and enter the objective by their squares.
    """

    constant: Matrix
    matrices: sparse.csc_array
    linear: Vector
    nonnegative: int
    quadratic: int

    def solve(self, choice: SolverChoice, *, verbose: bool = False) -> Outcome:
        """Return what the solver says of the program, however inaccurate.

        Raises:
            ValueError: the solver returned no numbers at all.
        """
        start = time.perf_counter()
        solve = self._solve_lmi if choice.form == "lmi" else self._solve_moments
        variables, moments, status = solve(choice, verbose)
        if variables is None or moments is None:
            raise ValueError(
                f"solver {choice.name.lower()!r} returned no numbers (status {status!r}); try another solver"
            )
        symmetric = (moments + moments.T) / 2
        return Outcome(variables, symmetric, choice.name.lower(), status, time.perf_counter() - start)

    def _solve_lmi(self, choice: SolverChoice, verbose: bool) -> tuple[Vector | None, Matrix | None, str]:
        y = cp.Variable(self.linear.size)
        entries = self.matrices @ y + self.constant.ravel()
        inequality = cp.PSD(entries.reshape(self.constant.shape, order="C"))
        objective = self.linear @ y
        if self.quadratic:
            objective -= (y[-self.quadratic :] ** 2).sum() / 2
        status = run(
            cp.Problem(cp.Maximize(objective), [inequality, y[: self.nonnegative] >= 0]),
            choice,
            verbose=verbose,
        )
        return y.value, inequality.dual_value, status

    def _solve_moments(self, choice: SolverChoice, verbose: bool) -> tuple[Vector | None, Matrix | None, str]:
        moments = cp.Variable(self.constant.shape, PSD=True)
        # The derivative of the Lagrangian of the LMI, but for the squares.
        slope = self.matrices.T @ moments.flatten(order="C") + self.linear
        squares_start = self.linear.size - self.quadratic
        signed = slope[: self.nonnegative] <= 0
        free = slope[self.nonnegative : squares_start] == 0
        objective = self.constant.ravel() @ moments.flatten(order="C")
        if self.quadratic:
            objective += (slope[squares_start:] ** 2).sum() / 2
        status = run(cp.Problem(cp.Minimize(objective), [signed, free]), choice, verbose=verbose)
        if moments.value is None or signed.dual_value is None or free.dual_value is None:
            return None, None, status
        variables = [signed.dual_value, free.dual_value, slope.value[squares_start:]]
        return np.concatenate([np.atleast_1d(part) for part in variables]), moments.value, status
