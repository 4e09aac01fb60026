"""How finely a dual point and the multipliers of a leaf are rounded, so that the leaf still proves its form.

In go floats whose form has a positive least eigenvalue, the margin; out come exponents of two and a leaf in
integers, for which a part of the margin pays (docs/method.md, section 5). All sizes are in bits: the
quantities themselves may be beyond the range of a float.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from certify.bounds.relaxation.leaf_products import leaf_products, rounder
from certify.checker.certificate.nodes import Leaf
from certify.checker.problems.training import TrainingProblem
from formulations.arrays import Matrix, Vector
from formulations.sdp.multipliers import Multipliers

_RELATIVE_BITS = 40  # of the largest entry of N


def allowed_bits(margin: float, gamma: float) -> float:
    """Return what rounding may change of a form whose least eigenvalue is margin * gamma^2."""
    return math.log2(margin) + 2 * math.log2(gamma) - 3


def dual_exponent(N: Matrix, outputs: Matrix, lengths: Vector, allowed: float, stretch: float = 1.0) -> int:
    """Return k, at least 1, so that N may be rounded to integers over 2**k.

    Args:
        N: n x c.
        outputs: what stands in the form, n x r: N times a matrix.
        lengths: |x_i|, of length n.
        allowed: as `allowed_bits` has it.
        stretch: the norm of that matrix.
    """
    largest = float(np.abs(N).max(initial=0.0))
    size = float(np.linalg.norm(lengths))
    weighted = float(np.linalg.norm(lengths[:, None] * outputs, 2)) * math.sqrt(N.shape[1]) * size * stretch
    finest = math.log2(weighted) - allowed if weighted > 0 else 0.0
    relative = _RELATIVE_BITS - math.log2(largest) if largest > 0 else 0.0
    return max(1, math.ceil(max(finest, relative)))


def unit_exponent(lengths: Vector, allowed: float) -> int:
    """Return the exponent of two of a unit in which multipliers may be rounded; negative for fractions."""
    if not lengths.any():
        return 0
    return math.floor(allowed - 2 * math.log2(float(np.linalg.norm(lengths))))


def payments(problem: TrainingProblem, X: Matrix, rows: Sequence[int], allowed: float) -> dict[int, Fraction]:
    """Return the multipliers of samples that count as zero in floats and are not, as they are too short.

    As (x.u)^2 = (alpha - beta)^2, a multiplier m of beta^2 - 2 alpha beta takes m (x.u)^2 off the level and
    leaves m alpha^2, which pays for all that alpha does: next to nothing, as alpha is at most |x| |u|.

    Args:
        problem: the exact problem.
        X: its samples in floats, n x d, of `Arrays.for_relaxations`.
        rows: numbers of the samples of a leaf.
        allowed: as `allowed_bits` has it; a part of it is what all of them take off the level.

    Returns:
        By the place of each among the rows, m in units of a level.
    """
    short = {}
    for place, i in enumerate(rows):
        if not X[i].any() and (square := sum(entry * entry for entry in problem.inputs[i])):
            short[place] = Fraction(problem.input_denominator**2, square)
    share = Fraction(2) ** math.floor(allowed) / max(len(short), 1)
    return {place: share * inverse for place, inverse in short.items()}


def rounded_leaf(
    m: Multipliers,
    live: NDArray[np.bool_],
    weight: int,
    unit: int,
    paid: Mapping[int, Fraction],
) -> Leaf:
    """Return the leaf of the whole space with these multipliers.

    Args:
        m: multipliers, in units of a level.
        live: whether a sample is not zero, for each.
        weight: of one unit of a level, in integers of the leaf's form.
        unit: the exponent of two of the leaf's unit, at least 0.
        paid: of `payments`, by the place of a sample that has no other multipliers.
    """
    to_integer = rounder(Fraction(weight, 1 << unit))
    products = leaf_products(m.alpha_alpha, m.alpha_beta + np.diag(m.slack), m.beta_beta, live, to_integer)
    numbers, count = np.cumsum(live) - 1, int(live.sum())
    for place, multiplier in paid.items():
        alpha = int(numbers[place])
        beta = count + alpha
        products += ((alpha, beta, to_integer(-2 * multiplier)), (beta, beta, to_integer(multiplier)))
    return Leaf(1, 1 << unit, tuple(sorted(products)))
