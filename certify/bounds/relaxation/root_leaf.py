"""From a solver's approximate dual solution to a certificate of one leaf (docs/method.md, section 5).

Any dual point with any multipliers becomes a valid certificate; how good they are only decides how high its
bound is. They are made feasible with a margin (`repair`). Then N becomes integers over a power of two and the
multipliers integers times a unit, so finely that the margin pays for it.

All of it is floating point and none of it is trusted: the checker decides, and where it refuses, the margin
is made larger. A dual point that is zero wherever x_i is not ends that road: it always passes.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from certify.bounds.proofs.writing import certificate_of, first_valid
from certify.bounds.relaxation.leaf_rounding import (
    allowed_bits,
    dual_exponent,
    payments,
    rounded_leaf,
    unit_exponent,
)
from certify.bounds.relaxation.repair import FeasibleSolution, repair
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from certify.floats.dual_rounding import rounded_dual_point
from certify.floats.problem import Arrays
from formulations.arrays import Indices, Matrix
from formulations.sdp.multipliers import Multipliers


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
        dual_point: N, n x c, of any numbers, as `repair` takes it.
        multipliers: likewise.
        preprocessing: recorded in the certificate.
        method: likewise.

    Returns:
        A certificate that `check_certificate` accepts; its bound is at least 0.
    """
    arrays = Arrays.of(problem).for_relaxations
    # What is zero for a row stays zero: the checker leaves such rows out of its form.
    rows = np.flatnonzero(np.any(dual_point != 0, axis=1) | multipliers.used | ~np.any(arrays.X != 0, axis=1))
    looked_at = arrays.only(rows)
    is_short = bool(payments(problem, arrays.X, range(problem.n), 0.0))
    part = multipliers.of(rows)

    def rounded(margin: float) -> Certificate | None:
        solution = repair(looked_at, dual_point[rows], part, margin)
        if solution is None and not is_short:
            return None
        if solution is None:
            # Without a neuron that pays there is still what samples cost that are as good as zero.
            nothing = looked_at.dual_line.multiple(np.zeros_like(looked_at.Y), 0.0)
            solution = FeasibleSolution(nothing, Multipliers.zero(len(rows)), margin)
        solution = replace(
            solution,
            dual_point=_spread(solution.dual_point, rows, arrays.Y),
            multipliers=solution.multipliers.of_all(rows, len(arrays.X)),
        )
        return _round(problem, arrays, solution, preprocessing, method)

    return first_valid(problem, rounded, preprocessing)


def _spread(N: Matrix, rows: Indices, Y: Matrix) -> Matrix:
    """Return a dual point of some rows as one of all, n x c like the targets Y."""
    whole = np.zeros_like(Y)
    whole[rows] = N
    return whole


def _round(
    problem: TrainingProblem,
    arrays: Arrays,
    solution: FeasibleSolution,
    preprocessing: Preprocessing | None,
    method: str,
) -> Certificate:
    """Round so finely that the perturbation of the form stays below its margin."""
    N, gamma, q = solution.dual_point, arrays.gamma, problem.gamma.denominator
    lengths = np.linalg.norm(arrays.X, axis=1)
    allowed = allowed_bits(solution.margin, gamma)
    exponent = dual_exponent(N, N, lengths, allowed)
    # Multipliers belong to products of integer rows: one of them weighs (q 2^exponent)^2 units of a level.
    unit = unit_exponent(lengths, allowed) + 2 * (exponent + q.bit_length() - 1)
    if unit < 0:
        exponent += (1 - unit) // 2
        unit = 0
    leaf = rounded_leaf(
        solution.multipliers,
        np.array([any(row) for row in problem.inputs]),
        q**2 << 2 * exponent,
        unit,
        payments(problem, arrays.X, range(problem.n), allowed),
    )
    rows = rounded_dual_point(problem, N, Fraction(1), exponent, arrays.X)
    return certificate_of(problem, rows, exponent, (leaf,), preprocessing, method)
