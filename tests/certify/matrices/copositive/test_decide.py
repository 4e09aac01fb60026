"""Answers on copositivity: against brute force, on known families, by trees, and where time runs out."""

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.matrices.copositive_matrices import (
    HOFFMAN_PEREIRA,
    HORN,
    clique_matrix,
    cycle,
    hildebrand,
    johnson,
    scaled,
)
from certify import CertificateError, DataError, copositive
from certify.checker.certificate.file import any_from_text, to_text
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Part,
    Split,
)
from certify.checker.matrix.copositivity import check_copositivity
from certify.checker.problems.matrix import SymmetricMatrix
from certify.matrices.copositive.decide import CopositivityReport, decide_copositivity
from certify.matrices.copositive.leaf import proved_level
from certify.runtime.progress import Clock, Observer
from tests.certify.checker.copositive_oracle import simplex_minimum
from tests.certify.checker.faces import without_faces
from tests.certify.checker.strategies import symmetric_integers
from tests.clocks import Ticking

F = Fraction
Rows = Sequence[Sequence[int | Fraction]]


def assert_certified(report: CopositivityReport) -> None:
    """The certificate, as read back from its text, is accepted and says what the answer does."""
    assert report.certificate is not None
    again = any_from_text(to_text(report.certificate))
    assert again == report.certificate
    assert check_copositivity(report.certificate, report.matrix).valid
    prefix = "" if report.answer == "yes" else "not_"
    assert report.certificate.statement == prefix + "strictly_" * report.strict + "copositive"
    assert (report.witness is None) == (report.answer == "yes")
    if report.witness is not None:
        assert report.upper == report.matrix.value(report.witness) / sum(report.witness) ** 2


@settings(max_examples=150, deadline=None)
@given(symmetric_integers())
def test_agrees_with_brute_force(matrix: list[list[int]]) -> None:
    least = simplex_minimum(matrix)
    for strict in (False, True):
        report = copositive(matrix, strict=strict)
        assert report.answer == ("yes" if (least > 0 if strict else least >= 0) else "no")
        assert report.lower <= least <= report.upper
        assert_certified(report)


def test_trees_alone_agree_with_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    without_faces(monkeypatch)
    monkeypatch.setattr(
        "certify.matrices.copositive.decide.simplex_minima", lambda form, *arguments: np.eye(len(form))
    )
    kinds = set()
    for seed in range(60):
        generator = random.Random(seed)
        p = generator.randint(5, 6)
        matrix = [[0] * p for _ in range(p)]
        for i in range(p):
            for j in range(i + 1):
                matrix[i][j] = matrix[j][i] = generator.randint(-9, 9)
            matrix[i][i] = generator.randint(4, 12)
        least = simplex_minimum(matrix)
        shift = least - F(1, 100)
        shifted = [[entry - shift for entry in row] for row in matrix]
        report = copositive(shifted, strict=generator.random() < 0.5)
        assert report.answer == "yes"
        assert_certified(report)
        assert report.certificate is not None
        kinds |= set(map(type, report.certificate.tree))
    assert kinds >= {EnvelopeLeaf, Leaf, Part}
    # Horn's matrix, less close to the boundary, is no sum of a semidefinite and a nonnegative one.
    above = [[F(entry) + F(i == j, 20) for j, entry in enumerate(row)] for i, row in enumerate(HORN)]
    report = copositive(above, strict=True)
    assert report.answer == "yes"
    assert_certified(report)
    assert report.certificate is not None
    assert {Split, Leaf} <= set(map(type, report.certificate.tree))
    assert FacesLeaf not in set(map(type, report.certificate.tree))


@pytest.mark.parametrize(
    "matrix",
    [
        HORN,
        scaled(HORN, [3, 1, 7, 2, 5]),
        HOFFMAN_PEREIRA,
        hildebrand([F(1, 10)] * 5),
        hildebrand([F(1, 3), F(1, 5), F(1, 7), F(1, 9), F(1, 11)]),
    ],
)
def test_extreme_matrices(matrix: Rows) -> None:
    assert copositive(matrix).answer == "yes"
    assert copositive(matrix, strict=True).answer == "no"
    below = [[entry - F(i == j == 0, 10**9) for j, entry in enumerate(row)] for i, row in enumerate(matrix)]
    above = [[entry + F(i == j, 10**9) for j, entry in enumerate(row)] for i, row in enumerate(matrix)]
    for report, answer in ((copositive(below), "no"), (copositive(above, strict=True), "yes")):
        assert report.answer == answer
        assert_certified(report)


@pytest.mark.parametrize(
    ("p", "edges", "clique"), [(5, cycle(5), 2), (12, cycle(12), 2), (28, johnson(8), 4)]
)
def test_clique_matrices(p: int, edges: list[tuple[int, int]], clique: int) -> None:
    for alpha, answers in (
        (clique - F(1, 10**6), ("no", "no")),
        (F(clique), ("yes", "no")),
        (clique + F(1, 10**6), ("yes", "yes")),
    ):
        for strict, answer in zip((False, True), answers, strict=True):
            report = copositive(clique_matrix(p, edges, alpha), strict=strict)
            assert report.answer == answer
            assert_certified(report)


def test_sums_of_semidefinite_and_nonnegative() -> None:
    rng = np.random.default_rng(0)
    factor, extra = rng.integers(-3, 4, size=(24, 20)), rng.integers(0, 4, size=(24, 24))
    report = copositive(factor @ factor.T + extra + extra.T + np.eye(24, dtype=int))
    assert report.answer == "yes"
    assert_certified(report)


@pytest.mark.parametrize(("p", "edges", "clique"), [(28, johnson(8), 4), (8, cycle(8), 2)])
def test_exact_shares_of_the_positive_entries(
    p: int, edges: list[tuple[int, int]], clique: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One share for all, and one for each distance of the vertices.
    without_faces(monkeypatch)
    report = copositive(clique_matrix(p, edges, clique))
    assert report.answer == "yes"
    assert_certified(report)
    assert report.certificate is not None
    assert [type(node) for node in report.certificate.tree] == [Leaf]


def test_components_are_proved_apart() -> None:
    blocks = [[F(0)] * 15 for _ in range(15)]
    for i in range(15):
        for j in range(15):
            # Three of Horn's matrices, interleaved, and positive entries between them.
            blocks[i][j] = F(HORN[i // 3][j // 3]) if i % 3 == j % 3 else F(1, 7)
    report = copositive(blocks)
    assert report.answer == "yes"
    assert_certified(report)
    assert report.certificate is not None
    part, first, other, second, third = report.certificate.tree
    assert (part, other) == (Part((0, 3, 6, 9, 12)), Part((0, 2, 4, 6, 8)))
    assert {type(first), type(second), type(third)} == {FacesLeaf}


def test_entries_of_very_different_size() -> None:
    for big in (10**3, 10**40, 10**300):
        matrix = [[F(1, big), F(-1), F(big)], [F(-1), F(big), F(0)], [F(big), F(0), F(1, big)]]
        assert copositive(matrix).answer == "yes"
        matrix[0][1] = matrix[1][0] = -1 - F(1, big)
        report = copositive(matrix)
        assert report.answer == "no"
        assert_certified(report)


def test_unknown_says_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    without_faces(monkeypatch)
    asked = []

    class Watching(Observer):
        def update(self, message: str) -> None:
            asked.append(message)

    matrix = SymmetricMatrix.from_rationals(hildebrand([F(1, 10)] * 5))
    # A hundred looks; the solver, which has a clock of its own, is given what this one says is left.
    monkeypatch.setattr("certify.matrices.copositive.decide.Clock", partial(Clock, now=Ticking(100.0)))
    report = decide_copositivity(matrix, time_limit=10**4, observer=Watching())
    assert (report.answer, report.certificate, report.witness) == ("unknown", None, None)
    assert report.status == "time_limit"
    assert -F(1, 10) < report.lower < 0 <= report.upper < F(1, 10**9)
    with pytest.raises(CertificateError, match="unknown"):
        report.save_certificate("nowhere.cert")
    assert asked


def test_the_level_is_that_of_the_relaxation() -> None:
    # Horn's matrix is 2 (E - A) - E for a cycle of five, and of E - A the relaxation proves 1 / theta(C_5).
    level = proved_level(HORN)
    assert level is not None
    assert 2 / np.sqrt(5) - 1 - 1e-4 < level < 2 / np.sqrt(5) - 1


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_time_limits(limit: float) -> None:
    with pytest.raises(DataError, match="time limit"):
        copositive(HORN, time_limit=limit)


def test_exact_values_count() -> None:
    # 0.1 is more than 1/10 as a float, and exactly that as a text.
    assert copositive([[0.1, "-1/10"], ["-1/10", 0.1]]).answer == "yes"
    assert copositive([["1/10", -0.1], [-0.1, "1/10"]]).answer == "no"
