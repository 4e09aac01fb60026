"""The list of all methods that bound the optimum from below, and the choice among them.

What a user asked for, or "auto", becomes the methods that run until one has the gap that is wanted.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain, zip_longest

from certify.bounds.method import BoundingMethod, Options, Outcome, Work
from certify.bounds.names import AUTO, LARGEST_TREE_FEATURES, PRECISIONS, SOLVERS
from certify.bounds.names import METHODS as NAMES
from certify.bounds.partition.method import Partition
from certify.bounds.portfolio import beside
from certify.bounds.relaxation.method import Sdp, Shor
from certify.bounds.report import below
from certify.bounds.saved_bounds import SavedBounds
from certify.bounds.searching import Search, SearchingMethod, in_turn
from certify.bounds.tree.method import Tree
from certify.bounds.tree.search import MAX_FEATURES
from certify.checker.errors import SolverError
from certify.checker.problems.training import TrainingProblem

_RELAXATIONS: dict[str, SearchingMethod] = {"sdp": Sdp(), "partition": Partition()}
_ALL: tuple[BoundingMethod, ...] = (Tree(), Partition(), Sdp(), Shor())

METHODS = {method.name: method for method in _ALL}

# The relative gap up to which a tree's bound is left alone: no relaxation would come closer.
_SETTLED = 0.01
# Entries of a dual point up to which the relaxations take less time than it takes to start processes.
_QUICK = 100


def choose(problem: TrainingProblem, options: Options) -> tuple[BoundingMethod, ...]:
    """Return what runs until the gap is as wanted: the method asked for, or what "auto" is.

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
    """Return the names of the methods that may be the strongest on such a problem.

    With few features the tree closes the gap. With more, SDP-NN on all rows is nearly exact where the weight
    decay is strong, and dividing into regions proves more on few samples where it is weak
    (docs/solvers.md); nothing tells beforehand where one is better than the other, so both run.
    """
    if problem.output_bias.frees_hidden:
        return ("tree",)
    if not options.is_plain:
        return ("sdp",)
    if problem.output_bias.exists and problem.d <= LARGEST_TREE_FEATURES:
        return ("tree",)
    relaxations = tuple(name for name in _RELAXATIONS if METHODS[name].refuses(problem, options) is None)
    if problem.d <= LARGEST_TREE_FEATURES:
        return ("tree", *relaxations)
    return relaxations or ("tree" if problem.d <= MAX_FEATURES else "sdp",)


def searches_of(names: Sequence[str], problem: TrainingProblem, options: Options) -> tuple[Search, ...]:
    """Return the searches of relaxations: the first of each, and then those that may not be needed."""
    table = zip_longest(*(_RELAXATIONS[name].searches(problem, options) for name in names))
    return tuple(search for search in chain.from_iterable(table) if search is not None)


def bound_from_below(methods: Sequence[BoundingMethod], work: Work) -> tuple[Outcome, ...]:
    """Run a tree first, then relaxations beside each other, until one has the gap that is wanted.

    Returns:
        What they found, the largest lower bound first; nothing if none did, or Ctrl-C or the time limit came
        before.
    """
    if len(methods) > 1 and methods[0].name == "tree":
        first = methods[0].bound(work)
        settled = below(work.generation.best.loss, max(work.gap, _SETTLED))
        if work.is_over or (first is not None and first.value >= settled):
            return () if first is None else (first,)
        later = bound_from_below(methods[1:], work)
        return tuple(
            sorted([*([] if first is None else [first]), *later], key=lambda outcome: -outcome.value)
        )
    if len(methods) > 1:
        searches = searches_of([method.name for method in methods], work.problem, work.options)
        if work.arrays.Y.size <= _QUICK:
            return in_turn(searches, work, SavedBounds(work), os.cpu_count() or 1)
        return beside(searches, work)
    outcome = methods[0].bound(work)
    return () if outcome is None else (outcome,)
