"""The method "tree": a search for proof trees, while the column generation improves the dual point."""

from __future__ import annotations

from collections.abc import Callable

from certify.bounds.method import Options, Work, refuses_options
from certify.bounds.tree.bound import DualSource, TreeBound
from certify.bounds.tree.checkpoint import Checkpoint
from certify.bounds.tree.search import MAX_FEATURES
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock

_SHARE = 0.8  # of the time that is left; the exact check needs the rest


class Tree:
    """Branch and bound over directions (docs/method.md, section 3b)."""

    name = "tree"

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse solvers and precisions, and more features than have orthants to search."""
        if (refusal := refuses_options(self.name, options)) is not None or problem.d <= MAX_FEATURES:
            return refusal
        remedy = "--output-bias none" if problem.output_bias.exists else "--method sdp or shor"
        if problem.output_bias.frees_hidden:
            remedy = "a hidden bias that is penalised (--bias --output-bias free)"
        return (
            f"the method tree takes at most {MAX_FEATURES} features and the data has {problem.d}: "
            f"use {remedy}"
        )

    def bound(self, work: Work) -> TreeBound | None:
        """Search until the gap is as wanted or nothing is gained; return None where no level was proved."""
        generation = work.generation
        limit = work.clock.remaining(_SHARE)
        generation.time_limit = None if limit is None else generation.seconds() + limit
        return search_for_proof(
            work.arrays,
            generation,
            gap=work.gap,
            clock=work.clock,
            interrupts=work.interrupts,
            should_stop=generation.is_late,
            checkpoint=work.checkpoint,
        )


def search_for_proof(
    arrays: Arrays,
    source: DualSource,
    *,
    gap: float,
    clock: Clock,
    interrupts: Interrupts,
    should_stop: Callable[[], bool],
    checkpoint: Checkpoint | None = None,
) -> TreeBound | None:
    """Search until the gap is as wanted, nothing is gained, or it is stopped, as a stage of the clock.

    Args:
        arrays: the problem.
        source: where dual points come from.
        gap: the relative gap that is wanted.
        clock: times the stage and tells the observer.
        interrupts: Ctrl-C ends the search with the best proof so far.
        should_stop: asked now and then; once true, that is the end as well.
        checkpoint: where proofs are kept.

    Returns:
        None where no level was proved.
    """
    with clock.stage("search") as words:
        search = TreeBound(
            arrays,
            source,
            gap=gap,
            should_stop=should_stop,
            seconds=lambda: clock.elapsed,
            on_progress=clock.observer.update,
            checkpoint=checkpoint,
        )
        try:
            with interrupts.allowed():
                search.run()
        except KeyboardInterrupt:
            words.append("interrupted")
        if search.proof is None:
            words.append("no level was proved")
            return None
        words.append(f"lower bound {search.proof.bound:.8g} with {search.proof.leaves} leaves, to be checked")
    return search
