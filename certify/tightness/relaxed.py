"""SDP-NN by a general solver, with its matrix or with another loss, in a process of its own.

What proves bounds works with the relaxation's dual alone, and for other losses than the squared one stops at
its best bound; so its matrix, and for other losses its value, take a solver of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from certify.checker.errors import SolverError
from certify.floats.problem import Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock
from certify.runtime.worker import run_in_child
from formulations.arrays import Matrix
from formulations.first_order.moments import Moments, solve_moments
from formulations.sdp.conic.reduced import ReducedSolution, solve_reduced
from formulations.sdp.conic.reduced_losses import solve_reduced_loss
from formulations.sdp.solvers import CLARABEL_MAX_ORDER

# Beyond it the general solvers take more than some minutes, and the splitting's matrix is taken: less exact.
LARGEST_GENERAL = 150  # samples
LARGEST_ROUNDED = 1000
_Solution = TypeVar("_Solution")


def solve_matrix(
    X: Matrix, Y: Matrix, gamma: float, *, time_limit: float | None = None
) -> ReducedSolution | Moments:
    """Return SDP-NN of the squared loss with its matrix, by the solver for its size.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        time_limit: seconds that the splitting may take; a general solver knows none.

    Raises:
        ValueError: the problem is malformed, or the solver returned no numbers.
        SolverError: the problem is too large.
    """
    if len(X) > LARGEST_ROUNDED:
        raise SolverError(
            f"the matrix of SDP-NN, and its rounding, are for at most {LARGEST_ROUNDED} rows, and the "
            f"data has {len(X)}: choose some of them"
        )
    if len(X) > LARGEST_GENERAL:
        return solve_moments(X, Y, gamma, time_limit=time_limit)
    return solve_reduced(X, Y, gamma)


def relaxed_matrix(arrays: Arrays, clock: Clock, interrupts: Interrupts) -> ReducedSolution | Moments | None:
    """Return SDP-NN of the squared loss with its matrix; None if the time is up first.

    Raises:
        SolverError: if the problem is too large, or the solver fails.
        KeyboardInterrupt: on Ctrl-C.
    """
    left = clock.remaining(0.5)
    # A quarter of the splitting's time is left to the start of its process, and to its last round.
    solve = partial(solve_matrix, time_limit=None if left is None else 0.75 * left)
    return _solved("matrix of SDP-NN", solve, arrays, arrays.Y, clock, interrupts)


def relaxed_loss(arrays: Arrays, clock: Clock, interrupts: Interrupts) -> ReducedSolution | None:
    """Return SDP-NN of any loss without output bias, weighted or not; None if the time is up first.

    Raises:
        SolverError: if the problem is too large, or the solver fails.
        KeyboardInterrupt: on Ctrl-C.
    """
    (n, d), c = arrays.X.shape, arrays.Y.shape[1]
    if n + d + c > CLARABEL_MAX_ORDER:
        raise SolverError(
            f"SDP-NN's own value with the loss {arrays.loss.text} is for at most {CLARABEL_MAX_ORDER} rows, "
            f"features and outputs together, and these are {n + d + c}: choose some of the rows"
        )
    return _solved("value of SDP-NN", solve_reduced_loss, arrays, arrays.loss, clock, interrupts)


def _solved(
    what: str,
    solve: Callable[..., _Solution],
    arrays: Arrays,
    target: object,
    clock: Clock,
    interrupts: Interrupts,
) -> _Solution | None:
    """Return `solve(X, target, gamma)`, in half of the time that is left."""
    try:
        with interrupts.allowed():
            return run_in_child(
                solve,
                arrays.X,
                target,
                arrays.gamma,
                time_limit=clock.remaining(0.5),
                on_tick=lambda seconds: clock.observer.update(f"{what}, {seconds:.0f} s"),
            )
    except (ValueError, SolverError) as error:
        raise SolverError(f"there is no {what} ({error})") from error
