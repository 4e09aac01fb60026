"""How multipliers are written in a leaf: as integers, each with the numbers of its two quantities.

A leaf of the whole space has the quantities alpha_i of all rows x_i that are not zero, then beta_i of the
same rows (docs/certificate-format.md).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray


def leaf_products(
    alpha_alpha: NDArray[Any],
    alpha_beta: NDArray[Any],
    beta_beta: NDArray[Any],
    live: NDArray[np.bool_],
    to_integer: Callable[[float | Fraction], int],
) -> tuple[tuple[int, int, int], ...]:
    """List multipliers by the leaf's quantities: alpha_i, then beta_i, of the rows that are not zero.

    The slack is on the diagonal of `alpha_beta`.
    """
    kept = np.ix_(live, live)
    m = int(live.sum())
    entries = []
    for (offset_i, offset_j), table in (((0, 0), alpha_alpha), ((0, m), alpha_beta), ((m, m), beta_beta)):
        symmetric = offset_i == offset_j
        part = table[kept]
        for i, j in zip(
            *map(np.ndarray.tolist, np.nonzero(np.triu(part) if symmetric else part)), strict=True
        ):
            # A symmetric table has the product of two different quantities twice.
            if multiplier := to_integer(part[i, j] * (2 if symmetric and i != j else 1)):
                entries.append((offset_i + i, offset_j + j, multiplier))
    return tuple(sorted(entries))


def rounder(factor: Fraction) -> Callable[[float | Fraction], int]:
    """Return what multiplies a number exactly and takes the nearest integer."""
    return lambda value: round(Fraction(value) * factor)
