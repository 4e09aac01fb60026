"""The semidefinite relaxation SDP-NN in its reduced form, of order n + d + c: the one to use.

The paper's matrix, of order 2n + d + c over (alpha, beta, u, v), is tied to beta = alpha - Xu by equations
that hold on a face of the semidefinite cone only: no feasible point is positive definite, and solvers reach
two or three digits. Without beta the same relaxation has interior points on both sides, and five to eight.

In what is solved, rows on one line are merged, inputs have unit norm, and u has coordinates that make the
inputs less alike. With moments L over (u, alpha, v) the relaxation is, of docs/method.md, section 3a,

    minimise  1/2 |L_alpha,v - Y|^2 + gamma/2 (tr L_uu + tr L_vv)   over positive semidefinite L with
    <alpha_i alpha_j>, <alpha_i beta_j>, <beta_i beta_j> >= 0 and <alpha_i beta_i> = 0,

and its dual maximises <N, Y> - 1/2 |N|^2 while gamma (|u|^2 + |v|^2) - 2 alpha^T N v less
nonnegative multiples of these products remains a positive semidefinite form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from formulations.arrays import Matrix, check_problem
from formulations.lines import Directions, directions
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss
from formulations.sdp.multipliers import DualSolution, Multipliers
from formulations.sdp.products import (
    BracketProducts,
    LinearForms,
    coordinates,
    products,
)
from formulations.sdp.solvers import SemidefiniteProgram, choose_solver


@dataclass(frozen=True)
class ReducedSolution(DualSolution):
    """A dual solution together with the primal one.

    Attributes:
        lifted: L, of order n + d + c over (alpha, u, v): the sum of (alpha, u, v)(alpha, u, v)^T over
            the neurons where the relaxation is tight.
    """

    lifted: Matrix


def solve_reduced(
    X: Matrix, Y: Matrix, gamma: float, *, solver: str | None = None, verbose: bool = False
) -> ReducedSolution:
    """Solve SDP-NN; prefer it to the paper's form, which has the same value.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        solver: mosek, clarabel or scs; None for the best that is there (see `choose_solver`).
        verbose: let the solver print its progress.

    Returns:
        Estimates. Nonnegative multipliers are nonnegative exactly, everything else holds up to the
        accuracy that `status` speaks of.

    Raises:
        ValueError: the problem is malformed, the solver is not available, or it returned no numbers.
    """
    check_problem(X, Y, gamma)
    lines = directions(X)
    if not len(lines.units):
        return _without_inputs(X, Y, lines)
    scaled = ScaledProblem.of(lines, Y, gamma)
    c = Y.shape[1]
    bracket = BracketProducts.of(lines.units @ scaled.coordinates, scaled.order)
    split = bracket.matrices.shape[1]
    outcome = scaled.program(bracket).solve(choose_solver(scaled.order, solver), verbose=verbose)

    N = Y.copy()
    N[lines.nonzero] = scaled.target_unit * outcome.variables[split:].reshape(-1, c)
    multipliers = bracket.multipliers(outcome.variables[:split])
    level_unit = scaled.target_unit * scaled.input_unit * gamma
    lifted = scaled.lifted(outcome.moments, lines)
    return ReducedSolution(
        dual_point=N,
        multipliers=lines.spread(multipliers.scaled(level_unit), N),
        value=primal_value(lifted[: len(X), -c:], lifted[len(X) :, len(X) :], SquaredLoss(Y), gamma),
        dual_value=SquaredLoss(Y).dual_value(N),
        solver=outcome.solver,
        status=outcome.status,
        seconds=outcome.seconds,
        lifted=lifted,
    )


def primal_value(output: Matrix, weights: Matrix, loss: Loss, gamma: float) -> float:
    """Return loss(output) + gamma/2 tr weights (a loss).

    Args:
        output: L_alpha,v, n x c, what the relaxed network computes.
        weights: the block of L over (u, v).
        loss: of the n samples; 1/2 |output - Y|^2 in what this module solves.
        gamma: the weight of the regularisation.
    """
    return loss.value(output) + gamma / 2 * float(np.trace(weights))


@dataclass(frozen=True)
class ScaledProblem:
    """The problem in units in which its numbers are about one, for solvers with absolute tolerances.

    Attributes:
        activations: m x (d + K), from (u, alpha of the units) to alpha of the nonzero rows, over input_unit.
        targets: m x c, over target_unit.
        gamma: over both units.
        input_unit: root mean square of the norms of the inputs.
        target_unit: root mean square of the targets.
        coordinates: T, d x d; the solver's u stands for T u.
    """

    activations: Matrix
    targets: Matrix
    gamma: float
    input_unit: float
    target_unit: float
    coordinates: Matrix

    @classmethod
    def of(cls, lines: Directions, Y: Matrix, gamma: float) -> ScaledProblem:
        """Take the problem with the rows that are not zero; there is one."""
        rows = lines.nonzero
        input_unit = float(np.sqrt(np.mean(lines.scales[rows] ** 2)))
        target_unit = float(np.sqrt(np.mean(Y[rows] ** 2))) or 1.0
        return cls(
            lines.activations()[rows] / input_unit,
            Y[rows] / target_unit,
            gamma / (input_unit * target_unit),
            input_unit,
            target_unit,
            balancing_coordinates(lines.units),
        )

    @property
    def order(self) -> int:
        """Of the moments over (u, alpha of the units, v)."""
        return int(self.activations.shape[1] + self.targets.shape[1])

    def program(self, bracket: BracketProducts) -> SemidefiniteProgram:
        """Return the dual, in the multipliers of the bracket and in N, row by row."""
        c, d, order = self.targets.shape[1], len(self.coordinates), self.order
        constant = np.zeros((order, order))
        constant[:d, :d] = self.gamma * self.coordinates.T @ self.coordinates
        constant[order - c :, order - c :] = self.gamma * np.eye(c)
        in_coordinates = self.activations.copy()
        in_coordinates[:, :d] @= self.coordinates
        m, width = in_coordinates.shape
        rows = LinearForms(np.tile(np.arange(width), (m, 1)), in_coordinates)
        outputs = coordinates(order - c, c)
        pairs = np.repeat(np.arange(m), c), np.tile(np.arange(c), m)
        coupling = -2 * products(rows[pairs[0]], outputs[pairs[1]], order)
        return SemidefiniteProgram(
            constant,
            sparse.hstack([-bracket.matrices, coupling], format="csc"),
            np.concatenate([np.zeros(bracket.matrices.shape[1]), self.targets.ravel()]),
            bracket.nonnegative,
            self.targets.size,
        )

    def lifted(self, moments: Matrix, lines: Directions) -> Matrix:
        """Return L over (alpha, u, v) of all rows from moments over the solver's (u, alpha, v)."""
        n, d, c = lines.scales.size, len(self.coordinates), self.targets.shape[1]
        change = np.zeros((n + d + c, self.order))
        change[:n, : self.order - c] = lines.activations()
        change[n : n + d, :d] = np.eye(d)
        change[n + d :, self.order - c :] = np.eye(c)
        change[:, :d] @= self.coordinates
        return np.asarray(2 * self.target_unit / self.input_unit * change @ moments @ change.T)


def balancing_coordinates(units: Matrix) -> Matrix:
    """Return T, d x d, such that units T has the square roots of the singular values of the units, K x d.

    Halfway to orthogonal columns is where a first-order method gets furthest in as many iterations.
    """
    _, singular, axes = np.linalg.svd(units)
    padded = np.zeros(units.shape[1])
    padded[: singular.size] = singular
    relative = np.maximum(padded / padded[0], 1e-4)
    return np.asarray(axes.T / np.sqrt(relative))


def _without_inputs(X: Matrix, Y: Matrix, lines: Directions) -> ReducedSolution:
    """Return the solution when every input is zero: the network that computes nothing."""
    order = len(X) + X.shape[1] + Y.shape[1]
    return ReducedSolution(
        dual_point=Y.copy(),
        multipliers=lines.spread(Multipliers.zero(0), Y),
        value=float(np.sum(Y**2) / 2),
        dual_value=SquaredLoss(Y).dual_value(Y),
        solver="none",
        status="optimal",
        seconds=0.0,
        lifted=np.zeros((order, order)),
    )
