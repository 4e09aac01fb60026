"""From a partition to a certificate: signs of pivots, and a leaf of products for each region.

The frame is dual to the pivots: each coordinate t_k is a positive multiple of x_i . u for its pivot i, and a
sign node tells the pivot's activity. On a region, a row that the solver left open may turn out to be settled:
then its alpha is a nonnegative combination of the t_k, or zero, and so are its products (docs/method.md, 3c).

Floats are written as the dyadic numbers they are. What rounding may have spoilt is paid for by a convex
combination with a dual point that is strictly feasible everywhere; the checker decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

from certify.bounds.proofs.writing import certificate_of, fit_in_a_leaf, in_one_block, trivial_certificate
from certify.checker.certificate.nodes import Leaf, Node, Sign
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
Path = tuple[tuple[int, int], ...]


def partition_certificates(
    problem: TrainingProblem, solution: PartitionSolution, preprocessing: Preprocessing | None = None
) -> Iterator[Certificate]:
    """Write a partition's proof exactly; each certificate leaves the checker more room than the one before.

    Args:
        problem: the exact problem.
        solution: what the solver found.
        preprocessing: recorded in the certificates.
    """
    frame = pivot_frame(problem.inputs, solution.pivots, problem.d)
    numbers = None if fit_in_a_leaf(problem) else _looked_at(problem, solution)
    values = {
        i: [dot(problem.inputs[i], w) for w in frame.generators]
        for i in (range(problem.n) if numbers is None else numbers)
    }
    # gamma y alpha alpha becomes, over the checker's integers, p q 4^k y.
    weight = Fraction(problem.gamma.numerator * problem.gamma.denominator << 2 * _EXPONENT)
    for share in _SHARES if solution.regions else ():
        rows = rounded_dual_point(problem, solution.dual_point, 1 - share, _EXPONENT)
        leaves = {region.signs: _leaf(region, solution, values, share, weight) for region in solution.regions}
        tree = tuple(_tree(leaves, solution.pivots, ()))
        certificate = certificate_of(problem, rows, _EXPONENT, tree, preprocessing, "partition", frame)
        yield certificate if numbers is None else in_one_block(certificate, numbers)
    yield trivial_certificate(problem, preprocessing=preprocessing)


def _looked_at(problem: TrainingProblem, solution: PartitionSolution) -> list[int]:
    """Return the samples that have a part in a proof: all others' rows of the dual point are zero."""
    used = np.any(solution.dual_point != 0, axis=1).tolist()
    return [i for i, x in enumerate(problem.inputs) if used[i] or i in solution.interior or not any(x)]


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


def _tree(
    leaves: Mapping[tuple[tuple[int, int], ...], Leaf],
    pivots: Sequence[int],
    path: tuple[tuple[int, int], ...],
) -> Iterator[Node]:
    """Yield the nodes below a path of signs, in preorder."""
    if path in leaves:
        yield leaves[path]
        return
    row = next(signs[len(path)][0] for signs in leaves if signs[: len(path)] == path)
    yield Sign(list(pivots).index(row))
    for sign in (1, -1):
        yield from _tree(leaves, pivots, (*path, (row, sign)))


def _leaf(
    region: RegionProof,
    solution: PartitionSolution,
    values: Mapping[int, Sequence[int]],
    share: Fraction,
    weight: Fraction,
) -> Leaf:
    """Write a region's multipliers, a share of the way to the interior, as those of a leaf."""
    signs = {solution.pivots.index(row): sign for row, sign in region.signs}
    forms = _Forms(values, signs)
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

    The t_k of known sign come first, then the alpha, then the beta of the rows that are mixed there.
    """

    def __init__(self, values: Mapping[int, Sequence[int]], signs: Mapping[int, int]) -> None:
        """Take x_i . w_k for all generators, by the number i, and the known signs by their generator."""
        self._rows = {
            i: [signs.get(k, 1) * value for k, value in enumerate(row)] for i, row in values.items()
        }
        self._signed = sorted(signs)
        free = [k for k in range(len(next(iter(values.values())))) if k not in signs]
        mixed = [
            i for i, row in self._rows.items() if any(row[k] for k in free) or (min(row) < 0 and max(row) > 0)
        ]
        self._place = {i: len(signs) + place for place, i in enumerate(mixed)}

    def __getitem__(self, form: Form) -> Combination:
        place = self._place.get(form.row)
        if place is not None:
            return {place if form.part == 1 else place + len(self._place): 1}
        row = [form.part * value for value in self._rows[form.row]]
        if min(row) < 0:
            return {}
        return {place: row[k] for place, k in enumerate(self._signed) if row[k]}
