"""A path of weight decays: each report is that of its own problem, and starts are handed on."""

from __future__ import annotations

import signal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from certify import DataError, bound, check, path
from certify.bounds.bound import bound_dataset
from certify.bounds.report import Report, Status
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.runtime.progress import Observer

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(10, 2)).round(2), rng.normal(size=(10, 1)).round(2)


def test_each_is_the_bound_of_its_own_weight_decay() -> None:
    reports = path(X, Y, ["0.1", 1, 0.5, 1], gap=1e-4, bias=True, loss="huber 1/2")
    assert [report.problem.gamma for report in reports] == [Fraction(1, 10), 1, Fraction(1, 2), 1]
    for report in reports[:3]:
        alone = bound(X, Y, report.problem.gamma, gap=1e-4, bias=True, loss="huber 1/2")
        assert report.problem == alone.problem
        assert report.status is Status.GAP_REACHED
        assert check(report.certificate, X, Y).valid
        assert report.interval.lower <= alone.interval.upper
        assert alone.interval.lower <= report.interval.upper
    # More weight decay costs more.
    assert reports[0].interval.upper < reports[2].interval.lower < reports[1].interval.lower


def test_networks_are_handed_on_from_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[tuple[Fraction | int | str | float, ReLUNetwork | None]] = []

    def recorded(dataset: Any, settings: Any, observer: Any, start: ReLUNetwork | None = None) -> Report:
        starts.append((settings.gamma, start))
        return bound_dataset(dataset, settings, observer, start)

    monkeypatch.setattr("certify.bounds.path.bound_dataset", recorded)
    small, large, vast = path(X, Y, [0.1, 1, 1000])
    assert [gamma for gamma, _ in starts] == [1000, 1, Fraction(1, 10)]
    assert vast.network.width == 0
    assert [start for _, start in starts] == [None, None, large.network]
    assert small.interval.upper <= loss_at_most(small.problem, large.network)


def test_ctrl_c_leaves_out_what_follows() -> None:
    class Interrupter(Observer):
        def start(self, stage: str) -> None:
            if "gamma 0.5: search" in stage:
                signal.raise_signal(signal.SIGINT)

    reports = path(X, Y, [0.1, 0.5, 1], observer=Interrupter(), gap=1e-4)
    assert [report.problem.gamma for report in reports] == [Fraction(1, 2), 1]
    assert [report.status for report in reports] == [Status.INTERRUPTED, Status.GAP_REACHED]


@pytest.mark.parametrize("gammas", [[], "0.1", [1, "x"], [1, 0]])
def test_no_weight_decays(gammas: Any) -> None:
    with pytest.raises(DataError):
        path(X, Y, gammas)


def test_options() -> None:
    with pytest.raises(DataError, match="checkpoint"):
        path(X, Y, [1], checkpoint="file")
    with pytest.raises(TypeError, match="widht"):
        path(X, Y, [1], widht=3)
