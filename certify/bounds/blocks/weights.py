"""Which part of the weight decay each block of samples gets, where the parts are numbers.

What a block's relaxation proves is concave in its part w_b, so that at the best parts all slopes are the
same. The slope comes with the dual point N of the block at its own gamma: (<N, Y> - |N|^2) / w_b, what the
weights of its network cost there, over w_b. Parts are multiplied by the roots of the slopes until the sum
gains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from certify.bounds.blocks.parts import WEIGHT_BITS, Part, joined, part_problem
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from formulations.arrays import Vector

_NO_GAIN = 1e-4  # relative


def bound_parts(
    problem: TrainingProblem,
    blocks: Sequence[Sequence[int]],
    prove: Callable[[TrainingProblem], Certificate],
    *,
    rounds: int = 5,
    preprocessing: Preprocessing | None = None,
    method: str = "blocks",
) -> Certificate:
    """Prove blocks of samples one by one, with better and better parts of the weight decay, and join them.

    Args:
        problem: the exact problem.
        blocks: disjoint samples, ascending.
        prove: returns a valid certificate of any such problem, in one tree; trees that divide, all in one
            frame.
        rounds: how often all blocks are proved, at most.
        preprocessing: recorded in the certificate.
        method: likewise.

    Returns:
        The certificate of the best parts, as `joined` makes it.

    Raises:
        ValueError: as `joined` does.
    """
    weights = np.full(len(blocks), 1 / len(blocks))
    best: list[Part] = []
    for _ in range(rounds):
        parts = [
            Part(rows, weight, prove(part_problem(problem, rows, weight)))
            for rows, weight in zip(blocks, _in_fractions(weights), strict=True)
        ]
        before, now = _bound(best), _bound(parts)
        if not best or now > before:
            best = parts
        if now <= before * (1 + _NO_GAIN):
            break
        costs = np.array([_cost_of_weights(problem, part) for part in parts])
        weights = np.sqrt(weights * np.maximum(costs, 0.0))
        if not weights.any():
            break
        weights /= weights.sum()
    return joined(problem, best, preprocessing=preprocessing, method=method)


def _bound(parts: Sequence[Part]) -> float:
    return float(sum(part.certificate.bound for part in parts))


def _cost_of_weights(problem: TrainingProblem, part: Part) -> float:
    """Return <N, Y> - |N|^2 of a part, its part of the weight decay times the slope (a loss)."""
    N = np.array(part.certificate.dual_point, dtype=float) / 2.0**part.certificate.dual_exponent
    Y = np.array([problem.targets[i] for i in part.rows], dtype=float) / problem.target_denominator
    return float(np.sum(N * (Y - N)))


def _in_fractions(weights: Vector) -> list[Fraction]:
    """Return positive parts over 2^WEIGHT_BITS that do not exceed 1 in all."""
    unit = 1 << WEIGHT_BITS
    whole = [max(1, int(weight * unit)) for weight in weights]
    whole[int(np.argmax(whole))] -= max(0, sum(whole) - unit)
    return [Fraction(entry, unit) for entry in whole]
