"""L D L^T with L >= 0 and forced parts: by hand, classical families, and on random products."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matrices.completely_positive import (
    BERMAN_SHAKED_MONDERER,
    by_entries,
    cauchy,
    hilbert,
    pascal,
    product_matrix,
)
from benchmarks.matrices.copositive_matrices import circulant, cycle
from certify.checker.certificate.complete_positivity import Term
from certify.matrices.completely_positive.decide import decide_complete_positivity
from certify.matrices.completely_positive.elimination import nonnegative_elimination
from certify.matrices.completely_positive.forced import forced_parts
from certify.matrices.completely_positive.terms import less
from tests.certify.checker.cp_oracle import Rows, assert_proved, gram

F = Fraction


def rational(matrix: Rows) -> list[list[Fraction]]:
    return [[F(entry) for entry in row] for row in matrix]


def test_elimination_by_hand() -> None:
    # Pascal's matrix of 3 is L L^T with the binomial coefficients in L.
    found = nonnegative_elimination(rational([[1, 1, 1], [1, 2, 3], [1, 3, 6]]))
    assert found is not None
    terms, rest = found
    assert terms == [Term(F(1), (1, 1, 1)), Term(F(1), (0, 1, 2)), Term(F(1), (0, 0, 1))]
    assert not any(map(any, rest))


def test_elimination_finds_the_order() -> None:
    # Taking the first row off leaves 0 - 1 at (2, 3); the last two rows go first.
    matrix = rational([[1, 1, 1], [1, 2, 0], [1, 0, 2]])
    found = nonnegative_elimination(matrix)
    assert found is not None
    terms, rest = found
    assert terms == [Term(F(1, 2), (1, 2, 0)), Term(F(1, 2), (1, 0, 2))]
    assert not any(map(any, rest))


def test_elimination_stops_in_time() -> None:
    assert nonnegative_elimination(rational([[1, 1], [1, 2]]), lambda distance: True) is None


def test_no_order_eliminates_a_long_odd_cycle() -> None:
    # Each row has two neighbours with a zero between them, which taking it off makes negative.
    assert nonnegative_elimination(rational(circulant([2, 1, 0, 0, 1]))) is None


@pytest.mark.parametrize(
    "matrix",
    [
        *map(hilbert, (2, 5, 10)),
        *map(pascal, (2, 6, 10)),
        cauchy([2, 3, 5, 7, 11, 13, 17, 19]),
        by_entries(8, min),
        by_entries(8, lambda i, j: 2 if i == j else 1),
    ],
)
def test_classical_families_have_a_term_a_row(matrix: Rows) -> None:
    report = decide_complete_positivity(matrix)
    assert (report.answer, report.cp_rank_bound) == ("yes", len(matrix))
    assert_proved(report, matrix)


def test_terms_in_an_even_cycle_are_forced() -> None:
    # (1, -1, 1, -1) is in the kernel: b on an edge is a multiple of (1, 1), and its weight the entry there.
    matrix = rational(circulant([2, 1, 0, 1]))
    parts = forced_parts(matrix)
    assert parts is not None
    edges = [[i for i in range(4) if part[i][i]] for part in parts]
    assert sorted(edges) == sorted(map(sorted, cycle(4)))
    assert all(entry in (0, 1) for part in parts for row in part for entry in row)
    assert [[sum(part[i][j] for part in parts) for j in range(4)] for i in range(4)] == matrix


def test_nothing_is_forced_where_all_hangs_together() -> None:
    assert forced_parts(rational(hilbert(3))) is None
    # A path of three with a diagonal that leaves room.
    assert forced_parts(rational([[2, 1, 0], [1, 2, 1], [0, 1, 2]])) is None


def test_no_parts_where_an_entry_has_no_cone() -> None:
    # The kernel leaves no b with both its first and its last entry, whose product is 1 in the matrix.
    assert forced_parts(rational(BERMAN_SHAKED_MONDERER)) is None


def test_sparse_product_on_the_boundary() -> None:
    matrix = product_matrix(15, 10, 7, 0.4)
    report = decide_complete_positivity(matrix)
    assert report.answer == "yes"
    assert_proved(report, matrix)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 6).flatmap(
        lambda p: st.lists(
            st.lists(st.sampled_from([0, 0, 1, 2, 5]), min_size=p, max_size=p), min_size=1, max_size=8
        )
    )
)
def test_steps_are_exact(columns: list[list[int]]) -> None:
    matrix = gram([[F(entry) for entry in row] for row in zip(*columns, strict=True)])
    found = nonnegative_elimination(matrix)
    if found is not None:
        terms, rest = found
        assert all(t.weight > 0 and min(t.vector) >= 0 for t in terms)
        assert less(matrix, terms) == rest
        assert all(entry >= 0 for row in rest for entry in row)
    parts = forced_parts(matrix)
    if parts is not None:
        p = len(matrix)
        assert [[sum(part[i][j] for part in parts) for j in range(p)] for i in range(p)] == matrix
