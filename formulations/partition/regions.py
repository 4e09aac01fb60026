"""One region of a partition: SDP-NN where the signs of some rows' x_i . u are known (docs/method.md, 3c).

The rows with known signs, the *pivots*, divide the space of u into regions. On each of them the form gamma
(|u|^2 + |v|^2) - 2 v^T N^T relu(Xu) is bounded below as in SDP-NN, by products of nonnegative forms. Where a
pivot is active its relu is linear, and in either case |x_i . u| is one more nonnegative form. A region inside
another inherits its multipliers: what was alpha_i becomes x_i . u or 0, and a semidefinite form stays one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import linalg

from formulations.arrays import Indices, Matrix, Vector

_LEAST_SLACK = 0.03  # of a new multiplier's product, relative to the lengths of its two forms
_REACH = 0.3  # share of the way to the boundary that new multipliers take together
_DROP = 0.03  # relative to its forms, of a multiplier under Z^-1 and of its slack under L
_INSIDE = 0.03  # a product counts as negative where the correlation is below minus that


class Form(NamedTuple):
    """alpha_i = relu(x_i . u) for the part 1, beta_i = relu(-x_i . u) for -1."""

    part: int
    row: int


class Geometry:
    """The rows and weights in the coordinates that all regions compute in.

    Attributes:
        rows: n x r, of unit length; r is the rank of the inputs.
        scales: of length n; x_i . u is scales_i times rows_i . u'.
        weights: of length r; gamma |u|^2 is the sum of weights times the squares of u' (least norm u).
        Y: n x c.
        gamma: positive.
    """

    def __init__(self, X: Matrix, Y: Matrix, gamma: float) -> None:
        """Take inputs X, n x d, without zero rows, and targets Y, n x c."""
        lengths = np.linalg.norm(X, axis=1)
        units = X / lengths[:, None]
        _, singular, axes = np.linalg.svd(units, full_matrices=False)
        rank = int(np.sum(singular > 1e-10 * singular[0]))
        stretch = singular[0] / singular[:rank]
        rows = units @ (axes[:rank].T * stretch)
        stretched = np.linalg.norm(rows, axis=1)
        self.rows = rows / stretched[:, None]
        self.scales = lengths * stretched
        self.weights = gamma * stretch**2
        self.Y, self.gamma = Y, gamma


class Region:
    """The iterate of one region, moved in place by `formulations.partition.joint_program`.

    The variables are z = (u', alpha of the rows without a known sign, v).

    Attributes:
        geometry: the rows.
        signs: 1 or -1 for each pivot that is settled here.
        open: the rows that are not, ascending.
        names: what the nonnegative forms stand for: alpha and beta of the open rows, then the pivots'.
        forms: order x (number of forms), columns over z; after the nonnegative ones the c outputs v_j.
        entries: positions in the flattened N that occur in this region.
        first: for each entry, each free slack and each multiplier, the index of its first form.
        second: likewise.
        coefficients: what multiplies their product.
        slack: of the open rows' alpha_i beta_i = 0.
        y: the multipliers, positive.
        w: their primal slacks, positive.
        Z: the dual matrix over z, positive definite.
        L: the primal matrix, positive definite.
    """

    def __init__(self, geometry: Geometry, signs: Mapping[int, int]) -> None:
        """Start without multipliers; `slack` and `L` are for the caller to set."""
        self.geometry, self.signs = geometry, dict(signs)
        (n, rank), c = geometry.rows.shape, geometry.Y.shape[1]
        self.open = [i for i in range(n) if i not in self.signs]
        m, settled = len(self.open), sorted(self.signs)
        self.names = [
            *(Form(1, i) for i in self.open),
            *(Form(-1, i) for i in self.open),
            *(Form(self.signs[i], i) for i in settled),
        ]
        self.index = {name: k for k, name in enumerate(self.names)}
        count = len(self.names)
        self.forms = np.zeros((rank + m + c, count + c))
        self.forms[rank : rank + m, :m] = self.forms[rank : rank + m, m : 2 * m] = np.eye(m)
        self.forms[:rank, m : 2 * m] = -geometry.rows[self.open].T
        for k, i in enumerate(settled):
            self.forms[:rank, 2 * m + k] = self.signs[i] * geometry.rows[i]
        self.forms[rank + m :, count:] = np.eye(c)
        self.constant = np.diag(np.concatenate([geometry.weights, np.zeros(m), np.full(c, geometry.gamma)]))
        heard = np.array([i for i in range(n) if Form(1, i) in self.index], dtype=np.intp)
        outputs = np.tile(np.arange(c), len(heard))
        repeated = np.repeat(heard, c)
        self.entries = repeated * c + outputs
        self._free_first = np.concatenate(
            [np.array([self.index[Form(1, int(i))] for i in repeated], dtype=np.intp), np.arange(m)]
        )
        self._free_second = np.concatenate([count + outputs, m + np.arange(m)])
        self._free_coefficients = np.concatenate([2 * geometry.scales[repeated], np.ones(m)])
        self.slack: Vector = np.zeros(m)
        self.pairs = np.zeros((0, 2), dtype=np.intp)
        self.y: Vector = np.zeros(0)
        self.w: Vector = np.zeros(0)
        self.L: Matrix = np.zeros((0, 0))
        self.Z = self.constant

    @property
    def first(self) -> Indices:
        """The first form of each variable."""
        return np.concatenate([self._free_first, self.pairs[:, 0]])

    @property
    def second(self) -> Indices:
        """The second form of each variable."""
        return np.concatenate([self._free_second, self.pairs[:, 1]])

    @property
    def coefficients(self) -> Vector:
        """What multiplies the product of each variable's forms."""
        return np.concatenate([self._free_coefficients, np.ones(len(self.y))])

    @property
    def centrality(self) -> int:
        """The number of complementary pairs."""
        return len(self.Z) + len(self.y)

    @property
    def gap(self) -> float:
        """The complementarity gap (a loss)."""
        return float(np.sum(self.L * self.Z) + self.y @ self.w)

    @property
    def weight(self) -> float:
        """What the primal matrix pays (a loss): the share of the bound that is decided in this region."""
        return float(np.sum(self.constant * self.L))

    def gram(self, matrix: Matrix) -> Matrix:
        """Return the values of all products of two forms under a matrix over z."""
        return np.asarray(self.forms.T @ matrix @ self.forms)

    def operator(self, values: Vector) -> Matrix:
        """Return the sum of all products as a matrix over z; entries, slack and multipliers in one vector."""
        size = self.forms.shape[1]
        table = np.zeros((size, size))
        table[self.first, self.second] = self.coefficients * values / 2
        return np.asarray(self.forms @ (table + table.T) @ self.forms.T)

    def adjoint(self, matrix: Matrix) -> Vector:
        """Return the value of each variable's product under a matrix over z."""
        return np.asarray(self.coefficients * self.gram(matrix)[self.first, self.second])

    def refresh(self, N: Vector) -> None:
        """Compute Z anew for the flattened dual point."""
        self.Z = self.constant - self.operator(np.concatenate([N[self.entries], self.slack, self.y]))

    def _lengths(self, matrix: Matrix) -> Vector:
        return _roots(np.sum(self.forms * (matrix @ self.forms), axis=0))

    def include(self, pairs: Indices, least_slack: float = _LEAST_SLACK) -> None:
        """Add multipliers of so many pairs of forms, k x 2, at values that keep Z positive definite."""
        if not len(pairs):
            return
        mu = self.gap / self.centrality
        under_z, gram = self._lengths(np.linalg.inv(self.Z)), self.gram(self.L)
        under_l = _roots(np.diag(gram))
        f, g = pairs.T
        values, slack = 1 / (under_z[f] * under_z[g]), gram[f, g]
        values = np.where(slack > 0, np.minimum(values, mu / np.maximum(slack, 1e-300)), values)
        free = len(self.entries) + len(self.slack)
        self.pairs = np.concatenate([self.pairs, pairs])
        self.y, old = np.concatenate([self.y, np.zeros(len(values))]), len(self.y)
        added = self.operator(np.concatenate([np.zeros(free + old), values]))
        last = len(added) - 1
        largest = float(linalg.eigh(added, self.Z, eigvals_only=True, subset_by_index=[last, last])[0])
        share = min(1.0, _REACH / max(largest, 1e-300))
        self.y[old:] = share * values
        self.w = np.concatenate(
            [self.w, np.maximum(slack, np.maximum(least_slack * under_l[f] * under_l[g], 1e-300))]
        )
        self.Z = self.Z - share * added

    def violated(self, limit: int) -> Indices:
        """Return at most so many pairs of forms, those with the most negative products under L."""
        gram, count, m = self.gram(self.L), len(self.names), len(self.open)
        lengths = _roots(np.diag(gram))
        correlation = gram / np.outer(lengths, lengths)
        k = np.arange(m)
        correlation[k, m + k] = 0.0
        correlation[self.pairs[:, 0], self.pairs[:, 1]] = 0.0
        first, second = np.triu_indices(count)
        values = correlation[first, second]
        worst = np.argsort(values)[:limit]
        worst = worst[values[worst] < -_INSIDE]
        return np.column_stack([first[worst], second[worst]])

    def least_correlated(self, moments: Matrix, each: int) -> Indices:
        """Return for each form its pairs with the few others that it is least correlated with."""
        count, m = len(self.names), len(self.open)
        gram = self.gram(moments)[:count, :count]
        lengths = np.sqrt(np.diag(gram))
        correlation = gram / np.outer(lengths, lengths)
        k = np.arange(m)
        correlation[k, m + k] = correlation[m + k, k] = np.inf
        np.fill_diagonal(correlation, np.inf)
        partners = np.argsort(correlation, axis=1)[:, :each]
        pairs = np.column_stack([np.repeat(np.arange(count), partners.shape[1]), partners.ravel()])
        return np.unique(np.sort(pairs, axis=1), axis=0)

    def drop(self) -> None:
        """Drop the multipliers far below their slacks, unless Z leaves the cone without them."""
        if not len(self.y):
            return
        under_z, under_l = self._lengths(np.linalg.inv(self.Z)), self._lengths(self.L)
        f, g = self.pairs.T
        small = (self.y * under_z[f] * under_z[g] < _DROP) & (self.w > _DROP * under_l[f] * under_l[g])
        free = np.zeros(len(self.entries) + len(self.slack))
        without = self.Z + self.operator(np.concatenate([free, np.where(small, self.y, 0.0)]))
        if small.any() and float(np.linalg.eigvalsh(without)[0]) > 0:
            self.pairs, self.y, self.w = self.pairs[~small], self.y[~small], self.w[~small]
            self.Z = without

    def ambiguity(self, N: Matrix) -> dict[int, float]:
        """Say for each open row how much is gained, at most, by knowing its sign; N is n x c."""
        m, rank, c = len(self.open), len(self.geometry.weights), N.shape[1]
        squares = np.diag(self.gram(self.L))
        either = np.minimum(squares[:m], squares[m : 2 * m])
        outputs = float(np.trace(self.L[rank + m :, rank + m :])) if c else 0.0
        sizes = np.linalg.norm(N[self.open], axis=1) * self.geometry.scales[self.open]
        values = sizes * np.sqrt(np.maximum(either, 0.0) * max(outputs, 0.0))
        return dict(zip(self.open, values.tolist(), strict=True))

    def split(self, row: int, N: Vector) -> list[Region]:
        """Return the two regions where the open row is active and inactive; both are feasible."""
        return [self._half(Region(self.geometry, {**self.signs, row: sign}), N) for sign in (1, -1)]

    def relax(self, interior: Vector, share: float) -> None:
        """Move a share of the way to N = 0 with the given slack of all rows, and L and w to the centre.

        What ends one solution is close to the boundary, where the next cannot start from.
        """
        self.slack = (1 - share) * self.slack + share * interior[self.open]
        self.y = (1 - share) * self.y

    def centre(self, mu: float) -> None:
        """Keep L and w, after Z has changed, from being far less than products of mu ask for."""
        self.L = self.L + mu * np.linalg.inv(self.Z)
        self.w = np.maximum(self.w, mu / self.y)

    def _half(self, half: Region, N: Vector) -> Region:
        kept: Sequence[int] = [self.open.index(i) for i in half.open]
        half.slack = self.slack[kept]
        places = np.array([half.index.get(name, -1) for name in self.names], dtype=np.intp)
        pairs = np.sort(places[self.pairs], axis=1)
        alive = pairs[:, 0] >= 0
        half.pairs, half.y = pairs[alive], self.y[alive]
        half.refresh(N)
        rank, m = len(self.geometry.weights), len(self.open)
        place = [*range(rank), *(rank + k for k in kept), *range(rank + m, len(self.L))]
        half.L = self.L[np.ix_(place, place)] / 2
        half.w = self.w[alive] / 2
        return half


def _roots(squares: Vector) -> Vector:
    """Return the roots of what is positive but for rounding."""
    return np.asarray(np.sqrt(np.maximum(squares, 1e-300)))
