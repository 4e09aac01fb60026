"""Estimates of how long a proof takes: they grow with what there is to check, and cost no accuracy."""

from __future__ import annotations

import numpy as np
import pytest

from certify.bounds.proofs import proof_time
from certify.bounds.proofs.proof_time import blocks_seconds, leaves_seconds, loss_seconds, regions_seconds
from certify.bounds.relaxation.bound import BlocksSolution, residual_relaxation
from certify.bounds.searching import Allowance
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays


def test_blocks_take_less_than_one_leaf() -> None:
    assert leaves_seconds([110] * 4) < leaves_seconds([410])
    assert regions_seconds(8, 60) < regions_seconds(16, 60) < regions_seconds(16, 90)
    assert 0 < loss_seconds(100, 4, 2, 10) < loss_seconds(200, 4, 2, 10)


def test_an_allowance_leaves_time_for_the_proof() -> None:
    allowance = Allowance(lambda: 10.0)
    assert allowance.left() == 10.0
    allowance.proof_seconds = 4.0
    assert allowance.left() == 6.0
    allowance.step()
    assert allowance.left() <= 6.0


@pytest.mark.parametrize(("seconds", "blocks"), [(1e9, 0), (1.1, 2), (1.05, 4), (1.0, None)])
def test_a_bound_at_once_has_a_proof_as_short_as_is_asked(
    seconds: float, blocks: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_time, "slowness", lambda: 1.0)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(100, 3)).round(2), rng.normal(size=(100, 2)).round(2)
    X[5] = Y[7] = 0
    problem = from_arrays(X, Y, task="regression").problem("2", "squared", "none")
    found = residual_relaxation(Arrays.of(problem), Y, seconds)
    assert (found is None) == (blocks is None)
    if found is None:
        return
    parts = found.solution.proofs if isinstance(found.solution, BlocksSolution) else ()
    assert len(parts) == blocks
    [certificate] = found.certificates(problem, None)
    assert check_certificate(certificate, problem).valid
    assert float(certificate.bound) > 1


def test_a_bound_at_once_is_there_when_time_is_up_and_proves_less() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(40, 3)).round(2), rng.normal(size=(40, 2)).round(2)
    problem = from_arrays(X, Y, task="regression").problem("2", "squared", "none")
    bounds = []
    for is_over in ((lambda: True), (lambda: False)):
        found = residual_relaxation(Arrays.of(problem), Y, is_over=is_over)
        assert found is not None
        [certificate] = found.certificates(problem, None)
        assert check_certificate(certificate, problem).valid
        bounds.append(certificate.bound)
    assert 0 < bounds[0] < bounds[1]


def test_outputs_count_where_there_are_blocks() -> None:
    assert blocks_seconds([50, 50], 3, 200) > 2 * leaves_seconds([53])
    assert blocks_seconds([100], 3, 200) == leaves_seconds([103])
