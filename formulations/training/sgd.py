"""Stochastic gradient descent in PyTorch, the way such networks are usually trained: a baseline for bounds.

A step on a batch B of b of the n samples follows the gradient of

    n / b loss(f(X_B))  +  gamma/2 sum_j (|u_j|^2 + |v_j|^2) ,

of whose second term the optimiser's weight decay takes care; on average over the batches this is the training
objective. The weights begin as PyTorch's linear layers do, and the step size falls to zero along a cosine.
Its first value is, unless it is given, the inverse of the curvature at the start (the largest eigenvalue of
the Gauss-Newton matrix), halved as often as the weights run off to infinity.

All seeds are trained at once, one network beside the other. torch is imported when it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Matrix, check_problem
from formulations.losses.loss import Loss, objective
from formulations.losses.squared import SquaredLoss

if TYPE_CHECKING:
    import torch


_LOOK = 100  # epochs between two looks at the weights
_HALVINGS = 40


@dataclass(frozen=True)
class SgdResult:
    """What one seed came to.

    Attributes:
        seed: of the first weights and of the batches.
        hidden: u_j as columns, of shape (d, m).
        output: v_j as rows, of shape (m, c).
        learning_rate: the first step size, the same for all seeds of a call.
        epochs: how often every sample was seen.
    """

    seed: int
    hidden: Matrix
    output: Matrix
    learning_rate: float
    epochs: int


def random_network(d: int, width: int, c: int, seed: int) -> tuple[Matrix, Matrix]:
    """Return hidden (d x m) and output (m x c) weights, drawn as PyTorch's linear layers are at first.

    Args:
        d: the number of features.
        width: m.
        c: the number of outputs.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    hidden = rng.uniform(-1, 1, (d, width)) / math.sqrt(d)
    return hidden, rng.uniform(-1, 1, (width, c)) / math.sqrt(width)


def curvature(X: Matrix, loss: Loss, hidden: Matrix, output: Matrix, gamma: float) -> float:
    """Return the largest eigenvalue of the Gauss-Newton matrix of the objective at a network.

    A loss with kinks is taken with its Moreau envelope of 1, as it has no curvature of its own.

    Args:
        X: the inputs, n x d.
        loss: of the predictions.
        hidden: d x m.
        output: m x c.
        gamma: the weight of the penalty.
    """
    before = X @ hidden
    features, active = np.maximum(before, 0.0), before > 0
    n, c = len(X), output.shape[1]
    # J J^T, of order n c, has the eigenvalues of J^T J: features give the part of the output weights.
    gram = np.kron(features @ features.T, np.eye(c))
    moved = (active[:, None, :] * output.T[None, :, :]).reshape(n * c, -1)
    gram += (moved @ moved.T) * np.kron(X @ X.T, np.ones((c, c)))
    roots = np.sqrt(loss.smoothed(1.0).curvature(features @ output)).ravel()
    gram *= np.outer(roots, roots)
    return float(np.linalg.eigvalsh(gram)[-1]) + gamma


def train_by_sgd(
    X: Matrix,
    loss: Loss | Matrix,
    gamma: float,
    *,
    seeds: Sequence[int] = (0,),
    width: int = 300,
    epochs: int = 20_000,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    momentum: float = 0.0,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, float], None] | None = None,
) -> tuple[SgdResult, ...]:
    """Train one network for each seed; prefer `train` where the network matters and not the method.

    Args:
        X: the inputs, n x d.
        loss: of n samples with c outputs; a matrix Y, n x c, stands for the squared loss of these.
        gamma: the weight of the penalty, positive; the optimiser's weight decay.
        seeds: one for each network.
        width: m; the default is the paper's.
        epochs: how often to go through the samples.
        batch_size: b; None for all samples in every step. Batches differ in size by one at most.
        learning_rate: the first step size; None for the rule above.
        momentum: the optimiser's; the paper's code has 0.95.
        should_stop: asked after every epoch; once true, the networks so far are returned.
        on_progress: called with the epochs so far and the least objective of a network, now and then.

    Raises:
        ImportError: if torch is not installed.
        ValueError: if the problem is malformed or a number out of its range.
    """
    if not isinstance(loss, Loss):
        loss = SquaredLoss(loss)
    check_problem(X, loss.targets, gamma)
    for value, name in ((width, "width"), (epochs, "number of epochs"), (batch_size, "batch size")):
        if value is not None and value < 1:
            raise ValueError(f"the {name} is {value}; it has to be at least 1")
    if learning_rate is not None and not 0 < learning_rate < math.inf:
        raise ValueError(f"the learning rate is {learning_rate}; it has to be a positive number")
    if not 0 <= momentum < 1:
        raise ValueError(f"the momentum is {momentum}; it has to be at least 0 and less than 1")
    starts = [random_network(X.shape[1], width, loss.targets.shape[1], seed) for seed in seeds]
    first = learning_rate or 1 / max(curvature(X, loss, *start, gamma) for start in starts)
    plan = _Plan(X, loss, gamma, tuple(seeds), starts, epochs, min(batch_size or len(X), len(X)), momentum)
    for halvings in range(1 if learning_rate else _HALVINGS):
        trained = plan.run(first / 2**halvings, should_stop, on_progress)
        if trained is not None:
            return trained
    raise ValueError(
        f"from a learning rate of {first:.3g} the weights run off to infinity; give a smaller one"
    )


@dataclass(frozen=True)
class _Plan:
    """All of a call but the step size."""

    X: Matrix
    loss: Loss
    gamma: float
    seeds: tuple[int, ...]
    starts: list[tuple[Matrix, Matrix]]
    epochs: int
    batch_size: int
    momentum: float

    def run(
        self, rate: float, should_stop: Callable[[], bool], on_progress: Callable[[int, float], None] | None
    ) -> tuple[SgdResult, ...] | None:
        """Train from the starts; return None if the weights run off to infinity."""
        import torch

        n = len(self.X)
        # A run may pass above it, but one that stays there does not come back; and no NaN is below it.
        start = max(map(self._objective, *zip(*self.starts, strict=True)))
        limit = start + 3 * abs(start)
        X = torch.from_numpy(self.X)
        hidden, output = (
            torch.from_numpy(np.stack(layer)).requires_grad_() for layer in zip(*self.starts, strict=True)
        )
        optimizer = torch.optim.SGD(
            [hidden, output], lr=rate, momentum=self.momentum, weight_decay=self.gamma
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.epochs)
        batches = [self._batches(seed) for seed in self.seeds]
        epoch = 0
        while epoch < self.epochs and not should_stop():
            for rows in zip(*map(next, batches), strict=True):
                index = np.stack(rows)
                optimizer.zero_grad()
                predictions = torch.relu(X[torch.from_numpy(index)] @ hidden) @ output
                gradient = self.loss.rows(index).gradient(predictions.detach().numpy())
                predictions.backward(torch.from_numpy(n / index.shape[1] * gradient))  # type: ignore[no-untyped-call]
                optimizer.step()
            schedule.step()
            epoch += 1
            if epoch % _LOOK == 0:
                losses = self._objectives(hidden, output)
                if not all(loss <= limit for loss in losses):
                    return None
                if on_progress is not None:
                    on_progress(epoch, min(losses))
        if not all(loss <= limit for loss in self._objectives(hidden, output)):
            return None
        return tuple(
            SgdResult(seed, hidden[k].detach().numpy().copy(), output[k].detach().numpy().copy(), rate, epoch)
            for k, seed in enumerate(self.seeds)
        )

    def _batches(self, seed: int) -> Iterator[list[NDArray[np.int64]]]:
        """Yield the batches of one epoch after the other, as indices of samples."""
        rng = np.random.default_rng([seed, 1])
        n = len(self.X)
        while True:
            yield np.array_split(rng.permutation(n), math.ceil(n / self.batch_size))

    def _objectives(self, hidden: torch.Tensor, output: torch.Tensor) -> list[float]:
        return [*map(self._objective, hidden.detach().numpy(), output.detach().numpy())]

    def _objective(self, hidden: Matrix, output: Matrix) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return objective(self.loss, self.X, self.gamma, hidden, output)
