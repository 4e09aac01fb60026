"""A symmetric matrix of rationals: what certificates of copositivity and complete positivity are about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from certify.checker.errors import DataError
from certify.checker.numbers.integers import IntegerRows, Rational, over_common_denominator
from certify.checker.numbers.rounding import float_up

MAX_ORDER = 512
_ROUNDING = Fraction(1, 10**9)  # of the larger entry; what differs by more was meant to
MAX_BITS = 13_000  # about as many as the digits that a certificate file may have


@dataclass(frozen=True)
class SymmetricMatrix:
    """A symmetric matrix M of order p.

    Attributes:
        entries: p x p integers.
        denominator: the least common one of M, positive; M is `entries` over it.
    """

    entries: IntegerRows
    denominator: int

    def __repr__(self) -> str:
        return f"SymmetricMatrix(order {self.order}, sha256 {self.sha256()[:12]}...)"

    @classmethod
    def from_rationals(
        cls, rows: Iterable[Sequence[Rational]], source: str = "M", *, symmetrize: bool = False
    ) -> SymmetricMatrix:
        """Take over a matrix of integers and fractions.

        Args:
            rows: p rows of p entries.
            source: the matrix's name in messages.
            symmetrize: whether to take (M + M^T)/2 of the matrix M in the rows, which has the same form
                z^T M z.

        Raises:
            DataError: if there are no rows or too many, the matrix is not square or not symmetric, or its
                numbers are too long.
        """
        table = [tuple(row) for row in rows]
        p = len(table)
        if p == 0:
            raise DataError(f"{source} has no rows: give a symmetric matrix")
        if p > MAX_ORDER:
            raise DataError(f"{source} has {p} rows: give a matrix of order at most {MAX_ORDER}")
        for i, row in enumerate(table):
            if len(row) != p:
                raise DataError(
                    f"{source} is not square: it has {p} rows and row {i + 1} has {len(row)} entries; "
                    "give a symmetric matrix"
                )
        if symmetrize:
            columns = zip(*table, strict=True)
            table = [
                tuple(Fraction(a + b) / 2 for a, b in zip(row, column, strict=True))
                for row, column in zip(table, columns, strict=True)
            ]
        for i, row in enumerate(table):
            for j in range(i):
                if row[j] != table[j][i]:
                    raise DataError(_asymmetry(source, i, j, row[j], table[j][i]))
        entries, denominator = over_common_denominator(table)
        if max(denominator, *(abs(entry) for row in entries for entry in row)).bit_length() > MAX_BITS:
            raise DataError(
                f"{source} has numbers of more than {MAX_BITS} bits over their common denominator: round them"
            )
        return cls(entries, denominator)

    @property
    def order(self) -> int:
        """The number p of rows."""
        return len(self.entries)

    def canonical_text(self) -> str:
        """Write what is hashed (docs/certificate-format.md, "The matrix and its hash")."""
        head = f"certify matrix 1\norder {self.order}\ndenominator {self.denominator}\n"
        return head + "".join(" ".join(map(str, row)) + "\n" for row in self.entries)

    def sha256(self) -> str:
        """Hash the canonical text."""
        return hashlib.sha256(self.canonical_text().encode()).hexdigest()

    def value(self, z: Sequence[Rational]) -> Fraction:
        """Return z^T M z for a vector of length p."""
        return Fraction(sum(map(mul, z, (sum(map(mul, row, z)) for row in self.entries)))) / self.denominator


def _asymmetry(source: str, i: int, j: int, entry: Rational, other: Rational) -> str:
    """Say that two entries differ, the 0-based (i, j) and (j, i), and what to do about it."""
    places = f"row {i + 1}, column {j + 1}", f"row {j + 1}, column {i + 1}"
    gap = abs(Fraction(entry) - Fraction(other))
    if gap <= _ROUNDING * max(abs(Fraction(entry)), abs(Fraction(other))):
        return (
            f"{source} is not symmetric: {places[0]} and {places[1]} differ by {float_up(gap):.2g}, as the "
            "rounding of np.corrcoef or np.linalg.inv leaves them; give (M + M.T) / 2, which is symmetric "
            "(--symmetrize)"
        )
    return (
        f"{source} is not symmetric: {places[0]} is {_shown(entry)} and {places[1]} is {_shown(other)}; give "
        "a symmetric matrix, such as (M + M^T)/2, which has the same form z^T M z (--symmetrize)"
    )


def _shown(value: Rational) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:40] + "..."
