"""From SDP-NN's matrix to a network: the paper's rounding, and its repair (docs/method.md, section 6).

Where the relaxation is not tight no neurons make up Lambda, and what the splitting ends at is a network of
the wrong scale, the more so where the paper's step overshoots. Each stage of the repair leaves more of the
network free than the one before:

    rescaled    each neuron gets |u_j| = |v_j|, and the fit F and the penalty P = sum_j |u_j| |v_j| a factor
                t >= 0: min_t 1/2 |t F - Y|^2 + gamma t P  at  t = max(0, <F, Y> - gamma P) / |F|^2,
    refit       all v_j, by the convex group lasso over the directions u_j / |u_j|,
    slid        all weights, by local descent, and the group lasso over the directions where it ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from formulations.arrays import Matrix, check_problem
from formulations.losses.loss import objective
from formulations.losses.squared import SquaredLoss
from formulations.rounding.splitting import (
    FeasibilityErrors,
    paper_step,
    split,
    stable_step,
    start,
)
from formulations.sdp.lifted import extend
from formulations.training.descent import descend
from formulations.training.masters.group_lasso import solve_group_lasso


@dataclass(frozen=True)
class Stage:
    """A network sum_j relu(X u_j) v_j^T on the way, with its loss.

    Attributes:
        name: "rounded", "rescaled", "refit" or "slid".
        loss: 1/2 |f(X) - Y|_F^2 + gamma/2 sum_j (|u_j|^2 + |v_j|^2).
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
    """

    name: str
    loss: float
    hidden: Matrix
    output: Matrix


@dataclass(frozen=True)
class RoundingResult:
    """What rounding came to.

    Attributes:
        stages: in the order of their names above; from the second on their losses do not rise, and each but
            the first is that of a network with |u_j| = |v_j|.
        errors: of the factor that the first stage was read from.
        iterations: of the splitting.
        seconds: wall time.
    """

    stages: tuple[Stage, ...]
    errors: FeasibilityErrors
    iterations: int
    seconds: float

    @property
    def best(self) -> Stage:
        """The last stage."""
        return self.stages[-1]


def round_to_network(
    lifted: Matrix,
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    width: int | None = None,
    seed: int | None = 0,
    step: Literal["stable", "paper"] = "stable",
    max_iterations: int = 1000,
    time_limit: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> RoundingResult:
    """Round a primal solution of SDP-NN; prefer `train` where the network matters and not the relaxation.

    Args:
        lifted: L, of order n + d + c over (alpha, u, v), as `ReducedSolution` has it, or Lambda, of order
            2n + d + c over (alpha, beta, u, v), as `PaperSolution` has it.
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        width: R, how many neurons to round to; n c + 1 by default, with which an optimal network exists.
        seed: of the splitting's start; None for the eigenvectors, as in the paper.
        step: of the splitting; the paper's overshoots on many problems (`formulations.rounding.splitting`).
        max_iterations: of the splitting; the paper's number by default.
        time_limit: in seconds, half of it for the splitting; none by default. The repair up to the refit is
            done in any case.
        clock: returns the time in seconds.

    Raises:
        ValueError: the problem is malformed, the matrix does not belong to it, or the width is not positive.
    """
    check_problem(X, Y, gamma)
    begun = clock()
    (n, d), c = X.shape, Y.shape[1]
    if lifted.shape not in ((n + d + c,) * 2, (2 * n + d + c,) * 2) or not np.isfinite(lifted).all():
        raise ValueError(
            f"the lifted matrix has shape {lifted.shape}; give a finite one of order n + d + c = {n + d + c} "
            f"over (alpha, u, v) or 2n + d + c = {2 * n + d + c} over (alpha, beta, u, v)"
        )
    width = n * c + 1 if width is None else width
    if width < 1:
        raise ValueError(f"the width is {width}; a network to round to needs at least one neuron")

    def is_late(share: float) -> bool:
        return time_limit is not None and clock() - begun > share * time_limit

    symmetric = (lifted + lifted.T) / 2
    target = extend(symmetric, X) if len(lifted) == n + d + c else symmetric
    splitting = split(
        target,
        X,
        start(target, n, width, seed),
        step=stable_step(target) if step == "stable" else paper_step(target),
        max_iterations=max_iterations,
        should_stop=lambda: is_late(0.5),
    )
    hidden, output = splitting.factor[2 * n : 2 * n + d], splitting.factor[2 * n + d :].T
    stages = repair(X, Y, gamma, hidden, output, should_stop=lambda: is_late(1.0))
    return RoundingResult(stages, splitting.errors, splitting.iterations, clock() - begun)


def repair(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    hidden: Matrix,
    output: Matrix,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Stage, ...]:
    """Improve a network of any scale stage by stage; the first stage is the network itself.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        hidden: u_j as columns, d x m.
        output: v_j as rows, m x c.
        should_stop: ends the slide early once true.
    """
    problem = _Problem(X, SquaredLoss(Y), gamma)
    rounded = problem.stage("rounded", hidden, output)
    rescaled = problem.rescale(hidden, output)
    refit = problem.refit("refit", hidden, rescaled)
    slide = descend(X, problem.loss, gamma, refit.hidden, should_stop=should_stop)
    return rounded, rescaled, refit, problem.refit("slid", slide.hidden, refit)


@dataclass(frozen=True)
class _Problem:
    """A training problem, and what the stages solve of it."""

    X: Matrix
    loss: SquaredLoss
    gamma: float

    def stage(self, name: str, hidden: Matrix, output: Matrix) -> Stage:
        return Stage(name, objective(self.loss, self.X, self.gamma, hidden, output), hidden, output)

    def rescale(self, hidden: Matrix, output: Matrix) -> Stage:
        alive = np.any(hidden, axis=0) & np.any(output, axis=1)
        hidden, output = hidden[:, alive], output[alive]
        balance = np.sqrt(np.linalg.norm(output, axis=1) / np.linalg.norm(hidden, axis=0))
        hidden, output = hidden * balance, output / balance[:, None]
        fitted = np.maximum(self.X @ hidden, 0.0) @ output
        gain = float(np.sum(fitted * self.loss.targets)) - self.gamma * float(np.sum(hidden**2))
        root = np.sqrt(gain / float(np.sum(fitted**2))) if gain > 0 else 0.0
        return self.stage("rescaled", root * hidden, root * output)

    def refit(self, name: str, hidden: Matrix, before: Stage) -> Stage:
        """Return the best network over the directions of `hidden`, or the last one if rounding spoils it."""
        lengths = np.linalg.norm(hidden, axis=0)
        directions = hidden[:, lengths > 0] / lengths[lengths > 0]
        master = solve_group_lasso(np.maximum(self.X @ directions, 0.0), self.loss, self.gamma)
        used = np.any(master.output != 0, axis=1)
        roots = np.sqrt(np.linalg.norm(master.output[used], axis=1))
        stage = self.stage(name, directions[:, used] * roots, master.output[used] / roots[:, None])
        return stage if stage.loss <= before.loss else Stage(name, before.loss, before.hidden, before.output)
