"""Frank-Wolfe over networks whose weight is that of a trained one: a network."""

from __future__ import annotations

import time

import numpy as np

from certify.tightness.baselines.baseline import (
    Baseline,
    BaselineProblem,
    BaselineSettings,
    Outcome,
    deadline,
)
from certify.tightness.quantities import Kind
from formulations.patterns.frank_wolfe import train_by_frank_wolfe
from formulations.training.descent import descend
from formulations.training.sgd import random_network

NAME = "frank-wolfe"
STEPS = 1000


def _solve(problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
    arrays, stop = problem.arrays, deadline(settings, time.monotonic)
    start = random_network(problem.exact.d, settings.width, problem.exact.c, settings.seed)[0]
    trained = descend(arrays.X, arrays.loss, arrays.gamma, start, should_stop=stop)
    lengths = np.linalg.norm(trained.hidden, axis=0) * np.linalg.norm(trained.output, axis=1)
    weight = float(lengths.sum())
    found = train_by_frank_wolfe(
        arrays.X,
        arrays.loss,
        weight,
        seed=settings.seed,
        max_steps=settings.iterations or STEPS,
        should_stop=stop,
    )
    return problem.network(
        found.hidden,
        found.output,
        f"t = {weight:.6g}, {found.steps} steps, error about {found.error:.1e}",
        weight=weight,
        steps=found.steps,
        error=found.error,
    )


FRANK_WOLFE = Baseline(NAME, Kind.LOSS, "Sahiner et al. 2021", _solve, seeded=True)
