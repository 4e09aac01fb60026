"""The baselines of a tightness study as methods of a study.

A network goes back with its weights, so that its loss is computed anew by who asked; a value of a relaxation
is a solver's word.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

from certify.study.bench import (
    VALUE,
    Bench,
    Found,
    FoundNetwork,
    Number,
    Predictions,
    StudyMethod,
    without_bias,
)
from certify.tightness.baselines.baseline import Baseline, BaselineProblem, BaselineSettings
from certify.tightness.baselines.table import BASELINES
from certify.tightness.names import BASELINE_WORDS
from certify.tightness.quantities import Kind

_VERSION = 2
_OF_THE_CELL = ("seed", "time_limit")  # not for a TOML file to set


def method_of(baseline: Baseline) -> StudyMethod:
    """Return a baseline as a method of a study."""
    settings = {
        field.name: getattr(BaselineSettings(), field.name) or 0
        for field in fields(BaselineSettings)
        if field.name not in _OF_THE_CELL
    }
    words = BASELINE_WORDS.get(baseline.name, baseline.source)
    return StudyMethod(
        baseline.name, _VERSION, words, partial(_run, baseline), settings, seeded=baseline.seeded
    )


def baseline_methods() -> list[StudyMethod]:
    """Return all baselines as methods."""
    return [method_of(baseline) for baseline in BASELINES.values()]


def _run(baseline: Baseline, bench: Bench) -> Found:
    """Run a baseline; a setting of 0 is left to it."""
    given: dict[str, Any] = {name: value for name, value in bench.settings.items() if value}
    settings = BaselineSettings(seed=bench.seed, time_limit=bench.time_limit, **given)
    problem = BaselineProblem.of(bench.problem, bench.test)
    outcome = baseline.run(problem, settings)
    numbers = [Number(name, float(value)) for name, value in outcome.details.items()]
    if outcome.kind is not Kind.LOSS and outcome.loss is not None:
        numbers.insert(0, Number(VALUE, float(outcome.loss)))
    if outcome.weights is not None:
        hidden, output = outcome.weights
        network = FoundNetwork(baseline.name, hidden, output, without_bias(bench.problem.c))
        return Found(tuple(numbers), (network,), seconds=outcome.seconds, note=outcome.notes)
    predictions = () if outcome.predictions is None else (Predictions(baseline.name, outcome.predictions),)
    return Found(tuple(numbers), predictions=predictions, seconds=outcome.seconds, note=outcome.notes)
