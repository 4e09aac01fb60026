"""ADMM for the convex program over sampled patterns: a network, each neuron of which has one output."""

from __future__ import annotations

import time

from certify.tightness.baselines.baseline import (
    Baseline,
    BaselineProblem,
    BaselineSettings,
    Outcome,
    deadline,
    needs_plain,
)
from certify.tightness.quantities import Kind
from formulations.patterns.admm import train_by_admm

NAME = "admm"
ITERATIONS = 5000


def _solve(problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
    needs_plain(problem, NAME)
    arrays = problem.arrays
    found = train_by_admm(
        arrays.X,
        arrays.Y,
        arrays.gamma,
        draws=settings.patterns,
        seed=settings.seed,
        max_iterations=settings.iterations or ITERATIONS,
        should_stop=deadline(settings, time.monotonic),
    )
    ended = "converged" if found.converged else f"residual {found.residual:.1e}"
    return problem.network(
        found.hidden,
        found.output,
        f"{found.patterns} patterns, {found.iterations} iterations, {ended}",
        patterns=found.patterns,
        iterations=found.iterations,
        residual=found.residual,
    )


ADMM = Baseline(NAME, Kind.LOSS, "Bai, Gautam and Sojoudi 2023", _solve, seeded=True)
