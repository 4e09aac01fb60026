"""The methods "sdp" and "shor": which solver computes a relaxation, under a time limit."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from certify.bounds.method import Options, Work, refuses_options, refuses_output_bias
from certify.bounds.names import AUTO
from certify.bounds.relaxation.bound import BlocksSolution, Relaxation
from certify.bounds.report import GapPoint
from certify.checker.errors import SolverError
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.runtime.worker import run_in_child
from formulations.arbitrary_precision.solve import solve_high_precision
from formulations.arrays import Matrix
from formulations.first_order.all_rows import LARGEST_BLOCK, LARGEST_TABLE, Found, improve
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import DualSolution
from formulations.sdp.reduced import solve_reduced
from formulations.sdp.shor import solve_shor

_SHARE = 0.9  # of the time that is left; the proof and its check need the rest

# Beyond these the interior-point method's Newton matrix outgrows a minute an iteration on two cores.
LARGEST_INTERIOR_POINT = 400  # rows
LARGEST_INTERIOR_POINT_DUAL = 2000  # entries of the dual point
# Beyond this the exact check of one leaf takes minutes, and of blocks of samples less.
_LARGEST_LEAF = 1000  # rows
_SMALL = 100  # rows, for which the interior-point method takes seconds to its end

_PATIENCE = 120.0  # seconds of the first-order method where no limit is given
# A relative gap that methods on few of many rows do not close: this one takes all the time that there is.
CLOSE = 0.15
# Below this share of the network's loss after a quarter of its time the first-order method gives up.
_PROMISING = 0.5
_AIM = 0.9  # of the gap that is wanted; rounding takes a little
# The exact check of a leaf took so many seconds at order 600 on one core; from order 60 on it grew with this
# power.
_CHECK_SECONDS, _CHECK_ORDER, _CHECK_POWER = 9.5, 600, 2.5
_CHECK_SHARE = 0.25  # of the time, where blocks of samples may be as small as that needs

_T = TypeVar("_T")


def largest_interior_point(c: int) -> int:
    """Return the most rows that the interior-point method takes with c outputs."""
    return min(LARGEST_INTERIOR_POINT, LARGEST_INTERIOR_POINT_DUAL // c)


class Sdp:
    """SDP-NN, by any of its solvers, or in high precision (docs/method.md, section 3a)."""

    name = "sdp"
    goes_on_training = False

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse an output bias, a solver for high precision, and what outgrows the interior-point method."""
        if (refusal := refuses_output_bias(self.name, problem)) is not None:
            return refusal
        if options.precision == "high" and options.solver != AUTO:
            return "high precision has its own solver: leave --solver out"
        n, c = problem.n, problem.c
        if options.precision == "high" or options.solver == "interior-point":
            most = largest_interior_point(c)
            name = "high precision" if options.precision == "high" else "the interior-point method"
        elif options.solver in (AUTO, "first-order"):
            if n <= LARGEST_TABLE or (most := _most_on_one_line(problem)) <= LARGEST_TABLE:
                return None
            limit = f"a block of the method sdp takes {LARGEST_TABLE}"
            return f"{most} rows lie on one line through the origin, and {limit}: use --method tree or shor"
        else:
            return None
        if n <= most:
            return None
        rows = f"at most {most} rows with {counted(c, 'target')}"
        return f"{name} takes {rows}, and the data has {n}: use --method shor"

    def bound(self, work: Work) -> Relaxation | None:
        """Solve the relaxation; return None if Ctrl-C or the time limit left nothing of it.

        Raises:
            SolverError: if the solver asked for is not available or the problem is too large for it.
        """
        return _relax(work, self._solve)

    def _solve(self, work: Work, limit: float | None) -> Relaxation | None:
        problem, arrays, solver = work.problem, work.arrays, work.options.solver
        if work.options.precision == "high":
            exact = _in_child(
                work,
                limit,
                solve_high_precision,
                _fractions(problem.inputs, problem.input_denominator),
                _fractions(problem.targets, problem.target_denominator),
                problem.gamma,
            )
            return (
                None if exact is None else Relaxation(self.name, "high precision", float(exact.value), exact)
            )
        if solver == "first-order":
            return _first_order(self.name, work, limit)
        if solver == AUTO and problem.n > _SMALL:
            return self._strongest(work, limit)
        if solver not in (AUTO, "interior-point"):
            return _relaxation(
                self.name, _in_child(work, limit, _reduced, arrays.X, arrays.Y, arrays.gamma, solver)
            )
        return self._interior_point(work, limit)

    def _strongest(self, work: Work, limit: float | None) -> Relaxation | None:
        """Run the first-order method, and where it stays far from closing the gap the other one as well.

        Where the weight decay is weak, fewer rows matter, the first-order method creeps, and the
        interior-point method proves more (docs/solvers.md).
        """
        problem, clock = work.problem, work.clock
        begun = clock.elapsed
        fits = problem.n <= largest_interior_point(problem.c)
        first = _first_order(self.name, work, limit, may_give_up=fits)
        promises = first is not None and first.value >= _PROMISING * work.generation.best.loss
        if promises or not fits or work.is_over:
            return first
        second = self._interior_point(work, None if limit is None else limit - (clock.elapsed - begun))
        return max(filter(None, (first, second)), key=lambda found: found.value, default=None)

    def _interior_point(self, work: Work, limit: float | None) -> Relaxation | None:
        arrays, clock = work.arrays, work.clock
        solution = solve_dual(
            arrays.X,
            arrays.Y,
            arrays.gamma,
            time_limit=limit,
            on_progress=lambda value, gap, active: clock.observer.update(
                f"bound {value:.6g}, gap {gap:.1e}, {active} multipliers"
            ),
        )
        return _relaxation(self.name, solution)


class Shor:
    """Shor's relaxation (docs/method.md, section 3)."""

    name = "shor"
    goes_on_training = False

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse an output bias, solvers and precisions."""
        return refuses_output_bias(self.name, problem) or refuses_options(self.name, options)

    def bound(self, work: Work) -> Relaxation | None:
        """Solve the relaxation; return None if Ctrl-C or the time limit left nothing of it.

        Raises:
            SolverError: if the solver does not take the problem.
        """
        return _relax(work, self._solve)

    def _solve(self, work: Work, limit: float | None) -> Relaxation | None:
        arrays = work.arrays
        return _relaxation(self.name, _in_child(work, limit, solve_shor, arrays.X, arrays.Y, arrays.gamma))


def _first_order(
    name: str, work: Work, limit: float | None, *, may_give_up: bool = False
) -> Relaxation | None:
    """Improve a dual point until it proves the gap that is wanted, nothing is gained, or time is up.

    Args:
        name: of the method.
        work: to do.
        limit: seconds; all that there are where the gap gets small.
        may_give_up: whether to stop after a quarter of them where little is proved by then.
    """
    arrays, clock, problem = work.arrays, work.clock, work.problem
    upper = work.generation.best.loss
    largest = _largest_block(problem, clock.remaining())
    check = _check_seconds(problem, largest)

    def ending(limit: float | None) -> float:
        return clock.elapsed + (_PATIENCE if limit is None else max(limit - check, limit / 4))

    early = clock.elapsed + (_PATIENCE if limit is None else limit) / 4
    share, whole = ending(limit), ending(clock.remaining(_SHARE))
    best: Found | None = None

    def seconds_left() -> float:
        proved = 0.0 if best is None else best.value
        if proved >= (1 - CLOSE) * upper:
            return whole - clock.elapsed
        gives_up = may_give_up and proved < _PROMISING * upper
        return (min(early, share) if gives_up else share) - clock.elapsed

    curve: list[GapPoint] = []
    status = "optimal"
    try:
        for found in improve(
            arrays.X,
            arrays.Y,
            arrays.gamma,
            threads=os.cpu_count() or 1,
            largest_block=largest,
            seconds_left=seconds_left,
            on_step=lambda words: clock.observer.update(f"{words}; the network's loss is {upper:.6g}"),
        ):
            best = found
            curve.append(GapPoint(clock.elapsed, found.value, upper))
            if found.value >= (1 - _AIM * work.gap) * upper:
                break
    except KeyboardInterrupt:
        if best is None:
            raise
        status = "interrupted"
    if best is None:
        return None
    if seconds_left() <= 0:
        status = "time limit"
    return Relaxation(
        name,
        "first-order",
        None,
        BlocksSolution(best.value, tuple(best.blocks())) if problem.n > _LARGEST_LEAF else best.solution(),
        cut_short=status == "time limit",
        curve=tuple(curve),
    )


def _most_on_one_line(problem: TrainingProblem) -> int:
    """Return how many rows of the inputs, none of them zero, are multiples of one."""
    lines: Counter[tuple[int, ...]] = Counter()
    for row in problem.inputs:
        if divisor := math.gcd(*row):
            first = next(entry for entry in row if entry)
            divisor = divisor if first > 0 else -divisor
            lines[tuple(entry // divisor for entry in row)] += 1
    return max(lines.values(), default=0)


def _check_seconds(problem: TrainingProblem, block: int) -> float:
    """Foresee how long the exact check of blocks of so many rows takes on one core."""
    order = float(block + problem.d)
    return problem.n / block * _CHECK_SECONDS * math.pow(order / _CHECK_ORDER, _CHECK_POWER)


def _largest_block(problem: TrainingProblem, limit: float | None) -> int:
    """Return the most rows of a block, so that the check leaves most of the time to the search."""
    if problem.n <= _LARGEST_LEAF:
        return problem.n
    limit, block = 2 * _PATIENCE if limit is None else limit, LARGEST_BLOCK
    while block > _SMALL and _check_seconds(problem, block) > _CHECK_SHARE * limit:
        block //= 2
    return block


def _relax(work: Work, solve: Callable[[Work, float | None], Relaxation | None]) -> Relaxation | None:
    """Run a solver as the stage "relax"; return None if it was interrupted or left nothing."""
    clock = work.clock
    with clock.stage("relax") as words:
        try:
            with work.interrupts.allowed():
                relaxation = solve(work, work.remaining(_SHARE))
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
            words.append(f"stopped at {relaxation.value:.8g}")
            if relaxation.cut_short and not clock.limited:
                words.append("--time-limit SECONDS lets it go on")
    return relaxation


def _relaxation(method: str, solution: DualSolution | None) -> Relaxation | None:
    if solution is None:
        return None
    ended_early = solution.status in ("time limit", "interrupted")
    return Relaxation(
        method,
        solution.solver,
        None if ended_early else solution.value,
        solution,
        cut_short=solution.status == "time limit",
    )


def _in_child(work: Work, limit: float | None, function: Callable[..., _T], *arguments: object) -> _T | None:
    return run_in_child(
        function,
        *arguments,
        time_limit=limit,
        on_tick=lambda seconds: work.clock.observer.update(f"{seconds:.0f} s in a solver that says nothing"),
    )


def _reduced(X: Matrix, Y: Matrix, gamma: float, solver: str) -> DualSolution:
    return solve_reduced(X, Y, gamma, solver=solver)


def _fractions(rows: IntegerRows, denominator: int) -> list[list[Fraction]]:
    return [[Fraction(entry, denominator) for entry in row] for row in rows]
