"""The vectors b of a factorisation as combinations of a face's rays, in floats and as exact integers at once.

A column's coefficients are integers and the rays of the face are too, up to powers of two; so a column that
column generation works with in floating point is an exact integer vector of the face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
from scipy.linalg import qr

from certify.checker.certificate.complete_positivity import Term
from certify.matrices.completely_positive.faces import cliques, face_rays
from certify.matrices.completely_positive.separation import (
    guesses,
    product,
    scaled,
    scales_of,
)
from certify.matrices.completely_positive.terms import (
    Integers,
    Rational,
    exact_terms,
    primitive,
)
from formulations.arrays import Matrix, Vector
from formulations.copositive.nearest_cp import (
    Column,
    nearest_cp,
    simple_columns,
    symmetric_vector,
    vector,
)

_WEIGHT_BITS = 60
_SHARES = tuple(4.0**-k for k in range(2, 13))  # of the matrix that are kept for the correction
_MOST_COLUMNS = 400  # that keep weight for the correction


@dataclass(frozen=True)
class Face:
    """A union of cones {b = sum_g t_g ray_g, t >= 0} in which the columns of a matrix lie.

    Attributes:
        matrix: of order p, exact.
        scales: s_i, which make the diagonal of (s_i a_ij s_j) about ones.
        target: that matrix in floating point.
        exact_rays: for each cone its rays, integer vectors of length p.
        exponents: for each cone the powers of two by which its scaled rays are divided.
        rays: for each cone (s_i ray_i) over its power of two, as columns, p x m.
    """

    matrix: Rational
    scales: tuple[Fraction, ...]
    target: Matrix
    exact_rays: tuple[tuple[Integers, ...], ...]
    exponents: tuple[tuple[int, ...], ...]
    rays: tuple[Matrix, ...]

    @classmethod
    def of(cls, matrix: Rational) -> Face:
        """Return the face that the range and the zeros of a matrix show; the whole cone if it is too rich.

        Args:
            matrix: connected by its nonzero entries, semidefinite and nonnegative.
        """
        order = len(matrix)
        supports = cliques(matrix)
        rays = None if supports is None else face_rays(matrix, supports)
        if not rays:
            rays = [[tuple(int(i == j) for i in range(order)) for j in range(order)]]
        return cls._with(matrix, rays)

    @classmethod
    def _with(cls, matrix: Rational, rays: Sequence[Sequence[Integers]]) -> Face:
        scales = scales_of(matrix)
        exponents, generators = [], []
        for cone in rays:
            products = [[s * entry for s, entry in zip(scales, ray, strict=True)] for ray in cone]
            exponents.append(tuple(_exponent(max(ray)) for ray in products))
            generators.append(
                np.array(
                    [
                        [float(entry / Fraction(2) ** e) for entry in ray]
                        for ray, e in zip(products, exponents[-1], strict=True)
                    ]
                ).T
            )
        return cls(
            matrix,
            scales,
            scaled(matrix, scales),
            tuple(tuple(cone) for cone in rays),
            tuple(exponents),
            tuple(generators),
        )

    def exact(self, columns: Sequence[Column], weights: Vector) -> list[Term] | None:
        """Return exact terms on these columns, with about these weights; None if there are none."""
        kept = [
            k
            for k, column in enumerate(columns)
            if weights[k] * float(np.sum(vector(column, self.rays) ** 2)) > 1e-15
        ]
        if not kept:
            return None
        points = np.array(
            [
                symmetric_vector(np.outer(b, b)) * weights[k]
                for k in kept
                for b in [vector(columns[k], self.rays)]
            ]
        )
        # The columns that can best take a correction come first.
        ranked = [kept[k] for k in qr(points.T, mode="r", pivoting=True)[1]]
        vectors, approximate = [], []
        for k in ranked:
            integers, scale = primitive(self._exact_vector(columns[k]))
            vectors.append(integers)
            approximate.append(Fraction(float(weights[k])) * scale**2)
        return exact_terms(self.matrix, vectors, [_short(weight) for weight in approximate])

    def _exact_vector(self, column: Column) -> list[Fraction]:
        total = [Fraction(0)] * len(self.matrix)
        cone = column.cone
        for t, ray, e in zip(column.coefficients, self.exact_rays[cone], self.exponents[cone], strict=True):
            for i, entry in enumerate(ray):
                total[i] += t * entry / Fraction(2) ** e
        return total

    def with_correction(self, should_stop: Callable[[float], bool]) -> list[Term] | None:
        """Factor the matrix less a share of the simplest columns, which then take the exact correction.

        In the relative interior of the face that leaves room for any small correction.
        """
        bits = 24
        simple = simple_columns(self.rays, bits)
        if len(simple) > _MOST_COLUMNS:
            return None
        points = [vector(column, self.rays) for column in simple]
        units = np.array([1 / float(b @ b) for b in points]) * len(self.matrix) / len(points)
        factor = np.array(points).T
        centre = (factor * units) @ factor.T
        for share in _SHARES:
            if should_stop(share):
                return None
            rest = self.target - share * centre
            if rest.min() < -1e-9 or np.linalg.eigvalsh(rest)[0] < -1e-9:
                continue
            tolerance = max(1e-13, 1e-3 * share / len(points))
            found = nearest_cp(rest, self.rays, bits=bits, tolerance=tolerance, should_stop=should_stop)
            if found.distance > share / 4:
                continue
            weights = dict(zip(simple, share * units, strict=True))
            for column, weight in zip(found.columns, found.weights, strict=True):
                weights[column] = weights.get(column, 0.0) + weight
            terms = self.exact(tuple(weights), np.array(list(weights.values())))
            if terms is not None:
                return terms
        return None

    def narrowed(self, should_stop: Callable[[float], bool] = lambda distance: False) -> Face | None:
        """Return the face that a guessed copositive matrix exposes; None if no guess tells anything.

        Horn's and other exceptional copositive matrices expose faces of which neither the range nor the zeros
        of the matrix tell anything. The guess, in short rationals, is harmless: what is found on the face is
        exact.

        Args:
            should_stop: asked with the distance of the nearest sum of terms so far, relatively; once true, no
                guess is tried.
        """
        order = len(self.matrix)
        supports = cliques(self.matrix)
        if supports is None:
            return None
        found = nearest_cp(self.target, [np.eye(order)], bits=40, should_stop=should_stop)
        if should_stop(found.distance / float(np.linalg.norm(self.target))):
            return None
        exposing = next(
            (guess for guess in guesses(found.separator, self.scales) if product(guess, self.matrix) == 0),
            None,
        )
        if exposing is None:
            return None
        parts = {
            held for clique in supports for k in range(1, len(clique) + 1) for held in combinations(clique, k)
        }
        rays = face_rays(self.matrix, sorted(parts), exposing)
        if not rays:
            return None
        face = Face._with(self.matrix, rays)
        return face if set(face.exact_rays) != set(self.exact_rays) else None


def _exponent(value: Fraction) -> int:
    return value.numerator.bit_length() - value.denominator.bit_length()


def _short(weight: Fraction) -> Fraction:
    """Round a positive weight to `_WEIGHT_BITS` bits."""
    shift = Fraction(2) ** (_WEIGHT_BITS - _exponent(weight))
    return round(weight * shift) / shift
