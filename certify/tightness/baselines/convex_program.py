"""The convex program over all activation patterns, whose value is the optimum of training with one output."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from certify.checker.errors import SolverError
from certify.tightness.baselines.baseline import (
    Baseline,
    BaselineProblem,
    BaselineSettings,
    Outcome,
    solved_apart,
)
from certify.tightness.quantities import Kind
from formulations.patterns.convex_program import solve_over_patterns

NAME = "convex"
LARGEST = 2000  # patterns


def _solve(problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
    if problem.exact.c != 1:
        raise SolverError(
            f"{NAME} is for one output, and the data has {problem.exact.c}, for which its norm is NP-hard: "
            "use copositive"
        )
    found = solved_apart(NAME, partial(solve_over_patterns, most=LARGEST), problem, settings)
    network = problem.network(found.hidden, found.output)
    assert network.loss is not None
    return replace(
        network,
        kind=Kind.ESTIMATE,
        loss=found.value,
        notes=f"{found.patterns} patterns; its network has a loss of {float(network.loss):.8g}",
        details={"patterns": found.patterns, "network": float(network.loss)},
    )


CONVEX_PROGRAM = Baseline(NAME, Kind.ESTIMATE, "Pilanci and Ergen 2020", _solve)
