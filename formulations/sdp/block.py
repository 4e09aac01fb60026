"""One semidefinite constraint of SDP-NN's dual, and where the interior-point method stands in it.

    Z = G - sum_k c_k y_k sym(f_k g_k^T)   is positive semidefinite.

Every constraint matrix is a product of two linear forms f_k, g_k over z = (u, alpha, v), and the y_k are of
three kinds: entries of the dual point N, which blocks share; the slack of products that vanish, free; and the
multipliers of products that are nonnegative, positive. Those are generated: what a block starts with are the
first two. It goes in as arrays and is moved in place by `formulations.sdp.interior_point`; docs/method.md,
section 3a, has the mathematics.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from formulations.arrays import Indices, Matrix, Vector
from formulations.compiled import kept

_REACH = 0.3  # share of the way to the boundary that new multipliers take together


class Block:
    """One constraint and its iterate.

    Attributes:
        constant: G, of order p, the form gamma (|u|^2 + |v|^2).
        forms: p x (number of forms), columns over z.
        entries: positions in the flattened N that occur here, each once.
        slack: the free variables of products that vanish.
        pairs: k x 2, the indices of the two forms of each multiplier's product.
        y: the multipliers, of length k, positive.
        w: their primal slacks, positive.
        Z: the dual matrix over z, positive definite.
        L: the primal matrix over z, positive definite.
    """

    def __init__(
        self,
        constant: Matrix,
        forms: Matrix,
        entries: Indices,
        first: Indices,
        second: Indices,
        coefficients: Vector,
    ) -> None:
        """Start without multipliers and slack; `slack` and `L` are for the caller to set.

        Args:
            constant: G.
            forms: as above.
            entries: as above.
            first: for each entry, then each free slack, the index of its first form.
            second: likewise.
            coefficients: what multiplies their product.
        """
        self.constant, self.forms, self.entries = constant, forms, entries
        self._first, self._second, self._coefficients = first, second, coefficients
        self.slack: Vector = np.zeros(len(first) - len(entries))
        self.pairs = np.zeros((0, 2), dtype=np.intp)
        self.y: Vector = np.zeros(0)
        self.w: Vector = np.zeros(0)
        self.L: Matrix = np.zeros((0, 0))
        self.Z = constant

    @property
    def first(self) -> Indices:
        """The first form of each variable: entries, slack, multipliers."""
        return np.concatenate([self._first, self.pairs[:, 0]])

    @property
    def second(self) -> Indices:
        """The second form of each variable."""
        return np.concatenate([self._second, self.pairs[:, 1]])

    @property
    def coefficients(self) -> Vector:
        """What multiplies the product of each variable's forms; 1 for multipliers."""
        return np.concatenate([self._coefficients, np.ones(len(self.pairs))])

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
        """What the primal matrix pays (a loss): the share of the bound that is decided in this block."""
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

    def newton_matrix(self, scaling: Matrix) -> Matrix:
        """Return the values <A_k, K A_l K> of all pairs of constraint matrices under a matrix K over z."""
        first, second, coefficients = self.first, self.second, self.coefficients
        matrix = np.empty((len(first), len(first)))
        _fill_newton_matrix(self.gram(scaling), first, second, coefficients, matrix)
        return matrix

    def refresh(self, N: Vector) -> None:
        """Compute Z anew for the flattened dual point."""
        self.Z = self.constant - self.operator(np.concatenate([N[self.entries], self.slack, self.y]))

    def lengths(self, matrix: Matrix) -> Vector:
        """Return the length of each form under a positive definite matrix over z."""
        return roots(np.sum(self.forms * (matrix @ self.forms), axis=0))

    def include(self, pairs: Indices, least_slack: float) -> None:
        """Add multipliers at positive values that keep Z positive definite.

        Args:
            pairs: of forms, k x 2, ascending in each row, without a multiplier yet.
            least_slack: least primal slack, relative to the lengths of the two forms under L.
        """
        if not len(pairs):
            return
        mu = self.gap / self.centrality
        under_z, gram = self.lengths(inverse(self.Z)), self.gram(self.L)
        under_l = roots(np.diag(gram))
        f, g = pairs.T
        values, slack = 1 / (under_z[f] * under_z[g]), gram[f, g]
        with np.errstate(over="ignore"):  # an infinite quotient bounds nothing
            values = np.where(slack > 0, np.minimum(values, mu / np.maximum(slack, 1e-300)), values)
        old = len(self.y)
        self.pairs = np.concatenate([self.pairs, pairs])
        self.y = np.concatenate([self.y, np.zeros(len(values))])
        added = self.operator(np.concatenate([np.zeros(len(self._first) + old), values]))
        last = len(added) - 1
        largest = float(linalg.eigh(added, self.Z, eigvals_only=True, subset_by_index=[last, last])[0])
        share = min(1.0, _REACH / max(largest, 1e-300))
        self.y[old:] = share * values
        least = np.maximum(least_slack * under_l[f] * under_l[g], 1e-300)
        self.w = np.concatenate([self.w, np.maximum(slack, least)])
        self.Z = self.Z - share * added

    def drop(self, threshold: float) -> NDArray[np.bool_]:
        """Drop the multipliers far below their slacks, unless Z leaves the cone without them.

        Args:
            threshold: relative to the lengths of the forms, under Z^-1 for the multipliers (which have to be
                below it) and under L for their slacks (which have to be above).

        Returns:
            Which multipliers were kept.
        """
        kept = np.ones(len(self.y), dtype=bool)
        if not len(self.y):
            return kept
        under_z, under_l = self.lengths(inverse(self.Z)), self.lengths(self.L)
        f, g = self.pairs.T
        small = self.y * under_z[f] * under_z[g] < threshold
        small &= self.w > threshold * under_l[f] * under_l[g]
        without = self.Z + self.operator(
            np.concatenate([np.zeros(len(self._first)), np.where(small, self.y, 0.0)])
        )
        # A product is no semidefinite form: without its multiplier Z may leave the cone.
        if not small.any() or float(np.linalg.eigvalsh(without)[0]) <= 0:
            return kept
        kept = ~small
        self.pairs, self.y, self.w, self.Z = self.pairs[kept], self.y[kept], self.w[kept], without
        return kept


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse, with the type that numpy does not promise."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def roots(squares: Vector) -> Vector:
    """Return the roots of what is positive but for rounding."""
    return np.asarray(np.sqrt(np.maximum(squares, 1e-300)))


@kept
def _fill_newton_matrix(gram: Any, first: Any, second: Any, coefficients: Any, matrix: Any) -> None:
    """Fill in c_k c_l (K[f_k,f_l] K[g_k,g_l] + K[f_k,g_l] K[g_k,f_l]) / 2, both triangles."""
    for k in range(len(first)):
        f, g = first[k], second[k]
        for l in range(k + 1):
            a, b = first[l], second[l]
            value = gram[f, a] * gram[g, b] + gram[f, b] * gram[g, a]
            value *= 0.5 * coefficients[k] * coefficients[l]
            matrix[k, l] = value
            matrix[l, k] = value
