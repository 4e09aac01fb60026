"""What the rounding errors of a walk are measured in (docs/method.md, section 5)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from certify.runtime.compiled import compiled, compiled_entry

UNIT = 2.0**-53  # of rounding
MAX_ROUNDING = 2.0**-20  # of `relative_rounding`
_LEAST_MASS = 2.0**-500


class Sizes(NamedTuple):
    """What errors are measured in.

    Attributes:
        rows: bounds on |x_i|.
        outputs: bounds on sum_i |N_ij| |x_i|: how much a unit of error moves an output.
        relative: R, which bounds the relative rounding of all sums but those over outputs.
    """

    rows: Any
    outputs: Any
    relative: float


@compiled_entry(__package__)
def relative_rounding(n: int, d: int) -> float:
    """Return R, which bounds the relative rounding of all sums of the walk but those over outputs."""
    return (2 * n + 4 * d + 40) * UNIT


@compiled
def sizes_of(X: Any, N: Any) -> Sizes:
    """Return what errors are measured in, for inputs n x d and a dual point n x c."""
    n, d = X.shape
    c = N.shape[1]
    relative = relative_rounding(n, d)
    rows, outputs = np.empty(n), np.zeros(c)
    for i in range(n):
        square = 0.0
        for p in range(d):
            square += X[i, p] ** 2
        rows[i] = math.sqrt(square) * (1 + relative)
        for j in range(c):
            outputs[j] += abs(N[i, j]) * rows[i]
    for j in range(c):
        outputs[j] *= 1 + relative
        # Far above all that can underflow at this output.
        if outputs[j] < _LEAST_MASS:
            outputs[j] = _LEAST_MASS
    return Sizes(rows, outputs, relative)
