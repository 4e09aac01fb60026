"""How SDP-NN's matrix stands to CP-NN, and what copositive cuts are worth."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from certify import check
from certify.lifted_cp import LiftedDiagnosis, diagnose
from formulations.arcs import global_optimum_2d
from formulations.copositive_cuts import copositive_cuts
from formulations.multipliers import Matrix
from formulations.reduced import solve_reduced
from tests.copositive_oracle import simplex_minimum
from tests.cp_oracle import assert_proved

GAMMA = 0.1


@pytest.fixture(scope="module")
def problem() -> tuple[Matrix, Matrix]:
    """Return four samples in the plane on which SDP-NN is 1.8 % below the optimum."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(4, 2)), rng.normal(size=(4, 1))


@pytest.fixture(scope="module")
def found(problem: tuple[Matrix, Matrix]) -> LiftedDiagnosis:
    return diagnose(*problem, GAMMA, cuts=4)


def test_a_loose_relaxation_is_separated(problem: tuple[Matrix, Matrix], found: LiftedDiagnosis) -> None:
    X, Y = problem
    assert global_optimum_2d(X, Y, GAMMA).upper > 1.01 * found.value
    assert found.report.answer == "no"
    matrix = found.report.matrix
    rows = [[Fraction(entry, matrix.denominator) for entry in row] for row in matrix.entries]
    assert (matrix.order, found.report.free) == (2 * 4 + 2 + 1, 3)
    assert found.report.certificate is not None
    assert check(found.report.certificate, matrix=matrix).valid
    assert_proved(found.report, rows)
    # The matrix that was decided is the solver's, and that is doubly nonnegative up to its own error.
    assert found.repair < 1e-6
    assert found.least_entry > -1e-6
    assert found.least_eigenvalue > -1e-6


def test_the_cut_separates_the_solvers_matrix(found: LiftedDiagnosis) -> None:
    cut, block = found.cut, found.lifted[:8, :8]
    assert cut is not None
    assert simplex_minimum(cut.entries) >= 0
    assert np.sum(np.array(cut.entries, dtype=float) * block) < 0
    assert found.separation is not None
    assert -1 < found.separation < -1e-4
    # No separation is better than the distance allows: <M, B> = <M, B - X> + <M, X> >= -|M| |B - X|.
    unit = block / np.sqrt(np.outer(block.diagonal(), block.diagonal()))
    assert found.report.distance is not None
    assert found.separation >= -found.report.distance * 1.1
    assert np.allclose(unit.diagonal(), 1)
    assert 1e-4 < found.distance < 0.5
    assert found.columns > 0


def test_cuts_raise_the_value_and_stay_below_the_optimum(
    problem: tuple[Matrix, Matrix], found: LiftedDiagnosis
) -> None:
    X, Y = problem
    values = [entry.value for entry in found.rounds]
    assert len(values) == 5
    assert values[0] == pytest.approx(found.value, rel=1e-5)
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(values))
    optimum = global_optimum_2d(X, Y, GAMMA).upper
    assert values[-1] <= optimum + 1e-6
    assert values[-1] - values[0] > 0.2 * (optimum - values[0])


def test_a_tight_relaxation_is_not_separated() -> None:
    # Orthogonal inputs: each sample has its own neuron, and SDP-NN is tight.
    X, Y = np.eye(2), np.array([[1.0], [2.0]])
    found = diagnose(X, Y, GAMMA)
    assert found.value == pytest.approx(global_optimum_2d(X, Y, GAMMA).upper, rel=1e-5)
    assert found.report.answer != "no"
    assert found.cut is None
    assert found.separation is None
    assert found.distance < 1e-6
    assert found.rounds == ()


def test_a_solution_at_hand_is_used(problem: tuple[Matrix, Matrix]) -> None:
    solution = solve_reduced(*problem, 1e3)
    found = diagnose(*problem, 1e3, solution=solution)
    # Under so much weight decay the best network is none.
    assert found.value == pytest.approx(np.sum(problem[1] ** 2) / 2, rel=1e-4)
    assert found.report.answer != "no"


def test_malformed_problems_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        copositive_cuts(np.eye(2), np.eye(3), GAMMA, cuts=1)
    with pytest.raises(ValueError, match="gamma"):
        diagnose(np.eye(2), np.eye(2), -1.0)


def test_cuts_end_where_they_are_told(problem: tuple[Matrix, Matrix]) -> None:
    assert len(copositive_cuts(*problem, GAMMA, cuts=0)) == 1
    assert len(copositive_cuts(*problem, GAMMA, cuts=5, should_stop=lambda: True)) == 1
