"""The list of all methods that bound the optimum from below, and the choice among them.

What a user asked for, or "auto", becomes the methods that run one after the other until one has a bound.
"""

from __future__ import annotations

from dataclasses import replace

from certify.bounds.method import BoundingMethod, Options, Outcome, Work
from certify.bounds.names import AUTO, PRECISIONS, SOLVERS
from certify.bounds.names import METHODS as NAMES
from certify.bounds.partition.method import Partition
from certify.bounds.relaxation.method import CLOSE, Sdp, Shor
from certify.bounds.tree.bound import TreeBound
from certify.bounds.tree.method import Tree
from certify.checker.errors import SolverError
from certify.checker.problems.training import TrainingProblem

_ALL: tuple[BoundingMethod, ...] = (Tree(), Partition(), Sdp(), Shor())

METHODS = {method.name: method for method in _ALL}

# With more, the tree proves less in minutes than the relaxations do.
LARGEST_TREE_FEATURES = 6
# The relative gap up to which a method's bound is left alone: no other one would come closer.
_SETTLED = {("tree", TreeBound.solver): 0.01, ("sdp", "first-order"): CLOSE}


def choose(problem: TrainingProblem, options: Options) -> tuple[BoundingMethod, ...]:
    """Return what runs in turn until the gap is as wanted: the method asked for, or what "auto" is.

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
    """Return the names of the methods that may be the strongest on such a problem, in turn.

    With few features the tree closes the gap. With more, SDP-NN on all rows is nearly exact where the weight
    decay is strong, and dividing into regions proves more on few samples where it is weak
    (docs/solvers.md); nothing tells beforehand where one is better than the other, so both run.
    """
    if problem.output_bias.exists:
        return ("tree",)
    if not options.is_plain:
        return ("sdp",)
    relaxations = tuple(
        name for name in ("sdp", "partition") if METHODS[name].refuses(problem, options) is None
    )
    return ("tree", *relaxations) if problem.d <= LARGEST_TREE_FEATURES else relaxations


def bound_in_turn(methods: tuple[BoundingMethod, ...], work: Work) -> tuple[Outcome, ...]:
    """Run one method after the other until one reaches the gap that is wanted, or time is up.

    Each gets an even share of the time that is left, but a tree all of it.

    Returns:
        What they found, the largest lower bound first; nothing if none did, or Ctrl-C or the time limit came
        before.
    """
    outcomes: list[Outcome] = []
    for at, method in enumerate(methods):
        share = 1.0 if method.name == "tree" else 1 / (len(methods) - at)
        outcome = method.bound(replace(work, share=share))
        if outcome is not None:
            outcomes.append(outcome)
            enough = max(work.gap, _SETTLED.get((method.name, outcome.solver), 0.0))
            if outcome.value >= (1 - enough) * work.generation.best.loss:
                break
        if work.is_over:
            break
    return tuple(sorted(outcomes, key=lambda outcome: -outcome.value))
