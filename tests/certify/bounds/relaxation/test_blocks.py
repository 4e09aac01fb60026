"""What the first-order search finds in blocks of samples becomes a certificate in blocks, of no less."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice

import numpy as np
import pytest

from certify import check
from certify.bounds.proofs import proof_time
from certify.bounds.proofs.proof_time import leaves_seconds
from certify.bounds.relaxation.bound import BlocksSolution, Relaxation
from certify.bounds.relaxation.searches import largest_block
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from certify.trust.extracted import find_checker
from formulations.first_order import all_rows
from formulations.first_order.all_rows import improve

needs_program = pytest.mark.skipif(
    find_checker() is None, reason="the proved checker is not built: make proofs"
)


@pytest.mark.parametrize("degenerate", [False, True])
def test_blocks_of_the_search_become_blocks_of_the_certificate(
    degenerate: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_rows, "_LARGEST_SPLITTING", 0)
    rng = np.random.default_rng(1)
    X = np.c_[rng.normal(size=(80, 3)), np.ones(80)].round(3)
    Y = rng.normal(size=(80, 2)).round(3)
    if degenerate:
        # Two rows on one line, one of them reversed, and one of zeros.
        X[1], X[2], X[3] = 2 * X[0], -X[0], 0
    dataset = from_arrays(X, Y, task="regression")
    problem = dataset.problem(Fraction(4), "squared", "none")
    arrays = Arrays.of(problem)
    for found in islice(improve(arrays.X, arrays.Y, arrays.gamma), 2):
        proofs = tuple(found.blocks())
        assert len(proofs) == 2
        relaxation = Relaxation("sdp", "first-order", None, BlocksSolution(found.value, proofs))
        [certificate] = relaxation.certificates(problem, None)
        assert certificate.blocks is not None
        assert len(certificate.blocks.parts) == 2
        assert check_certificate(certificate, problem).valid
        # The writer scales anew, which may gain.
        assert float(certificate.bound) >= found.value * (0.99 if degenerate else 1 - 1e-6)


@cache
def many_blocks() -> tuple[TrainingProblem, BlocksSolution]:
    """Return what first-order steps prove of 2400 samples, some of which are multiples of others."""
    rng = np.random.default_rng(2)
    X = np.c_[rng.normal(size=(2400, 2)), np.ones(2400)].round(3)
    X[5], X[7], X[8] = X[3], 2 * X[4], 0
    Y = np.abs(X[:, :1]) + X[:, 1:2] + 0.1 * rng.normal(size=(2400, 1)).round(3)
    problem = from_arrays(X, Y, task="regression").problem(Fraction(100), "squared", "none")
    arrays = Arrays.of(problem)
    found = next(improve(arrays.X, arrays.Y, arrays.gamma))
    return problem, BlocksSolution(found.value, tuple(found.blocks()))


@pytest.mark.parametrize("trust", ["exact", pytest.param("proved", marks=needs_program)])
def test_many_blocks_with_repeated_rows(trust: str) -> None:
    problem, found = many_blocks()
    assert len(found.proofs) == 64
    [certificate] = Relaxation("sdp", "first-order", None, found).certificates(problem, None)
    verdict = check(certificate, problem=problem, trust=trust)
    assert verdict.valid, verdict.reason
    assert "64 blocks of samples" in verdict.reason
    assert found.dual_value * (1 - 1e-4) <= float(certificate.bound) <= found.dual_value * 1.01
    assert certificate.blocks is not None
    parts = list(certificate.blocks.parts)
    # A block that keeps the share of another one as well.
    parts[0] = replace(parts[0], inputs=parts[1].inputs)
    forged = replace(certificate, blocks=replace(certificate.blocks, parts=tuple(parts)))
    assert not check(forged, problem=problem, trust=trust).valid


def test_blocks_are_as_large_as_their_proof_has_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_time, "slowness", lambda: 1.0)
    assert largest_block(400, 10, 1, 180.0) == 400
    assert largest_block(1000, 10, 1, 3000.0) == 1000
    assert largest_block(1000, 10, 1, math.inf) == 500
    limits = [1e9, 3000.0, 300.0, 100.0, 1.0]
    sizes = [largest_block(20_000, 1, 1, limit) for limit in limits]
    assert sizes[0] == 1000
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 100
    for limit, size in zip(limits[:-1], sizes[:-1], strict=True):
        assert leaves_seconds([size + 1] * (20_000 // size)) <= 0.4 * limit
