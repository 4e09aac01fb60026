"""Training as close to the global optimum as floating point gets: upper bounds (docs/method.md, section 4).

The work is done by `formulations.column_generation`; here is its result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from formulations.column_generation import ColumnGeneration, CurvePoint, Matrix

RESTARTS = 4


@dataclass(frozen=True)
class TrainingResult:
    """A trained network sum_j relu(X u_j) v_j^T with |u_j| = |v_j| and no zero neurons.

    Attributes:
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
        loss: the objective 1/2 |f(X) - Y|_F^2 + gamma/2 sum_j (|u_j|^2 + |v_j|^2), up to rounding.
        curve: the progress of the loss.
        descent: the loss after every iteration of the best descent from a random network.
        restarts: how many descents from random networks there were.
        seconds: wall time.
        status: "stationary" (no direction was found that improves the network), "settled" (improvements
            became negligible), "rounds" (their limit was reached), "time_limit" or "interrupted".
    """

    hidden: Matrix
    output: Matrix
    loss: float
    curve: tuple[CurvePoint, ...]
    descent: tuple[float, ...]
    restarts: int
    seconds: float
    status: str


def train(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    seed: int = 0,
    restarts: int | None = None,
    time_limit: float | None = None,
    on_progress: Callable[[str, float], None] | None = None,
) -> TrainingResult:
    """Train a two-layer ReLU network of any width, without output bias, for the squared loss.

    Deterministic for a seed unless the clock or Ctrl-C stops it; these return the best network so far.

    Args:
        X: inputs, of shape (n, d).
        Y: targets, of shape (n, c).
        gamma: weight of the penalty, positive.
        seed: of the random starts.
        restarts: descents from random networks before column generation; 4 by default.
        time_limit: in seconds; none by default.
        on_progress: called with the stage and the best loss after every stage.

    Raises:
        ValueError: if gamma is not positive, or X and Y are not finite matrices with as many rows.
    """
    generation = ColumnGeneration(X, Y, gamma, seed=seed, time_limit=time_limit, on_progress=on_progress)
    try:
        status = generation.run(RESTARTS if restarts is None else restarts)
    except KeyboardInterrupt:
        status = "interrupted"
    return training_result(generation, status)


def training_result(generation: ColumnGeneration, status: str) -> TrainingResult:
    """Return what a run has reached so far."""
    hidden, output = generation.best.weights
    return TrainingResult(
        hidden=hidden,
        output=output,
        loss=generation.best.loss,
        curve=tuple(generation.curve),
        descent=generation.descent,
        restarts=generation.restarts,
        seconds=generation.seconds(),
        status=status,
    )
