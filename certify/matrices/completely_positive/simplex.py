"""The simplex algorithm for rational factorisations (Dutour Sikirić, Schürmann and Vallentin 2021).

The forms P with P[v] = v^T P v >= 1 for all nonnegative integer v, not zero, are strictly copositive. On them
<P, A> is minimised, under infinitely many inequalities. In a vertex p (p + 1) / 2 of them hold with equality
whose v v^T are a basis, in which A = sum_v y_v v v^T. If y >= 0 that is a factorisation. If y_v < 0, the
inequality of v is given up: along R with R[v] = 1, and R[w] = 0 for the others, <P, A> falls until another
inequality holds with equality. If R is copositive there is none, and R separates A, as P does once <P, A> < 0
(docs/method.md, section 8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import combinations_with_replacement

from flint import fmpq, fmpq_mat

from certify.checker.certificate.complete_positivity import Term
from certify.matrices.completely_positive.copositive_minimum import (
    NotStrictlyCopositiveError,
    StoppedError,
    short_vectors,
)
from certify.matrices.completely_positive.separation import scales_of
from certify.matrices.completely_positive.terms import (
    Integers,
    Rational,
    flint_of,
    fraction_of,
    less,
    term,
)

_Form = list[list[Fraction]]


@dataclass(frozen=True)
class SimplexEnd:
    """Where the simplex algorithm ended.

    Attributes:
        terms: a factorisation; None if there is none.
        separator: M with <M, A> < 0 that was proved to be copositive; None if there is none.
        distance: the smallest |A - sum_v y_v v v^T| over the pivots, the negative y left out, relative to |A|
            with about ones on the diagonal.
        pivots: how many there were.
    """

    terms: list[Term] | None
    separator: _Form | None
    distance: float
    pivots: int


def simplex(
    matrix: Rational,
    is_copositive: Callable[[Rational], bool],
    should_stop: Callable[[float], bool] = lambda distance: False,
    max_pivots: int | None = None,
) -> SimplexEnd:
    """Walk from vertex to vertex until one factors the matrix, or a form separates it.

    Args:
        matrix: A, of order p, symmetric with a positive diagonal.
        is_copositive: says of a rational matrix whether it is proved to be copositive.
        should_stop: asked in each pivot, with the relative distance so far.
        max_pivots: none by default; on the boundary of the cone there may be infinitely many.
    """
    order = len(matrix)
    scales = scales_of(matrix)
    scaled = _scaled(matrix, scales)
    pairs = list(combinations_with_replacement(range(order), 2))
    basis = [tuple(int(i <= k <= j) for k in range(order)) for i, j in pairs]
    distance, pivots, is_degenerate = 1.0, 0, False
    while True:
        inverse = fmpq_mat([_products(v) for v in basis]).inv()
        weights = _weights(inverse, scaled)
        if min(weights) >= 0:
            vectors = [[z / s for z, s in zip(v, scales, strict=True)] for v in basis]
            terms = [term(weight, v) for weight, v in zip(weights, vectors, strict=True) if weight]
            return SimplexEnd(terms, None, 0.0, pivots)
        distance = min(distance, _distance(scaled, basis, weights))
        if pivots == max_pivots or should_stop(distance):
            return SimplexEnd(None, None, distance, pivots)
        leaving = _leaving(basis, weights, is_degenerate)
        vertex = _combination(inverse, [1] * len(basis), order)
        direction = _combination(inverse, [int(k == leaving) for k in range(len(basis))], order)
        for form in [direction, vertex] if sum(weights) < 0 else [direction]:
            separator = _scaled(form, scales)
            if is_copositive(separator):
                return SimplexEnd(None, separator, distance, pivots)
        try:
            entering, step = _entering(vertex, direction, partial(should_stop, distance))
        except StoppedError:
            return SimplexEnd(None, None, distance, pivots)
        basis[leaving] = entering
        is_degenerate = step == 0
        pivots += 1


def _scaled(matrix: Rational, scales: Sequence[Fraction]) -> _Form:
    """Return (s_i a_ij s_j), exact."""
    return [
        [entry * s * t for entry, t in zip(row, scales, strict=True)]
        for row, s in zip(matrix, scales, strict=True)
    ]


def _products(v: Integers) -> list[fmpq]:
    """Return the row whose product with the entries of a form on and above the diagonal is its value at v."""
    return [fmpq(v[i] * v[j] * (1 + (i != j))) for i, j in combinations_with_replacement(range(len(v)), 2)]


def _combination(inverse: fmpq_mat, values: Sequence[int], order: int) -> _Form:
    """Return the symmetric matrix whose form has these values at the vectors of the basis."""
    entries = inverse * fmpq_mat(len(values), 1, [fmpq(value) for value in values])
    form = [[Fraction(0)] * order for _ in range(order)]
    for (i, j), row in zip(combinations_with_replacement(range(order), 2), entries.tolist(), strict=True):
        form[i][j] = form[j][i] = fraction_of(row[0])
    return form


def _weights(inverse: fmpq_mat, matrix: Rational) -> list[Fraction]:
    """Return the y_v for which the matrix is sum_v y_v v v^T."""
    pairs = list(combinations_with_replacement(range(len(matrix)), 2))
    column = fmpq_mat(len(pairs), 1, [flint_of(matrix[i][j] * (1 + (i != j))) for i, j in pairs])
    return [fraction_of(row[0]) for row in (inverse.transpose() * column).tolist()]


def _distance(matrix: Rational, basis: Sequence[Integers], weights: Sequence[Fraction]) -> float:
    """Return |A - sum_v y_v v v^T| over the v with y_v > 0, relative to |A|."""
    rest = less(matrix, [Term(w, v) for w, v in zip(weights, basis, strict=True) if w > 0])
    return math.hypot(*(float(e) for row in rest for e in row)) / math.hypot(
        *(float(e) for row in matrix for e in row)
    )


def _leaving(basis: Sequence[Integers], weights: Sequence[Fraction], is_degenerate: bool) -> int:
    """Return the vector with the most negative share; after a step of length zero the first one (Bland)."""
    negative = [k for k, weight in enumerate(weights) if weight < 0]
    if is_degenerate:
        return min(negative, key=lambda k: basis[k])
    return min(negative, key=lambda k: (weights[k] * sum(z * z for z in basis[k]), basis[k]))


def _entering(vertex: _Form, direction: _Form, should_stop: Callable[[], bool]) -> tuple[Integers, Fraction]:
    """Return the v at which P + t R has the value 1 first, t >= 0, and that t; R is not copositive.

    Raises:
        StoppedError: if it has to stop before.
    """
    low, high = Fraction(0), Fraction(1)
    top: Fraction | None = None
    while True:
        form = _moved(vertex, direction, high)
        denominator = math.lcm(*(entry.denominator for row in form for entry in row))
        integers = [[int(entry * denominator) for entry in row] for row in form]
        try:
            short = short_vectors(integers, denominator, should_stop)
        except NotStrictlyCopositiveError:
            top = high
            high = (low + high) / 2
            continue
        if short:
            steps = {v: (1 - _value(vertex, v)) / _value(direction, v) for v in short}
            step = min(steps.values())
            return min(v for v, t in steps.items() if t == step), step
        low = high
        high = 2 * high if top is None else (low + top) / 2


def _moved(vertex: _Form, direction: _Form, step: Fraction) -> _Form:
    return [
        [a + step * b for a, b in zip(row, other, strict=True)]
        for row, other in zip(vertex, direction, strict=True)
    ]


def _value(form: Rational, v: Integers) -> Fraction:
    held = [(i, z) for i, z in enumerate(v) if z]
    return sum((form[i][j] * y * z for i, y in held for j, z in held), Fraction(0))
