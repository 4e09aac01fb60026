"""Complete positivity of small rational matrices, judged apart from the checker."""

from collections.abc import Sequence
from fractions import Fraction

from certify.matrices.completely_positive.decide import CompletePositivityReport
from tests.certify.checker.copositive_oracle import simplex_minimum, value

Rows = Sequence[Sequence[int | Fraction]]


def gram(factor: Rows) -> list[list[Fraction]]:
    """B B^T."""
    return [[Fraction(sum(a * b for a, b in zip(x, y, strict=True))) for y in factor] for x in factor]


def assert_proved(report: CompletePositivityReport, matrix: Rows) -> None:
    """What the certificate of an answer says is true by its definition."""
    certificate, p = report.certificate, len(matrix)
    assert certificate is not None
    q = p - certificate.free
    if report.answer == "yes":
        assert all(term.weight > 0 and min(term.vector[:q], default=0) >= 0 for term in certificate.terms)
        for i in range(p):
            for j in range(p):
                total = sum(term.weight * term.vector[i] * term.vector[j] for term in certificate.terms)
                assert total == matrix[i][j]
    elif certificate.vector:
        assert value(matrix, certificate.vector) < 0
    else:
        separator = certificate.separator
        assert simplex_minimum(separator) >= 0
        assert sum(separator[i][j] * matrix[i][j] for i in range(q) for j in range(q)) < 0
