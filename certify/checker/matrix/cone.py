"""The cones of a copositivity tree, and the form of the matrix on each, in integers.

On the cone {sum_k t_k w_k : t >= 0} the form z^T M z is t^T T t with T_kl = w_k^T M w_l, so that all that a
leaf asks for is T. The tree begins with the orthant of R^p, where T = M. To cut a cone changes T as a change
of basis does, and to part it leaves out rows and columns of T.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from certify.checker.numbers.integers import IntegerRows, divided_gram, square_of, triangle
from certify.checker.obligations import Obligation, Rejection, require

Vector = tuple[int, ...]


class MatrixCone(NamedTuple):
    """The cone {sum_k t_k w_k : t >= 0} with the form of a symmetric matrix M on it.

    Attributes:
        generators: w_1, ..., w_m, linearly independent vectors of R^p.
        gram: w_k^T M w_l for k <= l, row by row.
    """

    generators: tuple[Vector, ...]
    gram: Sequence[int]

    @classmethod
    def root(cls, entries: IntegerRows) -> MatrixCone:
        """Return the orthant of R^p for the integer matrix M, p x p."""
        p = len(entries)
        unit = tuple(tuple(int(i == k) for i in range(p)) for k in range(p))
        return cls(unit, tuple(chain.from_iterable(row[k:] for k, row in enumerate(entries))))

    @property
    def signed(self) -> tuple[bool, ...]:
        """The sign of each t_k is known."""
        return (True,) * len(self.generators)

    @property
    def vectors(self) -> int:
        """The number of vectors that the cone counts as (docs/certificate-format.md)."""
        return 2 * len(self.generators)

    @property
    def form(self) -> list[list[int]]:
        """T, as rows."""
        return square_of(self.gram, len(self.generators))

    def generator(self, k: int) -> Vector:
        """Return w_k."""
        return self.generators[k]

    def halves(self, k: int) -> tuple[MatrixCone, MatrixCone]:
        """Refuse to divide by a sign: all are known from the start."""
        raise Rejection(Obligation.NODE_KIND)

    def sides(self, number: int) -> tuple[MatrixCone, MatrixCone]:
        """Refuse to divide by the sign of a sample: there are none."""
        raise Rejection(Obligation.NODE_KIND)

    def faces(self, members: Sequence[int]) -> tuple[MatrixCone, MatrixCone]:
        """Return the faces of some generators and of all others, if none of their products is negative.

        With t = (t_I, t_J) then t^T T t >= t_I^T T_II t_I + t_J^T T_JJ t_J.

        Raises:
            Rejection: if a product is, or the members are not some but not all indices in ascending order.
        """
        m = len(self.generators)
        ascending = all(k < l for k, l in pairwise(members))
        require(
            ascending and 0 < len(members) < m and members[0] >= 0 and members[-1] < m, Obligation.PART_INDEX
        )
        chosen = set(members)
        others = [k for k in range(m) if k not in chosen]
        places = triangle(m)
        require(all(self.gram[places[k][l]] >= 0 for k in members for l in others), Obligation.PART_POSITIVE)
        return self._face(members), self._face(others)

    def divided(
        self, k: int, l: int, a: int, b: int, vector: Vector, length: int
    ) -> tuple[MatrixCone, MatrixCone]:
        """Return the cones with w = a w_k + b w_l in the place of w_k, then of w_l; a and b are positive.

        Args:
            k: of the first generator.
            l: of the second.
            a: factor of the first.
            b: factor of the second.
            vector: w.
            length: of its largest entry, in bits.
        """
        w = self.generators
        first, second = divided_gram(self.gram, len(w), k, l, a, b)
        return (
            MatrixCone((*w[:k], vector, *w[k + 1 :]), first),
            MatrixCone((*w[:l], vector, *w[l + 1 :]), second),
        )

    def _face(self, members: Sequence[int]) -> MatrixCone:
        places = triangle(len(self.generators))
        return MatrixCone(
            tuple([self.generators[k] for k in members]),
            [self.gram[places[k][l]] for i, k in enumerate(members) for l in members[i:]],
        )
