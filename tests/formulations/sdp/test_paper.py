"""The paper's form in cvxpy and PICOS against the reduced form, which has the same value.

The tolerances on values are what solvers reach where there is no interior point: nearly three digits for
interior-point methods, which break down there where rounding has it, two for SCS. The dual side has an
interior, so the multipliers prove the level all the same.
"""

import sys
from collections.abc import Callable

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.losses.loss import Loss
from formulations.losses.reading import read_loss
from formulations.sdp.conic.paper_cvxpy import PaperSolution, solve_paper_cvxpy
from formulations.sdp.conic.paper_picos import solve_paper_picos
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.conic.reduced_losses import solve_reduced_loss
from formulations.sdp.multipliers import relaxation_form
from tests.formulations.losses.examples import TEXTS, drawn, fitting_targets

Solve = Callable[[Matrix, Loss | Matrix, float], PaperSolution]


def cvxpy_with(name: str) -> Solve:
    return lambda X, loss, gamma: solve_paper_cvxpy(X, loss, gamma, solver=name)


CLARABEL = pytest.param(cvxpy_with("clarabel"), 3e-3, id="cvxpy-clarabel")
CLARABEL_COARSE = pytest.param(cvxpy_with("clarabel"), 1e-2, id="cvxpy-clarabel")
SCS = pytest.param(cvxpy_with("scs"), 2e-2, id="cvxpy-scs")
PICOS = pytest.param(
    lambda X, loss, gamma: solve_paper_picos(X, loss, gamma, solver="cvxopt"), 3e-3, id="picos-cvxopt"
)


def small_problem(n: int, d: int, c: int) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(3)
    return rng.standard_normal((n, d)), rng.standard_normal((n, c))


@pytest.mark.parametrize(("solve", "tolerance"), [CLARABEL, PICOS])
@pytest.mark.parametrize(("shape", "gamma"), [((4, 1, 1), 0.1), ((5, 2, 1), 0.3), ((6, 2, 2), 0.1)])
def test_agrees_with_the_reduced_form(
    solve: Solve, tolerance: float, shape: tuple[int, int, int], gamma: float
) -> None:
    n, d, c = shape
    X, Y = small_problem(n, d, c)
    reduced, paper = solve_reduced(X, Y, gamma), solve(X, Y, gamma)
    assert paper.value == pytest.approx(reduced.value, rel=tolerance)
    assert paper.dual_value == pytest.approx(reduced.value, rel=tolerance)
    assert paper.dual_point == pytest.approx(reduced.dual_point, abs=0.05)

    form = relaxation_form(X, paper.dual_point, gamma**2, paper.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -1e-3 * gamma**2
    for signed in ("alpha_alpha", "alpha_beta", "beta_beta"):
        assert (getattr(paper.multipliers, signed) >= 0).all()

    lifted = paper.lifted
    assert lifted.shape == (2 * n + d + c,) * 2
    small = tolerance * np.trace(lifted)
    assert lifted[: 2 * n, : 2 * n].min() >= -small
    assert np.diag(lifted[:n, n : 2 * n]) == pytest.approx(0, abs=small)
    tie = np.hstack([-np.eye(n), np.eye(n), X, np.zeros((n, c))])
    assert tie @ lifted @ tie.T == pytest.approx(0, abs=small)


def test_scs_agrees_to_its_accuracy() -> None:
    X, Y = small_problem(4, 1, 1)
    paper = solve_paper_cvxpy(X, Y, 0.1, solver="scs")
    assert paper.solver == "scs"
    assert paper.value == pytest.approx(solve_reduced(X, Y, 0.1).value, rel=2e-2)


@pytest.mark.parametrize(("solve", "tolerance"), [CLARABEL, SCS, PICOS])
def test_one_sample_by_hand(solve: Solve, tolerance: float) -> None:
    """As for the reduced form: |x| = 5, |y| = 2, gamma = 1."""
    paper = solve(np.array([[3.0, 4.0]]), np.array([[2.0, 0.0]]), 1.0)
    assert paper.value == pytest.approx(2 / 5 - 1 / 50, rel=10 * tolerance)
    assert paper.dual_point == pytest.approx(np.array([[0.2, 0.0]]), abs=0.01)


@pytest.mark.parametrize(("solve", "tolerance"), [CLARABEL_COARSE, PICOS])
@pytest.mark.parametrize("text", TEXTS)
def test_every_loss(solve: Solve, tolerance: float, text: str) -> None:
    X, _ = small_problem(3, 2, 2)
    loss = drawn(text, 3, n=3, weighted=True)
    paper, reduced = solve(X, loss, 0.2), solve_reduced_loss(X, loss, 0.2)
    assert paper.value == pytest.approx(reduced.value, rel=tolerance)
    assert paper.dual_value == pytest.approx(reduced.value, rel=tolerance)
    form = relaxation_form(X, paper.dual_point, 0.2**2, paper.multipliers)
    assert np.linalg.eigvalsh(form)[0] >= -2e-2 * 0.2**2


@pytest.mark.parametrize(("solve", "tolerance"), [CLARABEL_COARSE, PICOS])
@pytest.mark.parametrize("text", ["absolute", "cross-entropy", "poisson"])
def test_weights_are_repeated_samples(solve: Solve, tolerance: float, text: str) -> None:
    X, Y = small_problem(3, 2, 2)
    targets = fitting_targets(text, Y)
    rows = np.array([0, 0, 1, 2])
    weighted = solve(X, read_loss(text, targets, np.array([2.0, 1.0, 1.0])), 0.2)
    repeated = solve(X[rows], read_loss(text, targets[rows]), 0.2)
    assert weighted.value == pytest.approx(repeated.value, rel=tolerance)


def test_malformed_problems_and_unknown_solvers() -> None:
    ones = np.ones((1, 1))
    for solve in (solve_paper_cvxpy, solve_paper_picos):
        with pytest.raises(ValueError, match="gamma is -1"):
            solve(ones, ones, -1.0)
        with pytest.raises(ValueError, match="'gurobi' is not"):
            solve(ones, ones, 1.0, solver="gurobi")


def test_missing_picos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picos", None)
    with pytest.raises(ValueError, match="PICOS is not installed"):
        solve_paper_picos(np.ones((1, 1)), np.ones((1, 1)), 1.0)
