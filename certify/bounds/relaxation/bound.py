"""Which relaxation bounds the gauge, and which solver computes it: a choice and a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from certify.bounds.methods import Choice
from certify.bounds.relaxation.root_leaf import exact_root_certificate, root_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import SolverError
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock
from certify.runtime.worker import run_in_child
from formulations.arrays import Matrix
from formulations.high_precision.solve import HighPrecisionSolution, solve_high_precision
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import DualSolution, Multipliers
from formulations.sdp.reduced import solve_reduced
from formulations.sdp.shor import improve_slack, solve_shor

_T = TypeVar("_T")


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
