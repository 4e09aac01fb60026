"""The baselines of a tightness study as methods of a study: what one says of itself becomes its numbers.

A baseline keeps its network to itself and gives its loss, which nobody here can check: so it is an estimate.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

from certify.checker.numbers.rounding import float_up
from certify.study.bench import VALUE, Bench, Found, Number, Predictions, StudyMethod
from certify.tightness.baselines.baseline import Baseline, BaselineProblem, BaselineSettings
from certify.tightness.baselines.table import BASELINES
from certify.tightness.names import BASELINE_WORDS
from certify.tightness.quantities import Kind

OWN_LOSS = "loss of its network, unchecked"
_OF_THE_CELL = ("seed", "time_limit")  # not for a TOML file to set


def method_of(baseline: Baseline) -> StudyMethod:
    """Return a baseline as a method of a study."""
    settings = {
        field.name: getattr(BaselineSettings(), field.name) or 0
        for field in fields(BaselineSettings)
        if field.name not in _OF_THE_CELL
    }
    words = BASELINE_WORDS.get(baseline.name, baseline.source)
    return StudyMethod(baseline.name, 1, words, partial(_run, baseline), settings, seeded=baseline.seeded)


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
    if outcome.loss is not None:
        is_network = outcome.kind is Kind.LOSS
        value = float_up(outcome.loss) if not isinstance(outcome.loss, float) else outcome.loss
        numbers.insert(0, Number(OWN_LOSS if is_network else VALUE, value))
    predictions = () if outcome.predictions is None else (Predictions(baseline.name, outcome.predictions),)
    return Found(tuple(numbers), predictions=predictions, seconds=outcome.seconds, note=outcome.notes)
