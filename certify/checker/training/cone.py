"""Cones of the proof tree, and what is known of the samples' activity on them, in integers.

A sample x_i is active on a cone if x_i . u >= 0 throughout it, inactive if x_i . u <= 0, else mixed. Active
and inactive samples stay so on every smaller cone. So a cone keeps the mixed ones, each with its values at
the generators, and of the active ones together what they add to the outputs N^T relu(Xu), which is linear on
it. A cone that was divided by the signs of samples is smaller than its coordinates say: it keeps the values
of those samples as linear forms that are nonnegative on it. `certify check` walks cones of a faster form,
which the tests hold against these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress, count
from operator import add, lshift, mul
from typing import NamedTuple, Protocol

from flint import fmpz_mat

from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import (
    IntegerRows,
    Vector,
    divided_gram,
    length_of,
    replaced,
    triangle,
)
from certify.checker.numbers.semidefinite import integer_rows
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.training import TrainingProblem
from certify.checker.tree.walk import WalkedCone
from certify.checker.work import longest


class Row(NamedTuple):
    """A sample whose activity a cone does not settle.

    Attributes:
        number: of the sample, counted from 0.
        weight: the sample's row of the dual point, of length c.
        x: the sample, of length d.
        values: x . w_k for each generator w_k of the cone.
    """

    number: int
    weight: Vector
    x: Vector
    values: Vector


class Enclosure(NamedTuple):
    """Where the outputs are between linear functions, at one generator w_k; each of length c.

    Attributes:
        outputs: N^T relu(X w_k).
        below: how far the interval reaches below that.
        above: how far above.
    """

    outputs: Sequence[int]
    below: Sequence[int]
    above: Sequence[int]


class TrainingCone(WalkedCone, Protocol):
    """What the leaf rules ask of a cone {sum_k t_k w_k : t_k >= 0 where signed, f.t >= 0} of R^d."""

    @property
    def generators(self) -> tuple[Vector, ...]:
        """w_1, ..., w_d."""

    @property
    def lengths(self) -> Sequence[int]:
        """The length of the largest entry of each generator, in bits."""

    @property
    def gram(self) -> Sequence[int]:
        """w_k . w_l for k <= l, row by row; in a block of samples w_k^T G w_l, G its share's form."""

    @property
    def forms(self) -> Sequence[Vector]:
        """The f, of length d, with f.t >= 0 on the cone, in the order of the divisions by samples' signs."""

    @property
    def mixed(self) -> Sequence[Row]:
        """The samples that are neither active nor inactive, in their order."""

    @property
    def mixed_count(self) -> int:
        """Their number."""

    @property
    def linear(self) -> Sequence[Sequence[int]]:
        """For each k the outputs at w_k without the mixed samples, of length c."""

    @property
    def output_count(self) -> int:
        """The number c of outputs."""

    @property
    def entry_bits(self) -> int:
        """The length of the largest entry of X and that of N, in bits, together."""

    def enclosures(self) -> list[Enclosure]:
        """Enclose the outputs on a cone all of whose generators are signed, one enclosure a generator."""


class Cone(NamedTuple):
    """A cone, as `TrainingCone` has it, in the plainest way.

    Attributes:
        generators: w_1, ..., w_d.
        lengths: of the largest entry of each, in bits.
        signed: whether t_k >= 0 is known.
        gram: w_k . w_l for k <= l, row by row, by the form of `whole_space`.
        mixed: the mixed samples.
        linear: for each k what the active samples add to N^T relu(X w_k), and the offset of `whole_space`.
        output_count: c.
        entry_bits: the length of the largest entry of X and that of N, in bits, together.
        forms: f with f.t >= 0, where the cone was divided by the sign of a sample: its values, or their
            opposites.
    """

    generators: tuple[Vector, ...]
    lengths: tuple[int, ...]
    signed: tuple[bool, ...]
    gram: Sequence[int]
    mixed: tuple[Row, ...]
    linear: tuple[Vector, ...]
    output_count: int
    entry_bits: int
    forms: tuple[Vector, ...] = ()

    @classmethod
    def root(cls, certificate: Certificate, problem: TrainingProblem) -> Cone:
        """Return the whole space in the certificate's frame, with all samples."""
        return cls.whole_space(certificate.frame.generators, problem.inputs, certificate.dual_point)

    @classmethod
    def whole_space(
        cls,
        generators: IntegerRows,
        inputs: IntegerRows,
        weights: IntegerRows,
        form: fmpz_mat | None = None,
        offset: fmpz_mat | None = None,
    ) -> Cone:
        """Return R^d.

        Args:
            generators: a basis of it, as d rows.
            inputs: samples, n x d.
            weights: their rows of the dual point, n x c.
            form: symmetric, d x d, by which the generators' products are taken; by default the identity.
            offset: d x c, O: the outputs are O^T u + N^T relu(Xu); by default 0.
        """
        d, c = len(generators), len(weights[0])
        # Products of whole matrices, as d may be in the thousands.
        frame = fmpz_mat([list(w) for w in generators])
        values = integer_rows(fmpz_mat([list(x) for x in inputs]) * frame.transpose())
        products = (frame if form is None else frame * form) * frame.transpose()
        space = cls(
            generators,
            tuple(map(length_of, generators)),
            (False,) * d,
            [p for k, row in enumerate(integer_rows(products)) for p in row[k:]],
            tuple(map(Row, count(), weights, inputs, map(tuple, values))),
            ((0,) * c,) * d if offset is None else tuple(map(tuple, integer_rows(frame * offset))),
            c,
            sum(max(map(longest, rows)) for rows in (inputs, weights)),
        )
        return space._settled()

    @property
    def mixed_count(self) -> int:
        """The number of mixed samples."""
        return len(self.mixed)

    @property
    def vectors(self) -> int:
        """The number of vectors that the cone counts as (docs/certificate-format.md)."""
        return len(self.generators) + self.output_count + len(self.mixed) + len(self.forms)

    def generator(self, k: int) -> Vector:
        """Return w_k."""
        return self.generators[k]

    def halves(self, k: int) -> tuple[Cone, Cone]:
        """Return the halves of the cone where t_k >= 0 and where t_k <= 0, there with generator k reversed.

        Raises:
            Rejection: if the sign of t_k is known, or there is no such generator.
        """
        require(0 <= k < len(self.generators) and not self.signed[k], Obligation.SIGN_INDEX)
        positive = self._replace(signed=replaced(self.signed, k, True))
        places = triangle(len(self.generators))[k]
        gram = list(self.gram)
        for l, place in enumerate(places):
            if l != k:
                gram[place] = -gram[place]
        negative = positive._replace(gram=gram)._with_generator(
            k,
            tuple([-entry for entry in self.generators[k]]),
            self.lengths[k],
            [-row.values[k] for row in self.mixed],
            tuple([-entry for entry in self.linear[k]]),
            [-form[k] for form in self.forms],
        )
        return positive._settled(), negative._settled()

    def sides(self, number: int) -> tuple[Cone, Cone]:
        """Return the parts of the cone where x.u >= 0 and where x.u <= 0 for a mixed sample x.

        All samples with the same x are active in the first part, and inactive in the second.

        Args:
            number: of the sample.

        Raises:
            Rejection: if it is not mixed, or there is no such sample.
        """
        nowhere = (0,) * len(self.generators)
        values = next((row.values for row in self.mixed if row.number == number), nowhere)
        require(any(values), Obligation.ROW_INDEX)
        decided = [row for row in self.mixed if row.values == values]
        others = self._replace(mixed=tuple([row for row in self.mixed if row.values != values]))
        active = others._replace(linear=self._with_active(decided), forms=(*self.forms, values))
        inactive = others._replace(forms=(*self.forms, tuple([-value for value in values])))
        return active, inactive

    def faces(self, members: Sequence[int]) -> tuple[Cone, Cone]:
        """Refuse to part the cone: the premise on two faces says nothing about what is between them."""
        raise Rejection(Obligation.NODE_KIND)

    def divided(self, k: int, l: int, a: int, b: int, vector: Vector, length: int) -> tuple[Cone, Cone]:
        """Return the cones with w = a w_k + b w_l in the place of w_k, then of w_l; a and b are positive.

        Args:
            k: of the first generator.
            l: of the second.
            a: factor of the first.
            b: factor of the second.
            vector: w.
            length: of its largest entry, in bits.
        """
        values = [a * row.values[k] + b * row.values[l] for row in self.mixed]
        linear = tuple([a * p + b * q for p, q in zip(self.linear[k], self.linear[l], strict=True)])
        forms = [a * form[k] + b * form[l] for form in self.forms]
        first, second = divided_gram(self.gram, len(self.generators), k, l, a, b)
        return (
            self._replace(gram=first)._with_generator(k, vector, length, values, linear, forms)._settled(),
            self._replace(gram=second)._with_generator(l, vector, length, values, linear, forms)._settled(),
        )

    def enclosures(self) -> list[Enclosure]:
        """Enclose f(t) = N^T relu(Xu), u = sum_k t_k w_k, between linear functions of t >= 0.

        A sample with values p has relu(p.t) between p.t and p^+ . t, and between 0 and p^+ . t. Either would
        be sound; its sign at a point u* inside the cone tells which is narrower. At a generator with p < 0
        the first is [p, 0], at one with p > 0 the second is [0, p], and else they are relu(p) alone. So a
        sample leaves an interval about N^T relu(X w_k) only where its sign is not the one at u*. There, in
        either case, |p| N_i^- adds to what is above and |p| N_i^+ to what is below. u* is the sum of the
        generators at one length (docs/method.md, section 3b).
        """
        most = max(self.lengths)
        shifts = [most - length for length in self.lengths]
        weights = [row.weight for row in self.mixed]
        rising = [sum(map(lshift, row.values, shifts)) >= 0 for row in self.mixed]
        plus = [tuple([max(n, 0) for n in weight]) for weight in weights]
        minus = [tuple([max(-n, 0) for n in weight]) for weight in weights]
        found = []
        for k, linear in enumerate(self.linear):
            values = [row.values[k] for row in self.mixed]
            active = map(add, linear, self._sums([max(p, 0) for p in values], weights))
            opposed = [0 if (p > 0) == up else abs(p) for p, up in zip(values, rising, strict=True)]
            found.append(Enclosure(tuple(active), self._sums(opposed, plus), self._sums(opposed, minus)))
        return found

    def _sums(self, factors: Sequence[int], rows: Sequence[Vector]) -> list[int]:
        """Return the sum of factor * row, output by output."""
        factors, rows = list(filter(None, factors)), list(compress(rows, factors))
        if not factors:
            return [0] * self.output_count
        return [sum(map(mul, factors, column)) for column in zip(*rows, strict=True)]

    def _with_generator(
        self,
        k: int,
        vector: Vector,
        length: int,
        values: Iterable[int],
        linear: Vector,
        forms: Iterable[int],
    ) -> Cone:
        """Put a generator in the place of w_k, but for the products with it; the samples stay mixed ones.

        Args:
            k: of the generator that it replaces.
            vector: the new one, w.
            length: of its largest entry, in bits.
            values: x . w for each mixed sample x.
            linear: what the active samples add to N^T relu(Xw).
            forms: each form's value at w.
        """
        mixed = [
            Row(number, weight, x, (*at[:k], value, *at[k + 1 :]))
            for (number, weight, x, at), value in zip(self.mixed, values, strict=True)
        ]
        return self._replace(
            generators=replaced(self.generators, k, vector),
            lengths=replaced(self.lengths, k, length),
            mixed=tuple(mixed),
            linear=replaced(self.linear, k, linear),
            forms=tuple([replaced(f, k, value) for f, value in zip(self.forms, forms, strict=True)]),
        )

    def _settled(self) -> Cone:
        """Return the cone with none but mixed samples in `mixed`, and the active ones in `linear`."""
        free = [not known for known in self.signed]  # the cone holds -w_k as well
        some_free = any(free)
        mixed, active = [], []
        for row in self.mixed:
            low, high = min(row.values), max(row.values)
            if (low < 0 < high) or (some_free and any(compress(row.values, free))):
                mixed.append(row)
            elif high > 0:
                active.append(row)
        return self._replace(mixed=tuple(mixed), linear=self._with_active(active))

    def _with_active(self, rows: Sequence[Row]) -> tuple[Vector, ...]:
        """Return what `linear` is where these samples are active as well."""
        if not rows:
            return self.linear
        weights = [row.weight for row in rows]
        at_generators = zip(*[row.values for row in rows], strict=True)
        return tuple(
            [
                tuple(map(add, before, self._sums(values, weights)))
                for before, values in zip(self.linear, at_generators, strict=True)
            ]
        )
