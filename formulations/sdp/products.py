"""The products of two activations as symmetric matrices, for solvers that combine them with multipliers.

Each alpha_i alpha_j, alpha_i beta_j or beta_i beta_j is a quadratic form in the solver's variables; here they
are columns of a sparse matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from formulations.arrays import Indices, Matrix, Vector
from formulations.sdp.multipliers import Multipliers


@dataclass(frozen=True)
class LinearForms:
    """Sparse linear forms, all with the same number k of nonzero coefficients.

    Attributes:
        indices: m x k, the coordinates.
        coefficients: m x k.
    """

    indices: Indices
    coefficients: Matrix

    def __getitem__(self, chosen: Indices) -> LinearForms:
        return LinearForms(self.indices[chosen], self.coefficients[chosen])


def coordinates(start: int, count: int) -> LinearForms:
    """Return the linear forms that read off `count` coordinates from `start` on."""
    return LinearForms(np.arange(start, start + count)[:, None], np.ones((count, 1)))


def products(first: LinearForms, second: LinearForms, order: int) -> sparse.csc_array:
    """Return the symmetric matrices of the products first_m second_m, order^2 x m, a column each."""
    count = len(first.indices)
    rows = first.indices[:, :, None]
    columns = second.indices[:, None, :]
    halves = first.coefficients[:, :, None] * second.coefficients[:, None, :] / 2
    which = np.broadcast_to(np.arange(count)[:, None, None], halves.shape)
    entries = np.concatenate([(rows * order + columns).ravel(), (columns * order + rows).ravel()])
    matrices = sparse.coo_array(
        (np.tile(halves.ravel(), 2), (entries, np.tile(which.ravel(), 2))), shape=(order**2, count)
    ).tocsc()
    matrices.eliminate_zeros()
    return matrices


@dataclass(frozen=True)
class BracketProducts:
    """The products that the multipliers A, B, C and s belong to, over (u, alpha, ...).

    alpha_i beta_i = 0 takes part once, with its free multiplier, so that B has no diagonal.

    Attributes:
        matrices: order^2 x q, those with nonnegative multipliers first.
        nonnegative: how many those are.
        count: K, the number of alphas.
    """

    matrices: sparse.csc_array
    nonnegative: int
    count: int

    @classmethod
    def of(cls, inputs: Matrix, order: int) -> BracketProducts:
        """Return the products for alpha = relu(inputs u), as matrices of the given order >= d + K.

        Args:
            inputs: K x d.
            order: u and alpha are the first d + K of that many coordinates.
        """
        count, d = inputs.shape
        alpha = coordinates(d, count)
        on_u = np.broadcast_to(np.arange(d), (count, d))
        beta = LinearForms(np.hstack([on_u, alpha.indices]), np.hstack([-inputs, alpha.coefficients]))
        i, j = _pairs(count)
        mixed = _mixed_pairs(count)
        every = np.arange(count)
        signed = [
            products(alpha[i], alpha[j], order),
            products(alpha[mixed[0]], beta[mixed[1]], order),
            products(beta[i], beta[j], order),
        ]
        matrices = sparse.hstack([*signed, products(alpha[every], beta[every], order)], format="csc")
        return cls(matrices, sum(block.shape[1] for block in signed), count)

    def multipliers(self, values: Vector) -> Multipliers:
        """Return the multipliers that a solver's numbers stand for; what is below zero by error becomes zero.

        Args:
            values: of length q, in the order of the columns.
        """
        pairs = self.count * (self.count + 1) // 2
        signed = np.maximum(values[: self.nonnegative], 0)
        mixed = np.zeros((self.count, self.count))
        mixed[_mixed_pairs(self.count)] = signed[pairs:-pairs]
        return Multipliers(
            _symmetric(signed[:pairs], self.count),
            mixed,
            _symmetric(signed[-pairs:], self.count),
            values[self.nonnegative :].copy(),
        )


def _pairs(count: int) -> tuple[Indices, Indices]:
    return np.triu_indices(count)


def _mixed_pairs(count: int) -> tuple[Indices, Indices]:
    i, j = np.nonzero(~np.eye(count, dtype=bool))
    return i, j


def _symmetric(values: Vector, count: int) -> Matrix:
    half = np.zeros((count, count))
    half[_pairs(count)] = values / 2
    return half + half.T
