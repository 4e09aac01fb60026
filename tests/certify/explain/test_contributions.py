"""The parts of a bound add up to it, whatever the output bias."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.certificate.training import Certificate
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from certify.explain.contributions import contributions
from tests.certify.checker.oracles import certificate_of


def made(
    X: list[list[int]], Y: list[list[Fraction]], N: list[list[int]], exponent: int, bias: str
) -> tuple[Certificate, TrainingProblem]:
    problem = TrainingProblem.from_rationals(X, Y, Fraction(1, 3), output_bias=bias)
    plain = certificate_of(problem, N, [], exponent=exponent)
    return replace(plain, bound=dual_bound(problem, plain.dual_point, exponent)), problem


def test_by_hand() -> None:
    certificate, problem = made(
        [[1], [2], [3]], [[Fraction(1)], [Fraction(3, 2)], [Fraction(0)]], [[2], [2], [0]], 1, "none"
    )
    found = contributions(certificate, problem, lines=[2, 3, 5])
    assert [sample.contribution for sample in found.samples] == [Fraction(1, 2), 1, 0]
    assert [sample.is_idle for sample in found.samples] == [False, False, True]
    assert [sample.target for sample in found.samples] == ["1", "1.5", "0"]
    assert [(sample.row, sample.line) for sample in found.largest] == [(2, 3), (1, 2), (3, 5)]
    assert found.bound == Fraction(3, 2)
    assert found.share(found.samples[1].contribution) == pytest.approx(2 / 3)
    assert [found.carriers(Fraction(share, 3)) for share in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert not found.classes


def test_classes_and_a_target_without_a_short_decimal() -> None:
    certificate, problem = made(
        [[1], [2], [3]],
        [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)], [Fraction(1), Fraction(0)]],
        [[1, 0], [0, 2], [1, 0]],
        1,
        "none",
    )
    found = contributions(certificate, problem, ["no", "yes"])
    assert [sample.target for sample in found.samples] == ["no", "yes", "no"]
    assert found.classes == {"no": Fraction(3, 4), "yes": Fraction(1, 2)}
    assert found.samples[0].line is None
    certificate, problem = made([[1]], [[Fraction(1, 3)]], [[0]], 0, "none")
    assert contributions(certificate, problem).samples[0].target == "(1/3)"
    certificate, problem = made([[1]], [[Fraction(10**20 + 1, 3**40)]], [[0]], 0, "none")
    assert contributions(certificate, problem).samples[0].target == "8.22526"
    assert contributions(certificate, problem).share(Fraction(1)) == 0


@given(
    entries=st.lists(
        st.tuples(st.integers(-5, 5), st.fractions(-3, 3, max_denominator=9), st.integers(-9, 9)),
        min_size=1,
        max_size=6,
    ),
    exponent=st.integers(0, 4),
    bias=st.sampled_from(["none", "decayed"]),
)
def test_the_parts_add_up(entries: list[tuple[int, Fraction, int]], exponent: int, bias: str) -> None:
    certificate, problem = made(
        [[x] for x, _, _ in entries],
        [[y] for _, y, _ in entries],
        [[n] for _, _, n in entries],
        exponent,
        bias,
    )
    found = contributions(certificate, problem)
    assert sum(sample.contribution for sample in found.samples) + found.output_bias == certificate.bound
    assert found.output_bias <= 0
    assert bias == "decayed" or not found.output_bias


def test_signs_and_weights() -> None:
    X, N = [[1], [2], [3]], [[-1], [1], [-1]]
    for Y, classes in (([[-1], [1], [-1]], ["no", "yes"]), ([[1, -1], [-1, 1], [1, -1]], ["no", "yes"])):
        rows = N if len(Y[0]) == 1 else [[-row[0], row[0]] for row in N]
        problem = TrainingProblem.from_rationals(X, Y, 1, "logistic", weights=[1, Fraction(5, 2), 3])
        plain = certificate_of(problem, rows, [], exponent=2)
        certificate = replace(plain, bound=dual_bound(problem, plain.dual_point, 2))
        found = contributions(certificate, problem, classes)
        assert [sample.target for sample in found.samples] == ["no", "yes", "no"]
        total = sum(sample.contribution for sample in found.samples)
        assert 0 <= total - found.bound <= found.bound / 2**58
        assert sum(found.classes.values()) == total
        # With a smaller part of a larger weight a sample pays less for each unit of N.
        assert found.samples[2].contribution > found.samples[0].contribution
