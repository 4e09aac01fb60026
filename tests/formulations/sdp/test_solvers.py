"""The choice of a solver, and both forms of a program worked by hand."""

import sys
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from scipy import sparse

from formulations.sdp import solvers
from formulations.sdp.solvers import (
    CLARABEL_MAX_ORDER,
    SemidefiniteProgram,
    SolverChoice,
    choose_solver,
    mosek_is_licensed,
)

FORMS: list[tuple[str, Literal["lmi", "moments"], float]] = [
    ("clarabel", "lmi", 1e-6),
    ("clarabel", "moments", 1e-6),
    ("scs", "lmi", 1e-4),
    ("scs", "moments", 1e-4),
]


def in_form(name: str, form: Literal["lmi", "moments"]) -> SolverChoice:
    return replace(choose_solver(1, name), form=form)


def correlation(*, nonnegative: int, quadratic: int, slope: float) -> SemidefiniteProgram:
    """Maximise slope y (- y^2 / 2) such that [[1, y], [y, 1]] is semidefinite, that is |y| <= 1."""
    off_diagonal = sparse.csc_array(np.array([[0.0], [1.0], [1.0], [0.0]]))
    return SemidefiniteProgram(np.eye(2), off_diagonal, np.array([slope]), nonnegative, quadratic)


@pytest.mark.parametrize(("name", "form", "tolerance"), FORMS)
@pytest.mark.parametrize(("nonnegative", "sign"), [(0, 1.0), (0, -1.0), (1, 1.0)])
def test_linear_program_by_hand(
    name: str, form: Literal["lmi", "moments"], tolerance: float, nonnegative: int, sign: float
) -> None:
    """The optimum is y = sign, where the matrix has the kernel (1, -sign) and <F_1, moments> = -slope."""
    outcome = correlation(nonnegative=nonnegative, quadratic=0, slope=3 * sign).solve(in_form(name, form))
    assert outcome.solver == name
    assert outcome.variables == pytest.approx([sign], abs=tolerance)
    assert outcome.moments == pytest.approx(1.5 * np.array([[1, -sign], [-sign, 1]]), abs=3 * tolerance)


@pytest.mark.parametrize(("name", "form", "tolerance"), FORMS)
def test_nonnegative_variable_at_its_bound(
    name: str, form: Literal["lmi", "moments"], tolerance: float
) -> None:
    """Without the bound the optimum would be y = -1."""
    outcome = correlation(nonnegative=1, quadratic=0, slope=-3.0).solve(in_form(name, form))
    assert outcome.variables == pytest.approx([0.0], abs=tolerance)
    assert outcome.moments == pytest.approx(np.zeros((2, 2)), abs=3 * tolerance)


@pytest.mark.parametrize(("name", "form", "tolerance"), FORMS)
@pytest.mark.parametrize(
    ("slope", "optimum", "moment"), [(0.5, 0.5, 0.0), (2.0, 1.0, 0.5), (-2.0, -1.0, 0.5)]
)
def test_quadratic_program_by_hand(
    name: str, form: Literal["lmi", "moments"], tolerance: float, slope: float, optimum: float, moment: float
) -> None:
    """Inside |y| < 1 the optimum is the slope and the LMI has no say."""
    outcome = correlation(nonnegative=0, quadratic=1, slope=slope).solve(in_form(name, form))
    assert outcome.variables == pytest.approx([optimum], abs=3 * tolerance)
    expected = moment * np.array([[1, -np.sign(slope)], [-np.sign(slope), 1]])
    assert outcome.moments == pytest.approx(expected, abs=3 * tolerance)


@pytest.mark.parametrize(("name", "form", "_"), FORMS)
def test_infeasible_program_is_a_value_error(name: str, form: Literal["lmi", "moments"], _: float) -> None:
    never = SemidefiniteProgram(-np.eye(1), sparse.csc_array((1, 1)), np.zeros(1), 0, 0)
    with pytest.raises(ValueError, match=f"solver '{name}' returned no numbers"):
        never.solve(in_form(name, form))


@pytest.mark.parametrize(("name", "limit"), [("clarabel", {"max_iter": 4}), ("scs", {"max_iters": 4})])
def test_numbers_of_an_early_stop_are_kept(name: str, limit: dict[str, int]) -> None:
    choice = choose_solver(1, name)
    hasty = replace(choice, options={**choice.options, **limit})
    outcome = correlation(nonnegative=0, quadratic=0, slope=3.0).solve(hasty)
    assert outcome.status in ("user_limit", "optimal_inaccurate")
    assert np.isfinite(outcome.variables).all()
    assert np.isfinite(outcome.moments).all()


def test_failure_without_numbers_is_a_value_error() -> None:
    hopeless = replace(choose_solver(1, "scs"), name="NO_SUCH_SOLVER")
    with pytest.raises(ValueError, match=r"no numbers \(status 'solver_error'\)"):
        correlation(nonnegative=0, quadratic=0, slope=3.0).solve(hopeless)


def test_choice_by_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "mosek_is_licensed", lambda: False)
    assert choose_solver(CLARABEL_MAX_ORDER).name == "CLARABEL"
    assert choose_solver(CLARABEL_MAX_ORDER + 1).name == "SCS"
    assert choose_solver(10**6, "Clarabel").name == "CLARABEL"


def test_licensed_mosek_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "mosek_is_licensed", lambda: True)
    assert {choose_solver(order).name for order in (1, 10**6)} == {"MOSEK"}
    assert choose_solver(1, "scs").name == "SCS"


def test_unavailable_solvers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "mosek_is_licensed", lambda: False)
    with pytest.raises(ValueError, match="'mosek' is not installed or has no licence"):
        choose_solver(1, "mosek")
    with pytest.raises(ValueError, match="'gurobi' is not one of mosek, clarabel and scs"):
        choose_solver(1, "gurobi")


def test_licence_is_not_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package called mosek may be there and refuse to solve."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())

    def refuse(*_: object, **__: object) -> str:
        raise RuntimeError("no licence")

    monkeypatch.setattr(solvers, "run", refuse)
    mosek_is_licensed.cache_clear()
    try:
        assert not mosek_is_licensed()
    finally:
        mosek_is_licensed.cache_clear()


def test_without_cvxpy_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvxpy", None)
    with pytest.raises(ValueError, match=r"cvxpy is not installed; .* 'certify\[cvxpy\]'"):
        correlation(nonnegative=0, quadratic=0, slope=1.0).solve(choose_solver(1, "clarabel"))
