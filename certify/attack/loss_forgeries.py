"""Ways to forge what hangs on the loss: its text, its domain, the last digits of a claim, and weights.

A forgery that has nothing to change returns the certificate as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from random import Random

from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import DataError
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.dual_bound import PRECISIONS, dual_bound, dual_bounds
from certify.checker.problems.losses.table import LOSSES, read_loss
from certify.checker.problems.training import TrainingProblem

Forgery = Callable[[Certificate, TrainingProblem, Random], Certificate]

_BEYOND_ALL = 2 * max(PRECISIONS)  # bits


def formal_claim(certificate: Certificate, problem: TrainingProblem) -> Certificate:
    """Return the certificate with the claim that its dual point would have by the formula of the bound.

    Outside the domain that proves nothing. Where it asks for a logarithm of what has none, or the dual point
    has not the shape of the problem, the claim stays.
    """
    rows, exponent = certificate.dual_point, certificate.dual_exponent
    if exponent < 0 or len(rows) != problem.n or any(len(row) != problem.c for row in rows):
        return certificate
    try:
        return replace(certificate, bound=dual_bound(problem, rows, exponent))
    except ValueError:
        return certificate


def into_domain(certificate: Certificate, problem: TrainingProblem) -> Certificate:
    """Return the certificate with its dual point moved into the loss's domain, and with the claim of that.

    Outside it a forgery is refused before its premise is looked at. A dual point that has not the shape of
    the problem stays as it is.
    """
    rows, exponent = certificate.dual_point, certificate.dual_exponent
    if exponent < 0 or len(rows) != problem.n or any(len(row) != problem.c for row in rows):
        return certificate
    moved = []
    for i, row in enumerate(rows):
        limits = problem.loss.box(problem.target(i), problem.weight(i))
        lows = [None if low is None else math.ceil(low * 2**exponent) for low, _ in limits]
        highs = [None if high is None else math.floor(high * 2**exponent) for _, high in limits]
        inside = [
            min((max((entry, *_given(low))), *_given(high)))
            for entry, low, high in zip(row, lows, highs, strict=True)
        ]
        if problem.loss.zero_sum:  # entries may always fall, and rise where there is room
            for k, high in enumerate(highs):
                room = sum(inside) if high is None else inside[k] - high
                inside[k] -= max(sum(inside), min(room, 0))
        moved.append(tuple(inside))
    return formal_claim(replace(certificate, dual_point=tuple(moved)), problem)


def _given(end: int | None) -> tuple[int, ...]:
    return () if end is None else (end,)


def has_ends(problem: TrainingProblem) -> bool:
    """Say whether the domain of the problem's loss is not all there is."""
    interval = problem.loss.box(problem.target(0), problem.weight(0))
    return problem.loss.zero_sum or any(end is not None for ends in interval for end in ends)


def _loss_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """State another loss, or the same one in another spelling."""
    word = random.choice(sorted(LOSSES))
    texts = (read_loss(word).text, word, "", certificate.loss.capitalize(), f"{certificate.loss} ")
    return replace(certificate, loss=random.choice(texts))


def _parameter_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Change the number of the loss, spell it otherwise, or give one to a loss that has none."""
    word, _, text = certificate.loss.partition(" ")
    try:
        value = Fraction(text) if text else Fraction(0)
    except ValueError:
        return certificate
    p, q = value.as_integer_ratio()
    factor = Fraction(random.randint(1, 20), 10)
    texts = (str(value * factor), f"{2 * p}/{2 * q}", str(-value), "0", "1", "1/0", f"+{value}", f"{value} 1")
    return replace(certificate, loss=f"{word} {random.choice(texts)}")


def _entry_outside(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Move an entry of the dual point beyond an end of its interval: by one unit, or by a part of itself."""
    rows, exponent = certificate.dual_point, certificate.dual_exponent
    if exponent < 0 or len(rows) != problem.n or any(len(row) != problem.c for row in rows):
        return certificate
    i, k = random.randrange(problem.n), random.randrange(problem.c)
    low, high = problem.loss.box(problem.target(i), problem.weight(i))[k]
    ends = [(end, sign) for end, sign in ((low, -1), (high, 1)) if end is not None]
    if not ends:
        return certificate
    end, sign = random.choice(ends)
    unit = Fraction(1, 1 << exponent)
    step = random.choice((unit, unit, abs(end) / (1 << random.randrange(1, 20))))
    inside = end / unit
    last = inside.numerator // inside.denominator if sign > 0 else -(-inside.numerator // inside.denominator)
    entry = last + sign * max(1, round(step / unit))
    row = list(rows[i])
    if problem.loss.zero_sum and problem.c > 1:
        other = random.choice([j for j in range(problem.c) if j != k])
        row[other] -= entry - row[k]
    row[k] = entry
    return formal_claim(replace(certificate, dual_point=_with_row(rows, i, row)), problem)


def _row_off_balance(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Let a row of the dual point not sum to zero, where the loss asks for that."""
    rows = certificate.dual_point
    if not problem.loss.zero_sum or len(rows) != problem.n or not rows[0]:
        return certificate
    i = random.randrange(problem.n)
    row = list(rows[i])
    k = random.randrange(len(row))
    row[k] -= random.choice((1, 1, max(1, abs(row[k]) >> random.randrange(20))))
    return formal_claim(replace(certificate, dual_point=_with_row(rows, i, row)), problem)


def _with_row(rows: IntegerRows, place: int, row: list[int]) -> IntegerRows:
    return (*rows[:place], tuple(row), *rows[place + 1 :])


def _claim_within_rounding(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Claim what no precision of a checker tells from the truth, or what is just above it."""
    bits = random.choice((*PRECISIONS, _BEYOND_ALL))
    try:
        low, high = dual_bounds(problem, certificate.dual_point, certificate.dual_exponent, bits)
    except ValueError:
        return certificate
    above = high + Fraction(1, 1 << bits)
    return replace(certificate, bound=random.choice((above, (low + above) / 2)))


LOSS_FORGERIES: dict[str, Forgery] = {
    "loss changed": _loss_changed,
    "parameter of the loss changed": _parameter_changed,
    "claim raised within rounding": _claim_within_rounding,
}

# Where the domain of the loss has ends.
OF_DOMAINS: dict[str, Forgery] = {
    "dual entry moved out of the domain": _entry_outside,
}

# Where rows sum to zero.
OF_BALANCE: dict[str, Forgery] = {
    "dual row off balance": _row_off_balance,
}


def _class_weights_changed(recipe: Preprocessing, random: Random) -> Preprocessing:
    weights = list(recipe.class_weights or [Fraction(1)] * len(recipe.classes))
    if not weights:
        return recipe
    k = random.randrange(len(weights))
    weights[k] = random.choice(
        (weights[k] * random.randint(2, 9), weights[k] / random.randint(2, 9), -weights[k], Fraction(0))
    )
    changed = random.choice((tuple(weights), tuple(weights), tuple(weights[:-1]), ()))
    return replace(recipe, class_weights=changed)


def _sample_weight_changed(recipe: Preprocessing, random: Random) -> Preprocessing:
    names = (None, "1", "2", *recipe.targets, str(random.randint(1, 9)))
    return replace(recipe, sample_weight=random.choice(names))


def _of_recipe(change: Callable[[Preprocessing, Random], Preprocessing]) -> Forgery:
    def forged(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
        if certificate.preprocessing is None:
            return certificate
        return replace(certificate, preprocessing=change(certificate.preprocessing, random))

    return forged


# Of a certificate with a recipe, where that is followed.
OF_RECIPES: dict[str, Forgery] = {
    "class weights of the recipe changed": _of_recipe(_class_weights_changed),
    "sample weights of the recipe changed": _of_recipe(_sample_weight_changed),
}

# What is made of the user's data by a recipe.
Remake = Callable[[Preprocessing], TrainingProblem]


def remade(remake: Remake, certificate: Certificate) -> TrainingProblem | None:
    """Return what a forgery's recipe makes of the data; None if it is not for them."""
    if certificate.preprocessing is None:
        return None
    try:
        return remake(certificate.preprocessing)
    except DataError:
        return None
