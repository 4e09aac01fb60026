"""Enclosures against decimals of 60 digits, and where floating point has no answer."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.errors import DataError
from certify.checker.numbers.enclosures import (
    FINEST,
    above,
    ball,
    ends,
    entropy,
    log_sum_exp,
    precision,
    softplus,
)
from certify.checker.problems.losses.table import read_loss
from tests.certify.checker.problems.losses.examples import in_decimals, log

F = Fraction
TINY = F(1, 10**50)


@given(q=st.fractions(F(1, 10**6), 1) | st.fractions(1, 10**6), bits=st.sampled_from((64, 128, 256)))
def test_entropy(q: Fraction, bits: int) -> None:
    with precision(bits):
        low, high = ends(entropy(q))
    true = -q * F(log(in_decimals(q)))
    assert low - TINY * q <= true <= high + TINY * q
    assert 0 <= high - low <= F(1, 1 << bits - 32) * q


def test_entropy_is_exact_where_it_can_be() -> None:
    assert ends(entropy(F(0))) == ends(entropy(F(1))) == (F(0), F(0))
    with pytest.raises(ValueError, match="negative"):
        entropy(F(-1, 10**4000))


@pytest.mark.parametrize("power", [1, 300, 4000])
def test_entropy_of_long_fractions(power: int) -> None:
    tiny = F(1, 10**power)
    with precision(128):
        low, high = ends(entropy(tiny))
        near_one = ends(entropy(1 - tiny))
    assert 0 <= low <= high
    assert (low > 0) is (power < 308)  # 2^-1024
    assert low <= tiny * power * F("2.302585092994046") * (1 + F(1, 10**15))
    assert high >= tiny * power * F("2.302585092994045")
    assert near_one[0] <= tiny
    assert near_one[1] >= tiny * (1 - tiny)
    assert near_one[1] - near_one[0] <= F(1, 1 << 120)


def test_precision_is_put_back() -> None:
    before = ctx.prec
    with precision(300):
        assert ctx.prec == 300
    assert ctx.prec == before
    with pytest.raises(ValueError, match="negative"), precision(300):
        entropy(F(-1))
    assert ctx.prec == before


class TestHugePredictions:
    def test_softplus(self) -> None:
        with precision(128):
            low, high = ends(softplus(F(10**6)))
            assert low <= 10**6 <= high <= 10**6 + F(1, 1 << 100)
            # exp(-10^6) is below the finest number.
            assert above(softplus(F(-(10**6)))) == F(1, 1 << FINEST)
            assert ends(softplus(F(-(10**40))))[0] <= 0

    def test_log_sum_exp(self) -> None:
        with precision(128):
            largest, rest = log_sum_exp([F(10**6), F(-(10**30)), F(10**6)])
            low, high = ends(rest)
        assert largest == 10**6
        assert low <= F("0.69314718055994530941723212146") <= high + F(1, 10**28)

    @pytest.mark.parametrize("z", [10**6, F(10**6 * 7**400 + 1, 7**400), 10**30])
    def test_losses_are_linear_there(self, z: Fraction) -> None:
        logistic, entropic = read_loss("logistic"), read_loss("cross-entropy")
        for value in (
            logistic.value_above([F(z)], [F(-1)]),
            entropic.value_above([F(0), F(z)], [F(1), F(0)]),
        ):
            assert z <= value <= z * (1 + F(1, 1 << 120)) + F(1, 1 << 100)
        assert logistic.value_above([F(z)], [F(1)]) == F(1, 1 << FINEST)
        assert 0 <= entropic.value_above([F(0), F(z)], [F(0), F(1)]) <= F(1, 1 << 90)

    def test_poisson(self) -> None:
        poisson = read_loss("poisson")
        assert poisson.value_above([F(-(10**6))], [F(0)]) == F(1, 1 << FINEST)
        value = poisson.value_above([F(-(10**6))], [F(3)])
        assert 3 * 10**6 <= value <= 3 * 10**6 + F(1, 1 << 100)
        large = poisson.value_above([F(10**6)], [F(1)])
        assert large.numerator.bit_length() - large.denominator.bit_length() == 1442695
        with pytest.raises(DataError, match="rescale the numbers"):
            poisson.value_above([F(10**9)], [F(1)])
        with pytest.raises(DataError, match="rescale the numbers"):
            poisson.value_above([F(10**40)], [F(1)])


@pytest.mark.parametrize("number", [arb("nan"), arb("inf"), arb("[1 +/- inf]")])
def test_what_is_not_finite_is_refused(number: arb) -> None:
    with pytest.raises(DataError, match="no finite enclosure"):
        ends(number)


@given(st.fractions())
def test_ends_of_rationals(value: Fraction) -> None:
    with precision(80):
        low, high = ends(ball(value))
    assert low <= value <= high
    assert high - low <= abs(value) / (1 << 70)
