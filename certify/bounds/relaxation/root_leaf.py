"""From a solver's approximate dual point to a one-leaf certificate (docs/method.md, section 5).

Any dual point with any multipliers becomes a valid certificate; how good they are only decides how high its
bound is. Three things happen to them:

*Repair.* The form level |u|^2 - |N^T alpha|^2 - [...] need not be semidefinite. Since
(x.u)^2 = (alpha - beta)^2, taking delta (beta_i^2 - 2 alpha_i beta_i) off adds delta alpha_i^2 and costs
delta (x_i.u)^2, which the level pays: for every large enough delta there is a least level, in closed form.

*Scaling.* h(N)^2 <= level gives the dual point t N with t = min(gamma / sqrt(level), <N,Y>/|N|^2).

*Rounding.* N becomes integers over a power of two and the multipliers integers times a unit, so finely that
the margin kept by the repair pays for it.

All of it is floating point and none of it is trusted: the checker decides, and where it refuses, the margin
is made larger. A dual point that is zero wherever x_i is not ends that road: it always passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from certify.bounds.writing import certificate_of, trivial_certificate
from certify.checker.certificate.nodes import Leaf
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.dual_line import rounded_dual_point
from certify.floats.problem import Arrays
from formulations.arbitrary_precision.solve import HighPrecisionSolution
from formulations.arrays import Matrix
from formulations.sdp.multipliers import Multipliers, relaxation_form

# Relative to gamma^2. The first is above the error of the eigenvalues at order 1000; at the last, nothing
# of a double's rounding is left.
_MARGINS = (1e-10, 1e-8, 1e-6, 1e-4, 1e-2)
_OVERFLOWING = 1e70
_RELATIVE_BITS = 40  # of the largest entry of N


@dataclass(frozen=True)
class _Approximation:
    """A dual point and multipliers, in units of gamma^2, whose form has a positive least eigenvalue."""

    dual_point: Matrix
    multipliers: Multipliers
    margin: float


def root_certificate(
    problem: TrainingProblem,
    dual_point: Matrix,
    multipliers: Multipliers,
    *,
    preprocessing: Preprocessing | None = None,
    method: str = "sdp",
) -> Certificate:
    """Turn any approximate dual solution into a valid certificate of one leaf.

    Args:
        problem: the exact problem.
        dual_point: N, n x c; entries that are not finite, or beyond 1e70, count as zero.
        multipliers: in any units of a level, as long as N is in the same; negative ones count as zero.
        preprocessing: recorded in the certificate.
        method: likewise.

    Returns:
        A certificate that `check_certificate` accepts; its bound is at least 0.
    """
    arrays = Arrays.of(problem)
    for margin in _MARGINS:
        approximation = _repair(arrays, _finite(dual_point), _cleaned(multipliers), margin)
        if approximation is None:
            continue
        certificate = _round(problem, arrays, approximation, preprocessing, method)
        if certificate.bound > 0 and check_certificate(certificate, problem).valid:
            return certificate
    return trivial_certificate(problem, preprocessing=preprocessing)


def exact_root_certificate(
    problem: TrainingProblem,
    solution: HighPrecisionSolution,
    *,
    preprocessing: Preprocessing | None = None,
    method: str = "sdp",
) -> Certificate:
    """Write a dual solution that is exact and strictly feasible already; nothing is rounded.

    Args:
        problem: the exact problem.
        solution: dyadic numbers.
        preprocessing: recorded in the certificate.
        method: likewise.
    """
    exponent = _dyadic_exponent(entry for row in solution.dual_point for entry in row)
    m = solution.multipliers
    tables = (m.alpha_alpha, m.alpha_beta, m.beta_beta, (m.slack,))
    finest = _dyadic_exponent(entry for table in tables for row in table for entry in row)
    exponent = max(exponent, (finest + 1) // 2)
    # One unit is 2^-finest of a level, and (q 2^exponent)^2 integers make a level.
    leaf = Leaf(
        1,
        problem.gamma.denominator**2 << (2 * exponent - finest),
        _products(
            np.array(m.alpha_alpha, dtype=object),
            np.array(m.alpha_beta, dtype=object) + np.diag(np.array(m.slack, dtype=object)),
            np.array(m.beta_beta, dtype=object),
            np.array([any(row) for row in problem.inputs]),
            _rounder(Fraction(1 << finest)),
        ),
    )
    scale = _rounder(Fraction(1 << exponent))
    rows = tuple(tuple(scale(entry) for entry in row) for row in solution.dual_point)
    return certificate_of(problem, rows, exponent, (leaf,), preprocessing, method)


def _dyadic_exponent(entries: Iterable[Fraction]) -> int:
    """Return the least k for which all entries are integers over 2^k."""
    return max((entry.denominator.bit_length() - 1 for entry in entries), default=0)


def _finite(matrix: Matrix) -> Matrix:
    """Take entries that are not finite, or so large that their products overflow, for zero."""
    return np.where(np.abs(matrix) < _OVERFLOWING, matrix, 0.0)


def _cleaned(multipliers: Multipliers) -> Multipliers:
    """Make multipliers legal: finite, symmetric where they must be, nonnegative but for the slack."""

    def nonnegative(matrix: Matrix) -> Matrix:
        return np.maximum(_finite(matrix), 0.0)

    a, c = nonnegative(multipliers.alpha_alpha), nonnegative(multipliers.beta_beta)
    return Multipliers(
        (a + a.T) / 2, nonnegative(multipliers.alpha_beta), (c + c.T) / 2, _finite(multipliers.slack)
    )


def _repair(arrays: Arrays, N: Matrix, multipliers: Multipliers, margin: float) -> _Approximation | None:
    """Find the best delta and t; return None if N proves nothing.

    Args:
        arrays: the problem.
        N: n x c.
        multipliers: legal ones.
        margin: least eigenvalue wanted of the scaled form, relative to gamma^2, when each alpha_i is
            measured in units of |x_i|.
    """
    X, Y, gamma = arrays.X, arrays.Y, arrays.gamma
    d = X.shape[1]
    lengths = np.linalg.norm(X, axis=1)
    line = arrays.dual_line
    live = line.live
    # Where x = 0 the rows are chosen when all is rounded; here their targets stand for them.
    N = np.where(live[:, None], line.admissible(N), Y)
    inner, square = line.coefficients(N)
    if inner == 0 or square == 0:
        return None
    if inner < 0:  # -N has the same gauge
        N, inner = np.where(live[:, None], -N, Y), -inner
    units = np.concatenate([np.ones(d), lengths[live]])
    keep = np.concatenate([np.ones(d, dtype=bool), live])
    form = relaxation_form(X, N, 0.0, multipliers)[np.ix_(keep, keep)] * np.outer(units, units)
    if not np.all(np.isfinite(form)):
        return None
    directions = X[live] / lengths[live, None]
    level, delta = _least_level(form, directions, margin)
    t = min(gamma / math.sqrt(level), inner / square)
    paid = np.zeros(len(X))
    paid[live] = delta / lengths[live] ** 2
    repaired = Multipliers(
        multipliers.alpha_alpha,
        multipliers.alpha_beta,
        multipliers.beta_beta + np.diag(paid),
        multipliers.slack - 2 * paid,
    )
    return _Approximation(np.where(live[:, None], t * N, Y), repaired.scaled(t**2), margin)


def _least_level(form: Matrix, directions: Matrix, margin: float) -> tuple[float, float]:
    """Minimise the level over delta, a convex function of one variable.

    Args:
        form: -|N^T alpha|^2 - [...] over (u, alpha), of order d + n, alpha_i in units of |x_i|.
        directions: x_i / |x_i|, n x d.
        margin: relative to the level.

    Returns:
        The least level that keeps the repaired form above margin * level, and its delta.
    """
    d = directions.shape[1]
    eigenvalues, eigenvectors = np.linalg.eigh(form[d:, d:])
    cross = eigenvectors.T @ form[d:, :d]
    gram = directions.T @ directions
    extent = max(float(np.abs(eigenvalues).max()), float(np.abs(form).max()), 1e-300)

    def level_at(delta: float, floor: float) -> float:
        lifted = eigenvalues + delta - floor
        needed = -form[:d, :d] + delta * gram + (cross.T / lifted) @ cross
        return float(np.linalg.eigvalsh((needed + needed.T) / 2)[-1]) + floor

    def best(floor: float) -> tuple[float, float]:
        # The eigenvalues are known up to rounding, so delta keeps that distance from the pole.
        start = max(0.0, floor - float(eigenvalues[0])) + 1e-13 * extent
        exponent = minimize_scalar(
            lambda e: level_at(start + extent * 10.0**e, floor), bounds=(-13.0, 3.0), method="bounded"
        ).x
        candidates = [start, start + extent * 10.0 ** float(exponent)]
        delta = min(candidates, key=lambda value: level_at(value, floor))
        return level_at(delta, floor), delta

    rough, _ = best(0.0)
    floor = margin * max(rough, 1e-12 * extent)
    level, delta = best(floor)
    return max(level, floor), delta


def _round(
    problem: TrainingProblem,
    arrays: Arrays,
    approximation: _Approximation,
    preprocessing: Preprocessing | None,
    method: str,
) -> Certificate:
    """Round so finely that the perturbation of the form stays below its margin."""
    N, gamma = approximation.dual_point, arrays.gamma
    lengths = np.linalg.norm(arrays.X, axis=1)
    size = float(np.linalg.norm(arrays.X))
    # In bits: the quantities themselves may be beyond the range of a float.
    allowed = math.log2(approximation.margin) + 2 * math.log2(gamma) - 3
    largest = float(np.abs(N).max())
    weighted = float(np.linalg.norm(lengths[:, None] * N, 2)) * math.sqrt(problem.c) * size
    finest = math.log2(weighted) - allowed if weighted > 0 else 0.0
    relative = _RELATIVE_BITS - math.log2(largest) if largest > 0 else 0.0
    exponent = max(1, math.ceil(max(finest, relative)))
    # Multipliers belong to products of integer rows: one of them weighs (q 2^exponent)^2 units of a level.
    unit_exponent = math.floor(allowed - 2 * math.log2(size)) + 2 * (
        exponent + problem.gamma.denominator.bit_length() - 1
    )
    if unit_exponent < 0:
        exponent += (1 - unit_exponent) // 2
        unit_exponent = 0
    weight = Fraction(problem.gamma.denominator**2 << 2 * exponent, 1 << unit_exponent)
    m = approximation.multipliers
    mixed = m.alpha_beta + np.diag(m.slack)
    leaf = Leaf(
        1,
        1 << unit_exponent,
        _products(m.alpha_alpha, mixed, m.beta_beta, lengths > 0, _rounder(weight)),
    )
    rows = rounded_dual_point(problem, N, Fraction(1), exponent)
    return certificate_of(problem, rows, exponent, (leaf,), preprocessing, method)


def _rounder(factor: Fraction) -> Callable[[float | Fraction], int]:
    return lambda value: round(Fraction(value) * factor)


def _products(
    alpha_alpha: NDArray[Any],
    alpha_beta: NDArray[Any],
    beta_beta: NDArray[Any],
    live: NDArray[np.bool_],
    to_integer: Callable[[float | Fraction], int],
) -> tuple[tuple[int, int, int], ...]:
    """List multipliers by the leaf's quantities: alpha_i, then beta_i, of the rows that are not zero.

    The slack is on the diagonal of `alpha_beta`.
    """
    kept = np.ix_(live, live)
    m = int(live.sum())
    entries = []
    for (offset_i, offset_j), table in (((0, 0), alpha_alpha), ((0, m), alpha_beta), ((m, m), beta_beta)):
        symmetric = offset_i == offset_j
        part = table[kept]
        for i, j in zip(
            *map(np.ndarray.tolist, np.nonzero(np.triu(part) if symmetric else part)), strict=True
        ):
            # A symmetric table has the product of two different quantities twice.
            if multiplier := to_integer(part[i, j] * (2 if symmetric and i != j else 1)):
                entries.append((offset_i + i, offset_j + j, multiplier))
    return tuple(sorted(entries))
