"""Cones of the proof tree, and what is known of the samples' activity on them, in integers.

A row x_i is active on a cone if x_i . u >= 0 throughout it, inactive if x_i . u <= 0, else mixed. Active and
inactive rows stay so on every smaller cone, so that the rows mixed on a cone are followed further, and few
others. What is known belongs to the generators, and a cut adds one generator for both of its children.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import add
from typing import NamedTuple, TypeVar

from flint import fmpz_mat

from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import (
    IntegerRows,
    Vector,
    _replaced,
    divided_gram,
    dot,
    length_of,
    square_of,
    triangle,
)
from certify.checker.numbers.semidefinite import integer_rows
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.packed_samples import Matrices, Samples

# To forget the settled rows costs as much as a cut: it should pay for all that is below. A cone that may have
# to wait must not hold much more than its mixed rows in any case.
_MOST_FOLLOWED = 2  # for each mixed row, where a cone is divided
_MOST_WAITING = 8  # for each mixed row, where it waits
_SPARE = 8

_T = TypeVar("_T")


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


class Ray(NamedTuple):
    """A generator w of a cone, and what the followed rows x_i are there.

    Attributes:
        vector: w.
        length: of its largest entry, in bits.
        outputs: N^T relu(Xw), of length c, over all rows, whether they are followed or not.
        values: x_i . w for each followed row.
        positive: the set of followed rows with a positive value.
        negative: the set of those with a negative one.
        column: the values again, as a column (see `certify.checker.training.packed_samples`).
    """

    vector: Vector
    length: int
    outputs: Sequence[int]
    values: Sequence[int]
    positive: int
    negative: int
    column: int

    @classmethod
    def at(cls, samples: Samples, vector: Vector, values: Sequence[int]) -> Ray:
        """Return a generator w at which all rows x_i are followed, given the x_i . w."""
        matrices = samples.matrices
        activations = [max(value, 0) for value in values]
        outputs = [dot(column, activations) for column in zip(*matrices.weights, strict=True)]
        positive, negative = samples.positive(values), samples.negative(values)
        return cls(vector, length_of(vector), outputs, values, positive, negative, samples.column(values))

    def reversed(self, slopes: Sequence[Vector]) -> Ray:
        """Return the generator -w, given the c rows of N^T X: relu(-p) is relu(p) - p."""
        outputs = [f - dot(slope, self.vector) for f, slope in zip(self.outputs, slopes, strict=True)]
        return Ray(
            tuple([-e for e in self.vector]),
            self.length,
            outputs,
            [-value for value in self.values],
            self.negative,
            self.positive,
            -self.column,
        )

    def restricted(self, samples: Samples, members: int, kept: Samples) -> Ray:
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

    def combined(self, other: Ray, a: int, b: int, vector: Vector, length: int, samples: Samples) -> Ray:
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


class Cone(NamedTuple):
    """The cone {sum_k t_k w_k : t_k >= 0 where signed} with what relu(Xu) is known to be on it.

    Attributes:
        samples: the followed rows; a mixed one always is.
        rays: w_1, ..., w_d.
        signed: whether t_k >= 0 is known.
        gram: w_k . w_l for k <= l, row by row.
        unsettled: the set of followed rows that are mixed.
    """

    samples: Samples
    rays: tuple[Ray, ...]
    signed: tuple[bool, ...]
    gram: Sequence[int]
    unsettled: int

    @classmethod
    def root(cls, certificate: Certificate, problem: TrainingProblem) -> Cone:
        """Return the whole space in the certificate's frame."""
        return cls.whole_space(certificate.frame.generators, problem.inputs, certificate.dual_point)

    @classmethod
    def whole_space(cls, generators: IntegerRows, inputs: IntegerRows, weights: IntegerRows) -> Cone:
        """Return R^d.

        Args:
            generators: a basis of it, as d rows.
            inputs: samples, n x d.
            weights: their rows of the dual point, n x c.
        """
        samples = Samples(Matrices(inputs, weights), range(len(inputs)))
        # Products of whole matrices, as d may be in the thousands.
        frame = fmpz_mat([list(w) for w in generators])
        values = integer_rows(frame * fmpz_mat([list(x) for x in inputs]).transpose())
        rays = tuple(Ray.at(samples, w, at) for w, at in zip(generators, values, strict=True))
        gram = [p for k, row in enumerate(integer_rows(frame * frame.transpose())) for p in row[k:]]
        return _settled(samples, rays, (False,) * len(generators), gram)

    @property
    def generators(self) -> tuple[Vector, ...]:
        """w_1, ..., w_d."""
        return tuple([ray.vector for ray in self.rays])

    def generator(self, k: int) -> Vector:
        """Return w_k."""
        return self.rays[k].vector

    @property
    def products(self) -> list[list[int]]:
        """w_k . w_l for all k and l."""
        return square_of(self.gram, len(self.rays))

    @property
    def vectors(self) -> int:
        """The number of vectors that the cone counts as (docs/certificate-format.md)."""
        return len(self.rays) + len(self.samples.matrices.slopes) + self.unsettled.bit_count()

    @property
    def mixed(self) -> list[Row]:
        """The rows that are neither active nor inactive."""
        samples = self.samples
        inputs, weights = samples.matrices.inputs, samples.matrices.weights
        values = zip(*[ray.values for ray in self.rays], strict=True)
        rows = [Row(weights[i], inputs[i], p) for i, p in zip(samples.indices, values, strict=True)]
        return list(samples.pick(rows, self.unsettled))

    @property
    def linear(self) -> list[list[int]]:
        """Column k is G_k, the part of N^T relu(X w_k) that comes from active rows: what mixed ones leave."""
        mixed = self.mixed
        weights = [[row.weight[j] for row in mixed] for j in range(len(self.samples.matrices.slopes))]
        columns = []
        for k, ray in enumerate(self.rays):
            activations = [max(row.values[k], 0) for row in mixed]
            columns.append([f - dot(w, activations) for f, w in zip(ray.outputs, weights, strict=True)])
        return columns

    def follows_more_than(self, times: int) -> bool:
        """Say whether more rows are followed than so many times those that are mixed."""
        return len(self.samples) > times * self.unsettled.bit_count() + _SPARE

    def restricted(self) -> Cone:
        """Return the same cone with none but mixed rows followed."""
        samples, rays, signed, gram, unsettled = self
        kept = samples.restricted(unsettled)
        rays = tuple([ray.restricted(samples, unsettled, kept) for ray in rays])
        return Cone(kept, rays, signed, gram, kept.everyone)

    def halves(self, k: int) -> tuple[Cone, Cone]:
        """Return the halves of the cone where t_k >= 0 and where t_k <= 0.

        Raises:
            Rejection: if the sign of t_k is known, or there is no such generator.
        """
        require(0 <= k < len(self.rays) and not self.signed[k], Obligation.SIGN_INDEX)
        return self.with_sign(k, negative=False), self.with_sign(k, negative=True)

    def faces(self, members: Sequence[int]) -> tuple[Cone, Cone]:
        """Refuse to part the cone: the premise on two faces says nothing about what is between them."""
        raise Rejection(Obligation.NODE_KIND)

    def with_sign(self, k: int, negative: bool) -> Cone:
        """Return the half of the cone where t_k >= 0, or, with generator k reversed, where t_k <= 0.

        The sign of t_k must be unknown, or the second half is no part of this cone.
        """
        rays, gram = self.rays, self.gram
        if negative:
            places = triangle(len(rays))[k]
            products = [gram[place] if l == k else -gram[place] for l, place in enumerate(places)]
            rays = _put(rays, k, rays[k].reversed(self.samples.matrices.slopes))
            gram = _replaced(gram, places, products)
        return _settled(self.samples, rays, _put(self.signed, k, True), gram)

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
        cone = self.restricted() if self.follows_more_than(_MOST_FOLLOWED) else self
        samples, rays, signed, gram, _ = cone
        ray = rays[k].combined(rays[l], a, b, vector, length, samples)
        first, second = divided_gram(gram, len(rays), k, l, a, b)
        return (
            _settled(samples, _put(rays, k, ray), signed, first),
            _settled(samples, _put(rays, l, ray), signed, second),
        )


def _settled(samples: Samples, rays: tuple[Ray, ...], signed: tuple[bool, ...], gram: Sequence[int]) -> Cone:
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
    cone = Cone(samples, rays, signed, gram, unsettled)
    return cone.restricted() if cone.follows_more_than(_MOST_WAITING) else cone


def _put(items: tuple[_T, ...], k: int, item: _T) -> tuple[_T, ...]:
    return (*items[:k], item, *items[k + 1 :])
