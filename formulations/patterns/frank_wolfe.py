"""Frank-Wolfe on networks of a given weight (Sahiner et al. 2021).

Networks with sum_j |u_j| |v_j| <= t compute t times the convex hull of the relu(X u) g^T with unit vectors u
and g. Over it a convex loss is minimised: the next neuron is the one that the gradient -N points at,

    u = argmax |N^T relu(X u)|,   g = N^T relu(X u) / |N^T relu(X u)| ,

and a line search mixes it in. The authors find u pattern by pattern, a principal component in a cone; here
that is the ascent of `formulations.training.oracle`, which moves between patterns. It finds local maxima, so
that the method's own bound of its error proves nothing. The t is that of a trained network, as in their code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from formulations.arrays import Matrix, check_problem
from formulations.losses.loss import Loss
from formulations.training.oracle import GaugeOracle

_STARTS = 16
_CHEAP_STEPS = 10
_CLIMBED = 4  # of the starts, after cheap steps
_NOTHING = 1e-12  # a share of t below which a neuron is dropped


@dataclass(frozen=True)
class FrankWolfeResult:
    """Where the steps ended.

    Attributes:
        hidden: u_j as columns, d x m, with |u_j| = |v_j|.
        output: v_j as rows, m x c.
        steps: how many there were.
        error: N^T (f* - f) for the best f* that was found, a loss: about how far the fit is from the best of
            this weight.
    """

    hidden: Matrix
    output: Matrix
    steps: int
    error: float


def train_by_frank_wolfe(
    X: Matrix,
    loss: Loss,
    weight: float,
    *,
    seed: int = 0,
    max_steps: int = 1000,
    tolerance: float = 1e-4,
    should_stop: Callable[[], bool] = lambda: False,
) -> FrankWolfeResult:
    """Take steps from the network without neurons.

    Args:
        X: the inputs, n x d.
        loss: of n samples with c outputs.
        weight: t, at least 0.
        seed: of the ascents' starts.
        max_steps: limit of steps, and of neurons.
        tolerance: the error to stop at, relative to the loss.
        should_stop: asked before each step; once true, that is the end.

    Raises:
        ValueError: the problem is malformed.
    """
    check_problem(X, loss.targets, 1.0)
    oracle, rng = GaugeOracle(X), np.random.default_rng(seed)
    d, c = X.shape[1], loss.targets.shape[1]
    directions, outputs, shares = np.zeros((d, 0)), np.zeros((0, c)), np.zeros(0)
    fit, error, steps = np.zeros_like(loss.targets), np.inf, 0
    while steps < max_steps and not should_stop():
        N = -loss.gradient(fit)
        new = _best_neuron(oracle, X, N, directions, rng)
        image = np.maximum(X @ new, 0.0)
        pull = N.T @ image
        strength = float(np.linalg.norm(pull))
        error = weight * strength - float(np.sum(N * fit))
        if error <= tolerance * abs(loss.value(fit)) or not strength:
            break
        step = weight * np.outer(image, pull / strength) - fit
        size = _line_search(loss, fit, step)
        fit = fit + size * step
        directions = np.hstack([directions, new[:, None]])
        outputs = np.vstack([outputs, pull / strength])
        shares = np.append((1 - size) * shares, size)
        kept = shares > _NOTHING
        directions, outputs, shares = directions[:, kept], outputs[kept], shares[kept]
        steps += 1
    roots = np.sqrt(weight * shares)
    return FrankWolfeResult(directions * roots, outputs * roots[:, None], steps, max(error, 0.0))


def _best_neuron(
    oracle: GaugeOracle, X: Matrix, N: Matrix, known: Matrix, rng: np.random.Generator
) -> Matrix:
    """Return a unit direction of a large gauge, no smaller than that of a known one; zero if X is zero."""
    starts = oracle.draw_starts(N, _STARTS, rng)
    if not starts.size:
        return np.zeros(X.shape[1])
    reached = np.hstack([oracle.raise_together(N, starts, _CHEAP_STEPS), known])
    gauges = np.linalg.norm(N.T @ np.maximum(X @ reached, 0.0), axis=0)
    best = reached[:, np.argsort(-gauges, kind="stable")[:_CLIMBED]]
    found = oracle.maximise(N, best)
    return found[0].direction if found else np.asarray(best[:, 0])


def _line_search(loss: Loss, fit: Matrix, step: Matrix) -> float:
    """Return the share of a step, from 0 to 1, with the least loss."""
    found = minimize_scalar(
        lambda share: loss.value(fit + share * step),
        bounds=(0.0, 1.0),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.x)
