"""The positive semidefinite part of matrices that change little from one to the next.

A full eigenvalue decomposition of order m spends most of its time outside of matrix products. Where few
eigenvalues are positive, and their eigenvectors are nearly known, two products with a block of these are
enough: the Rayleigh-Ritz method on the span of the vectors of before and of their residuals, one step of the
block Davidson or LOBPCG method (Knyazev, "Toward the optimal preconditioned eigensolver", 2001). Now and
then a decomposition of the whole matrix finds what has become positive elsewhere.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh, qr

from formulations.arrays import Matrix, Vector

_WHOLE_EVERY = 20  # matrices
_FEW = 0.25  # of the order: beyond that a span of twice as many vectors saves nothing
_SPARE = 8  # vectors whose eigenvalues are the next ones below zero
_FIRST = 40


class PositivePart:
    """What is known of the matrix last seen.

    Attributes:
        rank: how many of its eigenvalues are positive.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.rank = 0
        self._basis: Matrix | None = None
        self._seen = 0

    def of(self, matrix: Matrix) -> Matrix:
        """Return F, m x rank, with F F^T close to the positive semidefinite part.

        Args:
            matrix: symmetric, m x m, near to the one before.
        """
        basis = self._basis
        if basis is None or self._seen % _WHOLE_EVERY == 0 or basis.shape[1] > len(matrix) * _FEW:
            values, vectors = self._of_whole(matrix)
        else:
            values, vectors = _of_span(matrix, basis)
        self._seen += 1
        self.rank = int(np.count_nonzero(values > 0))
        kept = min(len(values), self.rank + _SPARE)
        # Without a vector below zero something positive may have been missed.
        known = self.rank < len(values) or len(values) == len(matrix)
        self._basis = vectors[:, len(values) - kept :] if known else None
        first = len(values) - self.rank
        return np.asarray(vectors[:, first:] * np.sqrt(values[first:]))

    def _of_whole(self, matrix: Matrix) -> tuple[Vector, Matrix]:
        order = len(matrix)
        count = min(order, _FIRST if self._basis is None else self._basis.shape[1])
        while True:
            values, vectors = eigh(
                matrix, subset_by_index=(order - count, order - 1), driver="evr", check_finite=False
            )
            if count == order or values[0] <= 0:
                return values, vectors
            count = min(order, 2 * count)


def _of_span(matrix: Matrix, basis: Matrix) -> tuple[Vector, Matrix]:
    """Return as many Ritz pairs as there are vectors, from the span of these and of their residuals."""
    image = matrix @ basis
    others = image
    for _ in range(2):  # once is not enough where the residuals are small
        others = np.asarray(others - basis @ (basis.T @ others))
        others = np.asarray(qr(others, mode="economic", overwrite_a=True, check_finite=False)[0])
    span = np.hstack([basis, others])
    form = span.T @ np.hstack([image, matrix @ others])
    count = basis.shape[1]
    values, weights = eigh((form + form.T) / 2, check_finite=False)
    return values[-count:], span @ weights[:, -count:]
