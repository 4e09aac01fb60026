"""Losses for tests: texts of each word, strategies for what they take, and their definitions once more."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor

from hypothesis import strategies as st

from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import read_loss
from tests.corpus import losses

F = Fraction
Numbers = list[Fraction]

# Parameters at the ends of their ranges besides.
TEXTS = (*losses.TEXTS, "huber 3", "quantile 1/2", "epsilon-insensitive 0", "cross-entropy 1")
LOSSES = [read_loss(text) for text in TEXTS]
WEIGHTS = st.sampled_from((F(1), F(1, 3), F(5, 2), F(7))) | st.fractions(F(1, 9), 9, max_denominator=9)


def numbers(c: int, bound: int = 5) -> st.SearchStrategy[Numbers]:
    """Rows of rationals."""
    entry = st.integers(-bound, bound).map(F) | st.fractions(-bound, bound, max_denominator=7)
    return st.lists(entry, min_size=c, max_size=c)


def shares(c: int) -> st.SearchStrategy[Numbers]:
    """Rows of probabilities, zeros among them."""
    cuts = st.lists(st.fractions(0, 1, max_denominator=9), min_size=c - 1, max_size=c - 1).map(sorted)
    return cuts.map(lambda inner: [b - a for a, b in pairwise([F(0), *inner, F(1)])])


def targets(loss: Loss, c: int) -> st.SearchStrategy[Numbers]:
    """Rows of targets that a loss takes."""
    word = loss.text.split(" ")[0]
    if word in ("hinge", "squared-hinge", "logistic"):
        return st.lists(st.sampled_from((F(-1), F(1))), min_size=c, max_size=c)
    if word == "multiclass-hinge":
        return st.integers(0, c - 1).map(lambda k: [F(j == k) for j in range(c)])
    if word == "cross-entropy":
        return shares(c)
    if word == "poisson":
        return numbers(c).map(lambda row: [abs(entry) for entry in row])
    return numbers(c)


@st.composite
def domain_rows(draw: st.DrawFn, loss: Loss, target: Numbers, weight: Fraction) -> Numbers:
    """Draw a row in the domain of a loss, often on its boundary."""
    share = st.sampled_from((F(0), F(1))) | st.fractions(0, 1, max_denominator=9)
    box = loss.box(target, weight)
    if not loss.zero_sum:
        row = []
        for low, high in box:
            start = low if low is not None else (-F(20) if high is None else high - 20)
            end = high if high is not None else start + 40
            row.append(start + draw(share) * (end - start))
        return row
    most = [F(0) if high is None else high for _, high in box]
    return [high - part * sum(most) for high, part in zip(most, draw(shares(len(most))), strict=True)]


def on_grid(loss: Loss, nu: Numbers, target: Numbers, unit: int) -> list[int]:
    """Round a row to integers over a unit; it stays in the domain of every larger weight."""
    row = [floor(entry * unit) for entry in nu]
    if loss.zero_sum:
        row[max(range(len(row)), key=target.__getitem__)] -= sum(row)
    return row


@st.composite
def samples(draw: st.DrawFn, loss: Loss) -> tuple[Numbers, Numbers, Numbers, Fraction]:
    """Draw a prediction, a row of a dual point in the domain, a target and a weight."""
    c = draw(st.integers(1, 3))
    y, weight = draw(targets(loss, c)), draw(WEIGHTS)
    return draw(numbers(c, 9)), draw(domain_rows(loss, y, weight)), y, weight


# --- by definition, in decimals of 60 digits -------------------------------------------------------------

DIGITS = decimal.Context(prec=60, Emin=-(10**9), Emax=10**9)


def in_decimals(value: Fraction) -> Decimal:
    """Round a rational to 60 digits."""
    return DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))


def _sum(entries: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for entry in entries:
        total = DIGITS.add(total, entry)
    return total


def log(value: Decimal) -> Decimal:
    """Return the natural logarithm."""
    return DIGITS.ln(value)


def exp(value: Decimal) -> Decimal:
    """Return the exponential."""
    return DIGITS.exp(value)


def _smoothed(y: Numbers, s: Fraction) -> Numbers:
    return [(1 - s) * entry + s / len(y) for entry in y]


def _cross_entropy(z: Numbers, y: Numbers, s: Fraction | None = None) -> Decimal:
    partition = log(_sum([exp(in_decimals(entry)) for entry in z]))
    return _sum(
        [
            DIGITS.multiply(in_decimals(part), DIGITS.subtract(partition, in_decimals(entry)))
            for part, entry in zip(_smoothed(y, s or F(0)), z, strict=True)
        ]
    )


def _rational(of_pair: Callable[[Fraction, Fraction], Fraction]) -> Callable[[Numbers, Numbers], Decimal]:
    return lambda z, y: in_decimals(sum((of_pair(a, b) for a, b in zip(z, y, strict=True)), F(0)))


def _huber(r: Fraction, most: Fraction) -> Fraction:
    return r * r / 2 if abs(r) <= most else most * abs(r) - most * most / 2


def _crammer_singer(z: Numbers, y: Numbers) -> Decimal:
    right = y.index(F(1))
    return in_decimals(max(entry + (k != right) - z[right] for k, entry in enumerate(z)))


DEFINITIONS: dict[str, Callable[[Numbers, Numbers], Decimal]] = {
    "squared": _rational(lambda z, y: (z - y) ** 2 / 2),
    "huber 1/2": _rational(lambda z, y: _huber(z - y, F(1, 2))),
    "huber 3": _rational(lambda z, y: _huber(z - y, F(3))),
    "absolute": _rational(lambda z, y: abs(z - y)),
    "quantile 1/2": _rational(lambda z, y: abs(y - z) / 2),
    "quantile 9/10": _rational(lambda z, y: F(9, 10) * (y - z) if y > z else F(1, 10) * (z - y)),
    "epsilon-insensitive 0": _rational(lambda z, y: abs(z - y)),
    "epsilon-insensitive 1/3": _rational(lambda z, y: max(F(0), abs(z - y) - F(1, 3))),
    "hinge": _rational(lambda z, y: max(F(0), 1 - y * z)),
    "squared-hinge": _rational(lambda z, y: max(F(0), 1 - y * z) ** 2 / 2),
    "multiclass-hinge": _crammer_singer,
    "logistic": lambda z, y: _sum(
        [log(DIGITS.add(Decimal(1), exp(in_decimals(-b * a)))) for a, b in zip(z, y, strict=True)]
    ),
    "cross-entropy": _cross_entropy,
    "cross-entropy 1/10": lambda z, y: _cross_entropy(z, y, F(1, 10)),
    "cross-entropy 1": lambda z, y: _cross_entropy(z, y, F(1)),
    "poisson": lambda z, y: _sum(
        [DIGITS.subtract(exp(in_decimals(a)), in_decimals(a * b)) for a, b in zip(z, y, strict=True)]
    ),
}


def minus_gradient(text: str, z: Numbers, y: Numbers) -> list[Decimal]:
    """Return minus the gradient of a smooth loss at z."""
    if text.startswith("cross-entropy"):
        s = read_loss(text)
        assert hasattr(s, "smoothing")
        exps = [exp(in_decimals(entry)) for entry in z]
        total = _sum(exps)
        return [
            DIGITS.subtract(in_decimals(part), DIGITS.divide(e, total))
            for part, e in zip(_smoothed(y, s.smoothing), exps, strict=True)
        ]
    single: dict[str, Callable[[Fraction, Fraction], Decimal]] = {
        "squared": lambda a, b: in_decimals(b - a),
        "huber 1/2": lambda a, b: in_decimals(max(min(b - a, F(1, 2)), -F(1, 2))),
        "squared-hinge": lambda a, b: in_decimals(b * max(F(0), 1 - a * b)),
        "logistic": lambda a, b: DIGITS.divide(
            in_decimals(b), DIGITS.add(Decimal(1), exp(in_decimals(a * b)))
        ),
        "poisson": lambda a, b: DIGITS.subtract(in_decimals(b), exp(in_decimals(a))),
    }
    return [single[text](a, b) for a, b in zip(z, y, strict=True)]
