"""The function `path`: intervals around the optima of one data set for several weight decays.

The largest weight decay comes first, and each training begins with the network of the one before, which is
seldom far from the next one's.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.report import Report, Status
from certify.checker.data.choice import RecipeOptions
from certify.checker.data.dataset import parse_gamma
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import plain
from certify.datasets.arrays import from_arrays
from certify.networks.network import ReLUNetwork
from certify.runtime.progress import Named, Observer, observer_of

_OF_THE_DATA = ("sample_weight", *RecipeOptions.__annotations__)


def path(
    X: Any,
    y: Any,
    gammas: Sequence[Fraction | int | str | float],
    *,
    verbose: bool = False,
    observer: Observer | None = None,
    **options: Any,
) -> list[Report]:
    """Enclose the global optimum of training for each of several weight decays, as `bound` does for one.

    Ctrl-C ends the run that it interrupts with its best result, and leaves out those that would follow.

    Args:
        X: n x d features, as for `bound`.
        y: n labels or numbers, or n x c numbers.
        gammas: the weight decays, each taken exactly.
        verbose: print a line about each stage, and news of long ones.
        observer: watches the work instead.
        options: of `bound`, for each of them; a time limit is for one. A checkpoint is of one problem, and no
            option here.

    Returns:
        A report for each weight decay, in their order; fewer after Ctrl-C.

    Raises:
        DataError: if the data is no training problem, or no weight decay is given.
        SolverError: if the solver asked for cannot run.
        TypeError: if an option is unknown.
    """
    if "checkpoint" in options:
        raise DataError("a checkpoint is of one problem and a path is of several: leave it out")
    if isinstance(gammas, str) or not len(gammas):
        raise DataError("a path is of several weight decays: give a list of numbers, such as [1, 0.1, 0.01]")
    exact = [parse_gamma(gamma) for gamma in gammas]
    dataset = from_arrays(X, y, **{name: options[name] for name in _OF_THE_DATA if name in options})
    rest = {name: value for name, value in options.items() if name not in _OF_THE_DATA or name == "loss"}
    settings = {gamma: Settings(gamma=gamma, **rest) for gamma in sorted(set(exact), reverse=True)}
    watching = observer_of(observer, verbose)
    reports: dict[Fraction, Report] = {}
    start: ReLUNetwork | None = None
    for gamma, each in settings.items():
        report = bound_dataset(dataset, each, Named(watching, f"gamma {plain(gamma)}"), start)
        reports[gamma] = report
        if report.status is Status.INTERRUPTED:
            break
        # One without neurons is no start: random ones find more.
        start = report.network if report.network.width else None
    return [reports[gamma] for gamma in exact if gamma in reports]
