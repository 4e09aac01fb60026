"""SDP-NN for any loss: the dual point nearest to the network's that the relaxation proves."""

from __future__ import annotations

import numpy as np
import pytest

from certify.bounds.bound import bound
from certify.bounds.relaxation.bound import BlocksSolution, Relaxation
from certify.bounds.relaxation.nearest import with_value
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.problem import Arrays
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import DualSolution, Multipliers


def classes(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)).round(2)
    return X, (X[:, 0] + 0.5 * X[:, 1] ** 2 > 0.4).astype(int)


@pytest.mark.parametrize(
    ("loss", "gap"),
    [
        ("logistic", 0.04),
        ("cross-entropy", 0.04),
        ("hinge", 0.15),
        ("squared-hinge", 0.05),
        ("huber 1/4", 0.03),
    ],
)
def test_the_gap_is_small_where_the_relaxation_is_nearly_exact(loss: str, gap: float) -> None:
    X, labels = classes(14, 8)
    found = bound(X, labels, 2, loss=loss, task="classification", gap=0.01)
    assert found.method == "sdp"
    assert found.verdict.valid
    assert 0 < found.interval.lower <= found.interval.upper
    assert found.interval.relative_gap <= gap


def test_weights_and_a_free_output_bias() -> None:
    X, labels = classes(14, 8, 1)
    weights = 1 + np.arange(14) % 3
    found = bound(
        X, labels, 1, loss="logistic", task="classification", output_bias="free", sample_weight=weights
    )
    assert found.method == "sdp"
    assert found.interval.relative_gap <= 0.05


def test_no_bound_is_above_the_tree() -> None:
    """In two features, where the tree encloses the optimum."""
    X, labels = classes(8, 2, 2)
    tree = bound(X, labels, 0.2, loss="logistic", task="classification", method="tree")
    for method in ("sdp", "shor"):
        found = bound(X, labels, 0.2, loss="logistic", task="classification", method=method)
        assert 0 < found.interval.lower <= tree.interval.upper


def test_the_value_is_that_of_the_problem_itself() -> None:
    # At N = 1/2 the logistic loss of y = 1 proves log 2, the most there is.
    problem = TrainingProblem.from_rationals([[1], [2]], [[1], [-1]], 10, "logistic")
    line = Arrays.of(problem).dual_line
    N = np.array([[0.5], [-0.5]])
    solution = DualSolution(N, Multipliers.zero(2), 0.0, 0.0, "test", "optimal", 0.0)
    found = with_value(Relaxation("sdp", "test", 7.0, solution), line)
    assert found.estimate is None
    assert found.value == pytest.approx(2 * np.log(2))


def test_blocks_keep_the_order_of_their_samples() -> None:
    proofs = tuple(
        BlockProof(rows, np.eye(2), np.array([[float(row)] for row in rows]), Multipliers.zero(len(rows)))
        for rows in ((2, 0), (1, 3))
    )
    assert BlocksSolution(0.0, proofs).dual_point.ravel().tolist() == [0, 1, 2, 3]


def test_samples_that_do_not_count_keep_their_weights_apart() -> None:
    """A sample whose row of the dual point is zero is left out where the proof is made."""
    problem = TrainingProblem.from_rationals(
        [[1, 0], [0, 1], [1, 1]], [[1], [-1], [1]], 1, "logistic", weights=[1, 2, 3]
    )
    N = np.array([[0.1], [0.0], [0.2]])
    certificate = root_certificate(problem, N, Multipliers.zero(3))
    assert check_certificate(certificate, problem).valid
    assert certificate.dual_point[1] == (0,)
    assert certificate.bound > 0
