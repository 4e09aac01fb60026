"""A region of the space of u where the signs of some x_i . u are known: its block of SDP-NN's dual.

The rows with known signs, the *pivots*, divide the space of u into regions; without pivots there is one,
the whole space. On each of them the form gamma (|u|^2 + |v|^2) - 2 v^T N^T relu(Xu) is bounded below as in
SDP-NN, by products of nonnegative forms (docs/method.md, sections 3a and 3c). Where a pivot is active its
relu is linear, and in either case |x_i . u| is one more nonnegative form. A region inside another inherits
its multipliers: what was alpha_i becomes x_i . u or 0, and a semidefinite form stays one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from formulations.arrays import Indices, Matrix, Vector
from formulations.sdp.block import Block, inverse, roots

_NEIGHBOURS = 3
# Share of the Shor centre in the first primal matrix: more of it, and more multipliers stop the first step.
_CENTRE_SHARE = 0.01
_FIRST_SLACK = 0.1  # least primal slack of the first multipliers, relative to the lengths of their forms


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
        axes: d x r; a row x has x . u = (x axes) . u' as far as it lies in the span of the inputs.
        targets: k x c.
        forms: for each row of the targets the index of the form that it multiplies: i for alpha_i, n + i for
            beta_i.
        radii: and the positive number that it multiplies it by.
        gamma: positive.
    """

    def __init__(
        self,
        X: Matrix,
        targets: Matrix,
        gamma: float,
        forms: Indices | None = None,
        radii: Vector | None = None,
    ) -> None:
        """Take inputs X, n x d, without zero rows, and the rest as above; by default relu(X u) is fitted."""
        lengths = np.linalg.norm(X, axis=1)
        units = X / lengths[:, None]
        # Coordinates in which the rows are as unlike as they can be: u = axes u'.
        _, singular, axes = np.linalg.svd(units, full_matrices=False)
        rank = int(np.sum(singular > 1e-10 * singular[0]))
        stretch = singular[0] / singular[:rank]
        self.axes: Matrix = axes[:rank].T * stretch
        rows = units @ self.axes
        stretched = np.linalg.norm(rows, axis=1)
        self.rows = rows / stretched[:, None]
        self.scales = lengths * stretched
        self.weights = gamma * stretch**2
        self.targets, self.gamma = targets, gamma
        self.forms = np.arange(len(X)) if forms is None else forms
        self.radii: Vector = np.ones(len(targets)) if radii is None else radii

    def shor_slack(self) -> Vector:
        """Return slack of all rows with which N = 0 is strictly feasible on every region."""
        whitened = self.rows / np.sqrt(self.weights)
        return np.full(len(whitened), -2 / float(np.linalg.norm(whitened, 2)) ** 2)


class Region(Block):
    """The block of one region. The variables are z = (u', alpha of the rows without a known sign, v).

    Attributes:
        geometry: the rows.
        signs: 1 or -1 for each pivot that is settled here.
        open: the rows that are not, ascending.
        names: what the nonnegative forms stand for: alpha and beta of the open rows, then the pivots'. They
            are the first columns of `forms`; after them come the c outputs v_j.
        slack: of the open rows' alpha_i beta_i = 0.
    """

    def __init__(self, geometry: Geometry, signs: Mapping[int, int]) -> None:
        """Start without multipliers; `slack` and `L` are for the caller to set."""
        self.geometry, self.signs = geometry, dict(signs)
        (n, rank), c = geometry.rows.shape, geometry.targets.shape[1]
        self.open = [i for i in range(n) if i not in self.signs]
        m, settled = len(self.open), sorted(self.signs)
        self.names = [
            *(Form(1, i) for i in self.open),
            *(Form(-1, i) for i in self.open),
            *(Form(self.signs[i], i) for i in settled),
        ]
        self.index = {name: k for k, name in enumerate(self.names)}
        count = len(self.names)
        forms = np.zeros((rank + m + c, count + c))
        forms[rank : rank + m, :m] = forms[rank : rank + m, m : 2 * m] = np.eye(m)
        forms[:rank, m : 2 * m] = -geometry.rows[self.open].T
        for k, i in enumerate(settled):
            forms[:rank, 2 * m + k] = self.signs[i] * geometry.rows[i]
        forms[rank + m :, count:] = np.eye(c)
        fitted = [Form(1, form) if form < n else Form(-1, form - n) for form in geometry.forms.tolist()]
        heard = np.array([k for k, form in enumerate(fitted) if form in self.index], dtype=np.intp)
        places = np.array([self.index[fitted[k]] for k in heard], dtype=np.intp)
        scales = geometry.radii[heard] * geometry.scales[[fitted[k].row for k in heard]]
        outputs = np.tile(np.arange(c), len(heard))
        super().__init__(
            constant=np.diag(np.concatenate([geometry.weights, np.zeros(m), np.full(c, geometry.gamma)])),
            forms=forms,
            entries=np.repeat(heard, c) * c + outputs,
            first=np.concatenate([np.repeat(places, c), np.arange(m)]),
            second=np.concatenate([count + outputs, m + np.arange(m)]),
            coefficients=np.concatenate([2 * np.repeat(scales, c), np.ones(m)]),
        )

    @classmethod
    def whole(cls, geometry: Geometry) -> Region:
        """Return the whole space at N = 0, with the Shor slack and near the Gaussian moments."""
        region = cls(geometry, {})
        (n, rank), c = geometry.rows.shape, geometry.targets.shape[1]
        region.slack = geometry.shor_slack()
        region.refresh(np.zeros(geometry.targets.size))
        moments = gaussian_moments(geometry.rows, c)
        size = float(np.sum(geometry.targets**2)) / (8 * geometry.gamma)
        moments[: rank + n, : rank + n] *= size * geometry.gamma / float(np.sum(geometry.weights))
        moments[rank + n :, rank + n :] *= size / c
        centre = inverse(region.Z)
        centre *= np.trace(moments[:rank, :rank]) / np.trace(centre[:rank, :rank])
        region.L = moments + _CENTRE_SHARE * centre
        guess = [region.least_correlated(moments, _NEIGHBOURS), region.violated(len(region.names) ** 2)]
        region.include(np.unique(np.concatenate(guess), axis=0), _FIRST_SLACK)
        return region

    def unused_pairs(self) -> tuple[Indices, Indices]:
        """Return the two forms of all nonnegative products that do not vanish and have no multiplier."""
        count, m = len(self.names), len(self.open)
        unused = np.triu(np.ones((count, count), dtype=bool))
        unused[np.arange(m), m + np.arange(m)] = False
        unused[self.pairs[:, 0], self.pairs[:, 1]] = False
        first, second = np.nonzero(unused)
        return first, second

    def violated(self, limit: int, inside: float = 0.0) -> Indices:
        """Return the pairs of forms with the most negative products under L, without a multiplier.

        Args:
            limit: at most so many.
            inside: a product counts as negative where the forms' correlation is below minus that.
        """
        gram = self.gram(self.L)
        lengths = roots(np.diag(gram))
        first, second = self.unused_pairs()
        values = gram[first, second] / (lengths[first] * lengths[second])
        worst = np.argsort(values)[:limit]
        worst = worst[values[worst] < -inside]
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
        pairs = pairs[np.isfinite(correlation[pairs[:, 0], pairs[:, 1]])]
        return np.unique(np.sort(pairs, axis=1), axis=0)

    def ambiguity(self, N: Matrix) -> dict[int, float]:
        """Say for each open row how much is gained, at most, by knowing its sign; N is n x c."""
        m, rank = len(self.open), len(self.geometry.weights)
        squares = np.diag(self.gram(self.L))
        either = np.minimum(squares[:m], squares[m : 2 * m])
        outputs = float(np.trace(self.L[rank + m :, rank + m :]))
        sizes = np.linalg.norm(N[self.open], axis=1) * self.geometry.scales[self.open]
        values = sizes * np.sqrt(np.maximum(either, 0.0) * max(outputs, 0.0))
        return dict(zip(self.open, values.tolist(), strict=True))

    def split(self, row: int, N: Vector) -> list[Region]:
        """Return the two regions where the open row is active and inactive; both are feasible."""
        return [self._half(Region(self.geometry, {**self.signs, row: sign}), N) for sign in (1, -1)]

    def relax(self, interior: Vector, share: float) -> None:
        """Move slack and multipliers a share of the way to N = 0 with the given slack of all rows."""
        self.slack = (1 - share) * self.slack + share * interior[self.open]
        self.y = (1 - share) * self.y

    def centre(self, mu: float) -> None:
        """Keep L and w, after Z has changed, from being far less than products of mu ask for."""
        self.L = self.L + mu * inverse(self.Z)
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
