"""From a dual solution in high precision to a certificate of one leaf, without rounding."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from certify.bounds.proofs.writing import certificate_of
from certify.bounds.relaxation.leaf_products import leaf_products, rounder
from certify.checker.certificate.nodes import Leaf
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from formulations.arbitrary_precision.solve import HighPrecisionSolution


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
        leaf_products(
            np.array(m.alpha_alpha, dtype=object),
            np.array(m.alpha_beta, dtype=object) + np.diag(np.array(m.slack, dtype=object)),
            np.array(m.beta_beta, dtype=object),
            np.array([any(row) for row in problem.inputs]),
            rounder(Fraction(1 << finest)),
        ),
    )
    scale = rounder(Fraction(1 << exponent))
    rows = tuple(tuple(scale(entry) for entry in row) for row in solution.dual_point)
    return certificate_of(problem, rows, exponent, (leaf,), preprocessing, method)


def _dyadic_exponent(entries: Iterable[Fraction]) -> int:
    """Return the least k for which all entries are integers over 2^k."""
    return max((entry.denominator.bit_length() - 1 for entry in entries), default=0)
