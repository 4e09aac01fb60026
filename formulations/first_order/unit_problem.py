"""A training problem in the units that solvers of SDP-NN like: unit rows, no two of them parallel.

Rows of X on one line through the origin have one alpha and one beta between them, so they are merged; then
every row gets length one, and targets and inputs a root mean square of one. What a solver finds for these
units goes back to the rows of X with `UnitProblem.solution`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix, Vector, check_problem
from formulations.lines import Directions, MergedRows, directions
from formulations.losses.squared import SquaredLoss
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import DualSolution, Multipliers

_DEGENERATE = 1e-10  # relative to the largest singular value
_STRETCH = 0.5
_LEAST_SHARE = 1e-12  # of |v|^2 in any direction, relative to the largest


@dataclass(frozen=True)
class UnitProblem:
    """The problem over K units.

    Its dual form is, over (u, v, alpha) with beta = alpha - units u,

        gamma (sum_k weights_k u_k^2 + |v|^2) - 2 sum_g radii_g f_g (N_g . v) - [...],

    [...] nonnegative multiples of products. f_g is the alpha or the beta of the unit of group g: the rows of
    X on one side of one line. The coordinates of u are such that the rows are less alike than those of X, and
    span all of it.

    Attributes:
        units: K x d, rows of length one.
        weights: of length d, positive.
        lines: of length G; the unit of each group.
        on_beta: of length G; whether the group sees the beta of its unit.
        radii: of length G; the root of the sum of the squared lengths of the group's rows, over `input_unit`.
        targets: G x c; the part of Y that the group can fit, over `target_unit`.
        gamma: over both units.
        input_unit: a length of inputs.
        target_unit: a size of targets.
    """

    units: Matrix
    weights: Vector
    lines: Indices
    on_beta: NDArray[np.bool_]
    radii: Vector
    targets: Matrix
    gamma: float
    input_unit: float
    target_unit: float
    _coordinates: Matrix
    _lengths: Vector
    _directions: Directions
    _merged: MergedRows
    _Y: Matrix
    _gamma: float

    @classmethod
    def of(cls, X: Matrix, Y: Matrix, gamma: float) -> UnitProblem:
        """Merge and scale.

        Args:
            X: the inputs, n x d.
            Y: the targets, n x c.
            gamma: positive.

        Raises:
            ValueError: if they pose no training problem.
        """
        check_problem(X, Y, gamma)
        along = directions(X)
        merged = MergedRows.of(along, Y)
        count = len(along.units)
        lines, targets = merged.forms % max(count, 1), merged.targets
        units, coordinates = _unlike(along.units)
        lengths = np.linalg.norm(units, axis=1)
        radii = merged.radii * lengths[lines]
        input_unit = float(np.sqrt(np.mean(radii**2))) if len(radii) else 1.0
        target_unit = (float(np.sqrt(np.mean(targets**2))) if targets.size else 0.0) or 1.0
        return cls(
            units / lengths[:, None],
            1 / np.sum(coordinates**2, axis=1),
            lines,
            merged.forms >= count,
            radii / input_unit,
            targets / target_unit,
            gamma / (input_unit * target_unit),
            input_unit,
            target_unit,
            coordinates,
            lengths,
            along,
            merged,
            Y,
            gamma,
        )

    @property
    def outer_scale(self) -> Vector:
        """The root of the weight of each entry of (u, v), of length d + c."""
        return np.concatenate([np.sqrt(self.weights), np.ones(self.targets.shape[1])])

    @property
    def loss_unit(self) -> float:
        """What a loss of the unit problem is worth in losses of the data."""
        return self.target_unit**2

    @property
    def beyond_reach(self) -> float:
        """What the dual value of the data is more than that of the units: the targets no network fits."""
        return float(np.sum(self._Y**2) - np.sum(self.targets**2) * self.loss_unit) / 2

    @property
    def rows_on_lines(self) -> Indices:
        """The number of rows of X on the line of each unit, of length K."""
        along = self._directions
        return np.bincount(along.lines[along.nonzero], minlength=len(self.units))

    @property
    def targets_of_units(self) -> Matrix:
        """The sum of the targets of each unit's groups, K x c."""
        sums = np.zeros((len(self.units), self.targets.shape[1]))
        np.add.at(sums, self.lines, self.targets)
        return sums

    def factor_of_data(self, factor: Matrix) -> Matrix:
        """Return Z over (alpha, u, v) of the data, n + d + c rows, from that of units over (u, v, alpha)."""
        d, c, along = len(self.weights), self.targets.shape[1], self._directions
        u = self._coordinates.T @ (self.weights[:, None] * factor[:d])
        of_units = self._lengths[:, None] * factor[d + c :]
        alpha = along.activations() @ np.concatenate([u, of_units])
        return np.asarray(
            np.sqrt(self.target_unit / self.input_unit) * np.concatenate([alpha, u, factor[d : d + c]])
        )

    def dual_point(self, entries: Matrix) -> Matrix:
        """Return N of the data, n x c, from that of the groups, G x c."""
        return self._merged.spread(self._directions, self._Y, self.target_unit * entries)

    def block_proof(
        self, units: Indices, share: Matrix, N: Matrix, multipliers: Multipliers, with_zero_rows: bool
    ) -> BlockProof:
        """Return what a block of units proves as a proof of a block of the data's rows.

        Args:
            units: of the block, in the order of the multipliers.
            share: of gamma (|u|^2 + |v|^2) in (u, v) of the units, of order rank + c.
            N: of the data, n x c.
            multipliers: of the units, in units of the form above.
            with_zero_rows: whether the rows of X that are zero, which need no share, are in this block.
        """
        along, c = self._directions, self.targets.shape[1]
        is_zero = along.scales == 0
        rows = np.flatnonzero(np.where(is_zero, with_zero_rows, np.isin(along.lines, units)))
        of_data = self._share(share)
        values, vectors = np.linalg.eigh(of_data[-c:, -c:])
        least = _LEAST_SHARE * float(values[-1]) or 1.0
        # Rows on one line are tied by how much of the block's share of |v|^2 their outputs take.
        outputs = N[rows] @ vectors / np.sqrt(np.maximum(values, least))
        unit = self.target_unit * self.input_unit
        spread = along.of(units, rows).spread(
            _for_lengths(multipliers, self._lengths[units]).scaled(unit), outputs
        )
        return BlockProof(tuple(rows.tolist()), of_data, N[rows], spread)

    def of_block(self, proof: BlockProof) -> tuple[Indices, Multipliers] | None:
        """Return the units of a proof of the data's rows and its multipliers for them; undoes `block_proof`.

        Args:
            proof: whose share is not looked at.

        Returns:
            None where rows share a line, as multipliers that tie them have no counterpart.
        """
        along = self._directions
        if len(along.nonzero) != len(along.units):
            return None
        rows = np.asarray(proof.rows, dtype=np.intp)
        live = np.flatnonzero(along.scales[rows])
        units = along.lines[rows[live]]
        lengths = 1 / (along.scales[rows[live]] * self._lengths[units])
        of_live = proof.multipliers.of(live).scaled(1 / (self.target_unit * self.input_unit))
        return units, _for_lengths(of_live, lengths)

    @property
    def representatives(self) -> Indices:
        """The first row of X on the line of each unit, which it is a positive multiple of; of length K."""
        return self._directions.representatives

    def multipliers_of_data(self, multipliers: Multipliers, N: Matrix) -> Multipliers:
        """Return those of all units, in units of the form above, for the rows of X, in units of gamma.

        Args:
            multipliers: of all units.
            N: of the data, n x c.
        """
        unit = self.target_unit * self.input_unit
        return self._directions.spread(_for_lengths(multipliers, self._lengths).scaled(unit), N)

    def groups_of(self, N: Matrix) -> Matrix:
        """Return the groups' entries, G x c, of a dual point of the data, n x c; undoes `dual_point`."""
        return MergedRows.of(self._directions, N).targets / self.target_unit

    def _share(self, of_units: Matrix) -> Matrix:
        """Return a form in (u, v) of the units, of order rank + c, as one of the data's, of order d + c."""
        c = self.targets.shape[1]
        rank, d = self._coordinates.shape
        change = np.zeros((rank + c, d + c))
        change[:rank, :d], change[rank:, d:] = self._coordinates, np.eye(c)
        return np.asarray(self.target_unit * self.input_unit * change.T @ of_units @ change)

    def solution(
        self, entries: Matrix, multipliers: Multipliers, solver: str, status: str, seconds: float
    ) -> DualSolution:
        """Return a dual point of the data with its multipliers, in units of the level gamma^2.

        Args:
            entries: N of the groups, G x c.
            multipliers: of the units, in units of the form above.
            solver: named in the solution.
            status: likewise.
            seconds: likewise.
        """
        N = self.dual_point(entries)
        value = SquaredLoss(self._Y).dual_value(N)
        return DualSolution(
            dual_point=N,
            multipliers=self.multipliers_of_data(multipliers.scaled(self._gamma), N),
            value=value,
            dual_value=value,
            solver=solver,
            status=status,
            seconds=seconds,
        )


def _for_lengths(multipliers: Multipliers, lengths: Vector) -> Multipliers:
    """Return multipliers of unit rows for the same rows with these lengths."""
    shrink = 1 / np.outer(lengths, lengths)
    return Multipliers(
        multipliers.alpha_alpha * shrink,
        multipliers.alpha_beta * shrink,
        multipliers.beta_beta * shrink,
        multipliers.slack / lengths**2,
    )


def _unlike(units: Matrix) -> tuple[Matrix, Matrix]:
    """Return the rows in coordinates in which they are less alike, K x rank, and the map from u to these.

    Along each principal axis they are stretched by a power of how short the rows are there.
    """
    if not len(units):
        return units, np.eye(units.shape[1])
    _, singular, axes = np.linalg.svd(units, full_matrices=False)
    kept = singular > _DEGENERATE * singular[0]
    stretch = (singular[0] / singular[kept]) ** _STRETCH
    return units @ (axes[kept].T * stretch), axes[kept] / stretch[:, None]
