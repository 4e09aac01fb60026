"""Complete positivity of classical matrices: what decides them, and in how many seconds, as a table.

    python -m benchmarks.matrices.completely_positive [--time-limit 20]

All of them are completely positive but those whose names say otherwise. The time is that of the search and of
the check of its certificate.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from benchmarks.matrices.copositive_matrices import circulant
from certify.matrices.completely_positive.decide import decide_complete_positivity

Rows = Sequence[Sequence[int | Fraction]]

# Berman and Shaked-Monderer, "Completely positive matrices" (2003): doubly nonnegative, of rank 4, no more.
BERMAN_SHAKED_MONDERER = [[1, 1, 0, 0, 1], [1, 2, 1, 0, 0], [0, 1, 2, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 6]]


def by_entries(order: int, entry: Callable[[int, int], int | Fraction]) -> Rows:
    """Return the matrix of entry(i, j), i and j from 1 on."""
    return [[entry(i, j) for j in range(1, order + 1)] for i in range(1, order + 1)]


def hilbert(order: int) -> Rows:
    """Return 1 / (i + j - 1)."""
    return by_entries(order, lambda i, j: Fraction(1, i + j - 1))


def pascal(order: int) -> Rows:
    """Return the binomial coefficients (i + j - 2) over (i - 1)."""
    return by_entries(order, lambda i, j: math.comb(i + j - 2, i - 1))


def cauchy(points: Sequence[int]) -> Rows:
    """Return 1 / (x_i + x_j)."""
    return [[Fraction(1, x + y) for y in points] for x in points]


def product_matrix(order: int, rank: int, seed: int, density: float = 1.0) -> Rows:
    """Return B B^T for B of order x rank with random digits, of which so many are kept."""
    generator = np.random.default_rng(seed)
    factor = generator.integers(0, 10, (order, rank)) * (generator.random((order, rank)) < density)
    rows: list[list[int]] = (factor @ factor.T).tolist()
    return rows


def matrices() -> Iterator[tuple[str, Rows]]:
    """Yield the matrices with their names."""
    for order in (4, 6, 12):
        yield f"Hilbert, 1/(i + j - 1), of {order}", hilbert(order)
    for order in (6, 7, 10):
        yield f"Pascal of {order}", pascal(order)
    yield "Cauchy, 1/(x_i + x_j), x the first six primes", cauchy([2, 3, 5, 7, 11, 13])
    yield (
        "Hankel, sum of x^(i + j) over x = 1..6, of 5",
        by_entries(5, lambda i, j: sum(x ** (i + j - 2) for x in range(1, 7))),
    )
    yield "min(i, j) of 10", by_entries(10, min)
    yield "gcd(i, j) of 12", by_entries(12, math.gcd)
    yield "circulant 8 5 1 1 5, on the face of Horn's matrix", circulant([8, 5, 1, 1, 5])
    yield "Berman and Shaked-Monderer's of 5 (not)", BERMAN_SHAKED_MONDERER
    yield "circulant 600 400 99 99 400 (not)", circulant([600, 400, 99, 99, 400])
    for order, rank in ((8, 2), (8, 4), (10, 5), (12, 6), (15, 8), (9, 15), (12, 30)):
        yield f"B B^T, B {order} x {rank}", product_matrix(order, rank, 5)
    for order, rank in ((8, 5), (10, 7), (15, 10)):
        yield f"B B^T, B {order} x {rank}, three in five entries 0", product_matrix(order, rank, 5, 0.4)


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--time-limit", type=float, default=20.0)
    options = parser.parse_args()
    print("| matrix | answer | by | time, s |")
    print("| --- | --- | --- | --- |")
    for name, matrix in matrices():
        report = decide_complete_positivity(matrix, time_limit=options.time_limit)
        print(f"| {name} | {report.answer} | {report.reason} | {report.seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
