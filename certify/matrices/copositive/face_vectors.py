"""Integer vectors that a `faces` leaf needs in its rows: scales of the indices, and what Gaddum's step needs.

Floating point guesses them; each is checked in integers before it is returned (docs/method.md, section 7).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

import numpy as np
from flint import fmpq_mat, fmpz_mat

from certify.checker.numbers.integers import IntegerMatrix
from certify.matrices.copositive.exact_game import solve_game
from formulations.arrays import Matrix, Vector
from formulations.copositive.matrix_game import game_value

_ROOT_BITS = 20  # of a scale that no integer makes exact
_LONGEST_SCALE = 2048  # bits; beyond it the scales are rounded alike
_ROUNDED_BITS = 30
_TOLERANCE = 1e-9  # of the solver, the entries being of the order of 1
_TIGHT = 1e-7
_VECTOR_BITS = (2, 4, 8, 16, 32, 64)
_MOST_EXACT = 24  # the order of games that are solved exactly: beyond it they take seconds
_MOST_SPARSE = 40  # the order up to which a vector of small support is looked for


def balanced(form: IntegerMatrix) -> list[int]:
    """Return x > 0 that make all x_k^2 T_kk as equal as integers allow; the T_kk are not negative.

    They are exactly equal for all k whose T_kk have square ratios to a common one.
    """
    diagonal = [row[k] for k, row in enumerate(form)]
    counts = Counter(entry for entry in diagonal if entry > 0)
    if len(counts) <= 1:
        return [1] * len(diagonal)
    common = max(counts, key=lambda p: sum(count for q, count in counts.items() if _is_square(p * q)))
    factors = [_inverse_root(entry, common) if entry > 0 else Fraction(1) for entry in diagonal]
    denominator = math.lcm(*(factor.denominator for factor in factors))
    if denominator.bit_length() > _LONGEST_SCALE:
        unit = min(factors) / (1 << _ROUNDED_BITS)
        return [round(factor / unit) for factor in factors]
    scales = [int(factor * denominator) for factor in factors]
    divisor = math.gcd(*scales)
    return [scale // divisor for scale in scales]


def _is_square(value: int) -> bool:
    return math.isqrt(value) ** 2 == value


def _inverse_root(entry: int, common: int) -> Fraction:
    """Return the square root of common / entry, exact if it is rational."""
    product = entry * common
    if _is_square(product):
        return Fraction(common, math.isqrt(product))
    ratio = Fraction(common, entry)
    shift = max(0, _ROOT_BITS - (ratio.numerator.bit_length() - ratio.denominator.bit_length()) // 2)
    root = math.isqrt((ratio.numerator << 2 * shift) // ratio.denominator)
    return Fraction(root, 1 << shift)


@dataclass(frozen=True)
class GaddumVector:
    """A nonnegative integer vector, not zero, that says something of a symmetric matrix.

    Attributes:
        entries: x.
        refutes: whether x^T M x is negative (or not positive, if the question is strict); else all
            entries of M x are nonnegative, and x^T M x is positive if the question is strict.
    """

    entries: list[int]
    refutes: bool


def gaddum_vector(matrix: IntegerMatrix, unit: Matrix, *, strict: bool) -> GaddumVector | None:
    """Find what Gaddum's step needs for a matrix, or what refutes that it is (strictly) copositive.

    Args:
        matrix: M, symmetric.
        unit: a positive multiple of it in floating point, its entries of the order of 1.
        strict: whether the question is that of strict copositivity.

    Returns:
        The vector, of small support where there is such; None if none was found.
    """
    solution = game_value(unit)
    if solution is not None:
        value, x, z = solution
        if value <= _TOLERANCE:
            support = [int(k) for k in np.flatnonzero(z > _TIGHT)]
            exact = point_on(support, matrix, strict)
            for candidate in _roundings(z) if exact is None else [exact]:
                if _refutes(matrix, candidate, strict):
                    return GaddumVector(candidate, refutes=True)
        for guess in (*_sparser(unit, x, strict), x):
            for candidate in (*_roundings(guess), *_on_the_boundary(matrix, unit, guess)):
                if _supports(matrix, candidate, strict):
                    return GaddumVector(candidate, refutes=False)
    if len(matrix) > _MOST_EXACT:
        return None
    sign, exact, point = solve_game(matrix)
    refuted = sign < 0 or (strict and sign == 0)
    return GaddumVector(point if refuted else exact, refutes=refuted)


def point_on(members: Sequence[int], matrix: IntegerMatrix, strict: bool) -> list[int] | None:
    """Return a point that refutes (strict) copositivity, with these coordinates alone, where one is apparent.

    Args:
        members: the coordinates that need not be zero.
        matrix: symmetric.
        strict: whether a zero of the form counts.

    Returns:
        z >= 0 in integers, as long as the matrix. None says nothing, unless all other principal submatrices
        on the members are (strictly) copositive: then this one is as well.
    """
    block = [[matrix[i][j] for j in members] for i in members]
    solution = _solution(block)
    if not _refutes(block, solution, strict):
        return None
    point = [0] * len(matrix)
    for k, value in zip(members, solution, strict=True):
        point[k] = value
    return point


def _sparser(unit: Matrix, x: Vector, strict: bool) -> Iterator[Vector]:
    """Yield a vector whose support was made smaller, one index after another."""
    if len(unit) > _MOST_SPARSE:
        return
    least = _TOLERANCE if strict else -_TOLERANCE
    support = [int(k) for k in np.flatnonzero(x > _TIGHT)]
    best = x
    for k in sorted(support, key=lambda k: float(x[k])):
        smaller = [l for l in support if l != k and best[l] > _TIGHT]
        solution = game_value(unit[:, smaller]) if smaller else None
        if solution is not None and solution[0] >= least:
            best = np.zeros(len(unit))
            best[smaller] = solution[1]
            support = smaller
    yield best


def _roundings(x: Vector) -> Iterator[list[int]]:
    """Yield integer vectors near the direction of x, the shortest first."""
    largest = float(x.max())
    for bits in _VECTOR_BITS:
        rounded = [round(entry / largest * 2.0**bits) for entry in x.tolist()]
        yield _primitive(rounded)


def _on_the_boundary(matrix: IntegerMatrix, unit: Matrix, x: Vector) -> Iterator[list[int]]:
    """Yield the exact vector of the support of x for which the entries of M x are zero that nearly are."""
    support = [int(k) for k in np.flatnonzero(x > _TIGHT)]
    tight = [int(k) for k in np.flatnonzero(np.abs(unit @ x) < _TIGHT)]
    if tight:
        yield from _in_kernel([[matrix[i][k] for k in support] for i in tight], support, len(matrix))


def _solution(matrix: IntegerMatrix) -> list[int]:
    """Return an x with M x = 0 or, if M is not singular, all entries of M x alike; not negative, if -x is."""
    block = fmpz_mat([list(row) for row in matrix])
    kernel, nullity = block.nullspace()
    if nullity:
        return _of_one_sign([int(kernel[k, 0]) for k in range(len(matrix))])
    solution = fmpq_mat(block).solve(fmpq_mat(len(matrix), 1, [1] * len(matrix)))
    fractions = [solution[k, 0] for k in range(len(matrix))]
    denominator = math.lcm(*(int(x.q) for x in fractions))
    return _of_one_sign([int(x.p) * (denominator // int(x.q)) for x in fractions])


def _in_kernel(rows: IntegerMatrix, support: Sequence[int], order: int) -> Iterator[list[int]]:
    """Yield the vector, zero outside the support, that spans a kernel of one dimension."""
    kernel, nullity = fmpz_mat([list(row) for row in rows]).nullspace()
    if nullity == 1:
        vector = [0] * order
        for place, k in enumerate(support):
            vector[k] = int(kernel[place, 0])
        yield _of_one_sign(vector)


def _of_one_sign(vector: list[int]) -> list[int]:
    """Return a vector without common factor, or its negative if that has no negative entry."""
    return _primitive([-entry for entry in vector] if max(vector) <= 0 else vector)


def _primitive(vector: list[int]) -> list[int]:
    divisor = math.gcd(*vector) or 1
    return [entry // divisor for entry in vector]


def _image(matrix: IntegerMatrix, x: Sequence[int]) -> list[int]:
    return [sum(map(mul, row, x)) for row in matrix]


def _refutes(matrix: IntegerMatrix, z: Sequence[int], strict: bool) -> bool:
    if min(z) < 0 or not any(z):
        return False
    value = sum(map(mul, _image(matrix, z), z))
    return value < 0 or (strict and value == 0)


def _supports(matrix: IntegerMatrix, x: Sequence[int], strict: bool) -> bool:
    if min(x) < 0 or not any(x):
        return False
    image = _image(matrix, x)
    return min(image) >= 0 and (not strict or sum(map(mul, image, x)) > 0)
