"""The methods "sdp" and "shor": which solver computes a relaxation, under a time limit."""

from __future__ import annotations

import importlib.util
import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from certify.bounds.method import (
    Options,
    Outcome,
    Work,
    is_plain,
    refuses_free_biases,
    refuses_more,
    refuses_options,
)
from certify.bounds.names import AUTO
from certify.bounds.proofs.proof_time import leaves_seconds
from certify.bounds.proofs.writing import fit_in_a_leaf
from certify.bounds.relaxation.bound import Relaxation
from certify.bounds.relaxation.nearest import NearestSearch, with_value
from certify.bounds.relaxation.searches import (
    SMALL,
    FirstOrderSearch,
    InteriorPointSearch,
    after_first_order,
    relaxation,
)
from certify.bounds.saved_bounds import SavedBounds
from certify.bounds.searching import Search, in_turn
from certify.checker.errors import SolverError
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.checker.training.leaf_rules import MAX_LEAF_ORDER
from certify.floats.problem import Arrays
from certify.networks.formats.packages import not_installed
from certify.runtime.worker import run_in_child
from formulations.arbitrary_precision.solve import solve_high_precision
from formulations.arrays import Matrix
from formulations.first_order.all_rows import LARGEST_TABLE
from formulations.first_order.regions import LARGEST as LARGEST_WITH_REGIONS
from formulations.partition.partition import ROWS
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.multipliers import DualSolution
from formulations.sdp.shor import solve_shor
from formulations.sdp.solvers import choose_solver

_INSTEAD = 3.0  # seconds for a bound from the network, where a solver is ended by the limit

# Beyond these an interior-point method on all rows outgrows a minute an iteration on two cores.
_LARGEST_HIGH_PRECISION = 400  # rows
_LARGEST_HIGH_PRECISION_DUAL = 2000  # entries of the dual point
LARGEST_INTERIOR_POINT = 1000  # rows, of which few matter: beyond, the tables of all are what takes time

_OWN = (AUTO, "interior-point", "first-order")  # solvers that say what they have on the way

_T = TypeVar("_T")


def largest_high_precision(c: int) -> int:
    """Return the most rows that the method in high precision takes with c outputs."""
    return min(_LARGEST_HIGH_PRECISION, _LARGEST_HIGH_PRECISION_DUAL // c)


class Sdp:
    """SDP-NN, by any of its solvers, or in high precision (docs/method.md, section 3a)."""

    name = "sdp"

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse what outgrows the interior-point method, and more than plain problems for other solvers."""
        if (refusal := refuses_free_biases(problem)) is not None:
            return refusal
        if not options.is_plain and (refusal := _refuses_more(problem, options)) is not None:
            return refusal
        if options.precision == "high" and options.solver != AUTO:
            return "high precision has its own solver: leave --solver out"
        if options.solver not in _OWN and importlib.util.find_spec("cvxpy") is None:
            return f"the solver {options.solver} is called through cvxpy, and {not_installed('cvxpy')}"
        n, c = problem.n, problem.c
        if options.precision == "high" or options.solver == "interior-point":
            is_high = options.precision == "high"
            most = largest_high_precision(c) if is_high else LARGEST_INTERIOR_POINT
            name = "high precision" if is_high else "the interior-point method"
        elif options.solver in (AUTO, "first-order"):
            if n <= LARGEST_TABLE or (most := _most_on_one_line(problem)) <= LARGEST_TABLE:
                return None
            limit = f"a block of the method sdp takes {LARGEST_TABLE}"
            return f"{most} rows lie on one line through the origin, and {limit}: use --method tree or shor"
        else:
            return _refuses_solver(options.solver)
        if n <= most:
            return None
        rows = f"at most {most} rows with {counted(c, 'target')}"
        return f"{name} takes {rows}, and the data has {n}: leave --solver and --precision out"

    def searches(self, problem: TrainingProblem, options: Options) -> tuple[Search, ...]:
        """Return what is tried until one proves enough; nothing for a solver that runs once."""
        if options.precision == "high" or options.solver not in _OWN:
            return ()
        gives_way = options.method == AUTO and ROWS < problem.n <= LARGEST_WITH_REGIONS and is_plain(problem)
        searches: tuple[Search, ...] = (
            FirstOrderSearch(may_give_up=True, gives_way=gives_way),
            after_first_order(),
        )
        if options.solver == "interior-point" or (options.solver == AUTO and problem.n <= SMALL):
            searches = (InteriorPointSearch(),)
        elif options.solver == "first-order" or problem.n > LARGEST_INTERIOR_POINT:
            searches = (FirstOrderSearch(may_give_up=False),)
        if is_plain(problem):
            return searches
        line = Arrays.of(problem).for_relaxations.dual_line
        return tuple(NearestSearch(search, line) for search in searches)

    def bound(self, work: Work) -> Outcome | None:
        """Solve the relaxation; return None if Ctrl-C or the time limit left nothing of it.

        Raises:
            SolverError: if the solver asked for is not available or the problem is too large for it.
        """
        if searches := self.searches(work.problem, work.options):
            return next(iter(in_turn(searches, work, SavedBounds(work), 1)), None)
        return _relax(work, self._solve)

    def _solve(self, work: Work, limit: float | None) -> Relaxation | None:
        problem, arrays = work.problem, work.arrays
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
        solver = work.options.solver
        solution = _in_child(work, limit, _reduced, arrays.X, arrays.Y, arrays.gamma, solver)
        return None if solution is None else relaxation(self.name, solution)


class Shor:
    """Shor's relaxation (docs/method.md, section 3)."""

    name = "shor"

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse solvers and precisions, free hidden biases, and more than the leaf of a proof may have."""
        refusal = refuses_free_biases(problem) or refuses_options(self.name, options)
        if refusal is not None or fit_in_a_leaf(problem):
            return refusal
        return (
            f"Shor's relaxation is proved by one leaf, of at most {MAX_LEAF_ORDER} rows and features "
            f"together, and the data has {problem.n + problem.d}: use --method sdp, which takes blocks"
        )

    def bound(self, work: Work) -> Relaxation | None:
        """Solve the relaxation; return None if Ctrl-C or the time limit left nothing of it.

        Raises:
            SolverError: if the solver does not take the problem.
        """
        return _relax(work, self._solve)

    def _solve(self, work: Work, limit: float | None) -> Relaxation | None:
        arrays = work.arrays.for_relaxations
        plain, line = is_plain(work.problem), arrays.dual_line
        aim = arrays.Y if plain else line.admissible(work.generation.best.dual_point)
        solution = _in_child(work, limit, solve_shor, arrays.X, aim, arrays.gamma)
        if solution is None:
            return None
        found = relaxation(self.name, solution)
        return found if plain else with_value(found, line)


def _refuses_solver(name: str) -> str | None:
    """Return the sentence of a solver of others that cannot run here."""
    try:
        choose_solver(1, name)
    except ValueError as error:
        return str(error)
    return None


def _refuses_more(problem: TrainingProblem, options: Options) -> str | None:
    """Return the sentence of high precision and of solvers of others, where a problem is not plain."""
    if options.precision == "high":
        return refuses_more("high precision", problem)
    return None if options.solver in _OWN else refuses_more(f"the solver {options.solver}", problem)


def _most_on_one_line(problem: TrainingProblem) -> int:
    """Return how many rows of the inputs, none of them zero, are multiples of one."""
    lines: Counter[int] = Counter()  # by hash values, as the lines themselves are as long as the data
    for row in problem.inputs:
        if divisor := math.gcd(*row):
            first = next(entry for entry in row if entry)
            divisor = divisor if first > 0 else -divisor
            lines[hash(tuple([entry // divisor for entry in row]))] += 1
    return max(lines.values(), default=0)


def _relax(work: Work, solve: Callable[[Work, float | None], Relaxation | None]) -> Relaxation | None:
    """Run a solver as the stage "relax"; return None if it was interrupted or left nothing."""
    clock = work.clock
    with clock.stage("relax") as words:
        try:
            with work.interrupts.allowed():
                found = solve(work, _limit(work))
        except ValueError as error:
            raise SolverError(str(error)) from error
        except KeyboardInterrupt:
            words.append("interrupted")
            return None
        if found is None:
            words.append("ended by the time limit")
        else:
            value = found.value if found.estimate is None else found.estimate
            words.append(f"{found.method} value {value:.8g} by {found.solver} (an estimate)")
    return found


def _limit(work: Work) -> float | None:
    """Return the seconds for a solver that says nothing on the way; None without a limit."""
    left = work.seconds_left()
    if math.isinf(left):
        return None
    return max(0.0, left - max(leaves_seconds([work.problem.n + work.problem.d]), _INSTEAD))


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
