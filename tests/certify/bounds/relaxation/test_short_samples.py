"""Samples whose squares are no floats, or that are lost in rounding, with more features than a tree takes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from certify import bound, check
from certify.bounds.blocks.writing import blocks_certificate
from certify.bounds.proofs.writing import trivial_certificate
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.problem import Arrays
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import Multipliers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 14)).round(2)
Y = np.abs(X[:, 0]) - X[:, 1]


def shortened(factors: dict[int, Fraction]) -> list[list[Fraction]]:
    """Return X with some rows multiplied, exactly."""
    return [
        [factors.get(i, Fraction(1)) * Fraction(entry) for entry in row] for i, row in enumerate(X.tolist())
    ]


def problem_of(
    rows: list[list[Fraction]], loss: str = "squared", output_bias: str = "none"
) -> TrainingProblem:
    targets = [[Fraction(entry)] for entry in Y.tolist()]
    return TrainingProblem.from_rationals(rows, targets, Fraction(4), loss, output_bias)


@pytest.mark.parametrize("power", [50, 160, 400])  # the last one is no float at all
@pytest.mark.parametrize("output_bias", ["none", "free", "decayed"])
@pytest.mark.parametrize("loss", ["squared", "huber 1"])
def test_the_bound_is_that_of_samples_at_zero(power: int, loss: str, output_bias: str) -> None:
    factors = {2: Fraction(1, 10**power), 5: Fraction(-3, 10**200)}
    short = problem_of(shortened(factors), loss, output_bias)
    zero = problem_of(shortened(dict.fromkeys(factors, Fraction(0))), loss, output_bias)
    N = Y[:, None] - Y.mean()
    found, of_zeros = (root_certificate(problem, N, Multipliers.zero(8)) for problem in (short, zero))
    assert check_certificate(found, short).valid
    assert not check_certificate(found, zero).valid
    # No network gains by such samples: the optima agree to thirty digits.
    assert float(found.bound) == pytest.approx(float(of_zeros.bound), rel=1e-6)
    assert found.bound > trivial_certificate(zero).bound >= 0


@pytest.mark.parametrize("method", ["sdp", "shor"])
def test_where_all_samples_are_short_the_targets_are_the_loss(method: str) -> None:
    rows = shortened(dict.fromkeys(range(8), Fraction(1, 10**160)))
    report = bound(rows, Y, method=method)
    exact = sum(Fraction(entry) ** 2 for entry in Y.tolist()) / 2
    assert float(report.interval.lower) == pytest.approx(float(exact), rel=1e-6)
    assert report.interval.lower <= exact
    assert check(report.certificate, rows, Y).valid


def test_blocks_of_short_samples() -> None:
    factors = dict.fromkeys((0, 4, 5, 6, 7), Fraction(1, 10**170))
    problem, N = problem_of(shortened(factors)), Y[:, None]
    level = 2 * np.linalg.norm(X[:4], 2) * np.linalg.norm(N)
    proofs = [
        BlockProof(rows, level * np.eye(15), N[list(rows)], Multipliers.zero(4))
        for rows in ((0, 1, 2, 3), (4, 5, 6, 7))
    ]
    certificate = blocks_certificate(problem, proofs)
    assert certificate.blocks is not None
    assert certificate.bound > 0.4 * float(np.sum(Y[4:] ** 2))
    assert check_certificate(certificate, problem).valid


def test_which_samples_are_short() -> None:
    rows = [[Fraction(1, 10**k)] * 2 for k in (0, 20, 38, 42, 150, 400)]
    targets = [[Fraction(10)]] * 6
    for gamma, short in ((Fraction(1), 3), (Fraction(1, 10**50), 2)):
        problem = TrainingProblem.from_rationals(rows, targets, gamma, "squared")
        arrays = Arrays.of(problem)
        assert np.count_nonzero(~arrays.for_relaxations.X.any(axis=1)) == short
        assert arrays.X.any(axis=1).sum() == 5
