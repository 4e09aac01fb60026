"""Maximising a smooth function over nonnegative and free variables, on a domain with a boundary.

The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno on the variables that are not held at
zero, with a projected line search (Bertsekas, "Projected Newton methods", 1982). A point outside of the
domain is nothing but a step that was too long, which is where general-purpose solvers give up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Vector

_MEMORY = 20
_SUFFICIENT = 1e-4  # of the gain that the gradient promises
_MAX_SHORTENINGS = 30


@dataclass(frozen=True)
class Ascent:
    """Where the method ended.

    Attributes:
        point: the variables.
        value: of the function there.
        steps: how many were taken.
        stalled: whether no step along the last direction gained anything.
    """

    point: Vector
    value: float
    steps: int
    stalled: bool


def maximise(
    function: Callable[[Vector], tuple[float, Vector] | None],
    start: Vector,
    nonnegative: NDArray[np.bool_],
    max_steps: int,
    *,
    least_gain: float = 0.0,
    is_over: Callable[[], bool] = lambda: False,
) -> Ascent:
    """Climb from a point of the domain.

    Args:
        function: returns value and gradient, or None outside of its domain.
        start: in the domain, with nonnegative entries where these are asked for.
        nonnegative: which variables may not become negative.
        max_steps: to take.
        least_gain: stop where ten steps together gain less.
        is_over: looked at before each step.

    Raises:
        ValueError: if the start lies outside of the domain.
    """
    x = start
    here = function(x)
    if here is None:
        raise ValueError("the start lies outside of the domain")
    value, gradient = here
    pairs: deque[tuple[Vector, Vector, float]] = deque(maxlen=_MEMORY)
    gains: deque[float] = deque(maxlen=10)
    for step in range(max_steps):
        if is_over():
            return Ascent(x, value, step, False)
        free = ~(nonnegative & (x <= 0) & (gradient <= 0))
        direction = _direction(gradient, free, pairs)
        if not direction @ gradient > 0:
            pairs.clear()
            direction = np.where(free, gradient, 0.0)
        length = (
            1.0
            if pairs
            else 0.01 * max(float(np.linalg.norm(x)), 1.0) / max(float(np.linalg.norm(direction)), 1e-300)
        )
        taken = None
        for _ in range(_MAX_SHORTENINGS):
            trial = x + length * direction
            np.maximum(trial, 0.0, out=trial, where=nonnegative)
            there = function(trial)
            if there is not None and there[0] >= value + _SUFFICIENT * float(gradient @ (trial - x)):
                taken = trial, there
                break
            length *= 0.3 if there is None else 0.5
        if taken is None:
            if not pairs:
                return Ascent(x, value, step, True)
            pairs.clear()
            continue
        trial, (new_value, new_gradient) = taken
        moved, bend = trial - x, gradient - new_gradient
        curvature = float(moved @ bend)
        if curvature > 1e-10 * float(np.linalg.norm(moved)) * float(np.linalg.norm(bend)):
            pairs.append((moved, bend, curvature))
        gains.append(new_value - value)
        x, value, gradient = trial, new_value, new_gradient
        if len(gains) == gains.maxlen and sum(gains) < least_gain:
            return Ascent(x, value, step + 1, False)
    return Ascent(x, value, max_steps, False)


def _direction(
    gradient: Vector, free: NDArray[np.bool_], pairs: deque[tuple[Vector, Vector, float]]
) -> Vector:
    """Return the quasi-Newton direction among the free variables (the two-loop recursion)."""
    q = np.where(free, gradient, 0.0)
    weights = []
    for moved, bend, curvature in reversed(pairs):
        weight = float(moved @ q) / curvature
        q -= weight * bend
        weights.append(weight)
    if pairs:
        _, bend, curvature = pairs[-1]
        q *= curvature / float(bend @ bend)
    for (moved, bend, curvature), weight in zip(pairs, reversed(weights), strict=True):
        q += (weight - float(bend @ q) / curvature) * moved
    return np.where(free, q, 0.0)
