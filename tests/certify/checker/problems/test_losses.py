"""Every loss with every output bias: Fenchel-Young, totals, round trips, the names that others know it by."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.errors import DataError
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.loss import LOSSES, Loss, read_loss
from certify.checker.problems.output_bias import OUTPUT_BIASES, OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.networks.network import ReLUNetwork, exact_loss
from certify.trust.coq.training import OUTPUT_BIASES as OF_COQ
from tests.certify.checker.strategies import rational_rows

EXAMPLES = {"squared": "squared"}  # a text of each word
KINDS = [read_loss(EXAMPLES[word]) for word in LOSSES]
ROWS = st.integers(1, 3).flatmap(lambda c: rational_rows(3, c))  # z, nu and y


def inner(first: list[Fraction], second: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))


@pytest.mark.parametrize("loss", KINDS, ids=lambda loss: loss.text)
class TestLosses:
    @given(rows=ROWS)
    def test_fenchel_young(self, loss: Loss, rows: list[list[Fraction]]) -> None:
        z, nu, y = rows
        assert loss.value(z, y) >= loss.bound(nu, y) - inner(nu, z)

    @given(rows=ROWS)
    def test_the_best_row_is_attained(self, loss: Loss, rows: list[list[Fraction]]) -> None:
        z, nu, y = rows
        best = list(loss.best_row(y, z))
        assert loss.value(z, y) == loss.bound(best, y) - inner(best, z)
        assert loss.bound(best, y) - inner(best, z) >= loss.bound(nu, y) - inner(nu, z)

    @given(rows=ROWS, penalty=st.fractions(0, 9, max_denominator=9))
    def test_best_rows_balance(self, loss: Loss, rows: list[list[Fraction]], penalty: Fraction) -> None:
        total, *targets = rows
        s = loss.balance(targets, total, penalty)
        best = [loss.best_row(y, s) for y in targets]
        sums = [sum(column, Fraction(0)) for column in zip(total, *best, strict=True)]
        assert sums == [penalty * entry for entry in s]

    @given(
        table=st.integers(1, 3).flatmap(
            lambda c: st.lists(
                st.tuples(*[st.lists(st.integers(-9, 9), min_size=c, max_size=c)] * 2), min_size=1, max_size=4
            )
        ),
        scale=st.integers(1, 6),
        denominator=st.integers(1, 6),
    )
    def test_totals(
        self, loss: Loss, table: list[tuple[list[int], list[int]]], scale: int, denominator: int
    ) -> None:
        left, right = [row for row, _ in table], [row for _, row in table]
        assert loss.total_value(left, scale, right, denominator) == Loss.total_value(
            loss, left, scale, right, denominator
        )
        assert loss.total_bound(left, scale, right, denominator) == Loss.total_bound(
            loss, left, scale, right, denominator
        )

    def test_round_trip(self, loss: Loss) -> None:
        assert read_loss(loss.text) == loss

    @pytest.mark.parametrize("name", OUTPUT_BIASES)
    def test_weak_duality(self, loss: Loss, name: str) -> None:
        # One sample, one neuron at rest: its loss is at least what any dual point of the gauge 0 proves.
        kind = OutputBias.of(name)
        problem = TrainingProblem.from_rationals([[0], [0]], [[1], [3]], 2, loss.text, name)
        network = ReLUNetwork.from_rationals([[]], [], [1] if kind.exists else [])
        for nu in ([1, -1], [-2, 2], [0, 0]):
            assert dual_bound(problem, tuple((entry,) for entry in nu), 0) <= exact_loss(problem, network)


@pytest.mark.parametrize("text", ["", "absolut", "squared ", "squared 1", " squared", "Squared"])
def test_unknown_losses(text: str) -> None:
    with pytest.raises(DataError, match="is not supported: use one of squared"):
        read_loss(text)


class TestOutputBiases:
    def test_by_hand(self) -> None:
        sums, gamma = [Fraction(3), Fraction(-4)], Fraction(5)
        assert [kind.toll(sums, gamma) for kind in OutputBias] == [0, 0, Fraction(25, 10)]
        assert [kind.decay(sums) for kind in OutputBias] == [0, 0, 25]
        assert [kind.fits([3, -4]) for kind in OutputBias] == [True, False, True]
        assert [kind.fits([0, 0]) for kind in OutputBias] == [True, True, True]
        assert [kind.exists for kind in OutputBias] == [False, True, True]

    def test_each_has_its_words_and_its_name_in_coq(self) -> None:
        assert {kind.words for kind in OutputBias} == {OutputBias.of(name).words for name in OF_COQ}
        assert len({kind.words for kind in OutputBias}) == len(OF_COQ) == 3

    def test_unknown(self) -> None:
        with pytest.raises(DataError, match="use one of none, free, decayed"):
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
