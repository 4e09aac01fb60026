"""The level SDP: the least level that the relaxation SDP-NN proves for a given dual point N.

It finds multipliers for an N from elsewhere, as the residual of a trained network, and better ones for an N
that a first-order method left behind. With L over (u, alpha) its dual is to maximise |N^T alpha|^2 in the
mean, under the constraints of SDP-NN on products and with <|u|^2> = 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from formulations.directions import directions
from formulations.multipliers import Matrix, Multipliers
from formulations.products import BracketProducts
from formulations.reduced import balancing_coordinates
from formulations.solvers import SemidefiniteProgram, choose_solver


@dataclass(frozen=True)
class LevelSolution:
    """What a solver says of the level SDP: estimates, nothing proved.

    Attributes:
        level: estimate of the square of an upper bound on h(N).
        multipliers: in units of a level, so that level |u|^2 - |N^T alpha|^2 - [...] is (nearly) positive
            semidefinite.
        solver: name of the solver that ran.
        status: the solver's own word.
        seconds: wall time.
    """

    level: float
    multipliers: Multipliers
    solver: str
    status: str
    seconds: float


def solve_level(X: Matrix, N: Matrix, *, solver: str | None = None, verbose: bool = False) -> LevelSolution:
    """Minimise the level over the multipliers A, B, C >= 0 and s free (docs/method.md, section 3a).

    Args:
        X: the inputs, n x d.
        N: the dual point, n x c.
        solver: mosek, clarabel or scs; None for the best that is there (see `choose_solver`).
        verbose: let the solver print its progress.

    Raises:
        ValueError: X and N do not fit together, the solver is not available, or it returned no numbers.
    """
    if X.ndim != 2 or N.ndim != 2 or len(X) != len(N) or not X.size:
        raise ValueError(f"X and N have shapes {X.shape} and {N.shape}; give them as n x d and n x c")
    if not (np.isfinite(X).all() and np.isfinite(N).all()):
        raise ValueError("X or N has an entry that is not finite")
    lines = directions(X)
    merged = lines.activations().T @ N
    square = float(np.sum(merged**2))
    attained = float(np.max(_squared_gauges(lines.units, merged), initial=0.0)) or square
    # Between the level and |N|^2, which what is subtracted from the level has to cancel, lie the multipliers.
    unit = math.sqrt(attained * square)
    if unit == 0:
        return LevelSolution(0.0, lines.spread(Multipliers.zero(len(lines.units)), N), "none", "optimal", 0.0)

    d, order = X.shape[1], len(merged)
    T = balancing_coordinates(lines.units)
    bracket = BracketProducts.of(lines.units @ T, order)
    in_coordinates = np.vstack([T.T @ merged[:d], merged[d:]])
    squared_norm = np.zeros((order, order))
    squared_norm[:d, :d] = T.T @ T
    program = SemidefiniteProgram(
        constant=-in_coordinates @ in_coordinates.T / unit,
        matrices=sparse.hstack(
            [-bracket.matrices, sparse.csc_array(squared_norm.reshape(-1, 1))], format="csc"
        ),
        linear=np.append(np.zeros(bracket.matrices.shape[1]), -1.0),
        nonnegative=bracket.nonnegative,
        quadratic=0,
    )
    outcome = program.solve(choose_solver(order, solver), verbose=verbose)
    multipliers = bracket.multipliers(outcome.variables[:-1]).scaled(unit)
    return LevelSolution(
        level=unit * float(outcome.variables[-1]),
        multipliers=lines.spread(multipliers, N),
        solver=outcome.solver,
        status=outcome.status,
        seconds=outcome.seconds,
    )


def _squared_gauges(units: Matrix, merged: Matrix) -> Matrix:
    """Return |N^T relu(Xu)|^2 for u = the units and their negatives; no level below these can be proved."""
    d = units.shape[1]
    u = np.vstack([units, -units])
    values = u @ merged[:d] + np.maximum(u @ units.T, 0) @ merged[d:]
    return np.asarray(np.sum(values**2, axis=1))
