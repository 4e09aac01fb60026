"""From terms that add up to a matrix in floating point to terms r b b^T that do so exactly.

The columns b are integers, and a basis among them takes the weights r for which the sum is right: one linear
system in rationals (docs/method.md, section 8).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat

from certify.checker.certificate.complete_positivity import Term

Rational = Sequence[Sequence[Fraction]]
Integers = tuple[int, ...]


def term(weight: Fraction, vector: Sequence[Fraction | int]) -> Term:
    """Return r b b^T with b in coprime integers."""
    integers, scale = primitive(vector)
    return Term(weight * scale**2, integers)


def primitive(vector: Sequence[Fraction | int]) -> tuple[Integers, Fraction]:
    """Return coprime integers and the positive factor that makes them the vector; it must not be zero."""
    denominator = math.lcm(*(Fraction(entry).denominator for entry in vector))
    integers = [int(entry * denominator) for entry in vector]
    divisor = math.gcd(*integers)
    return tuple(entry // divisor for entry in integers), Fraction(divisor, denominator)


def less(matrix: Rational, terms: Iterable[Term]) -> list[list[Fraction]]:
    """Return the matrix less the terms."""
    rest = [list(row) for row in matrix]
    for t in terms:
        held = [(i, entry) for i, entry in enumerate(t.vector) if entry]
        for i, first in held:
            for j, second in held:
                rest[i][j] -= t.weight * first * second
    return rest


def lifted(terms: Iterable[Term], places: Sequence[int], order: int) -> list[Term]:
    """Return the terms of a principal submatrix, in these rows, as terms of the whole matrix."""
    result = []
    for t in terms:
        vector = [0] * order
        for place, entry in zip(places, t.vector, strict=True):
            vector[place] = entry
        result.append(Term(t.weight, tuple(vector)))
    return result


def semidefinite_terms(matrix: Rational) -> list[Term] | Integers:
    """Write a symmetric matrix as terms with free signs, at most one for each row; or refute it.

    Returns:
        The terms, if it is positive semidefinite; else an integer z with z^T A z < 0.
    """
    order = len(matrix)
    rest = [list(row) for row in matrix]
    # Column j is the vector whose products are row j of what is left.
    frame = [[Fraction(i == j) for i in range(order)] for j in range(order)]
    terms: list[Term] = []
    for k in range(order):
        pivot = rest[k][k]
        if pivot < 0:
            return primitive(frame[k])[0]
        if pivot == 0:
            j = next((j for j in range(order) if rest[k][j]), None)
            if j is not None:
                step = -(rest[j][j] + 1) / (2 * rest[k][j])
                return primitive([p + step * q for p, q in zip(frame[j], frame[k], strict=True)])[0]
            continue
        row = rest[k]
        terms.append(term(1 / pivot, row))
        for j in range(order):
            if j != k and row[j]:
                ratio = row[j] / pivot
                frame[j] = [p - ratio * q for p, q in zip(frame[j], frame[k], strict=True)]
        rest = less(rest, [term(1 / pivot, row)])
    return terms


def exact_terms(
    matrix: Rational, vectors: Sequence[Integers], weights: Sequence[Fraction]
) -> list[Term] | None:
    """Move weights as little as exactness needs; None if one becomes negative or no weights are exact.

    Args:
        matrix: symmetric, of order p.
        vectors: integer b_k; those that come first take the correction.
        weights: approximate r_k for each of them, nonnegative.

    Returns:
        Terms with linearly independent b_k b_k^T (at most p (p + 1) / 2), which add up to the matrix.
    """
    order = len(matrix)
    pairs = [(i, j) for i in range(order) for j in range(i, order)]
    system = fmpq_mat([[*(fmpq(b[i] * b[j]) for b in vectors), flint_of(matrix[i][j])] for i, j in pairs])
    echelon, rank = system.rref()
    rows = echelon.tolist()[:rank]
    count = len(vectors)
    pivots = [next(j for j, entry in enumerate(row) if entry != 0) for row in rows]
    if count in pivots:
        return None
    exact = [flint_of(weight) for weight in weights]
    free = sorted(set(range(count)) - set(pivots))
    for row, pivot in zip(rows, pivots, strict=True):
        exact[pivot] = row[count] - sum((row[j] * exact[j] for j in free), fmpq(0))
    if any(weight < 0 for weight in exact):
        return None
    return _independent(vectors, exact, rows, pivots, free)


def with_free_coordinates(matrix: Rational, free: int, terms: Sequence[Term]) -> list[Term]:
    """Extend terms of the first rows to terms of the whole matrix, whose last coordinates have any sign.

    With A = [P, P W; W^T P, F] semidefinite and P = sum_k r_k b_k b_k^T, A is the sum of the terms of
    (b_k, W^T b_k) and of those of the semidefinite matrix F - W^T P W.

    Args:
        matrix: A, of order p, positive semidefinite.
        free: r, the number of last coordinates.
        terms: of P, of order p - r.
    """
    q = len(matrix) - free
    echelon, rank = fmpq_mat([[flint_of(entry) for entry in row] for row in matrix[:q]]).rref()
    rows = echelon.tolist()[:rank]
    # The right-hand sides are in the range of P, so that each pivot is one of its columns.
    weights = {
        next(j for j, entry in enumerate(row) if entry != 0): [fraction_of(entry) for entry in row[q:]]
        for row in rows
    }
    extended = []
    for t in terms:
        rest = [sum((t.vector[j] * row[k] for j, row in weights.items()), Fraction(0)) for k in range(free)]
        extended.append(term(t.weight, [*t.vector, *rest]))
    complement = [row[q:] for row in less(matrix, extended)[q:]]
    others = semidefinite_terms(complement)
    assert isinstance(others, list)
    return extended + lifted(others, range(q, len(matrix)), len(matrix))


def _independent(
    vectors: Sequence[Integers],
    weights: list[fmpq],
    rows: Sequence[Sequence[fmpq]],
    pivots: Sequence[int],
    free: Sequence[int],
) -> list[Term]:
    """Drop terms along the kernel of the system until those that are left are independent (Caratheodory)."""
    kernel = []
    for j in free:
        direction = [fmpq(0)] * len(vectors)
        direction[j] = fmpq(1)
        for row, pivot in zip(rows, pivots, strict=True):
            direction[pivot] = -row[j]
        kernel.append(direction)
    while kernel:
        z = kernel.pop()
        if not any(entry > 0 for entry in z):
            z = [-entry for entry in z]
        step, last = min((weights[k] / entry, k) for k, entry in enumerate(z) if entry > 0)
        weights = [weight - step * entry for weight, entry in zip(weights, z, strict=True)]
        kernel = [[a - other[last] / z[last] * b for a, b in zip(other, z, strict=True)] for other in kernel]
    return [
        term(fraction_of(weight), vector)
        for k, (vector, weight) in enumerate(zip(vectors, weights, strict=True))
        if weight > 0
    ]


def flint_of(value: Fraction) -> fmpq:
    """Return the same number in python-flint's type."""
    return fmpq(value.numerator, value.denominator)


def fraction_of(value: fmpq) -> Fraction:
    """Return the same number in Python's type."""
    return Fraction(int(value.p), int(value.q))
