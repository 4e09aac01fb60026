"""Exact factorisations of matrices in the relative interior of what their range allows, of any rank.

All entries are positive, and the range has a factor B > 0 in floating point. Before it is looked for, a share
U D U^T of the matrix is set aside, where U > 0 is a basis of the range and D > 0 is strictly dominated by its
diagonal. What is left in the end is U S U^T with S near to D, and as dominated (docs/method.md, section 8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq_mat

from certify.checker.certificate.complete_positivity import Term
from certify.matrices.completely_positive.faces import comparison_terms
from certify.matrices.completely_positive.separation import scaled, scales_of
from certify.matrices.completely_positive.terms import (
    Rational,
    exact_terms,
    flint_of,
    fraction_of,
    less,
    term,
)
from formulations.arrays import Matrix, Vector
from formulations.copositive.positive_factor import positive_factor

_BITS = 30  # of the combinations of rows that the columns are
_SHARES = (0.05, 0.005)  # of the matrix that are set aside, in its least direction
_SPREAD = 0.5  # of the basis of the range, up to where one of its vectors has a zero
_REDUCED = 9  # rows up to which terms go that are one too many: the linear algebra is of order p^6
_LEAST = 1e-7  # of the eigenvalues that are not zero, next to the largest


def interior_terms(
    matrix: Rational, should_stop: Callable[[float], bool] = lambda distance: False
) -> list[Term] | None:
    """Return terms of a positive semidefinite matrix without zeros, on columns without zeros.

    Args:
        matrix: of order p.
        should_stop: asked in each step of the search.

    Returns:
        The terms, at most p (p + 1) / 2 up to order `_REDUCED`, and at most 2 p more beyond; None if an entry
        is not positive, or no factor was found.
    """
    if any(entry <= 0 for row in matrix for entry in row):
        return None
    rank = fmpq_mat([[flint_of(entry) for entry in row] for row in matrix]).rank()
    scales = scales_of(matrix)
    values, axes = np.linalg.eigh(scaled(matrix, scales))
    values, axes = values[-rank:], axes[:, -rank:]
    if values[0] < _LEAST * values[-1]:
        return None
    roots = np.sqrt(values)
    V = axes * roots
    basis = _positive_basis(V)
    dominated = np.ones((rank, rank)) + rank * np.eye(rank)
    aside = basis @ dominated @ basis.T
    for share in _SHARES:
        kept = share / float(np.linalg.eigvalsh(aside)[-1])
        Q = positive_factor(V, np.eye(rank) - kept * aside, lambda: should_stop(1.0))
        if Q is None:
            continue
        u, b = ([_exact_column(matrix, scales, axes @ (q / roots)) for q in part.T] for part in (basis, Q))
        if min(entry for column in (*u, *b) for entry in column) < 0:
            continue
        terms = [term(Fraction(1), column) for column in b]
        left = _coordinates(less(matrix, terms), u)
        corrected = comparison_terms(left) if min(map(min, left)) > 0 else None
        if corrected is not None:
            return _few(matrix, [_combined(t, u) for t in corrected] + terms)
    return None


def _few(matrix: Rational, terms: list[Term]) -> list[Term]:
    """Return at most p (p + 1) / 2 of the terms, with other weights; of large matrices all of them."""
    order = len(matrix)
    if order > _REDUCED or len(terms) <= order * (order + 1) // 2:
        return terms
    return exact_terms(matrix, [t.vector for t in terms], [t.weight for t in terms]) or terms


def _positive_basis(V: Matrix) -> Matrix:
    """Return an invertible r x r matrix whose columns q_k have V q_k > 0, as V V^T > 0."""
    middle = V.T @ np.ones(len(V))
    middle /= np.linalg.norm(middle)
    room = float((V @ middle / np.linalg.norm(V, axis=1)).min())
    # The signs make its determinant a sum of positive numbers.
    return np.asarray(middle[:, None] + _SPREAD * room * np.diag(np.copysign(1.0, middle)))


def _exact_column(matrix: Rational, scales: Sequence[Fraction], combination: Vector) -> list[Fraction]:
    """Return b = A y, for a combination of the rows (s_i a_ij s_j) of the scaled matrix, of length p."""
    y = [
        Fraction(round(float(entry) * 2.0**_BITS), 2**_BITS) * s
        for entry, s in zip(combination, scales, strict=True)
    ]
    return [sum((a * t for a, t in zip(row, y, strict=True)), Fraction(0)) for row in matrix]


def _coordinates(matrix: Rational, basis: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """Return the S for which the matrix is U S U^T, where the columns of U are a basis of its range."""
    rank = len(basis)
    wide = fmpq_mat([[flint_of(entry) for entry in column] for column in basis])
    echelon, _ = wide.rref()
    rows = [next(j for j, entry in enumerate(row) if entry != 0) for row in echelon.tolist()]
    inverse = fmpq_mat([[flint_of(basis[k][i]) for k in range(rank)] for i in rows]).inv()
    part = fmpq_mat([[flint_of(matrix[i][j]) for j in rows] for i in rows])
    return [[fraction_of(entry) for entry in row] for row in (inverse * part * inverse.transpose()).tolist()]


def _combined(t: Term, basis: Sequence[Sequence[Fraction]]) -> Term:
    """Return the term of the vector with these coordinates."""
    return term(
        t.weight,
        [
            sum((z * e for z, e in zip(t.vector, entries, strict=True)), Fraction(0))
            for entries in zip(*basis, strict=True)
        ],
    )
