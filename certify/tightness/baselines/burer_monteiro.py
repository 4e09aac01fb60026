"""SDP-NN by descent in a factor of low rank: an estimate, which may be of a local minimum above its value."""

from __future__ import annotations

import time

from certify.checker.errors import SolverError
from certify.tightness.baselines.baseline import (
    Baseline,
    BaselineProblem,
    BaselineSettings,
    Outcome,
    deadline,
    needs_plain,
)
from certify.tightness.quantities import Kind
from formulations.sdp.burer_monteiro import solve_factorised

NAME = "burer-monteiro"
LARGEST = 1000  # samples: its products are full matrices


def _solve(problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
    needs_plain(problem, NAME)
    arrays = problem.arrays
    if len(arrays.X) > LARGEST:
        raise SolverError(
            f"{NAME} is for at most {LARGEST} rows, and the data has {len(arrays.X)}: choose some of them"
        )
    found = solve_factorised(
        arrays.X,
        arrays.Y,
        arrays.gamma,
        rank=settings.rank,
        seed=settings.seed,
        should_stop=deadline(settings, time.monotonic),
    )
    return Outcome(
        Kind.ESTIMATE,
        found.value,
        notes=f"rank {found.rank} of {found.order}, constraints kept to {found.violation:.1e}"
        + ", not settled" * (not found.settled),
        details={
            "rank": found.rank,
            "order": found.order,
            "barvinok": found.barvinok,
            "active": found.active,
            "violation": found.violation,
            "settled": float(found.settled),
        },
    )


BURER_MONTEIRO = Baseline(NAME, Kind.ESTIMATE, "Burer and Monteiro 2003", _solve, seeded=True)
