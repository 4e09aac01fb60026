"""Cones of the proof tree as `certify.checker.training.cone` has them, several times faster.

All samples that a cone follows are packed into long integers (`trust.packed_samples`), so that a cut takes
a few operations. The rows that are mixed on a cone are followed further, and few others. What is known
belongs to the generators, and a cut adds one generator for both of its children. Tests hold this against the
plain cone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import add, lshift
from typing import NamedTuple

from certify.checker.numbers.integers import (
    Vector,
    divided_gram,
    dot,
    length_of,
    replaced,
    triangle,
    with_entries,
)
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.training.cone import Cone, Enclosure, Row
from certify.trust.packed_samples import Matrices, PackedSamples

# To forget the settled rows costs as much as a cut: it should pay for all that is below. A cone that may have
# to wait must not hold much more than its mixed rows in any case.
_MOST_FOLLOWED = 2  # for each mixed row, where a cone is divided
_MOST_WAITING = 8  # for each mixed row, where it waits
_SPARE = 8


class Ray(NamedTuple):
    """A generator w of a cone, and what the followed rows x_i are there.

    Attributes:
        vector: w.
        length: of its largest entry, in bits.
        outputs: N^T relu(Xw), of length c, over all rows, whether they are followed or not, with the offset
            of the plain cone's whole space.
        values: x_i . w for each followed row.
        positive: the set of followed rows with a positive value.
        negative: the set of those with a negative one.
        column: the values again, as a column (see `trust.packed_samples`).
    """

    vector: Vector
    length: int
    outputs: Sequence[int]
    values: Sequence[int]
    positive: int
    negative: int
    column: int

    @classmethod
    def at(cls, samples: PackedSamples, vector: Vector, values: Sequence[int], linear: Vector) -> Ray:
        """Return a generator w at which all mixed rows x_i are followed.

        Args:
            samples: these rows.
            vector: w.
            values: the x_i . w.
            linear: what all other rows add to the outputs.
        """
        activations = [max(value, 0) for value in values]
        columns = zip(*samples.matrices.weights, strict=True)
        outputs = [known + dot(column, activations) for known, column in zip(linear, columns, strict=True)]
        positive, negative = samples.positive(values), samples.negative(values)
        return cls(vector, length_of(vector), outputs, values, positive, negative, samples.column(values))

    def reversed(self, samples: PackedSamples) -> Ray:
        """Return the generator -w, where all rows with values at w are followed, as they are without a sign.

        What is linear changes its sign, and relu(-p) is |p| - relu(p).
        """
        somewhere = self.positive | self.negative
        sizes = map(abs, compress(self.values, somewhere.to_bytes(len(self.values), "little")))
        plus, minus = samples.packing(self.length + samples.matrices.input_bits).sums(somewhere, sizes)
        outputs = [p - m - f for f, p, m in zip(self.outputs, plus, minus, strict=True)]
        return Ray(
            tuple([-e for e in self.vector]),
            self.length,
            outputs,
            [-value for value in self.values],
            self.negative,
            self.positive,
            -self.column,
        )

    def restricted(self, samples: PackedSamples, members: int, kept: PackedSamples) -> Ray:
        """Return the generator with only the members of a set of the samples followed."""
        vector, length, outputs, values, positive, negative, _ = self
        kept_values = list(samples.pick(values, members))
        return Ray(
            vector,
            length,
            outputs,
            kept_values,
            samples.pick_set(positive, members),
            samples.pick_set(negative, members),
            kept.column(kept_values),
        )

    def combined(
        self, other: Ray, a: int, b: int, vector: Vector, length: int, samples: PackedSamples
    ) -> Ray:
        """Return w = a w_1 + b w_2 from what is known here, at w_1, and at the other; a and b are positive.

        Where a row has opposite signs at the two, relu is less than its linear interpolation:
        relu(a p + b q) = a relu(p) + b relu(q) - min(a |p|, b |q|).
        """
        ap, bq = [a * value for value in self.values], [b * value for value in other.values]
        values = list(map(add, ap, bq))
        outputs = [a * f + b * g for f, g in zip(self.outputs, other.outputs, strict=True)]
        crossing = (self.positive & other.negative) | (self.negative & other.positive)
        if crossing:
            flags = crossing.to_bytes(len(values), "little")
            gaps = map(min, map(abs, compress(ap, flags)), map(abs, compress(bq, flags)))
            bits = min(self.length + a.bit_length(), other.length + b.bit_length())
            plus, minus = samples.packing(bits + samples.matrices.input_bits).sums(crossing, gaps)
            outputs = [f - p + m for f, p, m in zip(outputs, plus, minus, strict=True)]
        return Ray(
            vector,
            length,
            outputs,
            values,
            samples.positive(values),
            samples.negative(values),
            a * self.column + b * other.column,
        )


class PackedCone(NamedTuple):
    """A cone, as `TrainingCone` has it.

    Attributes:
        samples: the followed rows; a mixed one always is.
        rays: w_1, ..., w_d.
        signed: whether t_k >= 0 is known.
        gram: w_k . w_l for k <= l, row by row.
        unsettled: the set of followed rows that are mixed.
        entry_bits: the length of the largest entry of X and that of N, in bits, together.
        forms: f with f.t >= 0 on the cone, where it was divided by the sign of a sample.
    """

    samples: PackedSamples
    rays: tuple[Ray, ...]
    signed: tuple[bool, ...]
    gram: Sequence[int]
    unsettled: int
    entry_bits: int
    forms: tuple[Vector, ...]

    @classmethod
    def of(cls, cone: Cone) -> PackedCone:
        """Return a plain cone, which has mixed samples, in this form."""
        numbers, weights, inputs, values = zip(*cone.mixed, strict=True)
        matrices = Matrices(inputs, weights, numbers)
        samples = PackedSamples(matrices, range(len(cone.mixed)))
        columns = zip(*values, strict=True)
        rays = tuple([Ray.at(samples, *at) for at in zip(cone.generators, columns, cone.linear, strict=True)])
        return _settled(samples, rays, cone.signed, cone.gram, cone.entry_bits, cone.forms)

    @property
    def generators(self) -> tuple[Vector, ...]:
        """w_1, ..., w_d."""
        return tuple([ray.vector for ray in self.rays])

    def generator(self, k: int) -> Vector:
        """Return w_k."""
        return self.rays[k].vector

    @property
    def lengths(self) -> Sequence[int]:
        """The length of the largest entry of each generator, in bits."""
        return [ray.length for ray in self.rays]

    @property
    def output_count(self) -> int:
        """The number c of outputs."""
        return len(self.rays[0].outputs)

    @property
    def mixed_count(self) -> int:
        """The number of mixed rows."""
        return self.unsettled.bit_count()

    @property
    def vectors(self) -> int:
        """The number of vectors that the cone counts as (docs/certificate-format.md)."""
        return len(self.rays) + self.output_count + self.mixed_count + len(self.forms)

    @property
    def mixed(self) -> list[Row]:
        """The rows that are neither active nor inactive."""
        samples = self.samples
        numbers, inputs, weights = samples.matrices.numbers, samples.matrices.inputs, samples.matrices.weights
        values = zip(*[ray.values for ray in self.rays], strict=True)
        rows = [
            Row(numbers[i], weights[i], inputs[i], p) for i, p in zip(samples.indices, values, strict=True)
        ]
        return list(samples.pick(rows, self.unsettled))

    @property
    def linear(self) -> list[list[int]]:
        """Column k is G_k, the part of N^T relu(X w_k) that comes from active rows: what mixed ones leave."""
        mixed = self.mixed
        weights = [[row.weight[j] for row in mixed] for j in range(self.output_count)]
        columns = []
        for k, ray in enumerate(self.rays):
            activations = [max(row.values[k], 0) for row in mixed]
            columns.append([f - dot(w, activations) for f, w in zip(ray.outputs, weights, strict=True)])
        return columns

    def enclosures(self) -> list[Enclosure]:
        """Enclose the outputs, as the plain cone does."""
        samples = self.samples
        most = max(self.lengths)
        rising = self.rising(most)
        falling = rising ^ samples.everyone
        packing = samples.packing(most + samples.matrices.input_bits)
        exact = [0] * packing.c
        result = []
        for _, _, outputs, values, positive, negative, _ in self.rays:
            opposed = (positive & falling) | (negative & rising)
            below = above = exact
            if opposed:
                below, above = packing.sums(opposed, map(abs, samples.pick(values, opposed)))
            result.append(Enclosure(outputs, below, above))
        return result

    def rising(self, most: int) -> int:
        """Return the set of rows that are not negative at u*, the sum of the generators at one length."""
        shifts = [most - length for length in self.lengths]
        rising = self.samples.not_negative(sum(map(lshift, [ray.column for ray in self.rays], shifts)), most)
        if rising is not None:
            return rising
        values = zip(*[ray.values for ray in self.rays], strict=True)
        negative = self.samples.negative([sum(map(lshift, row, shifts)) for row in values])
        return negative ^ self.samples.everyone

    def follows_more_than(self, times: int) -> bool:
        """Say whether more rows are followed than so many times those that are mixed."""
        return len(self.samples) > times * self.mixed_count + _SPARE

    def restricted(self) -> PackedCone:
        """Return the same cone with none but mixed rows followed."""
        samples, unsettled = self.samples, self.unsettled
        kept = samples.restricted(unsettled)
        rays = tuple([ray.restricted(samples, unsettled, kept) for ray in self.rays])
        return self._replace(samples=kept, rays=rays, unsettled=kept.everyone)

    def halves(self, k: int) -> tuple[PackedCone, PackedCone]:
        """Return the halves of the cone where t_k >= 0 and where t_k <= 0.

        Raises:
            Rejection: if the sign of t_k is known, or there is no such generator.
        """
        require(0 <= k < len(self.rays) and not self.signed[k], Obligation.SIGN_INDEX)
        return self.with_sign(k, negative=False), self.with_sign(k, negative=True)

    def sides(self, number: int) -> tuple[PackedCone, PackedCone]:
        """Return the parts of the cone where x.u >= 0 and where x.u <= 0 for a mixed sample x.

        Raises:
            Rejection: if it is not mixed, or there is no such sample.
        """
        nowhere = (0,) * len(self.rays)
        values = next((row.values for row in self.mixed if row.number == number), nowhere)
        require(any(values), Obligation.ROW_INDEX)
        samples, weights = self.samples, self.samples.matrices.weights
        followed = zip(*[ray.values for ray in self.rays], strict=True)
        others = int.from_bytes(bytes([at != values for at in followed]), "little")
        decided = [weights[i] for i in samples.pick(samples.indices, others ^ samples.everyone)]
        weight = [sum(row[j] for row in decided) for j in range(self.output_count)]
        kept = samples.restricted(others)
        cone = self._replace(samples=kept, unsettled=samples.pick_set(self.unsettled, others))

        def side(form: Vector, activations: Sequence[int]) -> PackedCone:
            # What the decided samples add to the outputs at a generator is linear now.
            rays = [
                ray.restricted(samples, others, kept)._replace(
                    outputs=[f + (a - max(p, 0)) * w for f, w in zip(ray.outputs, weight, strict=True)]
                )
                for ray, p, a in zip(self.rays, values, activations, strict=True)
            ]
            return cone._replace(rays=tuple(rays), forms=(*self.forms, form))

        return side(values, values), side(tuple([-p for p in values]), nowhere)

    def faces(self, members: Sequence[int]) -> tuple[PackedCone, PackedCone]:
        """Refuse to part the cone: the premise on two faces says nothing about what is between them."""
        raise Rejection(Obligation.NODE_KIND)

    def with_sign(self, k: int, negative: bool) -> PackedCone:
        """Return the half of the cone where t_k >= 0, or, with generator k reversed, where t_k <= 0.

        The sign of t_k must be unknown, or the second half is no part of this cone.
        """
        rays, gram, forms = self.rays, self.gram, self.forms
        if negative:
            places = triangle(len(rays))[k]
            products = [gram[place] if l == k else -gram[place] for l, place in enumerate(places)]
            rays = replaced(rays, k, rays[k].reversed(self.samples))
            gram = with_entries(gram, places, products)
            forms = tuple([replaced(form, k, -form[k]) for form in forms])
        return _settled(self.samples, rays, replaced(self.signed, k, True), gram, self.entry_bits, forms)

    def divided(
        self, k: int, l: int, a: int, b: int, vector: Vector, length: int
    ) -> tuple[PackedCone, PackedCone]:
        """Return the cones with w = a w_k + b w_l in the place of w_k, then of w_l; a and b are positive.

        Args:
            k: of the first generator.
            l: of the second.
            a: factor of the first.
            b: factor of the second.
            vector: w.
            length: of its largest entry, in bits.
        """
        cone = self.restricted() if self.follows_more_than(_MOST_FOLLOWED) else self
        samples, rays, signed, gram, _, bits, forms = cone
        ray = rays[k].combined(rays[l], a, b, vector, length, samples)
        first, second = divided_gram(gram, len(rays), k, l, a, b)
        values = [a * form[k] + b * form[l] for form in forms]

        def child(j: int, gram: Sequence[int]) -> PackedCone:
            moved = tuple([replaced(form, j, value) for form, value in zip(forms, values, strict=True)])
            return _settled(samples, replaced(rays, j, ray), signed, gram, bits, moved)

        return child(k, first), child(l, second)


def _settled(
    samples: PackedSamples,
    rays: tuple[Ray, ...],
    signed: tuple[bool, ...],
    gram: Sequence[int],
    entry_bits: int,
    forms: tuple[Vector, ...],
) -> PackedCone:
    """Return a cone with its mixed rows found among those that are followed."""
    somewhere_positive = somewhere_negative = 0
    for ray, known in zip(rays, signed, strict=True):
        if known:
            somewhere_positive |= ray.positive
            somewhere_negative |= ray.negative
        else:  # the cone holds -w_k as well
            both = ray.positive | ray.negative
            somewhere_positive |= both
            somewhere_negative |= both
    unsettled = somewhere_positive & somewhere_negative
    cone = PackedCone(samples, rays, signed, gram, unsettled, entry_bits, forms)
    return cone.restricted() if cone.follows_more_than(_MOST_WAITING) else cone


def packed(cone: Cone) -> Cone | PackedCone:
    """Return a plain cone in the fast form if it has mixed samples, without which there is none."""
    return PackedCone.of(cone) if cone.mixed else cone
