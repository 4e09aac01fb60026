"""Matrices that papers on copositivity speak of, exact: Horn's, Hildebrand's, those of graphs."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations

Rows = list[list[int]]


def circulant(first: list[int]) -> Rows:
    """Return the matrix whose rows are the first one, moved on by one each."""
    p = len(first)
    return [[first[(j - i) % p] for j in range(p)] for i in range(p)]


# Extreme copositive matrices that are no sums of a semidefinite and a nonnegative one.
HORN = circulant([1, -1, 1, 1, -1])
HOFFMAN_PEREIRA = circulant([1, -1, 1, 0, 0, 1, -1])


def hildebrand(half_tangents: Iterable[Fraction]) -> list[list[Fraction]]:
    """Return Hildebrand's (2012) extreme matrix T(theta) of order 5, for angles with these tan(theta_i / 2).

    Row i has 1, -cos theta_i and cos(theta_i + theta_{i+1}) at i, i + 1 and i + 2; the angles are positive,
    their sum is below pi. T(0) is Horn's matrix.
    """
    pairs = [((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)) for t in half_tangents]
    matrix = [[Fraction(int(i == j)) for j in range(5)] for i in range(5)]
    for i in range(5):
        (c, s), (d, r) = pairs[i], pairs[(i + 1) % 5]
        one, two = (i + 1) % 5, (i + 2) % 5
        matrix[i][one] = matrix[one][i] = -c
        matrix[i][two] = matrix[two][i] = c * d - s * r
    return matrix


def clique_matrix(p: int, edges: Iterable[tuple[int, int]], alpha: Fraction | int) -> list[list[Fraction]]:
    """Return alpha (E - A) - E: copositive if and only if no clique has more than alpha vertices."""
    joined = {frozenset(edge) for edge in edges}
    return [[(Fraction(0) if {i, j} in joined else Fraction(alpha)) - 1 for j in range(p)] for i in range(p)]


def cycle(p: int) -> list[tuple[int, int]]:
    """Return the edges of a cycle."""
    return [(i, (i + 1) % p) for i in range(p)]


def scaled(matrix: Iterable[Iterable[int | Fraction]], factors: list[int]) -> list[list[Fraction]]:
    """Return D M D for a diagonal matrix D."""
    return [
        [Fraction(entry) * a * b for entry, b in zip(row, factors, strict=True)]
        for row, a in zip(matrix, factors, strict=True)
    ]


def johnson(n: int) -> list[tuple[int, int]]:
    """Return the edges between disjoint pairs of n: order n (n - 1) / 2, clique number n / 2 rounded down."""
    pairs = list(combinations(range(n), 2))
    return [(i, j) for i, j in combinations(range(len(pairs)), 2) if not {*pairs[i]} & {*pairs[j]}]


def hamming(bits: int) -> list[tuple[int, int]]:
    """Return the edges between words that differ in four bits or more; of 6 and 8, cliques of 4 and 16."""
    return [(i, j) for i, j in combinations(range(1 << bits), 2) if (i ^ j).bit_count() >= 4]
