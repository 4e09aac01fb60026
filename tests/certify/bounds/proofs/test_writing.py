"""What needs no solver is a certificate that is accepted, however many samples there are."""

from __future__ import annotations

from fractions import Fraction

import pytest

from certify.bounds.proofs.writing import trivial_certificate
from certify.checker.certificate.file import from_text, to_text
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.training.leaf_rules import MAX_LEAF_ORDER


@pytest.mark.parametrize("output_bias", list(OutputBias))
def test_more_samples_than_a_leaf_may_have(output_bias: OutputBias, monkeypatch: pytest.MonkeyPatch) -> None:
    X = [[1, 2], [0, 0], [3, -1], [0, 0], [-2, 1]]
    problem = TrainingProblem.from_rationals(
        X, [[1], [3], [1], [5], [2]], Fraction(1, 10), output_bias=output_bias
    )
    whole = trivial_certificate(problem)
    monkeypatch.setattr("certify.bounds.proofs.writing.MAX_LEAF_ORDER", 6)
    certificate = trivial_certificate(problem)
    assert certificate.tree != whole.tree or certificate.blocks is not None
    assert certificate.bound == whole.bound
    assert check_certificate(certificate, problem).valid
    assert from_text(to_text(certificate)) == certificate


def test_the_limit_is_the_checkers() -> None:
    X = [[1]] * MAX_LEAF_ORDER
    problem = TrainingProblem.from_rationals(X, X, Fraction(1))
    certificate = trivial_certificate(problem)
    assert certificate.bound == 0
    assert check_certificate(certificate, problem).valid
