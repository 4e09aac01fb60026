"""What a partition proves in floating point is accepted in exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.bounds.partition.leaf import Signs, partition_certificates, pivot_frame
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import AnyLeaf, Leaf, RowSign, Sign
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.numbers.integers import IntegerRows, dot
from certify.checker.obligations import Obligation
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.problem import Arrays
from formulations.partition.partition import ROWS, PartitionSolution, RegionProof, solve_partition
from formulations.sdp.activation_region import Form
from tests.certify.checker import row_signs
from tests.certify.checker.strategies import problems


def first_valid(problem: TrainingProblem, most: int = ROWS) -> tuple[Certificate, PartitionSolution]:
    """Return the certificate of a partition that looks at so many samples."""
    arrays = Arrays.of(problem)
    solution = solve_partition(arrays.X, arrays.Y, arrays.gamma, arrays.Y, rows=most, time_limit=np.inf)
    for certificate in partition_certificates(problem, solution):
        if check_certificate(certificate, problem).valid:
            assert from_text(to_text(certificate)) == certificate
            return certificate, solution
    raise AssertionError("even the trivial certificate is refused")


Products = tuple[tuple[Form, Form, float], ...]


def by_hand(
    problem: TrainingProblem,
    dual_point: Sequence[Sequence[float]],
    pivots: Sequence[int],
    products: Mapping[Signs, Products],
    looked_at: Sequence[int] | None = None,
) -> Certificate:
    """The first certificate of the partition by all signs of pivots, with the multipliers of some regions."""
    patterns = [tuple(zip(pivots, signs, strict=True)) for signs in product((1, -1), repeat=len(pivots))]
    slack = dict.fromkeys(range(problem.n) if looked_at is None else looked_at, -0.125)
    regions = tuple(RegionProof(signs, slack, products.get(signs, ())) for signs in patterns)
    N = np.array(dual_point, dtype=float)
    solution = PartitionSolution(N, tuple(pivots), regions, slack, 0.0, "divided", 0.0)
    return next(partition_certificates(problem, solution))


def rows(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[list[Fraction]]:
    return [[Fraction(round(100 * entry), 100) for entry in row] for row in values.tolist()]


@pytest.mark.parametrize("shape", [(9, 2, 2), (12, 3, 1), (10, 5, 2), (3, 5, 1)])
def test_exact_bound_is_the_dual_value(shape: tuple[int, int, int]) -> None:
    n, d, c = shape
    rng = np.random.default_rng(n)
    # Positive inputs: some rows lie in the cone of the pivots and are settled on whole regions.
    problem = TrainingProblem.from_rationals(
        rows(abs(rng.normal(size=(n, d)))), rows(rng.normal(size=(n, c))), Fraction(1, 50)
    )
    certificate, solution = first_valid(problem)
    assert certificate.method == "partition"
    assert any(isinstance(node, Sign) for node in certificate.tree) == bool(solution.pivots)
    assert float(certificate.bound) == pytest.approx(solution.dual_value, rel=1e-6)


def test_parallel_and_vanishing_rows_are_no_obstacle() -> None:
    X = [[1, 2, 0], [2, 4, 0], [-1, -2, 0], [0, 0, 0], [3, 1, 0], [1, 2, 0]]
    problem = TrainingProblem.from_rationals(X, [[1], [-2], [3], [1], [2], [0]], Fraction(1, 10))
    certificate, solution = first_valid(problem)
    assert float(certificate.bound) == pytest.approx(solution.dual_value, rel=1e-6)
    assert certificate.bound > Fraction(1, 2)  # what the sample at zero costs alone


@settings(max_examples=25, deadline=None)
@given(problems())
def test_every_problem_ends_in_a_valid_certificate(problem: TrainingProblem) -> None:
    certificate, _ = first_valid(problem)
    assert 0 <= certificate.bound <= problem.loss_at_zero()


@given(st.integers(1, 4), st.data())
def test_frame_is_dual_to_its_pivots(d: int, data: st.DataObject) -> None:
    row = st.lists(st.integers(-9, 9), min_size=d, max_size=d).map(tuple)
    inputs: IntegerRows = tuple(data.draw(st.lists(row, min_size=1, max_size=5)))
    pivots: list[int] = []
    for i in range(len(inputs)):
        chosen = [inputs[k] for k in (*pivots, i)]
        if np.linalg.matrix_rank(np.array(chosen)) == len(chosen):
            pivots.append(i)
    frame = pivot_frame(inputs, pivots, d)
    for k, i in enumerate(pivots):
        values = [dot(inputs[i], w) for w in frame.generators]
        assert values[k] > 0
        assert not any(values[:k] + values[k + 1 :])
    for i in range(d):
        combined = [
            sum(a * w[j] for a, w in zip(frame.inverse[i], frame.generators, strict=True)) for j in range(d)
        ]
        assert combined == [frame.scale * (i == j) for j in range(d)]


class TestDependentPivots:
    """The certificates of `row_signs`, by the writer, at nine tenths of their dual point."""

    DUAL_POINT = tuple([0.9 * entry for entry in row] for row in row_signs.DUAL_POINT)
    # The multipliers of `row_signs.ALL_ACTIVE`, over gamma, where all three rows are active.
    FIRST, SECOND, THIRD = (Form(1, i) for i in range(3))
    PRODUCTS = ((FIRST, THIRD, 7 / 3), (SECOND, THIRD, 7 / 3))

    def certificate(self, pivots: Sequence[int], problem: TrainingProblem = row_signs.PROBLEM) -> Certificate:
        active = tuple((i, 1) for i in pivots)
        return by_hand(problem, self.DUAL_POINT, pivots, {active: self.PRODUCTS})

    def test_a_pivot_that_depends_on_the_frame_is_divided_by_a_row_node(self) -> None:
        certificate = self.certificate((0, 1, 2))
        assert certificate.frame == Frame.identity(2)
        # Where the first two have opposite signs they tell that of the third.
        inner = [node for node in certificate.tree if not isinstance(node, AnyLeaf)]
        assert inner == [Sign(0), Sign(1), RowSign(2), Sign(1), RowSign(2)]
        [first, *_] = (node for node in certificate.tree if isinstance(node, Leaf))
        assert {(i, j) for i, j, _ in first.products} == {(0, 2), (1, 2)}
        assert check_certificate(certificate, row_signs.PROBLEM).valid

    @pytest.mark.parametrize("pivots", list(permutations(range(3))))
    def test_in_any_order(self, pivots: tuple[int, ...]) -> None:
        certificate = self.certificate(pivots)
        assert check_certificate(certificate, row_signs.PROBLEM).bound == certificate.bound
        assert {node.number for node in certificate.tree if isinstance(node, RowSign)} == {pivots[2]}

    def test_without_the_sign_it_is_no_proof(self) -> None:
        signs: dict[Signs, Products] = {((0, 1), (1, 1)): self.PRODUCTS}
        certificate = by_hand(row_signs.PROBLEM, self.DUAL_POINT, (0, 1), signs)
        # Without a sign the third row's alpha is the quantity, and these are no multipliers for that.
        verdict = check_certificate(certificate, row_signs.PROBLEM)
        assert verdict.obligation is Obligation.LEAF_FORM

    def test_where_too_many_samples_are_in_a_block(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("certify.bounds.proofs.writing.MAX_LEAF_ORDER", 5)
        N = [[0.0], *self.DUAL_POINT]
        first, second, third = (Form(1, i) for i in (1, 2, 3))
        active: dict[Signs, Products] = {
            ((1, 1), (2, 1), (3, 1)): ((first, third, 7 / 3), (second, third, 7 / 3))
        }
        certificate = by_hand(row_signs.LAST_THREE, N, (1, 2, 3), active, looked_at=(1, 2, 3))
        assert certificate.blocks is not None
        assert certificate.blocks.parts[0].rows == (1, 2, 3)
        assert RowSign(2) in certificate.tree
        assert check_certificate(certificate, row_signs.LAST_THREE).valid

    @settings(max_examples=25, deadline=None)
    @given(problems(max_n=4), st.data())
    def test_every_order_of_all_rows(self, problem: TrainingProblem, data: st.DataObject) -> None:
        # Near N = 0 no region needs multipliers; some have no points.
        pivots = data.draw(st.permutations(range(problem.n)))
        N = np.full((problem.n, problem.c), 2.0**-30)
        certificate = by_hand(problem, N.tolist(), pivots, {})
        assert check_certificate(certificate, problem).valid


def test_a_proof_is_of_the_samples_that_it_looks_at_where_all_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(8)
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    X[7] = 0
    problem = TrainingProblem.from_rationals(rows(X), rows(Y), Fraction(1, 10))
    whole, _ = first_valid(problem, most=12)
    monkeypatch.setattr("certify.bounds.proofs.writing.MAX_LEAF_ORDER", 22)
    certificate, solution = first_valid(problem, most=12)
    assert certificate.blocks is not None
    [block] = certificate.blocks.parts
    assert block.rows == tuple(sorted({*solution.interior, 7}))
    assert 7 not in solution.interior
    assert len(block.rows) == 13
    assert certificate.bound == whole.bound
