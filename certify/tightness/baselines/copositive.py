"""The copositive relaxation over all activation patterns, for any number of outputs: an estimate."""

from __future__ import annotations

from functools import partial

from certify.tightness.baselines.baseline import (
    Baseline,
    BaselineProblem,
    BaselineSettings,
    Outcome,
    solved_apart,
)
from certify.tightness.quantities import Kind
from formulations.patterns.copositive_relaxation import solve_copositive_relaxation

NAME = "copositive"
LARGEST = 400  # patterns


def _solve(problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
    found = solved_apart(NAME, partial(solve_copositive_relaxation, most=LARGEST), problem, settings)
    notes = f"{found.patterns} patterns"
    if problem.exact.d <= 2:
        notes += "; with two features it is the optimum, up to the solver's error"
    return Outcome(Kind.ESTIMATE, found.value, notes=notes, details={"patterns": found.patterns})


COPOSITIVE = Baseline(NAME, Kind.ESTIMATE, "Sahiner et al. 2021", _solve)
