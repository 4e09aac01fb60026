"""Copositivity of small rational matrices by brute force, written apart from what it judges."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

Rows = Sequence[Sequence[int | Fraction]]


def simplex_minimum(matrix: Rows) -> Fraction:
    """The least z^T M z over z >= 0 of sum 1: at a minimum of least support M_S z = mu 1 has one solution."""
    p = len(matrix)
    best = Fraction(min(matrix[i][i] for i in range(p)))
    for size in range(2, p + 1):
        for support in combinations(range(p), size):
            bordered = [[*(Fraction(matrix[i][j]) for j in support), Fraction(-1)] for i in support]
            bordered.append([*([Fraction(1)] * size), Fraction(0)])
            solution = solve(bordered, [Fraction(0)] * size + [Fraction(1)])
            if solution is not None and all(z > 0 for z in solution[:-1]):
                best = min(best, solution[-1])
    return best


def solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    """Solve by Gauss and Jordan; None if the matrix is singular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        place = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if place is None:
            return None
        rows[k], rows[place] = rows[place], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for i, row in enumerate(rows):
            if i != k and row[k] != 0:
                rows[i] = [entry - row[k] * other for entry, other in zip(row, rows[k], strict=True)]
    return [row[-1] for row in rows]


def value(matrix: Rows, z: Sequence[int | Fraction]) -> Fraction:
    """z^T M z by its definition."""
    return Fraction(sum(a * b * matrix[i][j] for i, a in enumerate(z) for j, b in enumerate(z)))
