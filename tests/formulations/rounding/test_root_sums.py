"""Signs of sums of square roots: hand-made identities, near misses, and integers."""

from fractions import Fraction
from math import isqrt

import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from formulations.rounding.root_sums import sign_of_root_sum


def rationals(values: list[int] | list[Fraction]) -> list[fmpq]:
    return [fmpq(value.numerator, value.denominator) for value in values]


@pytest.mark.parametrize(
    ("coefficients", "radicands", "sign"),
    [
        ([], [], 0),
        ([1, -1], [2, 2], 0),
        ([3, -1], [2, 18], 0),  # 3 sqrt 2 = sqrt 18
        ([1, 1, -1], [2, 8, 18], 0),
        ([2, 1, -2], [4, 9, 4], 1),
        ([1, -1, 1, -1], [2, 3, 3, 2], 0),
        ([1, 1, -1], [2, 3, 10], -1),  # 3.1463 < 3.1623
        ([1, 1, -1], [10, 11, 42], -1),  # 6.4789 < 6.4807
        ([5, -7], [0, 0], 0),
        ([0, -1], [7, 4], -1),
    ],
)
def test_by_hand(coefficients: list[int], radicands: list[int], sign: int) -> None:
    assert sign_of_root_sum(rationals(coefficients), rationals(radicands)) == sign


def test_related_fractions_cancel() -> None:
    """sqrt(1/2) + sqrt(2)/2 - sqrt(2) = 0."""
    coefficients = rationals([Fraction(1), Fraction(1, 2), Fraction(-1)])
    assert sign_of_root_sum(coefficients, rationals([Fraction(1, 2), Fraction(2), Fraction(2)])) == 0


@given(st.integers(1, 10**80))
def test_a_difference_of_a_hundred_digits_is_seen(n: int) -> None:
    """sqrt(n (n + 1)) is close to n + 1/2, and below it by about 1 / (8 n)."""
    coefficients = rationals([Fraction(1), Fraction(-1)])
    radicands = rationals([Fraction(n * (n + 1)), Fraction(2 * n + 1, 2) ** 2])
    assert sign_of_root_sum(coefficients, radicands) == -1


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 40)), max_size=6))
def test_against_integer_roots(terms: list[tuple[int, int]]) -> None:
    """Rounded roots of 200 digits decide, or the sum is zero: nothing this short lies in between."""
    scaled = sum(c * isqrt(q * 10**400) for c, q in terms)
    expected = 0 if abs(scaled) < 1000 else (1 if scaled > 0 else -1)
    coefficients, radicands = [c for c, _ in terms], [q for _, q in terms]
    assert sign_of_root_sum(rationals(coefficients), rationals(radicands)) == expected


def test_negative_radicand() -> None:
    with pytest.raises(ValueError, match="negative"):
        sign_of_root_sum(rationals([1]), rationals([-1]))
