"""How SDP-NN's matrix stands to CP-NN, and what copositive cuts are worth."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify import check
from certify.checker.numbers.semidefinite import is_psd
from certify.matrices.completely_positive.decide import CompletePositivityReport
from certify.tightness.lifted_matrix import (
    Finding,
    LiftedDiagnosis,
    _repaired,
    _scales,
    diagnose,
)
from formulations.arrays import Matrix
from formulations.copositive.nearest_cp import nearest_cp
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.copositive_cuts import copositive_cuts
from formulations.training.arcs import global_optimum_2d
from tests.certify.checker.copositive_oracle import simplex_minimum
from tests.certify.checker.cp_oracle import assert_proved

GAMMA = 0.1


@pytest.fixture(scope="module")
def problem() -> tuple[Matrix, Matrix]:
    """Return four samples in the plane on which SDP-NN is 1.8 % below the optimum."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(4, 2)), rng.normal(size=(4, 1))


@pytest.fixture(scope="module")
def found(problem: tuple[Matrix, Matrix]) -> LiftedDiagnosis:
    return diagnose(*problem, GAMMA, cuts=4)


def answer(found: LiftedDiagnosis) -> CompletePositivityReport:
    assert found.report is not None
    return found.report


def test_a_loose_relaxation_is_separated(problem: tuple[Matrix, Matrix], found: LiftedDiagnosis) -> None:
    X, Y = problem
    assert global_optimum_2d(X, Y, GAMMA).upper > 1.01 * found.value
    report = answer(found)
    assert found.finding is Finding.SEPARATED
    assert report.answer == "no"
    matrix = report.matrix
    rows = [[Fraction(entry, matrix.denominator) for entry in row] for row in matrix.entries]
    assert (matrix.order, report.free) == (2 * 4 + 2 + 1, 3)
    assert report.certificate is not None
    assert check(report.certificate, matrix=matrix).valid
    assert_proved(report, rows)
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
    nearest = nearest_cp(unit, [np.eye(8)], tolerance=1e-6, margin=30)
    assert found.separation >= -1.1 * nearest.distance / np.linalg.norm(unit)
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
    assert found.finding in (Finding.PROVED, Finding.NEAR)
    assert answer(found).answer != "no"
    assert found.cut is None
    assert found.separation is None
    assert found.distance < 1e-6
    assert found.rounds == ()


def test_the_cut_is_horns_inequality_between_five_activations(found: LiftedDiagnosis) -> None:
    horn, cut = found.horn, found.cut
    assert horn is not None
    assert cut is not None
    support = {i for i, row in enumerate(cut.entries) if any(row)}
    assert support == set(horn.places)
    assert len(support) == 5
    # The first of the rounds has this cut.
    assert found.rounds[1].value > found.rounds[0].value


@pytest.mark.parametrize("units", [(1e5, 1.0), (1e-4, 1e-3)])
def test_the_answer_does_not_depend_on_the_units(
    problem: tuple[Matrix, Matrix], found: LiftedDiagnosis, units: tuple[float, float]
) -> None:
    X, Y = problem
    other = diagnose(units[0] * X, units[1] * Y, units[0] * units[1] * GAMMA)
    assert other.value == pytest.approx(units[1] ** 2 * found.value, rel=1e-5)
    assert other.finding is Finding.SEPARATED
    assert other.distance == pytest.approx(found.distance, rel=0.05)
    assert other.separation == pytest.approx(found.separation, rel=0.05)
    assert other.repair < 1e-6


@pytest.mark.parametrize("gamma", [5.0, 1e3])
def test_under_much_weight_decay_the_matrix_is_zero(problem: tuple[Matrix, Matrix], gamma: float) -> None:
    found = diagnose(*problem, gamma, solution=solve_reduced(*problem, gamma), cuts=3)
    assert found.value == pytest.approx(np.sum(problem[1] ** 2) / 2, rel=1e-6)
    assert (found.zero, found.finding) == (True, Finding.ZERO)
    assert (found.report, found.cut, found.rounds) == (None, None, ())


def test_inputs_that_are_zero_have_no_activations() -> None:
    assert diagnose(np.zeros((3, 2)), np.ones((3, 1)), GAMMA).finding is Finding.ZERO


def test_a_time_limit_leaves_an_answer(problem: tuple[Matrix, Matrix]) -> None:
    found = diagnose(*problem, GAMMA, cuts=10, time_limit=1e-9)
    assert found.finding in (Finding.SEPARATED, Finding.OPEN)
    assert len(found.rounds) == 1


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(0, 1e-6))
def test_a_repaired_matrix_is_doubly_nonnegative_and_near(seed: int, rank: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    n, d, c = 4, 2, 1
    units = np.repeat(10.0 ** rng.integers(-6, 7, size=3), (2 * n, d, c))
    factor = rng.random((2 * n + d + c, rank))
    alive = rng.random((n, rank)) < 0.5
    factor[:n] *= alive
    factor[n : 2 * n] *= ~alive
    error = noise * rng.standard_normal((len(factor), len(factor)))
    lifted = units[:, None] * (factor @ factor.T + error + error.T) * units
    scales = _scales(lifted, n, d)
    repaired = _repaired(scales[:, None] * lifted * scales, n, scales)
    rows = [[Fraction(entry, repaired.denominator) for entry in row] for row in repaired.entries]
    assert is_psd(repaired.entries)
    assert min(entry for row in rows[: 2 * n] for entry in row[: 2 * n]) >= 0
    assert all(rows[i][n + i] == 0 for i in range(n))
    change = (np.array(rows, dtype=float) - lifted) / np.outer(units, units)
    # An activation that is noise is dropped with its row, which is at most the root of that.
    assert np.abs(change).max() < 100 * noise + 1e-3


def test_malformed_problems_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        copositive_cuts(np.eye(2), np.eye(3), GAMMA, cuts=1)
    with pytest.raises(ValueError, match="gamma"):
        diagnose(np.eye(2), np.eye(2), -1.0)


def test_cuts_end_where_they_are_told(problem: tuple[Matrix, Matrix]) -> None:
    assert len(copositive_cuts(*problem, GAMMA, cuts=0)) == 1
    assert len(copositive_cuts(*problem, GAMMA, cuts=5, should_stop=lambda: True)) == 1
