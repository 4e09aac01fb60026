"""Rows of the inputs that lie on one line through the origin, merged before a solver sees them.

The activations relu(x_i . u) of such rows are multiples of relu(x . u) and relu(-x . u) for one x, and those
of a zero row vanish. As long as they are kept apart, the relaxation SDP-NN has no interior point and its
optimal multipliers are infinite. `directions` takes X apart into the lines; what a solver finds for these is
spread over the rows of X afterwards (`Directions.spread`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix, Vector
from formulations.sdp.multipliers import Multipliers
from formulations.sdp.spread import MERGING_LOSS, tie

_ROUNDING = float(np.finfo(float).eps)
_PARALLEL = 8 * _ROUNDING  # the most that an entry of two parallel unit rows differs by


@dataclass(frozen=True)
class Directions:
    """The lines through the origin on which the rows of X lie: x_i = scales_i units_{lines_i}.

    Attributes:
        units: K x d, of unit rows, no two of them parallel.
        representatives: of length K; the first row of X on each line, with a positive scale.
        lines: of length n; the line of a row. Zero rows have line 0 and scale 0.
        scales: of length n, signed.
    """

    units: Matrix
    representatives: NDArray[np.intp]
    lines: NDArray[np.intp]
    scales: Vector

    @property
    def nonzero(self) -> NDArray[np.intp]:
        """The rows of X that are not zero."""
        return np.flatnonzero(self.scales)

    def activations(self) -> Matrix:
        """Return the n x (d + K) matrix that takes (u, relu(units u)) to relu(Xu)."""
        d = self.units.shape[1]
        rows = self.nonzero
        matrix = np.zeros((self.scales.size, d + len(self.units)))
        matrix[rows, :d] = np.minimum(self.scales[rows], 0)[:, None] * self.units[self.lines[rows]]
        matrix[rows, d + self.lines[rows]] = np.abs(self.scales[rows])
        return matrix

    def spread(self, multipliers: Multipliers, N: Matrix) -> Multipliers:
        """Return multipliers for the rows of X from those for the units.

        Representatives take them over. Any other row i is tied to the representative r of its line by a
        large multiple of a square that vanishes (t = x_i / x_r, e_i = alpha_i beta_i):

            t > 0: (alpha_i - t alpha_r)^2 = e_i + t^2 e_r - t (alpha_i beta_r + alpha_r beta_i)
            t < 0: (alpha_i + t beta_r)^2 = e_i + t^2 e_r + t (alpha_i alpha_r + beta_i beta_r)
            t = 0: alpha_i^2 = e_i

        Args:
            multipliers: for units as the inputs.
            N: n x c, the dual point that they are meant for.
        """
        n, r = self.scales.size, self.representatives
        others = np.setdiff1d(np.arange(n), r)
        spread = Multipliers.zero(n)
        shrink = 1 / np.outer(self.scales[r], self.scales[r])
        if others.size:
            shrink *= 1 + MERGING_LOSS
        spread.alpha_alpha[np.ix_(r, r)] = shrink * multipliers.alpha_alpha
        spread.alpha_beta[np.ix_(r, r)] = shrink * multipliers.alpha_beta
        spread.beta_beta[np.ix_(r, r)] = shrink * multipliers.beta_beta
        spread.slack[r] = np.diag(shrink) * multipliers.slack
        norms = np.linalg.norm(N, axis=1)
        for i in others:
            # |N^T alpha|^2 <= (1 + loss) |kept part|^2 + (1 + 1 / loss) (sum_i |N_i| |deviation_i|)^2.
            weight = (1 + 1 / MERGING_LOSS) * norms[i] * norms[others].sum()
            tie(spread, i, r[self.lines[i]] if self.scales[i] else i, self._ratio(i), weight)
        return spread

    def of(self, lines: Indices, rows: Indices) -> Directions:
        """Return those of some rows of X alone.

        Args:
            lines: in the order that they shall have.
            rows: ascending; all that lie on these lines, and any that are zero.
        """
        place = np.zeros(len(self.units), dtype=np.intp)
        place[lines] = np.arange(len(lines))
        scales = self.scales[rows]
        return Directions(
            self.units[lines],
            np.searchsorted(rows, self.representatives[lines]),
            np.where(scales != 0, place[self.lines[rows]] if len(place) else 0, 0),
            scales,
        )

    def _ratio(self, i: int) -> float:
        if not self.scales[i]:
            return 0.0
        return float(self.scales[i] / self.scales[self.representatives[self.lines[i]]])


def directions(X: Matrix) -> Directions:
    """Return the directions of the rows of X, n x d; rows parallel up to rounding errors are merged.

    A row joins the first of the lines before it that it is parallel to. Only rows whose lengths along one
    fixed vector are as close as those of parallel ones have to be compared: nearly always those of one line.
    """
    n = len(X)
    norms = np.linalg.norm(X, axis=1)
    rows = np.flatnonzero(norms)
    units = X[rows] / norms[rows, None]
    leaders, signs = np.arange(len(rows)), np.ones(len(rows))
    for alike in _alike(units):
        found: list[int] = []
        for i in alike:
            if (joined := _joined(units, found, i)) is None:
                found.append(i)
            else:
                leaders[i], signs[i] = joined
    first, of_line = np.unique(leaders, return_inverse=True)
    lines = np.zeros(n, dtype=np.intp)
    scales = np.zeros(n)
    lines[rows], scales[rows] = of_line, signs * norms[rows]
    return Directions(units[first], rows[first], lines, scales)


def _alike(units: Matrix) -> list[list[int]]:
    """Return the groups of at least two rows among which any parallel ones are, each in ascending order."""
    probe = np.random.default_rng(0).standard_normal(units.shape[1])
    lengths = np.abs(units @ probe)
    order = np.argsort(lengths)
    rounding = units.shape[1] * _ROUNDING
    # What parallel rows may differ by, and as much again for the rounding of the products.
    apart = np.diff(lengths[order]) > 2 * (_PARALLEL + rounding) * np.abs(probe).sum()
    groups = np.split(order, np.flatnonzero(apart) + 1)
    return [sorted(group.tolist()) for group in groups if len(group) > 1]


def _joined(units: Matrix, found: list[int], i: int) -> tuple[int, float] | None:
    """Return the first of the rows found that row i is parallel to, and the sign; None if it is to none."""
    others = units[found]
    signs = np.where(others @ units[i] < 0, -1.0, 1.0)
    parallel = np.abs(signs[:, None] * others - units[i]).max(axis=1, initial=0) <= _PARALLEL
    if not parallel.any():
        return None
    at = int(np.argmax(parallel))
    return found[at], float(signs[at])


@dataclass(frozen=True)
class MergedRows:
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
    def of(cls, lines: Directions, Y: Matrix) -> MergedRows:
        """Merge the rows on each line, with their targets, n x c."""
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
