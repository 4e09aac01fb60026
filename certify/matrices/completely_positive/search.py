"""The search for a factorisation of a nonnegative semidefinite matrix, or for what separates it.

Floating point proposes, exact arithmetic disposes: the terms that are returned add up to the matrix exactly.
The separating matrix is a proposal that `matrices.copositive` has to prove (docs/method.md, section 8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from certify.checker.certificate.complete_positivity import Term
from certify.checker.certificate.nodes import Node
from certify.checker.numbers.integers import IntegerRows
from certify.matrices.completely_positive.columns import Face
from certify.matrices.completely_positive.elimination import nonnegative_elimination
from certify.matrices.completely_positive.faces import comparison_terms, components, peel
from certify.matrices.completely_positive.forced import forced_parts
from certify.matrices.completely_positive.interior import interior_terms
from certify.matrices.completely_positive.separation import separators
from certify.matrices.completely_positive.simplex import simplex
from certify.matrices.completely_positive.terms import Integers, Rational, lifted
from formulations.copositive.nearest_cp import Column, nearest_cp, separates

METHODS = ("auto", "columns", "simplex")
_BITS = (4, 8, 14, 24, 40)  # of the columns: short ones are enough in the interior of a face
_REACHED = 1e-9  # relative distance from which on exact weights are tried
_QUICK = 5  # rows up to which column generation decides at once
_SIMPLEX_ROWS = 6  # up to which the simplex algorithm is tried where nothing else decides
_PIVOTS = 100  # of it then
_NARROWINGS = 3  # of the face
_ATTEMPTS = 20  # at a separating matrix that is copositive


@dataclass(frozen=True)
class Proof:
    """What came of the question whether a separating matrix is copositive.

    Attributes:
        separator: M, in integers.
        tree: the proof; () if there is none.
        point: z >= 0 in integers with z^T M z < 0; () if none was found.
    """

    separator: IntegerRows
    tree: tuple[Node, ...] = ()
    point: Integers = ()


Prover = Callable[[Rational], Proof]


@dataclass(frozen=True)
class Outcome:
    """What the search found for one matrix.

    Attributes:
        terms: a factorisation; None if none was found.
        proof: that A is separated, with its tree; None if there is none.
        distance: the smallest |A - B B^T|_F that was found, relative to |A|_F, where rows and columns are
            scaled to a diagonal of ones; 0 where there is a factorisation.
    """

    terms: list[Term] | None
    proof: Proof | None
    distance: float


def search(
    matrix: Rational,
    prove: Prover,
    should_stop: Callable[[float], bool] = lambda distance: False,
    method: str = "auto",
) -> Outcome:
    """Search both for a factorisation and for a separating matrix.

    Args:
        matrix: of order p, entries nonnegative, positive semidefinite.
        prove: asked whether a rational matrix of order p is copositive.
        should_stop: asked between the steps of the search, with the relative distance so far.
        method: one of `METHODS`.
    """
    terms: list[Term] = []
    distances = [0.0]
    for places in components(matrix):
        found, proof = _decided(matrix, places, prove, should_stop, method)
        if isinstance(found, list):
            terms += lifted(found, places, len(matrix))
            continue
        distances.append(found)
        if proof is not None:
            return Outcome(None, proof, found)
    complete = len(distances) == 1
    return Outcome(terms if complete else None, None, max(distances))


def _decided(
    matrix: Rational,
    places: Sequence[int],
    prove: Prover,
    should_stop: Callable[[float], bool],
    method: str,
) -> tuple[list[Term] | float, Proof | None]:
    """Return a factorisation of a connected part, or its distance and what separates it, if anything does."""
    if method == "simplex":
        return _by_simplex(matrix, places, prove, should_stop, None)
    found = _factorised(_principal(matrix, places), should_stop)
    if isinstance(found, list):
        return found, None
    proof = _separated(matrix, places, prove, should_stop)
    if proof is not None or method == "columns" or len(places) > _SIMPLEX_ROWS or should_stop(found):
        return found, proof
    last, proof = _by_simplex(matrix, places, prove, should_stop, _PIVOTS)
    return min(found, last) if isinstance(last, float) else last, proof


def _by_simplex(
    matrix: Rational,
    places: Sequence[int],
    prove: Prover,
    should_stop: Callable[[float], bool],
    max_pivots: int | None,
) -> tuple[list[Term] | float, Proof | None]:
    proof = None

    def is_copositive(form: Rational) -> bool:
        nonlocal proof
        found = prove(_in_whole(form, places, len(matrix)))
        proof = found if found.tree else None
        return proof is not None

    end = simplex(_principal(matrix, places), is_copositive, should_stop, max_pivots)
    return end.distance if end.terms is None else end.terms, proof


def _separated(
    matrix: Rational, places: Sequence[int], prove: Prover, should_stop: Callable[[float], bool]
) -> Proof | None:
    """Separate a connected part of a matrix; what refutes a proposal becomes a column for the next."""
    block = _principal(matrix, places)
    points: list[list[int]] = []
    for _ in range(_ATTEMPTS):
        known = len(points)
        for separator in separators(block, points, should_stop):
            proof = prove(_in_whole(separator, places, len(matrix)))
            if proof.tree:
                return proof
            if proof.point:
                points.append([proof.point[i] for i in places])
        if len(points) == known or should_stop(1.0):
            break
    return None


def _principal(matrix: Rational, places: Sequence[int]) -> list[list[Fraction]]:
    return [[matrix[i][j] for j in places] for i in places]


def _in_whole(block: Rational, places: Sequence[int], order: int) -> list[list[Fraction]]:
    whole = [[Fraction(0)] * order for _ in range(order)]
    for i, row in zip(places, block, strict=True):
        for j, entry in zip(places, row, strict=True):
            whole[i][j] = entry
    return whole


def _factorised(matrix: Rational, should_stop: Callable[[float], bool]) -> list[Term] | float:
    """Return a factorisation of a matrix, or the relative distance to the nearest one found.

    Args:
        matrix: nonnegative and positive semidefinite.
        should_stop: as `search` takes it.
    """
    order = len(matrix)
    terms, rest = peel(matrix)
    distances = [0.0]
    for places in components(rest):
        found = _connected(_principal(rest, places), should_stop)
        if isinstance(found, list):
            terms += lifted(found, places, order)
        else:
            distances.append(found)
    return terms if len(distances) == 1 else max(distances)


def _connected(matrix: Rational, should_stop: Callable[[float], bool]) -> list[Term] | float:
    """Return a factorisation of a connected matrix: exact steps first, then by column generation."""
    terms = comparison_terms(matrix)
    if terms is not None:
        return terms
    parts = forced_parts(matrix)
    if parts is not None:
        return _all_factorised(parts, should_stop)
    taken = nonnegative_elimination(matrix, should_stop)
    if taken is not None:
        terms, rest = taken
        found = _factorised(rest, should_stop)
        if isinstance(found, list):
            return terms + found
    interior = interior_terms(matrix, should_stop) if len(matrix) > _QUICK else None
    return _numerically(matrix, should_stop) if interior is None else interior


def _all_factorised(parts: Sequence[Rational], should_stop: Callable[[float], bool]) -> list[Term] | float:
    """Factor each of the parts of a matrix, or return the largest relative distance of one."""
    terms: list[Term] = []
    distances = [0.0]
    for part in parts:
        found = _factorised(part, should_stop)
        if isinstance(found, list):
            terms += found
        else:
            distances.append(found)
    return terms if len(distances) == 1 else max(distances)


def _numerically(matrix: Rational, should_stop: Callable[[float], bool]) -> list[Term] | float:
    """Generate columns on the face of the matrix until exact weights exist."""
    face = Face.of(matrix)
    distance = 1.0
    for _ in range(_NARROWINGS):
        separated = False
        start: list[Column] = []
        for bits, more in zip(_BITS, (*np.diff(_BITS).tolist(), 0), strict=True):
            found = nearest_cp(face.target, face.rays, bits=bits, start=start, should_stop=should_stop)
            start = [
                Column(column.cone, tuple(t << more for t in column.coefficients)) for column in found.columns
            ]
            distance = min(distance, found.distance / float(np.linalg.norm(face.target)))
            terms = face.exact(found.columns, found.weights) if distance < _REACHED else None
            if terms is not None:
                return terms
            separated = separates(found, face.target)
            if separated or should_stop(distance):
                break
        if separated or should_stop(distance):
            break
        terms = face.with_correction(should_stop)
        if terms is not None:
            return terms
        narrower = face.narrowed(should_stop)
        if narrower is None:
            break
        face = narrower
    return distance
