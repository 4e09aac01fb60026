"""Multipliers of SDP-NN as exact rationals, and the quadratic form that they stand for.

The rational counterpart of `formulations.sdp.multipliers`, with the conversions between python-flint's
rationals and Python's (docs/method.md, section 3a).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat

Rows = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True)
class ExactMultipliers:
    """The rational counterpart of `Multipliers`, in units of the level gamma^2.

    Attributes:
        alpha_alpha: A, n x n, symmetric, entrywise nonnegative.
        alpha_beta: B, n x n, entrywise nonnegative.
        beta_beta: C, n x n, symmetric, entrywise nonnegative.
        slack: s, of length n, free.
    """

    alpha_alpha: Rows
    alpha_beta: Rows
    beta_beta: Rows
    slack: tuple[Fraction, ...]


def to_fmpq(x: Fraction) -> fmpq:
    """Convert a fraction for python-flint."""
    return fmpq(int(x.numerator), int(x.denominator))


def to_fraction(x: fmpq) -> Fraction:
    """Convert a rational of python-flint."""
    return Fraction(int(x.p), int(x.q))


def to_matrix(rows: Sequence[Sequence[Fraction]]) -> fmpq_mat:
    """Convert rows of fractions."""
    return fmpq_mat([[to_fmpq(entry) for entry in row] for row in rows])


def to_rows(matrix: fmpq_mat) -> Rows:
    """Convert a matrix of python-flint."""
    return tuple(tuple(map(to_fraction, row)) for row in matrix.tolist())


def nearest(matrix: fmpq_mat, unit: fmpq) -> fmpq_mat:
    """Round every entry to the nearest multiple of a unit."""
    half = fmpq(1, 2)
    entries = [unit * (entry / unit + half).floor() for entry in matrix.entries()]
    return fmpq_mat(matrix.nrows(), matrix.ncols(), entries)


class Bracket:
    """A, B, C and s while they are put together."""

    def __init__(self, n: int) -> None:
        self.matrices = {name: fmpq_mat(n, n) for name in ("alpha_alpha", "alpha_beta", "beta_beta")}
        self.slack = fmpq_mat(1, n)

    def add(self, name: str, i: int, j: int, amount: fmpq) -> None:
        """Add a multiple of the product of two rows."""
        matrix = self.matrices[name]
        if name == "alpha_beta":
            matrix[i, j] += amount
        else:
            matrix[i, j] += amount / 2
            matrix[j, i] += amount / 2

    def subtract_square(self, j: int, i: int, t: fmpq, amount: fmpq) -> None:
        """Subtract a multiple of the square that vanishes because of x_j = t x_i (or of x_j = 0)."""
        self.slack[0, j] -= amount
        self.slack[0, i] -= amount * t**2
        if t > 0:
            self.add("alpha_beta", i, j, amount * t)
            self.add("alpha_beta", j, i, amount * t)
        elif t < 0:
            self.add("alpha_alpha", i, j, -amount * t)
            self.add("beta_beta", i, j, -amount * t)

    def round_to(self, unit: fmpq) -> None:
        """Round every multiplier to a multiple of a unit."""
        self.matrices = {name: nearest(matrix, unit) for name, matrix in self.matrices.items()}
        self.slack = nearest(self.slack, unit)

    def form(self, alpha: fmpq_mat, beta: fmpq_mat) -> fmpq_mat:
        """Return the bracket as a symmetric matrix; the rows of alpha and beta are linear forms."""
        n = self.slack.ncols()
        mixed = self.matrices["alpha_beta"] + fmpq_mat(
            n, n, [self.slack[0, i] if i == j else 0 for i in range(n) for j in range(n)]
        )
        cross = alpha.transpose() * mixed * beta
        return (
            alpha.transpose() * self.matrices["alpha_alpha"] * alpha
            + (cross + cross.transpose()) / 2
            + beta.transpose() * self.matrices["beta_beta"] * beta
        )

    def exact(self) -> ExactMultipliers:
        """Return the multipliers as fractions."""
        matrices = {name: to_rows(matrix) for name, matrix in self.matrices.items()}
        return ExactMultipliers(**matrices, slack=to_rows(self.slack)[0])
