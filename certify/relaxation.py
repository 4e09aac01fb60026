"""Which relaxation bounds the gauge, and which solver computes it: a choice and a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from certify.certificate import Certificate
from certify.errors import SolverError
from certify.interrupts import Interrupts
from certify.preprocessing import Preprocessing
from certify.problem import IntegerRows, TrainingProblem
from certify.progress import Clock
from certify.root_leaf import Arrays, exact_root_certificate, root_certificate
from certify.tree_search import MAX_FEATURES
from certify.worker import run_in_child
from formulations.arrays import Matrix
from formulations.high_precision import HighPrecisionSolution, solve_high_precision
from formulations.multiplier_generation import solve_dual
from formulations.multipliers import DualSolution, Multipliers
from formulations.reduced import solve_reduced
from formulations.shor import improve_slack, solve_shor

_T = TypeVar("_T")

METHODS = ("auto", "tree", "partition", "sdp", "shor")
SOLVERS = ("auto", "interior-point", "mosek", "clarabel", "scs")
PRECISIONS = ("double", "high")

# With more, the tree proves less in minutes than the relaxations do.
LARGEST_TREE_FEATURES = 6
# Beyond these the interior-point method's Newton matrix outgrows a minute an iteration on two cores.
LARGEST_SDP_SAMPLES = 400
LARGEST_SDP_DUAL = 2000  # entries of the dual point


@dataclass(frozen=True)
class Choice:
    """What will run: `method` of `METHODS` but "auto", a solver of `SOLVERS`, a precision of `PRECISIONS`."""

    method: str
    solver: str
    precision: str


@dataclass(frozen=True)
class Relaxation:
    """An approximate dual solution on its way to a certificate.

    Attributes:
        method: "sdp" or "shor".
        solver: what ran.
        estimate: the solver's value of the relaxation (a loss, no bound); None where it was not solved.
        solution: double or high precision.
        cut_short: whether the time limit ended the solver.
    """

    method: str
    solver: str
    estimate: float | None
    solution: DualSolution | HighPrecisionSolution
    cut_short: bool = False

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Turn the solution into a valid certificate."""
        if isinstance(self.solution, HighPrecisionSolution):
            yield exact_root_certificate(problem, self.solution, preprocessing=preprocessing)
            return
        yield root_certificate(
            problem,
            self.solution.dual_point,
            self.solution.multipliers,
            preprocessing=preprocessing,
            method=self.method,
        )


def choose(
    problem: TrainingProblem, method: str, solver: str, precision: str, *, tree_failed: bool = False
) -> Choice:
    """Settle what "auto" leaves open; a tree only where it has not failed already.

    Raises:
        SolverError: if a name is unknown or the names do not go together.
    """
    for value, known, name in (
        (method, METHODS, "method"),
        (solver, SOLVERS, "solver"),
        (precision, PRECISIONS, "precision"),
    ):
        if value not in known:
            raise SolverError(f"the {name} {value!r} is unknown: use one of {', '.join(known)}")
    if problem.output_bias != "none":
        if method not in ("auto", "tree"):
            raise SolverError(
                f"the method {method} knows no output bias: use --method tree, or --output-bias none"
            )
        method = "tree"
    fits = problem.n <= LARGEST_SDP_SAMPLES and problem.n * problem.c <= LARGEST_SDP_DUAL
    plain = solver == "auto" and precision == "double"
    if method == "auto":
        small = problem.d <= LARGEST_TREE_FEATURES and not tree_failed
        method = ("tree" if small else "partition") if plain else "sdp"
    if method in ("tree", "partition", "shor") and not plain:
        raise SolverError(
            f"the method {method} has one solver and double precision: leave --solver and --precision out"
        )
    if method == "tree" and problem.d > MAX_FEATURES:
        remedy = "--method sdp or shor" if problem.output_bias == "none" else "--output-bias none"
        raise SolverError(
            f"the method tree takes at most {MAX_FEATURES} features and the data has {problem.d}: "
            f"use {remedy}"
        )
    if precision == "high" and solver != "auto":
        raise SolverError("high precision has its own solver: leave --solver out")
    if method == "sdp" and solver in ("auto", "interior-point") and not fits:
        raise SolverError(
            f"the interior-point method takes at most {LARGEST_SDP_SAMPLES} rows and {LARGEST_SDP_DUAL} "
            f"target entries, and the data has {problem.n} rows and {problem.c} targets: use --method shor"
        )
    return Choice(method, solver, precision)


def solve(
    problem: TrainingProblem, arrays: Arrays, choice: Choice, clock: Clock, interrupts: Interrupts
) -> Relaxation | None:
    """Solve the relaxation; return None if Ctrl-C or the time limit left nothing of it.

    Raises:
        SolverError: if the solver asked for is not available or the problem is too large for it.
    """
    with clock.stage("relax") as words:
        try:
            with interrupts.allowed():
                relaxation = _solve(problem, arrays, choice, clock)
        except ValueError as error:
            raise SolverError(str(error)) from error
        except KeyboardInterrupt:
            words.append("interrupted")
            return None
        if relaxation is None:
            words.append("ended by the time limit")
        elif relaxation.estimate is not None:
            words.append(
                f"{relaxation.method} value {relaxation.estimate:.8g} by {relaxation.solver} (an estimate)"
            )
        else:
            words.append(f"stopped at {relaxation.solution.dual_value:.8g}")
            if relaxation.cut_short and not clock.limited:
                words.append("--time-limit SECONDS lets it go on")
    return relaxation


def _solve(problem: TrainingProblem, arrays: Arrays, choice: Choice, clock: Clock) -> Relaxation | None:
    limit = clock.remaining(0.9)  # the proof and its check need the rest
    if choice.precision == "high":
        exact = _in_child(
            clock,
            limit,
            solve_high_precision,
            _fractions(problem.inputs, problem.input_denominator),
            _fractions(problem.targets, problem.target_denominator),
            problem.gamma,
        )
        return None if exact is None else Relaxation("sdp", "high precision", float(exact.value), exact)
    if choice.method == "shor":
        solution = _in_child(clock, limit, solve_shor, arrays.X, arrays.Y, arrays.gamma)
    elif choice.solver in ("auto", "interior-point"):
        solution = solve_dual(
            arrays.X,
            arrays.Y,
            arrays.gamma,
            time_limit=limit,
            on_progress=lambda value, gap, active: clock.observer.update(
                f"bound {value:.6g}, gap {gap:.1e}, {active} multipliers"
            ),
        )
    else:
        solution = _in_child(clock, limit, _reduced, arrays.X, arrays.Y, arrays.gamma, choice.solver)
    if solution is None:
        return None
    ended_early = solution.status in ("time limit", "interrupted")
    return Relaxation(
        choice.method,
        solution.solver,
        None if ended_early else solution.value,
        solution,
        cut_short=solution.status == "time limit",
    )


def _in_child(
    clock: Clock, limit: float | None, function: Callable[..., _T], *arguments: object
) -> _T | None:
    return run_in_child(
        function,
        *arguments,
        time_limit=limit,
        on_tick=lambda seconds: clock.observer.update(f"{seconds:.0f} s in a solver that says nothing"),
    )


def _reduced(X: Matrix, Y: Matrix, gamma: float, solver: str) -> DualSolution:
    return solve_reduced(X, Y, gamma, solver=solver)


def _fractions(rows: IntegerRows, denominator: int) -> list[list[Fraction]]:
    return [[Fraction(entry, denominator) for entry in row] for row in rows]


def residual_relaxation(arrays: Arrays, residual: Matrix) -> Relaxation:
    """Take a network's residual as the dual point, with the best slack for it: quick, and weak.

    Args:
        arrays: the problem.
        residual: Y - f(X), n x c.
    """
    multipliers = replace(Multipliers.zero(len(residual)), slack=improve_slack(arrays.X, residual))
    solution = DualSolution(residual, multipliers, 0.0, 0.0, "residual", "feasible", 0.0)
    return Relaxation("shor", "residual", None, solution)
