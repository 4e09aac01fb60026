"""Every loss and weight: its definition, Fenchel and Young, the domain's edges, totals, texts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, lcm

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.problems.dual_bound import dual_bound, in_domain, proves, sample_bound
from certify.checker.problems.losses.loss import Loss, over
from certify.checker.problems.losses.rational import RationalLoss
from certify.checker.problems.losses.table import LOSSES as KINDS
from certify.checker.problems.losses.table import SQUARED
from certify.checker.problems.output_bias import OUTPUT_BIASES, OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.networks.network import ReLUNetwork, loss_at_most
from tests.certify.checker.problems.losses.examples import (
    DEFINITIONS,
    LOSSES,
    TEXTS,
    Numbers,
    minus_gradient,
    numbers,
    on_grid,
    samples,
)

F = Fraction
SMOOTH = [
    loss for loss in LOSSES if not loss.is_exact or loss.text in ("squared", "huber 1/2", "squared-hinge")
]
RATIONAL = [loss for loss in LOSSES if isinstance(loss, RationalLoss)]
PAIRS = st.integers(1, 3).flatmap(lambda c: st.lists(numbers(c), min_size=3, max_size=3))
CLOSE = F(1, 10**50)  # of decimals of 60 digits


def inner(first: Numbers, second: Numbers) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), F(0))


def test_every_word_has_an_example() -> None:
    assert {text.split(" ")[0] for text in TEXTS} == set(KINDS)
    assert set(TEXTS) == set(DEFINITIONS)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.text)
class TestEveryLoss:
    @given(data=st.data())
    def test_the_value_is_that_of_the_definition(self, loss: Loss, data: st.DataObject) -> None:
        z, _, y, _ = data.draw(samples(loss))
        found, defined = loss.value_above(z, y), F(DEFINITIONS[loss.text](z, y))
        assert abs(found - defined) <= CLOSE * (1 + abs(defined)) if loss.is_exact else True
        assert -CLOSE * (1 + abs(defined)) <= found - defined <= F(1, 10**30) * (1 + abs(defined))

    @given(data=st.data())
    def test_fenchel_young(self, loss: Loss, data: st.DataObject) -> None:
        z, nu, y, w = data.draw(samples(loss))
        assert loss.bound_below(nu, y, w) - inner(nu, z) <= w * loss.value_above(z, y)

    @settings(max_examples=40)
    @given(data=st.data())
    def test_the_domain_is_a_box_with_closed_ends(self, loss: Loss, data: st.DataObject) -> None:
        _, nu, y, w = data.draw(samples(loss))
        scale, y_scale = (lcm(*(entry.denominator for entry in row)) for row in (nu, y))
        rows, ys = [int(entry * scale) for entry in nu], [int(entry * y_scale) for entry in y]
        given_ = [rows], scale, [ys], y_scale, [w.numerator], w.denominator
        assert loss.in_domain(*given_)
        for k, (low, high) in enumerate(loss.box(y, w)):
            outside = [None if low is None else ceil(low * scale) - 1]
            outside += [None if high is None else floor(high * scale) + 1]
            for entry in (end for end in outside if end is not None):
                changed = [*rows[:k], entry, *rows[k + 1 :]]
                if loss.zero_sum and len(changed) > 1:
                    changed[k - 1] -= sum(changed)
                assert not loss.in_domain([changed], *given_[1:])

    @settings(max_examples=30)
    @given(data=st.data(), scale=st.integers(2, 6))
    def test_totals(self, loss: Loss, data: st.DataObject, scale: int) -> None:
        drawn = data.draw(st.lists(samples(loss), min_size=1, max_size=3))
        c = len(drawn[0][0])
        drawn = [sample for sample in drawn if len(sample[0]) == c]
        common = 7 * 8 * 9 * 5
        predictions = [[int(entry * common) for entry in z] for z, _, _, _ in drawn]
        ys = [[int(entry * common) for entry in y] for _, _, y, _ in drawn]
        ws = [scale * w for _, _, _, w in drawn]
        by_hand = F(0)
        for z, y, w in zip(predictions, ys, ws, strict=True):
            by_hand += w * loss.value_above(over(z, common), over(y, common))
        weights, denominator = [int(w * 2520) for w in ws], 2520
        assert loss.total_value(predictions, common, ys, common, weights, denominator) == by_hand
        unit = 1 << 40
        rows = [on_grid(loss, nu, y, unit) for _, nu, y, _ in drawn]
        assert loss.in_domain(rows, unit, ys, common, weights, denominator)
        low, high = loss.total_bounds(rows, unit, ys, common, weights, denominator, bits=128)
        total = F(0)
        for nu, y, w in zip(rows, ys, ws, strict=True):
            total += loss.bound_below(over(nu, unit), over(y, common), w, 256)
        assert low <= high <= low + F(1, 1 << 90)
        assert low - F(1, 1 << 90) <= total <= high

    def test_its_words_and_numbers(self, loss: Loss) -> None:
        words = (loss.formula, loss.weighted_formula, loss.bound_formula, loss.mismatch_formula)
        assert all(words)
        assert "w_i" in loss.weighted_formula
        assert "w_i" not in loss.formula
        parameter = loss.text.split(" ")[1:]
        if parameter and loss.text != "cross-entropy 1":
            assert parameter[0].split("/")[0] in loss.formula

    @settings(max_examples=20)
    @given(data=st.data())
    def test_weak_duality(self, loss: Loss, data: st.DataObject) -> None:
        # Samples at x = 0, so that every dual point has the gauge 0, and networks that are a bias alone.
        kind = OutputBias.of(data.draw(st.sampled_from(OUTPUT_BIASES)))
        z, nu, y, w = data.draw(samples(loss))
        unit, w = 1 << 20, 2 * w
        row = [0] * len(y) if kind.is_free else on_grid(loss, nu, y, unit)
        dual_point = tuple(map(tuple, [row] * 2))
        problem = TrainingProblem.from_rationals([[0], [0]], [y, y], 2, loss, kind, [w, 10])
        assert in_domain(problem, dual_point, 20)
        network = ReLUNetwork.from_rationals([[]], [], z if kind.exists else [])
        claim = dual_bound(problem, dual_point, 20)
        assert claim <= loss_at_most(problem, network)
        assert proves(problem, dual_point, 20, claim)
        assert not proves(problem, dual_point, 20, claim + F(1, 1 << 40) * (1 + abs(claim)))
        total = sum(sample_bound(problem, i, dual_point[i], 20) for i in range(2))
        sums = [F(2 * entry, unit) for entry in row]
        assert abs(total - kind.toll(sums, problem.gamma) - claim) <= F(1, 1 << 40) * (1 + abs(claim))


@pytest.mark.parametrize("loss", SMOOTH, ids=lambda loss: loss.text)
@given(data=st.data())
def test_the_gradient_attains_the_bound(loss: Loss, data: st.DataObject) -> None:
    z, _, y, w = data.draw(samples(loss))
    steps = [w * F(Decimal(entry)) for entry in minus_gradient(loss.text, z, y)]
    nu = []
    for entry, (low, high) in zip(steps, loss.box(y, w), strict=True):
        inside = entry if low is None else max(low, entry)
        nu.append(inside if high is None else min(high, inside))
    value = w * loss.value_above(z, y, 256)
    bound = loss.bound_below(nu, y, w, 256)
    scale = 1 + abs(value) + sum(map(abs, z)) * 10
    assert abs(value - (bound - inner(nu, z))) <= F(1, 10**40) * scale


@pytest.mark.parametrize("loss", RATIONAL, ids=lambda loss: loss.text)
@given(data=st.data())
def test_the_bound_of_a_rational_loss_is_the_best(loss: RationalLoss, data: st.DataObject) -> None:
    """At one of the kinks, or where the quadratic part has its least value, the bound is attained."""
    _, nu, y, w = data.draw(samples(loss))
    bound = loss.bound(nu, y, w)
    # Outputs are apart from each other, but in the multiclass hinge.
    places = {F(0)}
    for v, target in zip(nu, y, strict=True):
        places |= {target, target - loss.parameter, target + loss.parameter}
        places |= {target - v / w, target * (1 - target * v / w)}
    if loss.zero_sum:
        points = [[F(k in chosen) for k in range(len(y))] for chosen in ([], *[[j] for j in range(len(y))])]
        points += [[entry + target for entry, target in zip(point, y, strict=True)] for point in points]
        best = min(w * loss.value_above(z, y) + inner(nu, z) for z in points)
    else:
        best = F(0)
        for v, target in zip(nu, y, strict=True):
            best += min(w * loss.value_above([z], [target]) + v * z for z in places)
    assert bound == best


class TestSquared:
    @given(rows=PAIRS, w=st.fractions(F(1, 9), 9))
    def test_the_best_row_is_attained(self, rows: list[Numbers], w: Fraction) -> None:
        z, nu, y = rows
        best = list(SQUARED.best_row(y, z, w))
        assert w * SQUARED.value_above(z, y) == SQUARED.bound(best, y, w) - inner(best, z)
        assert SQUARED.bound(best, y, w) - inner(best, z) >= SQUARED.bound(nu, y, w) - inner(nu, z)

    @given(
        rows=PAIRS,
        penalty=st.fractions(0, 9, max_denominator=9),
        weights=st.none() | st.lists(st.fractions(F(1, 9), 9, max_denominator=9), min_size=2, max_size=2),
    )
    def test_best_rows_balance(self, rows: list[Numbers], penalty: Fraction, weights: Numbers | None) -> None:
        total, *ys = rows
        s = SQUARED.balance(ys, total, penalty, weights)
        best = [SQUARED.best_row(y, s, w) for y, w in zip(ys, weights or [F(1)] * 2, strict=True)]
        sums = [sum(column, F(0)) for column in zip(total, *best, strict=True)]
        assert sums == [penalty * entry for entry in s]
