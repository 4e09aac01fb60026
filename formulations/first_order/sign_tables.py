"""Passes over the tables of products of alpha and beta, on which a splitting spends much of its time.

The entries, products of two nonnegative quantities, are projected on the nonnegative ones; where a sign is
known, those with a quantity that is zero there are projected on zero, as is alpha_i beta_i. Everything that
a step needs of that is computed in a single pass, tile by tile, as one table is read by rows and by columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from formulations.compiled import kept

_TILE = 32


@kept
def reflected(
    alpha_alpha: Any,
    alpha_beta: Any,
    beta_beta: Any,
    has_alpha: Any,
    has_beta: Any,
    sums: Any,
    mixed: Any,
    rest: Any,
) -> None:
    """Reflect the tables M at the projections P, to 2 P - M, and combine what that gives, a, b and c.

    Args:
        alpha_alpha: K x K, symmetric; not changed.
        alpha_beta: K x K; not changed.
        beta_beta: K x K, symmetric; not changed.
        has_alpha: of length K and the tables' type; 1 where alpha may be other than zero, else -1.
        has_beta: likewise of beta.
        sums: becomes (a + b + b^T + c) / 2.
        mixed: becomes a + b - b^T - c.
        rest: becomes a - b - b^T + c.
    """
    count = len(has_alpha)
    half = sums.dtype.type(0.5)
    turned = np.empty((_TILE, _TILE), sums.dtype)
    for first in range(0, count, _TILE):
        rows = min(_TILE, count - first)
        for second in range(0, count, _TILE):
            columns = min(_TILE, count - second)
            for j in range(columns):
                for i in range(rows):
                    turned[i, j] = alpha_beta[second + j, first + i]
            of_alpha, of_beta = has_alpha[second : second + columns], has_beta[second : second + columns]
            for i in range(rows):
                row, inside = first + i, slice(second, second + columns)
                alpha, beta, other = has_alpha[row], has_beta[row], turned[i]
                of_a, of_b, of_c = alpha_alpha[row, inside], alpha_beta[row, inside], beta_beta[row, inside]
                to_sums, to_mixed, to_rest = sums[row, inside], mixed[row, inside], rest[row, inside]
                for j in range(columns):
                    # |x| where both quantities may be positive, else -x.
                    a = max(of_a[j] * min(alpha, of_alpha[j]), -of_a[j])
                    b = max(of_b[j] * min(alpha, of_beta[j]), -of_b[j])
                    t = max(other[j] * min(beta, of_alpha[j]), -other[j])
                    c = max(of_c[j] * min(beta, of_beta[j]), -of_c[j])
                    both, crossed = a + c, b + t
                    to_sums[j] = half * (both + crossed)
                    to_mixed[j] = (a - c) + (b - t)
                    to_rest[j] = both - crossed
    for i in range(count):  # alpha_i beta_i is zero
        here = alpha_beta[i, i]
        wrong = 2 * (max(here * min(has_alpha[i], has_beta[i]), -here) + here)
        sums[i, i] -= half * wrong
        rest[i, i] += wrong


@kept
def moved(table: Any, other: Any, has_row: Any, has_column: Any, step: Any) -> None:
    """Move a table M by a multiple of another less its projection P, M + step (other - P).

    Args:
        table: K x K; changed.
        other: K x K.
        has_row: of length K and the table's type; 1 where the row's quantity may be other than zero, else -1.
        has_column: likewise.
        step: of the table's type.
    """
    for i in range(len(table)):
        row, of_other, of_row = table[i], other[i], has_row[i]
        zero = 0 * of_row
        for j in range(table.shape[1]):
            projected = max(zero, row[j] * min(of_row, has_column[j]))
            # Where both are not positive but the quantity is zero, the product would be positive.
            row[j] += step * (of_other[j] - min(projected, max(zero, row[j])))
