"""The list of all methods that bound the optimum from below, and the choice among them.

What a user asked for, or "auto", becomes the methods that run one after the other until one has a bound.
"""

from __future__ import annotations

from certify.bounds.method import BoundingMethod, Options, Outcome, Work
from certify.bounds.names import AUTO, PRECISIONS, SOLVERS
from certify.bounds.names import METHODS as NAMES
from certify.bounds.partition.method import Partition
from certify.bounds.relaxation.method import Sdp, Shor
from certify.bounds.tree.method import Tree
from certify.checker.errors import SolverError
from certify.checker.problems.training import TrainingProblem

_ALL: tuple[BoundingMethod, ...] = (Tree(), Partition(), Sdp(), Shor())

METHODS = {method.name: method for method in _ALL}

# With more, the tree proves less in minutes than the relaxations do.
LARGEST_TREE_FEATURES = 6


def choose(problem: TrainingProblem, options: Options) -> tuple[BoundingMethod, ...]:
    """Return what runs in turn until something is found: the method asked for, or what "auto" is.

    Raises:
        SolverError: if a name is unknown or the names do not go together.
    """
    for value, known, name in (
        (options.method, NAMES, "method"),
        (options.solver, SOLVERS, "solver"),
        (options.precision, PRECISIONS, "precision"),
    ):
        if value not in known:
            raise SolverError(f"the {name} {value!r} is unknown: use one of {', '.join(known)}")
    names = _automatic(problem, options) if options.method == AUTO else (options.method,)
    methods = tuple(METHODS[name] for name in names)
    for method in methods:
        refusal = method.refuses(problem, options)
        if refusal is not None:
            raise SolverError(refusal)
    return methods


def _automatic(problem: TrainingProblem, options: Options) -> tuple[str, ...]:
    """Return the names of the strongest methods that the problem and the options allow, in turn."""
    if problem.output_bias.exists:
        return ("tree",)
    if not options.is_plain:
        return ("sdp",)
    return ("tree", "partition") if problem.d <= LARGEST_TREE_FEATURES else ("partition",)


def bound_in_turn(methods: tuple[BoundingMethod, ...], work: Work) -> Outcome | None:
    """Run one method after the other until one finds something.

    Returns:
        None if none did, or Ctrl-C or the time limit came before.
    """
    for method in methods:
        outcome = method.bound(work)
        if outcome is not None or work.is_over:
            return outcome
    return None
