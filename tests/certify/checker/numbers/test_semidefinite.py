"""Exact semidefiniteness and outward rounding, against brute force."""

import itertools
import math
import operator
import random
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certify.checker.numbers.rounding import (
    decimal_down,
    decimal_up,
    float_down,
    float_up,
)
from certify.checker.numbers.semidefinite import (
    _cholesky_hint,
    _is_dominant_residual,
    is_nonnegative_on_orthant,
    is_psd,
)

Matrix = list[list[int]]


def determinant(matrix: Sequence[Sequence[int]]) -> int:
    """The Leibniz formula: too slow for anything but a test, and impossible to get wrong."""
    order = len(matrix)
    total = 0
    for permutation in itertools.permutations(range(order)):
        inversions = sum(permutation[i] > permutation[j] for i in range(order) for j in range(i + 1, order))
        total += (-1) ** inversions * math.prod(matrix[i][permutation[i]] for i in range(order))
    return total


def has_nonnegative_principal_minors(matrix: Matrix) -> bool:
    order = len(matrix)
    return all(
        determinant([[matrix[i][j] for j in subset] for i in subset]) >= 0
        for size in range(1, order + 1)
        for subset in itertools.combinations(range(order), size)
    )


def is_psd_by_rational_elimination(matrix: Matrix) -> bool:
    """Symmetric Gauss elimination in fractions, without a word of the code under test."""
    rows = [[Fraction(entry) for entry in row] for row in matrix]
    while rows:
        pivot, *rest = rows[0]
        if pivot < 0 or (pivot == 0 and any(rest)):
            return False
        rows = [
            [
                entry - (row[0] * other / pivot if pivot else 0)
                for entry, other in zip(row[1:], rest, strict=True)
            ]
            for row in rows[1:]
        ]
    return True


def gram(vectors: Sequence[Sequence[int]]) -> Matrix:
    return [[sum(a * b for a, b in zip(p, q, strict=True)) for q in vectors] for p in vectors]


def added(matrix: Matrix, i: int, j: int, amount: int) -> Matrix:
    """The matrix with `amount` added at (i, j) and (j, i)."""
    changed = [list(row) for row in matrix]
    changed[i][j] += amount
    if i != j:
        changed[j][i] += amount
    return changed


def congruent(matrix: Matrix, scales: Sequence[int]) -> Matrix:
    return [[scales[i] * scales[j] * entry for j, entry in enumerate(row)] for i, row in enumerate(matrix)]


def tridiagonal(order: int, diagonal: int) -> Matrix:
    return [
        [diagonal if i == j else -1 if abs(i - j) == 1 else 0 for j in range(order)] for i in range(order)
    ]


@st.composite
def symmetric_matrices(draw: st.DrawFn, largest_order: int = 4, largest_entry: int = 4) -> Matrix:
    order = draw(st.integers(0, largest_order))
    upper = {
        (i, j): draw(st.integers(-largest_entry, largest_entry))
        for i in range(order)
        for j in range(i, order)
    }
    return [[upper[min(i, j), max(i, j)] for j in range(order)] for i in range(order)]


def row_by_row(matrix: Matrix, half_bits: int) -> Matrix:
    """The fixed-point Cholesky factor of the matrix - order 2^half_bits I, by its formulas in fractions."""
    factor: Matrix = []
    for i, entries in enumerate(matrix):
        row: list[int] = []
        for known, entry in zip(factor, entries, strict=False):
            left = entry - sum(map(operator.mul, row, known))
            row.append(math.floor(Fraction(left, known[-1]) + Fraction(1, 2)))
        squared = entries[i] - (len(matrix) << half_bits) - sum(entry**2 for entry in row)
        factor.append([*row, math.isqrt(squared)])
    return factor


@st.composite
def gram_matrices(draw: st.DrawFn, orders: st.SearchStrategy[int]) -> Matrix:
    """Semidefinite matrices, singular when there are fewer coordinates than vectors."""
    order, rank = draw(orders), draw(st.integers(1, 6))
    entries = st.integers(-9, 9)
    return gram(draw(st.lists(st.tuples(*[entries] * rank), min_size=order, max_size=order)))


class TestSmallSemidefiniteness:
    @given(symmetric_matrices())
    def test_agrees_with_principal_minors(self, matrix: Matrix) -> None:
        assert is_psd(matrix) == has_nonnegative_principal_minors(matrix)

    @given(symmetric_matrices(largest_order=8, largest_entry=10**30))
    def test_agrees_with_rational_elimination(self, matrix: Matrix) -> None:
        assert is_psd(matrix) == is_psd_by_rational_elimination(matrix)

    @given(gram_matrices(st.integers(1, 8)), st.data())
    def test_gram_matrix_loses_a_little(self, matrix: Matrix, data: st.DataObject) -> None:
        assert is_psd(matrix)
        i = data.draw(st.integers(0, len(matrix) - 1))
        less = added(matrix, i, i, -1)
        assert is_psd(less) == is_psd_by_rational_elimination(less)

    @pytest.mark.parametrize(
        ("matrix", "expected"),
        [
            ([], True),
            ([[0]], True),
            ([[-1]], False),
            ([[0, 1], [1, 5]], False),
            ([[5, 1], [1, 0]], False),
            ([[0, 0], [0, 3]], True),
            ([[1, 2], [2, 4]], True),
            ([[1, 2], [2, 3]], False),
            # The first Schur complement is zero in the corner and not in its row.
            ([[1, 1, 1], [1, 1, 2], [1, 2, 9]], False),
            ([[1, 1, 1], [1, 1, 1], [1, 1, 2]], True),
            # Every leading minor is nonnegative and the last diagonal entry is not.
            ([[1, 0, 0], [0, 0, 0], [0, 0, -1]], False),
            # Bareiss must divide by the last pivot that was not zero.
            ([[2, 2, 2, 0], [2, 2, 2, 0], [2, 2, 5, 1], [0, 0, 1, 1]], True),
        ],
    )
    def test_by_hand(self, matrix: Matrix, expected: bool) -> None:
        assert is_psd(matrix) is expected


class TestLargeSemidefiniteness:
    @given(gram_matrices(st.integers(9, 16)), st.data())
    def test_singular_matrix_and_its_neighbours(self, matrix: Matrix, data: st.DataObject) -> None:
        assert is_psd(matrix)
        i = data.draw(st.integers(0, len(matrix) - 1))
        j = data.draw(st.integers(0, len(matrix) - 1))
        amount = data.draw(st.sampled_from([-1, 1]))
        changed = added(matrix, i, j, amount)
        assert is_psd(changed) == is_psd_by_rational_elimination(changed)

    @given(gram_matrices(st.integers(9, 12)), st.data())
    def test_bad_scaling_changes_nothing(self, matrix: Matrix, data: st.DataObject) -> None:
        order = len(matrix)
        powers = data.draw(st.lists(st.integers(0, 200), min_size=order, max_size=order))
        scales = [2**power for power in powers]
        assert is_psd(congruent(added(matrix, 0, 0, 1), scales))
        i = data.draw(st.integers(0, order - 1))
        less = congruent(added(matrix, i, i, -1), scales)
        assert is_psd(less) == is_psd_by_rational_elimination(less)

    @pytest.mark.parametrize("order", [9, 30, 60, 61, 120])
    def test_positive_definite(self, order: int) -> None:
        # The least eigenvalue of the second difference is 2 - 2 cos(pi / (order + 1)) > 0.
        assert is_psd(tridiagonal(order, 2))
        assert not is_psd(added(tridiagonal(order, 2), order - 1, order - 1, -2))

    @pytest.mark.parametrize("order", [9, 40, 60, 61, 100])
    def test_indefinite_by_the_last_pivot_alone(self, order: int) -> None:
        # The k-th pivot of the second difference is (k+1)/k, so the corner may lose (order+1)/order.
        scale = 10**40
        matrix = [[scale * entry for entry in row] for row in tridiagonal(order, 2)]
        corner = order - 1
        may_lose = scale * (order + 1) // order
        assert is_psd(added(matrix, corner, corner, -may_lose + 1))
        assert not is_psd(added(matrix, corner, corner, -may_lose - 1))

    @pytest.mark.parametrize("order", [9, 12])
    def test_nearly_singular_beyond_every_factor(self, order: int) -> None:
        # I + m m^T with m of 400 digits, less so much of one entry that the determinant changes sign.
        m = [10**400 + k**3 for k in range(order)]
        square = sum(entry * entry for entry in m)
        matrix = added(gram([[entry] for entry in m]), 0, 0, 0)
        for i in range(order):
            matrix[i][i] += 1
        # det(I + m m^T - t e e^T) = (1 + |m|^2) (1 - t (1 - m_0^2 / (1 + |m|^2))), zero at this t.
        zero = Fraction(1 + square, 1 + square - m[0] ** 2)
        scaled = [[zero.denominator * entry for entry in row] for row in matrix]
        assert is_psd(added(scaled, 0, 0, -zero.numerator))
        assert not is_psd(added(scaled, 0, 0, -zero.numerator - 1))

    @pytest.mark.parametrize("rank", [1, 30, 69])
    def test_a_singular_matrix_of_any_order(self, rank: int) -> None:
        # Beyond what is eliminated, in parts: definite on as many rows as the rank is.
        generator = random.Random(rank)
        vectors = [[generator.randrange(-9, 10) for _ in range(rank)] for _ in range(70)]
        assert is_psd(gram(vectors))
        for i in (0, 35, 69):
            assert not is_psd(added(gram(vectors), i, i, -1))
        # Not semidefinite, and of the rank of its definite part.
        indefinite = [[*row, *([0] * 70)] for row in gram(vectors)]
        indefinite += [[0] * 70 + [-entry for entry in row] for row in gram(vectors)]
        assert not is_psd(indefinite)
        hidden = [[x[0] * y[-1] + x[-1] * y[0] for y in vectors] for x in vectors]
        assert is_psd(hidden) is (rank == 1)

    def test_no_indefinite_matrix_of_large_order_passes(self) -> None:
        generator = random.Random(0)
        vectors = [[generator.randrange(-9, 10) for _ in range(70)] for _ in range(70)]
        matrix = gram(vectors)
        assert is_psd(matrix)
        repeated = gram([*vectors[:-1], vectors[0]])
        assert is_psd(repeated)
        assert not is_psd(added(repeated, 69, 69, -1))

    @pytest.mark.parametrize(
        ("residual", "dominant"),
        [
            # By 2 at least, as two entries that are rounded down may take nearly that together.
            ([[4, 2], [2, 4]], True),
            ([[4, -2], [-2, 5]], True),
            ([[3, 2], [2, 4]], False),
            ([[4, -2], [-2, 3]], False),
            ([[9, -3], [-3, 4]], False),
            ([[-1, 0], [0, 2]], False),
            ([[2, 0], [0, 2]], True),
            ([[0, 0], [0, 0]], False),
        ],
    )
    def test_residual_must_be_diagonally_dominant(self, residual: Matrix, dominant: bool) -> None:
        # Beside the factor R = ((1, 0), (2, 3)).
        matrix = [[residual[0][0] + 1, residual[0][1] + 2], [residual[1][0] + 2, residual[1][1] + 13]]
        assert _is_dominant_residual(matrix, [[1], [2, 3]]) is dominant

    @given(gram_matrices(st.integers(9, 12)), st.integers(100, 300), st.data())
    def test_long_integers_next_to_the_boundary(self, matrix: Matrix, bits: int, data: st.DataObject) -> None:
        """A factor of rounded integers tells neither a proof nor a disproof from what rounding took."""
        order = len(matrix)
        i, j = data.draw(st.integers(0, order - 1)), data.draw(st.integers(0, order - 1))
        less = 1 << data.draw(st.integers(0, bits))
        singular = [[entry << bits for entry in row] for row in matrix]
        assert is_psd(singular)
        for amount in (-less, less):
            changed = added(singular, i, j, amount)
            assert is_psd(changed) == is_psd_by_rational_elimination(changed)

    @pytest.mark.parametrize("order", [1, 31, 32, 33, 70])
    def test_factor_is_the_one_that_is_found_row_by_row(self, order: int) -> None:
        generator = random.Random(order)
        vectors = [[generator.randrange(-(1 << 40), 1 << 40) for _ in range(order)] for _ in range(order)]
        matrix = gram(vectors)
        assert _cholesky_hint(matrix, 45) == (row_by_row(matrix, 45), None)
        for row in {0, order // 2, order - 1}:
            indefinite = added(matrix, row, row, -2 * matrix[row][row])
            factor, pivot_row = _cholesky_hint(indefinite, 45)
            assert factor == row_by_row(matrix, 45)[:row]
            assert pivot_row == row_by_row(matrix, 45)[row][:-1]

    def test_empty_rows_of_a_large_matrix(self) -> None:
        matrix = [[*row, 0] for row in tridiagonal(12, 2)] + [[0] * 13]
        assert is_psd(matrix)
        assert not is_psd(added(matrix, 0, 12, 1))


def symmetric(order: int, bound: int) -> st.SearchStrategy[Matrix]:
    entries = st.lists(st.integers(-bound, bound), min_size=order * order, max_size=order * order)
    return entries.map(
        lambda e: [[e[min(i, j) * order + max(i, j)] for j in range(order)] for i in range(order)]
    )


class TestLongIntegers:
    def test_a_common_factor_costs_nothing(self) -> None:
        singular = [[(1 + i) * (1 + j) << 60_000 for j in range(20)] for i in range(20)]
        assert is_psd(singular)

    def test_long_singular_matrices_are_given_up(self) -> None:
        """Elimination would take minutes; in doubt nothing is proved."""
        factor = [[(7**i * 3**j << 9000) + i * j + 1 for j in range(10)] for i in range(20)]
        gram = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in factor] for p in factor]
        assert not is_psd(gram)


class TestNonnegativeOnTheOrthant:
    @given(st.integers(1, 2).flatmap(lambda order: symmetric(order, 6)))
    def test_decides_up_to_order_two(self, matrix: Matrix) -> None:
        """There the form is nonnegative exactly if it is semidefinite or has no negative entry."""
        expected = min(e for row in matrix for e in row) >= 0 or (
            matrix[0][0] >= 0
            and matrix[-1][-1] >= 0
            and (len(matrix) == 1 or matrix[0][0] * matrix[1][1] >= matrix[0][1] ** 2)
        )
        assert is_nonnegative_on_orthant(matrix) == expected

    @given(st.integers(1, 5).flatmap(lambda order: symmetric(order, 4)), st.data())
    def test_true_is_a_proof(self, matrix: Matrix, data: st.DataObject) -> None:
        if is_nonnegative_on_orthant(matrix):
            t = [data.draw(st.integers(0, 9)) for _ in matrix]
            assert sum(t[i] * t[j] * e for i, row in enumerate(matrix) for j, e in enumerate(row)) >= 0

    @pytest.mark.parametrize(
        ("matrix", "expected"),
        [
            ([[0, 1], [1, 0]], True),
            ([[0, -1], [-1, 0]], False),
            # Semidefinite plus nonnegative, and neither of the two.
            ([[1, -1, 9], [-1, 1, 0], [9, 0, 1]], True),
            # Semidefinite, but no longer so without its positive entries: (1, 1, 1) is in its kernel then.
            ([[1, 1, -1], [1, 1, -1], [-1, -1, 1]], True),
            ([[1, -1, -1], [-1, 1, 1], [-1, 1, 1]], True),
            # Half of its positive entry must go: with all of it, or without, it is indefinite.
            ([[1, -2, 3], [-2, 4, -3], [3, -3, 4]], True),
            ([[1, -2, 0], [-2, 1, 0], [0, 0, 1]], False),
            ([[-1]], False),
            ([], True),
        ],
    )
    def test_by_hand(self, matrix: Matrix, expected: bool) -> None:
        assert is_nonnegative_on_orthant(matrix) == expected


rationals = st.fractions() | st.builds(Fraction, st.integers(-(10**50), 10**50), st.integers(1, 10**50))


class TestDecimals:
    @given(rationals, st.integers(1, 25))
    @example(Fraction(10**30 - 1), 3)
    @example(Fraction(-(10**30) + 1, 10**45), 3)
    def test_is_the_next_decimal_of_so_many_digits(self, value: Fraction, digits: int) -> None:
        exponent = 0
        while value and abs(value) >= Fraction(10) ** (exponent + 1):
            exponent += 1
        while value and abs(value) < Fraction(10) ** exponent:
            exponent -= 1
        unit = Fraction(10) ** (exponent + 1 - digits)
        assert Fraction(decimal_down(value, digits)) == math.floor(value / unit) * unit
        assert Fraction(decimal_up(value, digits)) == math.ceil(value / unit) * unit

    @given(rationals)
    def test_negation_swaps_the_directions(self, value: Fraction) -> None:
        assert Decimal(decimal_up(-value)) == -Decimal(decimal_down(value))

    @pytest.mark.parametrize(
        ("value", "down", "up"),
        [
            (Fraction(0), "0", "0"),
            (Fraction(1, 3), "0.3333333333", "0.3333333334"),
            (Fraction(-1, 3), "-0.3333333334", "-0.3333333333"),
            (Fraction(5, 2), "2.5", "2.5"),
            (Fraction(99999999999), "99999999990", "100000000000"),
            (Fraction(1, 3 * 10**7), "3.333333333e-8", "3.333333334e-8"),
            (Fraction(1, 10**6), "0.000001", "0.000001"),
            (Fraction(1, 10**7), "1e-7", "1e-7"),
            (Fraction(10**15), "1000000000000000", "1000000000000000"),
            (Fraction(10**16), "1.000000000e+16", "1.000000000e+16"),
            (Fraction(10**40 + 1), "1.000000000e+40", "1.000000001e+40"),
        ],
    )
    def test_by_hand(self, value: Fraction, down: str, up: str) -> None:
        assert (decimal_down(value), decimal_up(value)) == (down, up)

    @pytest.mark.parametrize(
        "value", [Fraction(10**5000), Fraction(1, 10**5000), Fraction(-(10**5000) - 1, 7)]
    )
    def test_vast_and_tiny(self, value: Fraction) -> None:
        assert Fraction(Decimal(decimal_down(value))) <= value <= Fraction(Decimal(decimal_up(value)))


class TestFloats:
    @given(rationals | st.floats(allow_nan=False, allow_infinity=False).map(Fraction))
    @example(Fraction(10**400))
    @example(Fraction(-(10**400)))
    @example(Fraction(1, 10**400))
    @example(Fraction(-1, 10**400))
    @example(Fraction(sys.float_info.max) + 1)
    def test_on_the_right_side_and_one_ulp_tight(self, value: Fraction) -> None:
        down, up = float_down(value), float_up(value)
        assert down == -math.inf or Fraction(down) <= value
        assert up == math.inf or value <= Fraction(up)
        above, below = math.nextafter(down, math.inf), math.nextafter(up, -math.inf)
        assert above == math.inf or Fraction(above) > value
        assert below == -math.inf or Fraction(below) < value

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_a_float_is_its_own_rounding(self, value: float) -> None:
        assert float_down(Fraction(value)) == float_up(Fraction(value)) == value

    def test_zero_has_no_sign(self) -> None:
        assert str(float_down(Fraction(0))) == str(float_up(Fraction(0))) == "0.0"
