"""Enclosures of the outputs of a cone: centres and radii at its generators (docs/method.md, section 3b)."""

from __future__ import annotations

from collections.abc import Sequence
from operator import add, lshift

from certify.checker.training.cone import Cone

Enclosure = tuple[Sequence[int], Sequence[int], Sequence[int]]


def _enclosures(cone: Cone) -> list[Enclosure]:
    """Enclose f(t) = N^T relu(Xu), u = sum_k t_k w_k, between linear functions of t >= 0, output by output.

    A row with values p has relu(p.t) between p.t and p^+ . t, and between 0 and p^+ . t. Either would be
    sound; the row's sign at a point u* inside the cone tells which is narrower. At a generator with p < 0 the
    first is [p, 0], at one with p > 0 the second is [0, p], and else they are relu(p) alone. So a row leaves
    an interval about N^T relu(X w_k) only where its sign is not the one at u*. There, in either case,
    |p| N_i^- adds to what is above and |p| N_i^+ to what is below.

    Returns:
        For each generator N^T relu(X w_k), and how far below and above it the interval reaches; of length c.
    """
    samples = cone.samples
    longest = max([ray.length for ray in cone.rays])
    rising = _rising(cone, longest)
    falling = rising ^ samples.everyone
    packing = samples.packing(longest + samples.matrices.input_bits)
    exact = [0] * packing.c
    result: list[Enclosure] = []
    for _, _, outputs, values, positive, negative, _ in cone.rays:
        opposed = (positive & falling) | (negative & rising)
        below = above = exact
        if opposed:
            below, above = packing.sums(opposed, map(abs, samples.pick(values, opposed)))
        result.append((outputs, below, above))
    return result


def _centres_and_radii(enclosures: list[Enclosure]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the doubled middles and half-widths of the intervals, d times c."""
    centres = [[2 * f + y - x for f, x, y in zip(*at, strict=True)] for at in enclosures]
    return centres, [list(map(add, below, above)) for _, below, above in enclosures]


def _rising(cone: Cone, longest: int) -> int:
    """Return the set of rows that are not negative at u*, the sum of the generators at one length."""
    shifts = [longest - ray.length for ray in cone.rays]
    rising = cone.samples.not_negative(sum(map(lshift, [ray.column for ray in cone.rays], shifts)), longest)
    if rising is not None:
        return rising
    values = zip(*[ray.values for ray in cone.rays], strict=True)
    negative = cone.samples.negative([sum(map(lshift, row, shifts)) for row in values])
    return negative ^ cone.samples.everyone
