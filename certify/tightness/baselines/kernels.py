"""Regression with the kernels of infinitely wide two-layer ReLU networks: NNGP and NTK.

The ridge is gamma times the mean of the kernel's diagonal, as in the paper's code. No network of finite width
belongs to the predictions, and so no loss of the problem.
"""

from __future__ import annotations

from functools import partial

from certify.checker.errors import SolverError
from certify.tightness.baselines.baseline import (
    Baseline,
    BaselineProblem,
    BaselineSettings,
    Outcome,
    needs_plain,
)
from certify.tightness.quantities import Kind
from formulations.kernels import arc_cosine_kernel, ridge_coefficients

LARGEST = 10_000  # samples: the kernel is a full matrix


def _solve(kernel: str, problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
    needs_plain(problem, kernel)
    X, Y = problem.arrays.X, problem.arrays.Y
    if len(X) > LARGEST:
        raise SolverError(
            f"{kernel} is for at most {LARGEST} rows, and the data has {len(X)}: choose some of them"
        )
    gram = arc_cosine_kernel(X, X, kernel)
    coefficients = ridge_coefficients(gram, Y, problem.arrays.gamma)
    predictions = None
    if problem.test is not None:
        predictions = arc_cosine_kernel(problem.test.inputs, X, kernel) @ coefficients
    return Outcome(Kind.PREDICTOR, None, predictions, gram @ coefficients, notes="ridge gamma tr(K)/n")


NNGP = Baseline(
    "nngp",
    Kind.PREDICTOR,
    "Cho and Saul 2009; Lee et al. 2018",
    partial(_solve, "nngp"),
)
NTK = Baseline(
    "ntk",
    Kind.PREDICTOR,
    "Jacot, Gabriel and Hongler 2018",
    partial(_solve, "ntk"),
)
