"""Cones of the proof tree, and what is known of the samples' activity on them, in integers.

A row x_i is active on a cone if x_i . u >= 0 throughout it, inactive if x_i . u <= 0, else mixed. Active and
inactive rows stay so on every smaller cone, so a child looks at its parent's mixed rows only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul
from typing import NamedTuple, TypeVar

from certify.certificate import Certificate
from certify.problem import TrainingProblem

_T = TypeVar("_T")
Vector = tuple[int, ...]


class Row(NamedTuple):
    """A sample whose activity a cone does not settle.

    Attributes:
        weight: the sample's row of the dual point.
        x: the sample.
        values: x . w_k for each generator w_k of the cone.
    """

    weight: Vector
    x: Vector
    values: Vector


@dataclass(frozen=True, slots=True)
class Cone:
    """The cone {sum_k t_k w_k : t_k >= 0 where signed} with what relu(Xu) is known to be on it.

    Attributes:
        generators: w_1, ..., w_d.
        signed: whether t_k >= 0 is known.
        linear: c vectors of R^d: the part of N^T relu(Xu) that comes from rows active on the cone.
        mixed: the rows that are neither active nor inactive on it.
    """

    generators: tuple[Vector, ...]
    signed: tuple[bool, ...]
    linear: tuple[Vector, ...]
    mixed: tuple[Row, ...]

    @classmethod
    def root(cls, certificate: Certificate, problem: TrainingProblem) -> Cone:
        """Return the whole space in the certificate's frame."""
        generators = certificate.frame.generators
        zero = (0,) * problem.d
        whole = cls(generators, (False,) * problem.d, (zero,) * problem.c, ())
        rows = zip(certificate.dual_point, problem.inputs, strict=True)
        return whole._settle(Row(weight, x, tuple(dot(x, w) for w in generators)) for weight, x in rows)

    @property
    def vectors(self) -> int:
        """The number of vectors that the cone holds, which is what it costs to keep."""
        return len(self.generators) + len(self.linear) + len(self.mixed)

    def with_sign(self, k: int, negative: bool) -> Cone:
        """Return the half of the cone where t_k >= 0, or, with generator k reversed, where t_k <= 0.

        The sign of t_k must be unknown, or the second half is no part of this cone.
        """
        signed = _put(self.signed, k, True)
        if not negative:
            return Cone(self.generators, signed, self.linear, ())._settle(self.mixed)
        generators = _put(self.generators, k, tuple(-e for e in self.generators[k]))
        rows = (Row(r.weight, r.x, _put(r.values, k, -r.values[k])) for r in self.mixed)
        return Cone(generators, signed, self.linear, ())._settle(rows)

    def divided(self, k: int, l: int, generator: Vector) -> tuple[Cone, Cone]:
        """Return the cones with generator k, then generator l replaced; the new one must lie between them."""
        values = [dot(row.x, generator) for row in self.mixed]
        return self._with_generator(k, generator, values), self._with_generator(l, generator, values)

    def _with_generator(self, k: int, generator: Vector, values: list[int]) -> Cone:
        rows = (
            Row(weight, x, _put(old, k, value))
            for (weight, x, old), value in zip(self.mixed, values, strict=True)
        )
        return Cone(_put(self.generators, k, generator), self.signed, self.linear, ())._settle(rows)

    def _settle(self, rows: Iterable[Row]) -> Cone:
        """Sort rows into active ones (added to `linear`), inactive ones (dropped) and mixed ones (kept)."""
        free = [k for k, signed in enumerate(self.signed) if not signed]
        linear = [list(row) for row in self.linear]
        mixed = []
        for row in rows:
            # Along a coordinate of unknown sign a row keeps its sign only if it vanishes.
            values = row.values
            crosses = free and any(values[k] for k in free)
            if not crosses and min(values) >= 0:
                for target, weight in zip(linear, row.weight, strict=True):
                    if weight:
                        for j, entry in enumerate(row.x):
                            target[j] += weight * entry
            elif crosses or max(values) > 0:
                mixed.append(row)
        return Cone(self.generators, self.signed, tuple(map(tuple, linear)), tuple(mixed))


def dot(p: Sequence[int], q: Sequence[int]) -> int:
    """Return the inner product of two integer vectors, which must have the same length."""
    return sum(map(mul, p, q))


def _put(items: tuple[_T, ...], k: int, item: _T) -> tuple[_T, ...]:
    return (*items[:k], item, *items[k + 1 :])
