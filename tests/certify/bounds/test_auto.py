"""What "auto" proves is no less than what any of the methods does that it could have run."""

from __future__ import annotations

import numpy as np
import pytest

from certify import bound
from certify.bounds.report import Status


@pytest.mark.parametrize(("n", "d", "gamma"), [(5, 7, "0.1"), (5, 7, "0.02"), (5, 14, "1")])
def test_auto_is_never_worse_than_a_method_that_it_could_have_run(n: int, d: int, gamma: str) -> None:
    rng = np.random.default_rng(n)
    X, Y = rng.normal(size=(n, d)).round(2), rng.normal(size=(n, 2)).round(2)
    automatic = bound(X, Y, gamma, gap=1e-6)
    for method in ("sdp", "partition", "shor"):
        alone = bound(X, Y, gamma, gap=1e-6, method=method)
        assert float(automatic.interval.lower) >= (1 - 1e-9) * float(alone.interval.lower), method


def test_many_rows_with_strong_weight_decay() -> None:
    """SDP-NN on all rows is nearly exact there, and the search that proves so ends those beside it."""
    rng = np.random.default_rng(3)
    X = np.c_[rng.normal(size=(120, 9)), np.ones(120)]
    Y = np.maximum(X @ rng.normal(size=(10, 2)), 0)
    report = bound(X, Y, 60, gap=0.05)
    assert report.method == "sdp"
    assert report.solver == "first-order"
    assert report.status is Status.GAP_REACHED
    assert [stage.name for stage in report.stages] == ["train", "relax", "prove", "check"]
    lower = [point.lower for point in report.gap_curve if point.search == "sdp"]
    assert lower == sorted(lower)
    assert lower[-1] == pytest.approx(float(report.interval.lower), rel=1e-3)  # rounding may gain a little
