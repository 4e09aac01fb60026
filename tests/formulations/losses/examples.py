"""Every loss of `read_loss`, with targets that fit it."""

from __future__ import annotations

import numpy as np

from formulations.arrays import Matrix
from formulations.losses.loss import Loss
from formulations.losses.reading import read_loss

TEXTS = (
    "squared",
    "huber 1/2",
    "absolute",
    "quantile 3/10",
    "epsilon-insensitive 1/4",
    "hinge",
    "squared-hinge",
    "multiclass-hinge",
    "logistic",
    "cross-entropy",
    "cross-entropy 1/10",
    "poisson",
)
KINKED = frozenset({"absolute", "quantile 3/10", "epsilon-insensitive 1/4", "hinge", "multiclass-hinge"})


def fitting_targets(text: str, signal: Matrix) -> Matrix:
    """Return targets, n x c, that fit a loss and go with a signal of that shape."""
    name = text.split()[0]
    if name in ("hinge", "squared-hinge", "logistic"):
        return np.where(signal > 0, 1.0, -1.0)
    if name in ("multiclass-hinge", "cross-entropy"):
        return np.asarray(np.eye(signal.shape[1])[signal.argmax(axis=1)])
    if name == "poisson":
        return np.asarray(np.floor(np.exp(np.minimum(signal, 2.0))))
    return signal


def drawn(text: str, seed: int, *, n: int = 5, c: int = 2, weighted: bool = False) -> Loss:
    """Return a loss of n samples with c outputs."""
    rng = np.random.default_rng([seed, 1])
    weights = rng.uniform(0.3, 2.0, n) if weighted else None
    return read_loss(text, fitting_targets(text, rng.normal(size=(n, c))), weights)
