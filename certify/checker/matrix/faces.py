"""The leaf rule `faces`: one principal submatrix of the form after another is copositive, the whole last.

Each row of the leaf names a set of indices and says by which step its submatrix is copositive, often because
earlier ones are. The steps are in docs/certificate-format.md, why they hold in docs/method.md, section 7.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from operator import mul

from certify.checker.certificate.nodes import FacesLeaf
from certify.checker.limits.deadline import look
from certify.checker.numbers.integers import IntegerMatrix
from certify.checker.numbers.semidefinite import is_nonnegative_on_orthant
from certify.checker.obligations import Obligation, require
from certify.checker.work import longest, words_of


def check_faces(leaf: FacesLeaf, form: IntegerMatrix, *, strict: bool) -> None:
    """Check that the rows of a leaf prove the form of its cone nonnegative, or positive.

    Args:
        leaf: as read from an untrusted file.
        form: T, symmetric, of the order of the cone.
        strict: whether t^T T t must be positive for t >= 0, t != 0.

    Raises:
        Rejection: if they do not.
    """
    proved: list[int] = []  # the sets of the rows so far, a bit for each index
    for row in leaf.rows:
        look()
        indices = [k for k, _, _ in row]
        ascending = all(k < l for k, l in pairwise(indices))
        fits = bool(indices) and indices[0] >= 0 and indices[-1] < len(form)
        require(ascending and fits, Obligation.FACE_INDEX)
        _Face(row, form, strict, proved).check()
        proved.append(_set_of(indices))
    require(bool(proved) and proved[-1] == (1 << len(form)) - 1, Obligation.FACE_INDEX)


def faces_work(row: Sequence[tuple[int, int, int]], bits: int) -> int:
    """Return the work of one row, for a form whose entries have so many bits.

    The two steps that decide whether a matrix is semidefinite count with the cube of the order.
    """
    order, x, p = len(row), [entry for _, entry, _ in row], [entry for _, _, entry in row]
    by_entries = not any(x) and not any(p)
    return (order**3 if by_entries or (min(x) > 0 and max(p) < 0) else order**2) * words_of(
        bits + 2 * longest(x)
    )


class _Face:
    """One row: the submatrix T_S on its indices, which are in order, with x and p for each."""

    def __init__(
        self, row: Sequence[tuple[int, int, int]], form: IntegerMatrix, strict: bool, proved: Sequence[int]
    ) -> None:
        self._indices, self._x, self._p = zip(*row, strict=True)
        self._block = [[form[k][l] for l in self._indices] for k in self._indices]
        self._strict, self._proved = strict, proved

    def check(self) -> None:
        """Check the step that the signs of x and p say."""
        x, p = self._x, self._p
        if not any(x) and not any(p):
            self._check_envelope(self._block)
        elif not any(x):
            self._check_parts()
        elif min(x) < 0:
            self._check_exchange()
        elif max(p) < 0:
            self._check_merge()
        else:
            self._check_gaddum()

    def _check_envelope(self, block: IntegerMatrix) -> None:
        require(is_nonnegative_on_orthant(block, strict=self._strict), Obligation.FACE_FORM)

    def _check_parts(self) -> None:
        """Where no entry between the parts is negative, the form is at least the sum of theirs."""
        parts = defaultdict(list)
        for k, p in zip(self._indices, self._p, strict=True):
            parts[p].append(k)
        for p, members in parts.items():
            self._require_earlier(p, _set_of(members))
        rows = zip(self._block, self._p, strict=True)
        apart = all(entry >= 0 for row, p in rows for entry, q in zip(row, self._p, strict=True) if p != q)
        require(apart, Obligation.FACE_FORM)

    def _check_gaddum(self) -> None:
        """From any z >= 0 against x to the boundary the form does not grow, as T_S x >= 0."""
        for k, x, p in zip(self._indices, self._x, self._p, strict=True):
            if x:
                self._require_earlier(p, _set_of(self._indices) & ~(1 << k))
            else:
                require(p == 0, Obligation.FACE_ROW)
        product = [sum(map(mul, row, self._x)) for row in self._block]
        enough = not self._strict or sum(map(mul, product, self._x)) > 0
        require(enough and min(product) >= 0, Obligation.FACE_FORM)

    def _check_exchange(self) -> None:
        """In a direction of two signs in which it is concave the form is least at an end, on the boundary."""
        raised = [i for i, x in enumerate(self._x) if x > 0]
        lowered = [i for i, x in enumerate(self._x) if x < 0]
        require(len(raised) == 1, Obligation.FACE_ROW)
        v = raised[0]
        everything = _set_of(self._indices)
        without = everything & ~_set_of([self._indices[w] for w in lowered])
        self._require_earlier(self._p[v], everything & ~(1 << self._indices[v]))
        for x, p in zip(self._x, self._p, strict=True):
            if x < 0:
                self._require_earlier(p, without)
            else:
                require(x > 0 or p == 0, Obligation.FACE_ROW)
        block, a = self._block, self._x[v]
        for w in lowered:
            b = self._x[w]
            concave = a * a * block[v][v] + 2 * a * b * block[v][w] + b * b * block[w][w] <= 0
            require(concave, Obligation.FACE_FORM)

    def _check_merge(self) -> None:
        """With y_c the sum of z_k / x_k over a class the form is at least that of the least entries in y."""
        require(min(self._x) > 0, Obligation.FACE_ROW)
        place = {p: c for c, p in enumerate(dict.fromkeys(self._p))}
        classes = [place[p] for p in self._p]
        least: list[list[int | None]] = [[None] * len(place) for _ in place]
        for row, x, c in zip(self._block, self._x, classes, strict=True):
            lowest = least[c]
            for entry, y, d in zip(row, self._x, classes, strict=True):
                value, known = x * y * entry, lowest[d]
                if known is None or value < known:
                    lowest[d] = value
        self._check_envelope([[entry for entry in row if entry is not None] for row in least])

    def _require_earlier(self, number: int, members: int) -> None:
        """Require that a row before this one has been proved for a set that contains these members."""
        named = 1 <= number <= len(self._proved)
        require(named and not members & ~self._proved[number - 1], Obligation.FACE_ROW)


def _set_of(indices: Sequence[int]) -> int:
    return sum(1 << k for k in indices)
