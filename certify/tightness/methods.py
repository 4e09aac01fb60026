"""What a tightness study measures by the keys that it is given: its own quantities, and all baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from certify.tightness.baselines.baseline import Baseline, BaselineProblem, BaselineSettings
from certify.tightness.baselines.table import BASELINES
from certify.tightness.quantities import QUANTITIES, Bench, Row


def is_known(name: str) -> bool:
    """Say whether a quantity or a baseline has this key."""
    return name in QUANTITIES or name in BASELINES


def measured(name: str) -> Callable[[Bench], Iterator[Row]]:
    """Return what measures the quantity or the baseline with this key."""
    return QUANTITIES[name] if name in QUANTITIES else partial(_rows, BASELINES[name])


def _rows(baseline: Baseline, bench: Bench) -> Iterator[Row]:
    """Measure a baseline, once for each seed if it depends on one."""
    settings = bench.settings
    problem = BaselineProblem(bench.problem, bench.arrays, bench.test)
    told = BaselineSettings(width=settings.width, patterns=settings.patterns, rank=settings.rank)
    seeds = range(settings.seeds) if baseline.seeded else [None]
    for seed in seeds:
        if bench.over:
            return
        with bench.interrupts.allowed():
            limit = bench.clock.remaining(0.5)
            found = baseline.run(problem, replace(told, seed=seed or 0, time_limit=limit))
        yield Row(
            baseline.name,
            found.kind,
            found.loss,
            seed,
            seconds=found.seconds,
            note=found.notes,
            scores=found.scores(problem) if bench.has_classes else None,
        )
