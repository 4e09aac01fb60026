"""From a partition to a certificate: signs of pivots, and a leaf of products for each region.

The frame is dual to the pivots, or to as many as are independent, where the solver's rows are few: each
coordinate t_k is a positive multiple of x_i . u for its pivot i, and a sign node tells the pivot's activity;
a row node tells that of any other.
On a region, a row that the solver left open may turn out to be settled: then its alpha is a nonnegative
combination of the t_k, or one of the forms, or zero, and so are its products (docs/method.md, 3c).

Floats are written as the dyadic numbers they are. What rounding may have spoilt is paid for by a convex
combination with a dual point that is strictly feasible everywhere; the checker decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from certify.bounds.proofs.writing import certificate_of, fit_in_a_leaf, in_one_block, trivial_certificate
from certify.checker.certificate.nodes import Leaf, Node, RowSign, Sign
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.recipe import Preprocessing
from certify.checker.numbers.integers import IntegerRows, dot
from certify.checker.problems.training import TrainingProblem
from certify.floats.dual_rounding import rounded_dual_point
from formulations.partition.partition import PartitionSolution, RegionProof
from formulations.sdp.activation_region import Form

_EXPONENT = 64
_SHARES = (Fraction(1, 10**9), Fraction(1, 10**6), Fraction(1, 10**4), Fraction(1, 100))

Combination = Mapping[int, int]
Signs = tuple[tuple[int, int], ...]  # of pivots, in the order of the divisions


def partition_certificates(
    problem: TrainingProblem, solution: PartitionSolution, preprocessing: Preprocessing | None = None
) -> Iterator[Certificate]:
    """Write a partition's proof exactly; each certificate leaves the checker more room than the one before.

    Args:
        problem: the exact problem.
        solution: what the solver found. Its pivots need not be independent, and regions that have no inner
            points may be there or not.
        preprocessing: recorded in the certificates.
    """
    axes = independent(problem.inputs, solution.pivots) if solution.in_frame else []
    frame = pivot_frame(problem.inputs, axes, problem.d)
    numbers = None if fit_in_a_leaf(problem) else _looked_at(problem, solution)
    values = {
        i: [dot(problem.inputs[i], w) for w in frame.generators]
        for i in (range(problem.n) if numbers is None else numbers)
    }
    # gamma y alpha alpha becomes, over the checker's integers, p q 4^k y.
    weight = Fraction(problem.gamma.numerator * problem.gamma.denominator << 2 * _EXPONENT)
    whole = _Cone(values, axes)
    cones = [(region, whole.with_signs(region.signs)) for region in solution.regions]
    for share in _SHARES if solution.regions else ():
        rows = rounded_dual_point(problem, solution.dual_point, 1 - share, _EXPONENT)
        leaves = {
            region.signs: _leaf(region, cone, solution, share, weight)
            for region, cone in cones
            if cone is not None
        }
        tree = tuple(_tree(leaves, whole, numbers or range(problem.n), ()))
        certificate = certificate_of(problem, rows, _EXPONENT, tree, preprocessing, "partition", frame)
        yield certificate if numbers is None else in_one_block(certificate, numbers)
    yield trivial_certificate(problem, preprocessing=preprocessing)


def _looked_at(problem: TrainingProblem, solution: PartitionSolution) -> list[int]:
    """Return the samples that have a part in a proof: all others' rows of the dual point are zero."""
    used = np.any(solution.dual_point != 0, axis=1).tolist()
    return [i for i, x in enumerate(problem.inputs) if used[i] or i in solution.interior or not any(x)]


def independent(inputs: IntegerRows, pivots: Sequence[int]) -> list[int]:
    """Return the pivots that are linearly independent of those before them."""
    chosen: list[int] = []
    for i in pivots:
        candidate = [list(inputs[k]) for k in (*chosen, i)]
        if fmpz_mat(candidate).rank() == len(candidate):
            chosen.append(i)
    return chosen


def pivot_frame(inputs: IntegerRows, pivots: Sequence[int], d: int) -> Frame:
    """Return generators w_k, the first of which have x . w_k > 0 for their pivot and x . w_l = 0 else.

    Args:
        inputs: the rows x.
        pivots: linearly independent ones, at most d; unit vectors complete them.
        d: the number of features.
    """
    basis: list[list[int]] = [list(inputs[i]) for i in pivots]
    for k in range(d):
        candidate = [*basis, [int(j == k) for j in range(d)]]
        if len(basis) < d and fmpz_mat(candidate).rank() == len(candidate):
            basis = candidate
    columns = list(zip(*fmpz_mat(basis).inv().tolist(), strict=True))
    factors, generators = [], []
    for column in columns:
        entries = [Fraction(int(entry.p), int(entry.q)) for entry in column]
        common = math.lcm(*(entry.denominator for entry in entries))
        divisor = math.gcd(*(int(entry * common) for entry in entries))
        factors.append(Fraction(common, divisor))
        generators.append(tuple(int(entry * common) // divisor for entry in entries))
    scale = math.lcm(*(factor.numerator for factor in factors))
    inverse = tuple(
        tuple(int(scale / factor * row[i]) for factor, row in zip(factors, basis, strict=True))
        for i in range(d)
    )
    return Frame(tuple(generators), inverse, scale)


@dataclass(frozen=True)
class _Cone:
    """What the signs of pivots say of all rows.

    Attributes:
        values: x_i . w_k for all generators of the frame, by the number i of the row.
        axes: the pivots that the first generators belong to.
        coordinates: the known signs of coordinates.
        forms: the other pivots of known sign, with their signs, in the order of their nodes.
    """

    values: Mapping[int, Sequence[int]]
    axes: Sequence[int]
    coordinates: Mapping[int, int] = field(default_factory=dict)
    forms: tuple[tuple[int, int], ...] = ()

    def sign(self, i: int) -> int:
        """Return 1 where row i is active on the cone, -1 where it is inactive, 0 where it is mixed."""
        told = self.form(i)
        if told is not None:
            return self.forms[told][1]
        row = self.at_generators(i)
        if any(value for k, value in enumerate(row) if k not in self.coordinates):
            return 0
        return 1 if min(row) >= 0 else -1 if max(row) <= 0 else 0

    def form(self, i: int) -> int | None:
        """Return the place among the forms of one that has the values of row i."""
        told = (place for place, (row, _) in enumerate(self.forms) if self.values[row] == self.values[i])
        return next(told, None)

    def at_generators(self, i: int) -> list[int]:
        """Return the values of row i at the generators, which are reversed where a sign is negative."""
        return [self.coordinates.get(k, 1) * value for k, value in enumerate(self.values[i])]

    def with_sign(self, pivot: int, sign: int) -> _Cone:
        """Return the part where a mixed pivot has a sign."""
        if pivot in self.axes:
            return replace(self, coordinates={**self.coordinates, self.axes.index(pivot): sign})
        return replace(self, forms=(*self.forms, (pivot, sign)))

    def with_signs(self, signs: Signs) -> _Cone | None:
        """Return the part where pivots have these signs; None where some are others already."""
        cone = self
        for pivot, sign in signs:
            known = cone.sign(pivot)
            if known == -sign:
                return None
            cone = cone if known else cone.with_sign(pivot, sign)
        return cone


def _tree(leaves: Mapping[Signs, Leaf], cone: _Cone, numbers: Sequence[int], path: Signs) -> Iterator[Node]:
    """Yield the nodes below a path of signs, in preorder.

    Args:
        leaves: of the regions, by their signs.
        cone: that of the path.
        numbers: the samples of the tree.
        path: signs of pivots.
    """
    if path in leaves:
        yield leaves[path]
        return
    pivot = next(signs[len(path)][0] for signs in leaves if signs[: len(path)] == path)
    known = cone.sign(pivot)
    if known:
        yield from _tree(leaves, cone, numbers, (*path, (pivot, known)))
        return
    yield Sign(cone.axes.index(pivot)) if pivot in cone.axes else RowSign(numbers.index(pivot))
    for sign in (1, -1):
        yield from _tree(leaves, cone.with_sign(pivot, sign), numbers, (*path, (pivot, sign)))


def _leaf(
    region: RegionProof, cone: _Cone, solution: PartitionSolution, share: Fraction, weight: Fraction
) -> Leaf:
    """Write a region's multipliers, a share of the way to the interior, as those of a leaf."""
    forms = _Forms(cone)
    table: dict[tuple[int, int], int] = {}

    def add(first: Form, second: Form, multiplier: Fraction) -> None:
        amount = round(weight * multiplier)
        for i, a in forms[first].items():
            for j, b in forms[second].items():
                key = min(i, j), max(i, j)
                table[key] = table.get(key, 0) + amount * a * b

    for first, second, value in region.products:
        add(first, second, (1 - share) * Fraction(value))
    for row, value in region.slack.items():
        inside = share * Fraction(solution.interior[row])
        add(Form(1, row), Form(-1, row), (1 - share) * Fraction(value) + inside)
    return Leaf(1, 1, tuple((i, j, table[i, j]) for i, j in sorted(table) if table[i, j]))


class _Forms:
    """alpha_i and beta_i on a region as nonnegative combinations of the quantities of a leaf.

    The t_k of known sign come first, then the forms, then the alpha, then the beta of the rows that are mixed
    there.
    """

    def __init__(self, cone: _Cone) -> None:
        self._cone = cone
        self._signed = sorted(cone.coordinates)
        mixed = [i for i in cone.values if not cone.sign(i)]
        known = len(self._signed) + len(cone.forms)
        self._place = {i: known + place for place, i in enumerate(mixed)}

    def __getitem__(self, form: Form) -> Combination:
        place = self._place.get(form.row)
        if place is not None:
            return {place if form.part == 1 else place + len(self._place): 1}
        if self._cone.sign(form.row) != form.part:
            return {}
        told = self._cone.form(form.row)
        if told is not None:
            return {len(self._signed) + told: 1}
        row = self._cone.at_generators(form.row)
        return {place: form.part * row[k] for place, k in enumerate(self._signed) if row[k]}
