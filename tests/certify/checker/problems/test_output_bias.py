"""Output biases: what they cost a dual point and a network, and the names that others know them by."""

from __future__ import annotations

from fractions import Fraction

import pytest

from certify.checker.errors import DataError
from certify.checker.problems.output_bias import OUTPUT_BIASES, OutputBias
from certify.trust.coq.training import OUTPUT_BIASES as OF_COQ


def inner(first: list[Fraction], second: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))


class TestOutputBiases:
    def test_by_hand(self) -> None:
        sums, gamma = [Fraction(3), Fraction(-4)], Fraction(5)
        assert [kind.toll(sums, gamma) for kind in OutputBias] == [0, 0, Fraction(25, 10), 0]
        assert [kind.decay(sums) for kind in OutputBias] == [0, 0, 25, 0]
        assert [kind.fits([3, -4]) for kind in OutputBias] == [True, False, True, False]
        assert [kind.fits([0, 0]) for kind in OutputBias] == [True, True, True, True]
        assert [kind.exists for kind in OutputBias] == [False, True, True, True]
        assert [kind.is_free for kind in OutputBias] == [False, True, False, True]
        assert [kind.frees_hidden for kind in OutputBias] == [False, False, False, True]

    def test_each_has_its_words_and_its_name_in_coq(self) -> None:
        assert {kind.words for kind in OutputBias} == {OutputBias.of(name).words for name in OF_COQ}
        assert len({kind.words for kind in OutputBias}) == len(OF_COQ) == 4

    def test_unknown(self) -> None:
        with pytest.raises(DataError, match="use one of none, free, decayed, all-free"):
            OutputBias.of("Free")


@pytest.mark.parametrize("name", OUTPUT_BIASES)
def test_slack_of_the_output_bias(name: str) -> None:
    kind, gamma, b, sums = (
        OutputBias.of(name),
        Fraction(2),
        [Fraction(3), Fraction(1)],
        [Fraction(4), Fraction(0)],
    )
    penalty = kind.penalty(gamma)
    assert penalty == (gamma if name == "decayed" else 0)
    assert penalty == kind.penalty(float(gamma))
    if penalty:
        assert kind.slack(b, sums, gamma) == gamma / 2 * kind.decay(b) - inner(b, sums) + kind.toll(
            sums, gamma
        )
    else:
        assert kind.slack(b, sums, gamma) == 0
