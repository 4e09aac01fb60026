"""The quadratic form of a leaf's products: nonnegative quantities times each other, with multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flint import fmpz_mat

from certify.checker.numbers.integers import Vector
from certify.checker.numbers.semidefinite import integer_rows
from certify.checker.obligations import Obligation, require


class Quantity(NamedTuple):
    """A nonnegative linear form in coordinates z: a coordinate, a form in the first ones, or their sum.

    Attributes:
        coordinate: k, for z_k; None for 0.
        form: f, for f_1 z_1 + ... + f_d z_d; empty for 0. All that are not empty are equally long.
    """

    coordinate: int | None
    form: Vector = ()


def product_form(
    products: Sequence[tuple[int, int, int]], quantities: Sequence[Quantity], order: int, complementary: int
) -> fmpz_mat:
    """Return twice the form of a sum of multiplier * quantity_i * quantity_j, as a symmetric matrix.

    Multipliers must be nonnegative, except those of alpha_i beta_i, which is zero: of so many `complementary`
    pairs, the last quantities.
    """
    size = len(quantities)
    with_forms = [q for q, quantity in enumerate(quantities) if quantity.form]
    place = {q: column for column, q in enumerate(with_forms)}
    # Twice the form is (E + F)^T M (E + F), with the coordinates' unit vectors in the rows of E, the forms in
    # those of F, and the multipliers in M; of M only the columns of quantities that have forms are needed.
    twice = [[0] * order for _ in range(order)]
    table = [[0] * len(with_forms) for _ in range(size)]
    for i, j, multiplier in products:
        require(0 <= i <= j < size, Obligation.PRODUCT_INDEX)
        vanishes = complementary > 0 and i >= size - 2 * complementary and j == i + complementary
        require(multiplier >= 0 or vanishes, Obligation.PRODUCT_SIGN)
        for p, q in ((i, j), (j, i)):
            k, l = quantities[p].coordinate, quantities[q].coordinate
            if k is not None and l is not None:
                twice[k][l] += multiplier
            if q in place:
                table[p][place[q]] += multiplier
    if not (products and with_forms):
        return fmpz_mat(twice)
    forms = fmpz_mat([list(quantities[q].form) for q in with_forms])
    sums = integer_rows(fmpz_mat(table) * forms)
    for (k, _), row in zip(quantities, sums, strict=True):
        if k is not None:
            for l, entry in enumerate(row):
                twice[k][l] += entry
                twice[l][k] += entry
    squares = forms.transpose() * fmpz_mat([sums[q] for q in with_forms])
    for known, row in zip(twice, integer_rows(squares), strict=False):
        for l, entry in enumerate(row):
            known[l] += entry
    return fmpz_mat(twice)
