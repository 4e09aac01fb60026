"""The best network over fixed hidden directions, for any loss and output bias: the convex master.

The squared loss has a way of its own, `group_lasso` with the output bias eliminated, which is faster the more
outputs there are; all others go through `dual_path`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss
from formulations.training.masters.dual_path import follow_path
from formulations.training.masters.group_lasso import solve_group_lasso
from formulations.training.masters.intercept import Intercept, check_output_bias

_LEAST_TOLERANCE = 1e-8  # what the ends of a domain leave of the digits


@dataclass(frozen=True)
class MasterSolution:
    """Output weights and an output bias over fixed atoms.

    Attributes:
        output: V, of shape (K, c); the rows of unused atoms are exactly zero.
        output_bias: b, of length c; of length 0 without one.
        dual_point: N, n x c, in the loss's domain and with |a_k^T N| <= gamma for every atom, up to rounding;
            with a free output bias its columns sum to zero up to rounding.
        value: the loss, gamma sum_k |v_k| and, for a decayed output bias, gamma/2 |b|^2.
        gap: value minus what N proves of the master (a loss).
    """

    output: Matrix
    output_bias: Vector
    dual_point: Matrix
    value: float
    gap: float


def solve_master(
    atoms: Matrix,
    loss: Loss,
    gamma: float,
    *,
    output_bias: str = "none",
    tolerance: float = 1e-10,
    should_stop: Callable[[], bool] = lambda: False,
) -> MasterSolution:
    """Train output weights and bias over fixed hidden directions to the optimum of that convex problem.

    Args:
        atoms: A, of shape (n, K); column k is relu(X u_k) of a unit direction u_k.
        loss: of n samples.
        gamma: weight of the penalty, positive.
        output_bias: "none", "free" or "decayed".
        tolerance: relative gap to stop at; of other losses than the squared one 1e-8 at least.
        should_stop: asked before each step; once true, that is the end.

    Returns:
        The best point met, also where rounding or time leaves a gap above the tolerance.

    Raises:
        ValueError: if gamma is not positive, the numbers of rows differ or the output bias is unknown.
    """
    check_output_bias(output_bias)
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}, but the weight of the penalty must be positive")
    if len(atoms) != len(loss.targets):
        raise ValueError(
            f"atoms have {len(atoms)} rows but targets {len(loss.targets)}: give one row per sample"
        )
    if isinstance(loss, SquaredLoss):
        return _squared(atoms, loss, gamma, output_bias, tolerance, should_stop)
    found = follow_path(
        atoms,
        loss,
        gamma,
        output_bias=output_bias,
        tolerance=max(tolerance, _LEAST_TOLERANCE),
        should_stop=should_stop,
    )
    bias = found.output_bias if output_bias != "none" else np.zeros(0)
    return MasterSolution(found.output, bias, found.dual_point, found.value, found.gap)


def _squared(
    atoms: Matrix,
    loss: SquaredLoss,
    gamma: float,
    output_bias: str,
    tolerance: float,
    should_stop: Callable[[], bool],
) -> MasterSolution:
    intercept = Intercept.of(output_bias, len(atoms), gamma, loss.weights)
    master = solve_group_lasso(
        intercept.apply(atoms),
        intercept.without_bias(loss),
        gamma,
        tolerance=tolerance,
        should_stop=should_stop,
    )
    used = np.any(master.output != 0, axis=1)
    return MasterSolution(
        master.output,
        intercept.best(loss.gradient(atoms[:, used] @ master.output[used])),
        intercept.lift(master.dual_point),
        master.value,
        master.gap,
    )
