"""SDP-NN by a general solver, with its matrix or with another loss, in a process of its own.

What proves bounds works with the relaxation's dual alone, and for other losses than the squared one stops at
its best bound; so its matrix, and for other losses its value, take a solver of their own.
"""

from __future__ import annotations

from collections.abc import Callable

from certify.checker.errors import SolverError
from certify.floats.problem import Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock
from certify.runtime.worker import run_in_child
from formulations.sdp.conic.reduced import ReducedSolution, solve_reduced
from formulations.sdp.conic.reduced_losses import solve_reduced_loss
from formulations.sdp.solvers import CLARABEL_MAX_ORDER

# Beyond it the general solvers that give SDP-NN's primal matrix take more than some minutes.
LARGEST_ROUNDED = 150  # samples


def relaxed_matrix(arrays: Arrays, clock: Clock, interrupts: Interrupts) -> ReducedSolution | None:
    """Return SDP-NN of the squared loss with its matrix; None if the time is up first.

    Raises:
        SolverError: if the problem is too large, or the solver fails.
        KeyboardInterrupt: on Ctrl-C.
    """
    if len(arrays.X) > LARGEST_ROUNDED:
        raise SolverError(
            f"the matrix of SDP-NN, and its rounding, are for at most {LARGEST_ROUNDED} rows, and the "
            f"data has {len(arrays.X)}: choose some of them"
        )
    return _solved("matrix of SDP-NN", solve_reduced, arrays, arrays.Y, clock, interrupts)


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
    solve: Callable[..., ReducedSolution],
    arrays: Arrays,
    target: object,
    clock: Clock,
    interrupts: Interrupts,
) -> ReducedSolution | None:
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
