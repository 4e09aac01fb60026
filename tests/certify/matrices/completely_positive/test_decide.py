"""Answers on complete positivity: matrices of the literature, brute force, faces of the cone, limits."""

import random
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.matrices.completely_positive import BERMAN_SHAKED_MONDERER
from benchmarks.matrices.copositive_matrices import HOFFMAN_PEREIRA, HORN, circulant, hildebrand, scaled
from certify import check
from certify.checker.certificate.file import any_from_text, to_text
from certify.checker.errors import DataError
from certify.matrices.completely_positive.columns import Face
from certify.matrices.completely_positive.decide import decide_complete_positivity
from tests.certify.checker.cp_oracle import Rows, assert_proved, gram

F = Fraction

# Of rank 3; Groetzner and Duer (2020).
RANK_THREE = [
    [41, 43, 80, 56, 50],
    [43, 62, 89, 78, 51],
    [80, 89, 162, 120, 93],
    [56, 78, 120, 104, 62],
    [50, 51, 93, 62, 65],
]
# Doubly nonnegative, near the least <M, X> of such X with the same trace for a matrix M of Hildebrand's.
AGAINST_HILDEBRAND = [
    [990, 625, 0, 0, 601],
    [625, 1003, 612, 0, 0],
    [0, 612, 996, 619, 0],
    [0, 0, 619, 1022, 633],
    [601, 0, 0, 633, 999],
]


@pytest.mark.parametrize(
    ("matrix", "answer"),
    [
        (BERMAN_SHAKED_MONDERER, "no"),
        # <H, A> = 5 (a + 2 c - 2 b) for the circulant matrix of (a, b, c, c, b) and Horn's matrix H.
        (circulant([6, 4, 1, 1, 4]), "yes"),
        (scaled(circulant([600, 400, 99, 99, 400]), [1, 1, 1, 1, 1]), "no"),
        (scaled(circulant([600_000, 400_000, 99_999, 99_999, 400_000]), [1, 2, 3, 5, 7]), "no"),
        # Sponsel and Duer (2014): on the boundary, again because of Horn's matrix.
        (circulant([8, 5, 1, 1, 5]), "yes"),
        (scaled(circulant([8, 5, 1, 1, 5]), [1, 2, 3, 5, 7]), "yes"),
        (RANK_THREE, "yes"),
        (AGAINST_HILDEBRAND, "no"),
        (circulant([1002, 555, 0, 0, 0, 0, 555]), "no"),
        # Dominated by its diagonal, and a cycle that is so only up to a scaling.
        (circulant([10, 4, 0, 1, 1, 0, 4]), "yes"),
        (scaled(circulant([2, 1, 0, 0, 1]), [1, 9, 2, 7, 1]), "yes"),
        ([[0, 0], [0, 0]], "yes"),
        ([[4]], "yes"),
        ([[1, -1], [-1, 1]], "no"),
        ([[1, 2], [2, 1]], "no"),
        ([[0, 1], [1, 0]], "no"),
        ([[F(3) * 10**400, F(10) ** 200], [F(10) ** 200, F(1, 2)]], "yes"),
    ],
)
def test_matrices_of_the_literature(matrix: Rows, answer: str) -> None:
    report = decide_complete_positivity(matrix)
    assert report.answer == answer
    assert_proved(report, matrix)
    assert report.certificate is not None
    read = any_from_text(to_text(report.certificate))
    assert read == report.certificate
    verdict = check(read, matrix=matrix)
    assert verdict.valid
    assert verdict.statement is not None
    assert ("is completely positive" in verdict.statement) == (answer == "yes")


def test_horn_separates_exactly() -> None:
    # A hair outside of the face of Horn's matrix only Horn's matrix is left.
    matrix = circulant([6_000_000, 4_000_000, 999_999, 999_999, 4_000_000])
    report = decide_complete_positivity(matrix)
    assert report.answer == "no"
    assert report.certificate is not None
    top = report.certificate.separator[0][0]
    assert [[entry // top for entry in row] for row in report.certificate.separator] == HORN


def test_permuted_and_bordered() -> None:
    border = [3, 1, 0, 0, 2, 4]
    matrix = [[entry + border[i] * border[j] for j, entry in enumerate([*row, 0])] for i, row in
              enumerate([*circulant([600, 400, 99, 99, 400]), [0] * 5])]  # fmt: skip
    order = list(range(6))
    random.Random(1).shuffle(order)
    matrix = [[matrix[i][j] for j in order] for i in order]
    report = decide_complete_positivity(matrix)
    assert report.answer == "no"
    assert_proved(report, matrix)


@st.composite
def factors(draw: st.DrawFn, max_order: int = 6, least: int = 0) -> list[list[Fraction]]:
    """B of up to 2 p columns, with many zeros and repetitions."""
    p = draw(st.integers(1, max_order))
    columns = draw(st.integers(1, 2 * p))
    entry = st.sampled_from([F(0), F(0), F(1), F(2), F(1, 3), F(5, 2), F(7)])
    if least < 0:
        entry |= st.sampled_from([F(-1), F(-2), F(-1, 2)])
    rows = st.lists(entry, min_size=columns, max_size=columns)
    return draw(st.lists(rows, min_size=p, max_size=p))


@settings(max_examples=60, deadline=None)
@given(factors())
def test_products_of_nonnegative_factors_are_completely_positive(factor: list[list[Fraction]]) -> None:
    matrix = gram(factor)
    report = decide_complete_positivity(matrix)
    assert report.answer == "yes"
    assert_proved(report, matrix)
    p = len(matrix)
    assert report.cp_rank_bound is not None
    assert report.cp_rank_bound <= p * (p + 1) // 2


@settings(max_examples=60, deadline=None)
@given(factors(max_order=4, least=-1))
def test_doubly_nonnegative_is_enough_up_to_order_four(factor: list[list[Fraction]]) -> None:
    matrix = gram(factor)
    report = decide_complete_positivity(matrix)
    assert report.answer == ("no" if min(map(min, matrix)) < 0 else "yes")
    assert_proved(report, matrix)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([HORN, HOFFMAN_PEREIRA, hildebrand([F(1, 10), F(1, 8), F(1, 9), F(1, 12), F(1, 7)])]),
    st.lists(st.integers(1, 9), min_size=7, max_size=7),
    st.fractions(0, 3, max_denominator=7),
    factors(max_order=5),
)
@example(HORN, [1] * 7, F(0), [[F(1)]])
@example(HOFFMAN_PEREIRA, [1] * 7, F(3), [[F(1)]])
def test_every_answer_is_right_around_exceptional_faces(
    exceptional: list[list[int]], factor_of: list[int], share: Fraction, extra: list[list[Fraction]]
) -> None:
    far = {5: AGAINST_HILDEBRAND, 7: circulant([1002, 555, 0, 0, 0, 0, 555])}[len(exceptional)]
    p = len(far)
    near = gram([[*extra[i % len(extra)], *(F(i == j) for j in range(p))] for i in range(p)])
    matrix = scaled(
        [[F(a, 500) + share * b for a, b in zip(*rows, strict=True)] for rows in zip(far, near, strict=True)],
        factor_of[:p],
    )
    report = decide_complete_positivity(matrix)
    assert report.answer != "unknown"
    assert_proved(report, matrix)


@settings(max_examples=40, deadline=None)
@given(factors(max_order=4, least=-1), factors(max_order=3, least=-1))
def test_free_coordinates(signed: list[list[Fraction]], free: list[list[Fraction]]) -> None:
    columns = min(len(signed[0]), len(free[0]))
    factor = [row[:columns] for row in [*signed, *free]]
    matrix, q = gram(factor), len(signed)
    report = decide_complete_positivity(matrix, free=len(free))
    negative = any(matrix[i][j] < 0 for i in range(q) for j in range(q))
    assert report.answer == ("no" if negative else "yes")
    assert_proved(report, matrix)


def test_a_free_coordinate_must_fit_the_kernel() -> None:
    # b_1 = 0 wherever A_11 = 0, so a product with it cannot be 1: the free block does not help.
    report = decide_complete_positivity([[0, 1], [1, 5]], free=1)
    assert report.answer == "no"
    assert_proved(report, [[0, 1], [1, 5]])
    assert decide_complete_positivity([[-1, 0], [0, 1]], free=2).answer == "no"
    assert decide_complete_positivity([[1, -1], [-1, 1]], free=1).answer == "yes"


def test_limits_are_told() -> None:
    rng = random.Random(5)
    factor = [[rng.randint(0, 3) for _ in range(40)] for _ in range(20)]
    report = decide_complete_positivity(gram(factor), time_limit=1e-9)
    assert report.answer == "unknown"
    assert report.certificate is None
    assert report.cp_rank_bound is None
    assert report.distance is not None
    assert 0 < report.distance < 1
    assert report.reason.startswith("the time limit ended the search")
    with pytest.raises(DataError, match="no certificate"):
        report.save_certificate("nowhere")
    for wrong, words in (
        ({"free": 3}, "give 0 to 2"),
        ({"free": -1}, "give 0 to 2"),
        ({"time_limit": 0}, "no positive"),
    ):
        with pytest.raises(DataError, match=words):
            decide_complete_positivity([[1, 0], [0, 1]], **wrong)  # type: ignore[arg-type]


def test_a_face_is_not_narrowed_when_time_is_up() -> None:
    face = Face.of([[Fraction(a) for a in row] for row in circulant([8, 5, 1, 1, 5])])
    assert face.narrowed() is not None
    asked: list[float] = []

    def is_over(distance: float) -> bool:
        asked.append(distance)
        return True

    assert face.narrowed(is_over) is None
    assert len(asked) == 2  # in the first round, and after it


def test_numbers_too_long_for_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certify.matrices.completely_positive.decide.MAX_INTEGER_BITS", 5)
    report = decide_complete_positivity(RANK_THREE)
    assert (report.answer, report.certificate) == ("unknown", None)
    assert "too long for a certificate" in report.reason


def test_same_question_same_certificate() -> None:
    first, second = (decide_complete_positivity(RANK_THREE).certificate for _ in range(2))
    assert first is not None
    assert second is not None
    assert to_text(first) == to_text(second)


def test_a_separating_matrix_at_hand_is_tried_first() -> None:
    # <H, A> = 10 - 2 * 10 * 6/10 for Horn's matrix H, a diagonal of two, and 6/5 between neighbours.
    matrix = [[F(entry) / 5 for entry in row] for row in circulant([10, 6, 0, 0, 6])]
    horn = tuple(tuple(row) for row in HORN)
    found = decide_complete_positivity(matrix, separators=[horn])
    assert found.certificate is not None
    assert found.certificate.separator == horn
    assert found.distance is None
    assert_proved(found, matrix)


def test_a_matrix_at_hand_that_proves_nothing_does_no_harm() -> None:
    one = tuple(tuple(int(i == j) for j in range(5)) for i in range(5))  # does not separate
    minus = tuple(tuple(-entry for entry in row) for row in one)  # is not copositive
    found = decide_complete_positivity(BERMAN_SHAKED_MONDERER, separators=[minus, one])
    assert found.answer == "no"
    assert_proved(found, BERMAN_SHAKED_MONDERER)
