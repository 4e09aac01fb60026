"""The value of a symmetric matrix's game in rationals, where floating point cannot tell whether it is zero.

`formulations.copositive.matrix_game` says what the game is and what its two sides prove.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from flint import fmpq

from certify.checker.numbers.integers import IntegerMatrix


def solve_game(matrix: IntegerMatrix) -> tuple[int, list[int], list[int]]:
    """Solve max over x min over i of (M x)_i, x >= 0 of sum 1, exactly.

    With all entries moved up to be positive it is to find y >= 0 of the largest sum with M y <= 1, which the
    simplex method does with Bland's rule, and so always ends.

    Args:
        matrix: M, symmetric, of small order: the integers of the tableau grow.

    Returns:
        The sign of the value, x >= 0 with M x nowhere below the value and z >= 0 with M z nowhere above it,
        where they have the sum 1; here both are multiples in integers.
    """
    order = len(matrix)
    shift = 1 - min(map(min, matrix))
    rows = [
        [fmpq(entry + shift) for entry in row] + [fmpq(int(i == k)) for k in range(order)] + [fmpq(1)]
        for i, row in enumerate(matrix)
    ]
    costs = [fmpq(-1)] * order + [fmpq(0)] * (order + 1)
    basis = list(range(order, 2 * order))
    while True:
        entering = next((k for k in range(2 * order) if costs[k] < 0), None)
        if entering is None:
            break
        leaving = min(
            (i for i in range(order) if rows[i][entering] > 0),
            key=lambda i: (rows[i][-1] / rows[i][entering], basis[i]),
        )
        pivot = rows[leaving][entering]
        rows[leaving] = [entry / pivot for entry in rows[leaving]]
        for i in range(order):
            if i != leaving:
                rows[i] = _less(rows[i], rows[leaving], entering)
        costs = _less(costs, rows[leaving], entering)
        basis[leaving] = entering
    z = [fmpq(0)] * order
    for i, k in enumerate(basis):
        if k < order:
            z[k] = rows[i][-1]
    # The value, moved up, is one over the largest sum.
    total = costs[-1] * shift
    return (total < 1) - (total > 1), _integers(costs[order : 2 * order]), _integers(z)


def _less(row: list[fmpq], other: list[fmpq], k: int) -> list[fmpq]:
    """Subtract the multiple of another row that makes entry k zero, which is 1 there."""
    factor = row[k]
    return row if factor == 0 else [p - factor * q for p, q in zip(row, other, strict=True)]


def _integers(vector: Sequence[fmpq]) -> list[int]:
    denominator = math.lcm(*(int(entry.q) for entry in vector))
    values = [int(entry.p) * (denominator // int(entry.q)) for entry in vector]
    divisor = math.gcd(*values)
    return [value // divisor for value in values]
