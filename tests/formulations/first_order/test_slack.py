"""The best slack against a general solver, and its Newton step against differences."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np

from formulations.first_order.arrow import Block, value
from formulations.first_order.slack import _barrier, _start, improve_slack
from formulations.first_order.unit_problem import UnitProblem


def _block(scale: float = 1.0) -> Block:
    """Return a block whose form is indefinite at its slack."""
    rng = np.random.default_rng(3)
    X, Y = np.c_[rng.normal(size=(9, 2)), np.ones(9)], rng.normal(size=(9, 2))
    problem = UnitProblem.of(X, Y, 0.5)
    block = Block(problem, np.arange(len(problem.units)))
    block.entries = scale * problem.targets
    pairs = rng.uniform(0, 0.2, size=(3, 9, 9))
    block.tables = [pairs[0] + pairs[0].T, pairs[1] * (1 - np.eye(9)), pairs[2] + pairs[2].T]
    block.slack = np.zeros(9)
    return block


def test_it_is_as_good_as_that_of_a_general_solver() -> None:
    block = _block()
    assert value([block], 1, 0.0) is None
    assert improve_slack(block)
    share = block.share()
    assert share is not None
    scale = block.problem.outer_scale
    found = np.linalg.eigvalsh(share / np.outer(scale, scale))[-1] / block.problem.gamma

    start = _start(block)
    assert start is not None
    form = start[0]
    outer, d = len(form.outer), form.units.shape[1]
    slack, g = cp.Variable(9), cp.Variable()
    by_slack = np.zeros((9, form.order, form.order))
    for i in range(9):
        by_slack[i, outer + i, outer + i] = -1.0
        by_slack[i, outer + i, :d] = by_slack[i, :d, outer + i] = form.units[i] / 2
    lower = np.tril(form.fixed)
    whole = lower + lower.T - np.diag(np.diag(lower))
    weights = np.zeros((form.order, form.order))
    weights[np.arange(outer), np.arange(outer)] = form.outer
    lhs = whole + g * weights + sum(slack[i] * by_slack[i] for i in range(9))
    program: Any = cp.Problem(cp.Minimize(g), [lhs >> 0])
    program.solve(solver="CLARABEL")
    assert g.value is not None
    least = float(g.value)
    assert least * (1 - 1e-6) <= found <= least + 0.05 * abs(least - 1)


def test_the_newton_step_solves_the_equations_of_the_barrier() -> None:
    start = _start(_block())
    assert start is not None
    form, slack, g = start
    g, weight = 1.5 * g, 0.1
    factor = form.factor(slack, g)
    assert factor is not None
    step, decrement = form.newton(factor, weight)

    def barrier(length: float) -> float:
        there = g + length * step[-1]
        factor = form.factor(slack + length * step[:-1], there)
        assert factor is not None
        return _barrier(factor, there, weight)

    unit = 1e-3 / float(np.linalg.norm(step))
    slope = (barrier(unit) - barrier(-unit)) / (2 * unit)
    bend = (barrier(unit) - 2 * barrier(0) + barrier(-unit)) / unit**2
    assert np.isclose(slope, -decrement, rtol=1e-4)
    assert np.isclose(bend, decrement, rtol=1e-2)


def test_a_form_that_is_not_finite_is_left_as_it_is() -> None:
    block = _block()
    block.tables[0][0, 0] = np.inf
    assert not improve_slack(block)
    assert np.array_equal(block.slack, np.zeros(9))
