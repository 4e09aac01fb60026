"""The methods that bound the optimum from below, and which one suits a problem."""

from __future__ import annotations

from dataclasses import dataclass

from certify.bounds.tree.search import MAX_FEATURES
from certify.checker.errors import SolverError
from certify.checker.problems.training import TrainingProblem

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
    if problem.output_bias.exists:
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
        remedy = "--output-bias none" if problem.output_bias.exists else "--method sdp or shor"
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
