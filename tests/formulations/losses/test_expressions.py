"""The losses as cvxpy and PICOS are told them against their values, at predictions that are fixed."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import picos
import pytest

from formulations.arrays import Indices, Matrix
from formulations.losses.in_cvxpy import loss_in_cvxpy
from formulations.losses.in_picos import PicosLoss
from formulations.losses.loss import Loss
from formulations.losses.reading import read_loss
from formulations.sdp.solvers import choose_solver, run
from tests.formulations.losses.examples import KINKED, TEXTS, drawn

PREDICTIONS = 1.5 * np.random.default_rng(8).normal(size=(5, 2))
# Rows that are no shares: their sums are 3, 1/2, 1, 2 and 5/2.
COUNTS = np.array([[1.0, 2.0], [0.5, 0.0], [0.25, 0.75], [2.0, 0.0], [1.5, 1.0]])
EXPONENTIAL = ("logistic", "cross-entropy", "poisson")


def by_cvxpy(loss: Loss, predictions: Matrix) -> float:
    problem = cp.Problem(cp.Minimize(loss_in_cvxpy(loss, cp.Constant(predictions))))
    run(problem, choose_solver(1, "clarabel"))
    return float(problem.value)


def by_picos(loss: Loss, predictions: Matrix) -> float:
    problem = picos.Problem(
        solver="cvxopt", rel_ipm_opt_tol=1e-7, abs_ipm_opt_tol=1e-7, abs_prim_fsb_tol=1e-7
    )
    Z = picos.RealVariable("Z", predictions.shape)
    problem.minimize = PicosLoss(problem, loss, Z).expression()
    problem += predictions == Z
    problem.solve()
    return float(problem.value)


def examples() -> list[object]:
    every = [
        pytest.param(drawn(text, 4, weighted=weighted), id=f"{text}{' weighted' * weighted}")
        for text in TEXTS
        for weighted in (False, True)
    ]
    smoothed = [
        pytest.param(drawn(text, 4, weighted=True).smoothed(0.3), id=f"{text} smoothed")
        for text in sorted(KINKED)
    ]
    weights = np.array([1.0, 2.0, 0.5, 1.0, 3.0])
    sums = [
        pytest.param(read_loss(text, COUNTS, weights), id=f"{text} of counts")
        for text in ("cross-entropy", "cross-entropy 1/5")
    ]
    return [*every, *smoothed, *sums]


@pytest.mark.parametrize("loss", examples())
def test_value(loss: Loss) -> None:
    value = loss.value(PREDICTIONS)
    assert by_cvxpy(loss, PREDICTIONS) == pytest.approx(value, rel=1e-6)
    assert by_picos(loss, PREDICTIONS) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("text", EXPONENTIAL)
def test_picos_far_from_zero(text: str) -> None:
    """Squares stand for exponentials: where these are large, and where they vanish."""
    loss = drawn(text, 4)
    far = 4 * PREDICTIONS / np.abs(PREDICTIONS).max()
    assert by_picos(loss, far) == pytest.approx(loss.value(far), rel=1e-5)
    if text != "poisson":
        assert by_picos(loss, 5 * far) == pytest.approx(loss.value(5 * far), rel=1e-5)


def test_by_hand() -> None:
    """Huber 1/2 at the residual 2 is 1/2 (2 - 1/4); at 1/4 it is 1/32."""
    loss = read_loss("huber 1/2", np.array([[2.0], [0.25]]), np.array([1.0, 4.0]))
    zero = np.zeros((2, 1))
    assert by_cvxpy(loss, zero) == pytest.approx(0.875 + 4 / 32, rel=1e-6)
    assert by_picos(loss, zero) == pytest.approx(0.875 + 4 / 32, rel=1e-6)


def test_a_loss_that_is_not_written_down() -> None:
    class Strange(Loss):
        targets, weights = np.zeros((1, 1)), None

        @property
        def text(self) -> str:
            return "strange"

        def rows(self, indices: Indices) -> Strange:
            return self

        def value(self, predictions: Matrix) -> float:
            return 0.0

        def gradient(self, predictions: Matrix) -> Matrix:
            return predictions

        curvature = gradient

        def dual_gradient(self, N: Matrix) -> Matrix:
            return N

        dual_curvature = dual_gradient

        def box(self) -> tuple[Matrix, Matrix]:
            return self.targets, self.targets

        def _dual_value(self, N: Matrix) -> float:
            return 0.0

    with pytest.raises(ValueError, match="the loss strange is not written down for cvxpy"):
        loss_in_cvxpy(Strange(), cp.Variable((1, 1)))
    with pytest.raises(ValueError, match="the loss strange is not written down for PICOS"):
        PicosLoss(picos.Problem(), Strange(), picos.RealVariable("Z", (1, 1))).expression()
