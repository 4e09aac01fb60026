"""Matrices of balls (python-flint): what an interior-point method in extended precision needs of them.

`arb_mat` follows rounding errors in the radius of every entry. An iteration drops the radii, since its
next step corrects what they stand for; `cholesky` keeps them, so that its success is a proof.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_mat


def identity(n: int) -> arb_mat:
    """Return the identity matrix of order n."""
    return arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def inverted(matrix: arb_mat) -> arb_mat:
    """Return an approximate inverse."""
    return matrix.mid().solve(identity(matrix.nrows()), algorithm="approx").mid()


def cholesky(matrix: arb_mat) -> arb_mat | None:
    """Return the lower Cholesky factor of a symmetric matrix, or None unless it is proved definite."""
    n, entries = matrix.nrows(), matrix.tolist()
    factor = [[arb(0)] * n for _ in range(n)]
    for j in range(n):
        pivot = entries[j][j] - dot(factor[j][:j], factor[j][:j])
        if not pivot > 0:
            return None
        factor[j][j] = pivot.sqrt()
        for i in range(j + 1, n):
            factor[i][j] = (entries[i][j] - dot(factor[i][:j], factor[j][:j])) / factor[j][j]
    return arb_mat(factor)


def dot(a: Sequence[arb], b: Sequence[arb]) -> arb:
    """Return the inner product of two vectors."""
    return sum((v * w for v, w in zip(a, b, strict=True)), arb(0))


def symmetric(matrix: arb_mat) -> arb_mat:
    """Return the symmetric part."""
    return (matrix + matrix.transpose()) / 2
