"""SDP-NN by its dual, with multipliers generated as they are needed; the fastest way to a certified bound.

Of the 2n^2 multipliers few are positive at the optimum. They belong to products that the primal matrix would
make negative, and a good first guess are the pairs of forms least correlated under the Gaussian measure on u,
for which E[alpha alpha^T] is known in closed form (the arc-cosine kernel). For up to a hundred directions the
primal matrix then stays inside all inequalities: whichever stop a step are added before it is taken. With
more, near-parallel samples would stop every step; there, inequalities are added after they are violated.

Rows of X on one line are merged and the rows get unit length before anything is computed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from formulations.arrays import Indices, Matrix, Vector
from formulations.lines import Directions, directions
from formulations.sdp.interior_point import Direction, DualProgram, InteriorPoint
from formulations.sdp.multipliers import DualSolution, Multipliers, dual_value

MAX_FREE_VARIABLES = 4000  # n (c + 1); the Newton matrix is dense

_STRICT_DIRECTIONS = 100

_NEIGHBOURS = 3
# Share of the Shor centre in the first primal matrix: more of it, and more multipliers stop the first step.
_CENTRE_SHARE = 0.01
_BATCH = 400
_DROP = 1e-3
_MAX_STEPS = 600
_PATIENCE = 120.0  # seconds, where no limit is given and the strict method is out of reach


def solve_dual(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    tolerance: float = 1e-6,
    time_limit: float | None = None,
    on_progress: Callable[[float, float, int], None] | None = None,
) -> DualSolution:
    """Solve SDP-NN for N and its multipliers; every intermediate point is dual feasible, so stopping is safe.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.
        tolerance: of the complementarity gap, relative to the value.
        time_limit: in seconds; by default none for up to a hundred directions, two minutes beyond.
        on_progress: called with (dual value, relative gap, number of multipliers) after each step.

    Returns:
        A strictly feasible dual point. `status` is "optimal", "stalled" (double precision gave no more),
        "time limit" or "interrupted"; `value` is the primal objective where it is "optimal", otherwise the
        dual value again.

    Raises:
        ValueError: if gamma is not positive or the problem is too large.
    """
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}; it has to be a positive number")
    if Y.size + len(Y) > MAX_FREE_VARIABLES:
        raise ValueError(
            f"{len(Y)} samples with {Y.shape[1]} targets are beyond this method, which takes "
            f"n (c + 1) <= {MAX_FREE_VARIABLES}; use the Shor relaxation"
        )
    begun = time.perf_counter()
    lines = directions(X)
    merged = _Merged.of(lines, Y)
    if not np.any(merged.targets):
        return _solution(lines, merged, Y, None, gamma, "optimal", begun)
    search = _Search(lines, merged, gamma)
    if time_limit is None and len(lines.units) > _STRICT_DIRECTIONS:
        time_limit = _PATIENCE
    deadline = None if time_limit is None else begun + time_limit
    status = search.run(tolerance, deadline, on_progress)
    return _solution(lines, merged, Y, search, gamma, status, begun)


@dataclass(frozen=True)
class _Merged:
    """The rows of one sign on one line, in one: the network computes multiples of one vector on them.

    Attributes:
        forms: for each group the index of its form: its line's alpha, or its beta after K of those.
        radii: the root of the sum of the squared scales in the group.
        targets: G x c, the part of Y that the group can fit, |scale|-weighted over the radius.
        groups: of length n; the group of each row, -1 for zero rows.
    """

    forms: Indices
    radii: Vector
    targets: Matrix
    groups: Indices

    @classmethod
    def of(cls, lines: Directions, Y: Matrix) -> _Merged:
        forms = np.where(lines.scales < 0, lines.lines + len(lines.units), lines.lines)
        rows = lines.nonzero
        present, groups = np.unique(forms[rows], return_inverse=True)
        sizes = np.abs(lines.scales[rows])
        radii = np.sqrt(np.bincount(groups, sizes**2, minlength=len(present)))
        targets = np.zeros((len(present), Y.shape[1]))
        np.add.at(targets, groups, sizes[:, None] * Y[rows])
        everywhere = np.full(len(Y), -1)
        everywhere[rows] = groups
        return cls(present, radii, targets / radii[:, None], everywhere)

    def spread(self, lines: Directions, Y: Matrix, entries: Matrix) -> Matrix:
        """Return N, n x c, from the groups' rows; what no network can fit of Y stays in it."""
        N = Y.copy()
        rows = lines.nonzero
        groups = self.groups[rows]
        share = np.abs(lines.scales[rows]) / self.radii[groups]
        N[rows] += share[:, None] * (entries - self.targets)[groups]
        return N


class _Search:
    """The interior-point method with its changing set of multipliers."""

    def __init__(self, lines: Directions, merged: _Merged, gamma: float) -> None:
        count, c = len(lines.units), merged.targets.shape[1]
        self.count = count
        # Coordinates in which the rows are as unlike as they can be: u = axes u'.
        _, singular, axes = np.linalg.svd(lines.units, full_matrices=False)
        rank = int(np.sum(singular > 1e-10 * singular[0]))
        stretch = singular[0] / singular[:rank]
        rows = lines.units @ (axes[:rank].T * stretch)
        self.lengths = np.linalg.norm(rows, axis=1)
        rows /= self.lengths[:, None]
        order = rank + count + c
        forms = np.zeros((order, 2 * count + c))
        forms[rank : rank + count, :count] = forms[rank : rank + count, count : 2 * count] = np.eye(count)
        forms[:rank, count : 2 * count] = -rows.T
        forms[rank + count :, 2 * count :] = np.eye(c)
        weights = gamma * np.concatenate([stretch**2, np.zeros(count), np.ones(c)])
        self.entries = merged.targets.size
        radii = merged.radii * self.lengths[merged.forms % count]
        self.program = DualProgram(
            constant=np.diag(weights),
            forms=forms,
            first=np.concatenate([np.repeat(merged.forms, c), np.arange(count)]),
            second=np.concatenate(
                [2 * count + np.tile(np.arange(c), len(merged.forms)), count + np.arange(count)]
            ),
            coefficients=np.concatenate([2 * np.repeat(radii, c), np.ones(count)]),
            targets=merged.targets.ravel(),
        )
        first, second = np.triu_indices(2 * count)
        legal = second - first != count  # alpha_i beta_i has its free slack
        self.first, self.second = first[legal], second[legal]
        self.outside = np.ones(len(self.first), dtype=bool)
        self.inside = np.zeros(0, dtype=np.intp)
        self.strict = count <= _STRICT_DIRECTIONS
        self.iterate = self._start(rows, weights[:rank], float(np.sum(merged.targets**2)), gamma, c)

    def _start(self, rows: Matrix, u_weights: Vector, energy: float, gamma: float, c: int) -> InteriorPoint:
        """Begin at N = 0 with the Shor slack and near the Gaussian moments."""
        count, rank = rows.shape
        whitened = rows / np.sqrt(u_weights)
        slack = -2 / float(np.linalg.norm(whitened, 2)) ** 2
        y = np.concatenate([np.zeros(self.entries), np.full(count, slack)])
        gaussian = gaussian_moments(rows, c)
        size = energy / (8 * gamma)
        gaussian[: rank + count, : rank + count] *= size / float(np.sum(u_weights / gamma))
        gaussian[rank + count :, rank + count :] *= size / c
        iterate = InteriorPoint(self.program, y, gaussian)
        centre = np.linalg.inv(iterate.Z)
        centre *= np.trace(gaussian[:rank, :rank]) / np.trace(centre[:rank, :rank])
        iterate.L = gaussian + _CENTRE_SHARE * centre
        guess = self._least_correlated(self.program.gram(gaussian))
        under_l = self.program.gram(iterate.L)[self.first, self.second]
        self._include(iterate, np.union1d(guess, np.flatnonzero(under_l <= 0)), least_slack=0.1)
        return iterate

    def _least_correlated(self, gram: Matrix) -> Indices:
        """Return for each form the pairs with the few others that it is least correlated with."""
        size = 2 * self.count
        correlation = np.full((size, size), np.inf)
        lengths = np.sqrt(np.diag(gram))
        values = gram[self.first, self.second] / (lengths[self.first] * lengths[self.second])
        proper = self.first != self.second
        correlation[self.first[proper], self.second[proper]] = values[proper]
        correlation = np.minimum(correlation, correlation.T)
        position = np.full((size, size), -1)
        position[self.first, self.second] = np.arange(len(self.first))
        chosen = np.argsort(correlation, axis=1)[:, :_NEIGHBOURS]
        own = np.repeat(np.arange(size), chosen.shape[1])
        found = position[np.minimum(own, chosen.ravel()), np.maximum(own, chosen.ravel())]
        return np.unique(found[found >= 0])

    def _include(self, iterate: InteriorPoint, pairs: Indices, least_slack: float) -> None:
        if len(pairs):
            iterate.include(self.first[pairs], self.second[pairs], least_slack)
            self.outside[pairs] = False
            self.inside = np.concatenate([self.inside, pairs])

    def _drop(self) -> None:
        kept = self.iterate.drop(_DROP)
        self.outside[self.inside[~kept]] = True
        self.inside = self.inside[kept]

    def run(
        self,
        tolerance: float,
        deadline: float | None,
        on_progress: Callable[[float, float, int], None] | None,
    ) -> str:
        """Move until the gap is small, time is up, Ctrl-C comes or precision ends; return which."""
        self.goal = 0.3
        try:
            for _ in range(_MAX_STEPS):
                try:
                    ended = self._step(tolerance)
                except linalg.LinAlgError:
                    return "stalled"
                if on_progress is not None:
                    on_progress(self.iterate.dual_value(), self._relative_gap(), len(self.inside))
                if ended:
                    return "optimal"
                if deadline is not None and time.perf_counter() > deadline:
                    return "time limit"
        except KeyboardInterrupt:
            return "interrupted"
        return "stalled"

    def _relative_gap(self) -> float:
        return self.iterate.gap / max(abs(self.iterate.primal_value()), 1e-300)

    def _step(self, tolerance: float) -> bool:
        direction = self.iterate.direction()
        if self.strict:
            return self._strict_step(direction) and self._relative_gap() < tolerance
        self.iterate.move(direction, direction.primal_length)
        self._drop()
        return self._stage(tolerance)

    def _strict_step(self, direction: Direction) -> bool:
        """Step inside all inequalities, or add those that leave too little of it; say if it was taken."""
        iterate = self.iterate
        pairs = np.flatnonzero(self.outside)
        values = self.program.gram(iterate.L)[self.first[pairs], self.second[pairs]]
        change = self.program.gram(direction.L)[self.first[pairs], self.second[pairs]]
        reach = np.where(change < 0, values / np.maximum(-change, 1e-300), np.inf)
        nearest = float(np.min(reach, initial=np.inf))
        length = min(direction.primal_length, 0.95 * nearest)
        blocking = np.flatnonzero(reach < 1.05 * direction.primal_length)
        blocking = blocking[np.argsort(reach[blocking])[:1000]]
        taken = length >= direction.primal_length / 2
        if taken:
            iterate.move(direction, length)
            self._drop()
        # What has just been dropped may be outside anew, but it does not block.
        self._include(iterate, pairs[blocking], least_slack=0.0)
        return taken

    def _stage(self, tolerance: float) -> bool:
        """Where the gap has reached its goal, add what is violated; say whether all is done."""
        gap = self._relative_gap()
        if gap > self.goal:
            return False
        gram = self.program.gram(self.iterate.L)
        lengths = np.sqrt(np.diag(gram))
        pairs = np.flatnonzero(self.outside)
        first, second = self.first[pairs], self.second[pairs]
        correlation = gram[first, second] / (lengths[first] * lengths[second])
        worst = np.argsort(correlation)[:_BATCH]
        worst = worst[correlation[worst] < -1e-7]
        if not len(worst) and gap <= tolerance:
            return True
        self.goal = max(tolerance, self.goal / 2)
        self._include(self.iterate, pairs[worst], least_slack=0.03)
        return False

    def multipliers(self, gamma: float) -> Multipliers:
        """Return those of the lines' unit rows, in units of the level gamma^2."""
        count, free = self.count, self.program.free
        table = np.zeros((2 * count, 2 * count))
        np.add.at(table, (self.first[self.inside], self.second[self.inside]), self.iterate.y[free:])
        scale = 1 / np.concatenate([self.lengths, self.lengths])
        table *= gamma * np.outer(scale, scale)
        # Pairs f <= g with alphas first: symmetric tables hold half of a product on either side.
        a, b, c = table[:count, :count], table[:count, count:], table[count:, count:]
        slack = gamma * self.iterate.y[self.entries : free] * scale[:count] ** 2
        return Multipliers((a + a.T) / 2, b.copy(), (c + c.T) / 2, slack)


def gaussian_moments(rows: Matrix, c: int) -> Matrix:
    """Return E over Gaussian u of (u, alpha)(u, alpha)^T for unit rows, with an identity for v."""
    count, d = rows.shape
    cosines = np.clip(rows @ rows.T, -1.0, 1.0)
    distance = np.linalg.norm(rows[:, None, :] - rows[None, :, :], axis=2)
    angles = 2 * np.arcsin(np.minimum(1.0, distance / 2))  # accurate where arccos is not
    kernel = (np.sin(angles) + (np.pi - angles) * cosines) / (2 * np.pi)
    moments = np.zeros((d + count + c, d + count + c))
    moments[:d, :d] = np.eye(d)
    moments[:d, d : d + count] = rows.T / 2
    moments[d : d + count, :d] = rows / 2
    moments[d : d + count, d : d + count] = kernel
    moments[d + count :, d + count :] = np.eye(c)
    return moments


def _solution(
    lines: Directions,
    merged: _Merged,
    Y: Matrix,
    search: _Search | None,
    gamma: float,
    status: str,
    begun: float,
) -> DualSolution:
    entries: NDArray[np.float64] = np.zeros_like(merged.targets)
    multipliers = Multipliers.zero(len(lines.units))
    excess = 0.0
    if search is not None:
        entries = search.iterate.y[: search.entries].reshape(merged.targets.shape)
        multipliers = search.multipliers(gamma)
        if status == "optimal":
            excess = search.iterate.gap
    N = merged.spread(lines, Y, entries)
    value = dual_value(N, Y)
    return DualSolution(
        dual_point=N,
        multipliers=lines.spread(multipliers, N) if len(lines.units) else Multipliers.zero(len(Y)),
        value=value + excess,
        dual_value=value,
        solver="interior-point",
        status=status,
        seconds=time.perf_counter() - begun,
    )
