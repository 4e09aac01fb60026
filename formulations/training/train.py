"""Training as close to the global optimum as floating point gets, which bounds it from above.

A training problem goes in, a network and the story of its loss come out. The work is done by
`formulations.training.column_generation` (docs/method.md, section 4).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.losses.loss import Loss
from formulations.training.column_generation import ColumnGeneration
from formulations.training.curve import CurvePoint
from formulations.training.hidden_bias import HiddenBias

RESTARTS = 4


@dataclass(frozen=True)
class TrainingResult:
    """A trained network sum_j relu(X u_j) v_j^T + 1 b^T with |u_j| = |v_j| and no zero neurons.

    Attributes:
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
        output_bias: b, of length c; of length 0 without one.
        loss: the objective loss(f(X)) + gamma/2 sum_j (|u_j|^2 + |v_j|^2), up to rounding; a decayed
            output bias adds gamma/2 |b|^2.
        curve: the progress of the loss.
        descent: the loss after every iteration of the best descent from a random network.
        restarts: how many descents from random networks there were.
        seconds: wall time.
        status: "stationary" (no direction was found that improves the network), "settled" (improvements
            became negligible), "rounds" (their limit was reached), "time_limit" or "interrupted".
    """

    hidden: Matrix
    output: Matrix
    output_bias: Vector
    loss: float
    curve: tuple[CurvePoint, ...]
    descent: tuple[float, ...]
    restarts: int
    seconds: float
    status: str


def train(
    X: Matrix,
    loss: Loss | Matrix,
    gamma: float,
    *,
    output_bias: str = "none",
    seed: int = 0,
    restarts: int | None = None,
    time_limit: float | None = None,
    on_progress: Callable[[str, float], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainingResult:
    """Train a two-layer ReLU network of any width.

    Deterministic for a seed unless the clock or Ctrl-C stops it; these return the best network so far.

    Args:
        X: inputs, of shape (n, d).
        loss: of n samples with c outputs; a matrix Y, n x c, stands for the squared loss of these.
        gamma: weight of the penalty, positive.
        output_bias: "none", "free", or "decayed" with the same weight.
        seed: of the random starts.
        restarts: descents from random networks before column generation; 4 by default.
        time_limit: in seconds; none by default.
        on_progress: called with the stage and the best loss after every stage.
        clock: returns the time in seconds.

    Raises:
        ValueError: if gamma is not positive, X and the targets are not finite matrices with as many rows, or
            the output bias is unknown.
    """
    generation = ColumnGeneration(
        X,
        loss,
        gamma,
        output_bias=output_bias,
        seed=seed,
        time_limit=time_limit,
        on_progress=on_progress,
        clock=clock,
    )
    try:
        status = generation.run(RESTARTS if restarts is None else restarts)
    except KeyboardInterrupt:
        status = "interrupted"
    return training_result(generation, status)


def training_result(generation: ColumnGeneration, status: str) -> TrainingResult:
    """Return what a run has reached so far."""
    hidden, output = generation.best.weights
    if generation.hidden_bias is not None:
        hidden, output = _with_biases(generation.hidden_bias, hidden, output)
    return TrainingResult(
        hidden=hidden,
        output=output,
        output_bias=generation.best.output_bias,
        loss=generation.best.loss,
        curve=tuple(generation.curve),
        descent=generation.descent,
        restarts=generation.restarts,
        seconds=generation.seconds(),
        status=status,
    )


def _with_biases(bias: HiddenBias, hidden: Matrix, output: Matrix) -> tuple[Matrix, Matrix]:
    """Return neurons with their free biases as last row, (d + 1) x m, and the outputs, with |w_j| = |v_j|."""
    hidden = bias.weights(hidden)
    lengths, sizes = np.linalg.norm(hidden[:-1], axis=0), np.linalg.norm(output, axis=1)
    factors = np.sqrt(np.divide(sizes, lengths, out=np.ones_like(sizes), where=lengths > 0))
    return hidden * factors, output / factors[:, None]
