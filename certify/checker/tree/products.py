"""The quadratic form of a leaf's products: nonnegative quantities times each other, with multipliers."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpz_mat

from certify.checker.obligations import Obligation, require


def product_form(
    products: Sequence[tuple[int, int, int]], quantities: list[list[int]], order: int, complementary: int
) -> fmpz_mat:
    """Return twice the form of a sum of multiplier * quantity_i * quantity_j, as a symmetric matrix.

    Multipliers must be nonnegative, except those of alpha_i beta_i, which is zero: of so many `complementary`
    pairs, the last quantities.
    """
    size = len(quantities)
    table = [[0] * size for _ in range(size)]
    for i, j, multiplier in products:
        require(0 <= i <= j < size, Obligation.PRODUCT_INDEX)
        vanishes = complementary > 0 and i >= size - 2 * complementary and j == i + complementary
        require(multiplier >= 0 or vanishes, Obligation.PRODUCT_SIGN)
        table[i][j] += multiplier
        table[j][i] += multiplier
    if not products:
        return fmpz_mat(order, order)
    forms = fmpz_mat(quantities)
    return forms.transpose() * fmpz_mat(table) * forms
