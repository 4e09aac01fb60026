"""A primal-dual interior-point method for SDP-NN's dual with few multipliers (docs/method.md, section 3a).

    maximise <N, Y> - 1/2 |N|^2   subject to   Z_b(N, slack_b, y_b) positive semidefinite for each block b.

For SDP-NN itself there is one block; on a partition of the space (section 3c) there is one for each region.
Slack and multipliers belong to one block each, so the Newton matrix is block-arrow: a block's own variables
are eliminated by a Cholesky factor of their own, and what is left has the order of N. Steps are Mehrotra's,
in the scaling of Nesterov and Todd, with one length for all blocks. The start is strictly feasible for the
dual, and so is every iterate: each is a dual point with multipliers of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg

from formulations.arrays import Matrix, Vector
from formulations.sdp.block import Block

_TO_BOUNDARY = 0.95
_REGULARISATIONS = (1e-13, 1e-10, 1e-7)

_Map = Callable[[Callable[..., Any], Iterable[Any]], list[Any]]


@dataclass(frozen=True)
class BlockDirection:
    """A step of one block's own variables, named as in `Block`."""

    slack: Vector
    y: Vector
    w: Vector
    L: Matrix


@dataclass(frozen=True)
class Direction:
    """A step of all variables, with the longest lengths that keep them inside their cones.

    Attributes:
        N: of the flattened dual point.
        blocks: of each block's own variables.
        primal_length: at most 1.
        dual_length: at most 1.
    """

    N: Vector
    blocks: tuple[BlockDirection, ...]
    primal_length: float
    dual_length: float


class InteriorPoint:
    """One iterate, moved in place.

    Attributes:
        N: the flattened dual point, row by row.
        targets: likewise.
        blocks: the constraints, with their own variables.
        threads: how many share the blocks; as many as there are cores by default.
    """

    def __init__(
        self, N: Vector, targets: Vector, blocks: Sequence[Block], threads: int | None = None
    ) -> None:
        """Start at a strictly feasible point."""
        self.threads = os.cpu_count() if threads is None else threads
        self.N, self.targets, self.blocks = N, targets, list(blocks)
        for block in self.blocks:
            block.refresh(N)

    @property
    def gap(self) -> float:
        """The complementarity gap (a loss)."""
        return sum(block.gap for block in self.blocks)

    @property
    def mu(self) -> float:
        """The mean of the complementary pairs."""
        return self.gap / sum(block.centrality for block in self.blocks)

    def dual_value(self) -> float:
        """Return <N, Y> - 1/2 |N|^2 (a loss), a bound as every iterate is feasible."""
        return float(self.targets @ self.N - self.N @ self.N / 2)

    def primal_value(self) -> float:
        """Return the primal objective (a loss), an upper estimate as far as the matrices are feasible."""
        residual = self.targets.copy()
        paid = 0.0
        for block in self.blocks:
            residual[block.entries] -= block.adjoint(block.L)[: len(block.entries)]
            paid += block.weight
        return paid + float(residual @ residual) / 2

    def relative_gap(self) -> float:
        """Return the complementarity gap, or what infeasibility hides of it, relative to the dual value."""
        dual = self.dual_value()
        return max(self.gap, abs(self.primal_value() - dual)) / max(abs(dual), 1e-300)

    def direction(self) -> Direction:
        """Return the predictor-corrector step (Mehrotra) in the Nesterov-Todd scaling.

        Raises:
            LinAlgError: if the iterate is too close to the boundary for double precision.
        """
        if len(self.blocks) == 1 or self.threads == 1:
            return self._direction(lambda work, items: [work(item) for item in items])
        with ThreadPoolExecutor(self.threads) as pool:
            return self._direction(lambda work, items: list(pool.map(work, items)))

    def _direction(self, each: _Map) -> Direction:
        parts: list[_Elimination] = each(_Elimination, self.blocks)
        newton = np.eye(len(self.N))
        for part in parts:
            entries = part.block.entries
            newton[np.ix_(entries, entries)] += part.schur
        scale = 1 / np.sqrt(newton.diagonal())
        factor = _factor(newton * scale[:, None] * scale)

        def solve(rounds: int) -> tuple[Vector, list[_ScaledStep]]:
            change = np.zeros(len(self.N))
            for _ in range(rounds):
                right = self.targets - self.N - change
                for part, left in zip(parts, each(_Elimination.reduce, parts), strict=True):
                    right[part.block.entries] += left
                more = scale * linalg.cho_solve((factor, True), scale * right, check_finite=False)
                change = change + more
                each(partial(_Elimination.follow, more=more), parts)
            return change, each(_Elimination.step, parts)

        each(_Elimination.aim_at_boundary, parts)
        _, steps = solve(1)
        primal, dual = _lengths(parts, steps, 1.0)
        pairs = list(zip(parts, steps, strict=True))
        mu = self.mu
        predicted = sum(part.gap_after(step, primal, dual) for part, step in pairs)
        sigma = min(1.0, max(predicted / self.gap, 1e-6)) ** 2
        for part, step in pairs:
            part.aim_at_centre(sigma * mu, step)
        change, steps = solve(2)  # once, and once more on what rounding left
        primal, dual = _lengths(parts, steps, _TO_BOUNDARY)
        return Direction(change, tuple(map(_Elimination.unscaled, parts, steps)), primal, dual)

    def move(self, direction: Direction, primal_length: float | None = None) -> None:
        """Take the step, the primal one shortened if a length is given."""
        primal = direction.primal_length if primal_length is None else primal_length
        dual = direction.dual_length
        self.N = self.N + dual * direction.N
        for block, step in zip(self.blocks, direction.blocks, strict=True):
            block.slack = block.slack + dual * step.slack
            block.y, block.w = block.y + dual * step.y, block.w + primal * step.w
            block.L = block.L + primal * step.L
            block.refresh(self.N)


class _ScaledStep(NamedTuple):
    """A block's step with its matrices in the scaling, where Z and L are one diagonal matrix."""

    slack: Vector
    y: Vector
    w: Vector
    Z: Matrix
    L: Matrix


class _Aim(NamedTuple):
    """What the complementary products shall become, to first order."""

    centre: float
    matrix: Matrix
    correction: Vector | float


class _Elimination:
    """A block in its scaling, with its own part of the Newton system eliminated."""

    def __init__(self, block: Block) -> None:
        self.block = block
        lower_z, lower_l = np.linalg.cholesky(block.Z), np.linalg.cholesky(block.L)
        rotation, self.spectrum, _ = np.linalg.svd(lower_l.T @ lower_z)
        self.R = lower_l @ rotation / np.sqrt(self.spectrum)
        matrix = block.newton_matrix(self.R @ self.R.T)
        self._shared = q = len(block.entries)
        self._free = q + len(block.slack)
        multipliers = np.arange(self._free, len(matrix))
        matrix[multipliers, multipliers] += block.w / block.y
        own = matrix[q:, q:]
        self._scale = 1 / np.sqrt(own.diagonal())
        own *= self._scale[:, None]
        own *= self._scale
        self._factor = _factor(own)
        self._cross = self._solve(self._scale[:, None] * matrix[q:, :q])
        self.schur = matrix[:q, :q] - self._cross.T @ self._cross
        self._residual = -block.adjoint(block.L)
        self._residual[self._free :] += block.w

    def _solve(self, right: Matrix, transposed: bool = False) -> Matrix:
        return np.asarray(
            linalg.solve_triangular(
                self._factor, right, lower=True, trans="T" if transposed else "N", check_finite=False
            )
        )

    def aim_at_boundary(self) -> None:
        """Begin the predictor: products of zero."""
        self._aim_at(_Aim(0.0, -np.diag(self.spectrum), 0.0))

    def aim_at_centre(self, centre: float, predictor: _ScaledStep) -> None:
        """Begin the corrector: products at the centre, less what the predictor leaves out at second order."""
        product = predictor.Z @ predictor.L
        second_order: Matrix = (product + product.T) / (self.spectrum[:, None] + self.spectrum)
        matrix = np.diag(centre / self.spectrum - self.spectrum) - second_order
        self._aim_at(_Aim(centre, matrix, predictor.y * predictor.w))

    def _aim_at(self, aim: _Aim) -> None:
        self._aim = aim
        self._change = np.zeros(len(self._residual))

    def step(self) -> _ScaledStep:
        """Return the block's step so far."""
        block, aim = self.block, self._aim
        _, slack, dy = np.split(self._change, [self._shared, self._free])
        dz = -self.R.T @ block.operator(self._change) @ self.R
        dw = (aim.centre - aim.correction - block.w * dy) / block.y - block.w
        return _ScaledStep(slack, dy, dw, dz, aim.matrix - dz)

    def reduce(self) -> Vector:
        """Eliminate what is left of the block's equations; return what that leaves in the entries of N."""
        step = self.step()
        left = self._residual - self.block.adjoint(self.R @ step.L @ self.R.T)
        left[self._free :] += step.w
        self._right = self._solve(self._scale * left[self._shared :])
        return np.asarray(left[: self._shared] - self._cross.T @ self._right)

    def follow(self, more: Vector) -> None:
        """Let the block's own variables follow a change of N that solves what `reduce` left."""
        entries = more[self.block.entries]
        own = self._scale * self._solve(self._right - self._cross @ entries, transposed=True)
        self._change = self._change + np.concatenate([entries, own])

    def unscaled(self, step: _ScaledStep) -> BlockDirection:
        """Return the step in the block's own coordinates."""
        primal = self.R @ step.L @ self.R.T
        return BlockDirection(step.slack, step.y, step.w, (primal + primal.T) / 2)

    def longest(self, step: Matrix, values: Vector, change: Vector) -> float:
        """Return how far a step of a matrix and of positive numbers may go."""
        root = np.sqrt(self.spectrum)
        lowest = float(np.linalg.eigvalsh(step / root[:, None] / root)[0])
        if len(values):
            lowest = min(lowest, float(np.min(change / values)))
        return -1 / lowest if lowest < 0 else np.inf

    def gap_after(self, step: _ScaledStep, primal: float, dual: float) -> float:
        """Return the gap after a step of such lengths."""
        block, centre = self.block, np.diag(self.spectrum)
        return float(
            np.sum((centre + primal * step.L) * (centre + dual * step.Z))
            + (block.y + dual * step.y) @ (block.w + primal * step.w)
        )


def _lengths(
    parts: Sequence[_Elimination], steps: Sequence[_ScaledStep], share: float
) -> tuple[float, float]:
    """Return the longest common steps, at most 1, of the primal and the dual variables."""
    primal = dual = 1.0
    for part, step in zip(parts, steps, strict=True):
        block = part.block
        primal = min(primal, share * part.longest(step.L, block.w, step.w))
        dual = min(dual, share * part.longest(step.Z, block.y, step.y))
    return primal, dual


def _factor(matrix: Matrix) -> Matrix:
    """Factor a matrix of unit diagonal, with as little added to it as that takes."""
    if not len(matrix):
        return matrix
    for regularisation in _REGULARISATIONS:
        np.fill_diagonal(matrix, 1.0 + regularisation)
        try:
            return np.asarray(np.linalg.cholesky(matrix))
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError("the Newton matrix is not positive definite")
