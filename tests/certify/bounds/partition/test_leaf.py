"""What a partition proves in floating point is accepted in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.bounds.partition.leaf import partition_certificates, pivot_frame
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import Sign
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows, dot
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.problem import Arrays
from formulations.partition.partition import ROWS, PartitionSolution, solve_partition
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
