"""A certificate in floats again is what it was written from, and the search goes on from there."""

from __future__ import annotations

import numpy as np
import pytest

from certify import bound
from certify.bounds.relaxation.bound import BlocksSolution, Relaxation
from certify.bounds.relaxation.reading import block_proofs_of, dual_point_of
from certify.checker.certificate.training import Certificate
from certify.checker.problems.training import TrainingProblem
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from formulations.first_order import all_rows
from formulations.first_order.all_rows import improve


def made(in_blocks: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[TrainingProblem, Arrays, Certificate]:
    """Return a problem with the certificate of the first point that a search has."""
    if in_blocks:
        monkeypatch.setattr(all_rows, "_LARGEST_SPLITTING", 0)
    rng = np.random.default_rng(4)
    X = np.c_[rng.normal(size=(80, 3)), np.ones(80)].round(3)
    X[5] = 0
    Y = rng.normal(size=(80, 2)).round(3)
    problem = from_arrays(X, Y, task="regression").problem(4, "squared", "none")
    arrays = Arrays.of(problem)
    found = next(improve(arrays.X, arrays.Y, arrays.gamma))
    solution = BlocksSolution(found.value, tuple(found.blocks())) if in_blocks else found.solution()
    [certificate] = Relaxation("sdp", "first-order", None, solution).certificates(problem, None)
    assert (certificate.blocks is not None) == in_blocks
    return problem, arrays, certificate


@pytest.mark.parametrize("in_blocks", [False, True])
def test_the_search_begins_with_what_the_certificate_proves(
    in_blocks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, arrays, certificate = made(in_blocks, monkeypatch)
    proofs = block_proofs_of(certificate, problem)
    assert len(proofs) == (2 if in_blocks else 1)
    known = arrays.dual_line.value(dual_point_of(certificate))
    assert known == pytest.approx(float(certificate.bound), rel=1e-9)
    steps: list[str] = []
    first = next(improve(arrays.X, arrays.Y, arrays.gamma, start=proofs, on_step=steps.append))
    assert first.value >= float(certificate.bound) * (1 - 1e-9)
    assert not any("splitting" in step for step in steps)


def test_written_again_it_proves_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, _, certificate = made(True, monkeypatch)
    [first, second] = block_proofs_of(certificate, problem)
    assert {*first.rows, *second.rows} == set(range(80))
    assert certificate.blocks is not None
    for proof, block in zip((first, second), certificate.blocks.parts, strict=True):
        assert proof.rows == block.rows
        assert (proof.multipliers.alpha_alpha == proof.multipliers.alpha_alpha.T).all()
        assert min(proof.multipliers.alpha_beta.min(), proof.multipliers.beta_beta.min()) >= 0


def test_trees_and_proofs_of_some_samples_have_no_such_form() -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(6, 2)).round(2), rng.normal(size=(6, 1)).round(2)
    report = bound(X, Y, method="tree", gap=1e-2)
    assert len(report.certificate.tree) > 1
    assert block_proofs_of(report.certificate, report.problem) == ()
