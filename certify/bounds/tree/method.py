"""The method "tree": a search for proof trees, while the column generation improves the dual point."""

from __future__ import annotations

from certify.bounds.method import Options, Work, refuses_options
from certify.bounds.tree.bound import TreeBound
from certify.bounds.tree.search import MAX_FEATURES
from certify.checker.problems.training import TrainingProblem

_SHARE = 0.8  # of the time that is left; the exact check needs the rest


class Tree:
    """Branch and bound over directions (docs/method.md, section 3b)."""

    name = "tree"
    goes_on_training = True

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse solvers and precisions, and more features than have orthants to search."""
        if (refusal := refuses_options(self.name, options)) is not None or problem.d <= MAX_FEATURES:
            return refusal
        remedy = "--output-bias none" if problem.output_bias.exists else "--method sdp or shor"
        return (
            f"the method tree takes at most {MAX_FEATURES} features and the data has {problem.d}: "
            f"use {remedy}"
        )

    def bound(self, work: Work) -> TreeBound | None:
        """Search until the gap is as wanted or nothing is gained; return None where no level was proved."""
        clock, generation = work.clock, work.generation
        with clock.stage("search") as words:
            clock.observer.update("compiling, the first time on this machine (about 15 s)")
            limit = clock.remaining(_SHARE)
            generation.time_limit = None if limit is None else generation.seconds() + limit
            search = TreeBound(
                work.arrays,
                generation,
                gap=work.gap,
                should_stop=generation.is_late,
                seconds=lambda: clock.elapsed,
                on_progress=clock.observer.update,
                checkpoint=work.checkpoint,
            )
            try:
                with work.interrupts.allowed():
                    search.run()
            except KeyboardInterrupt:
                words.append("interrupted")
            if search.proof is None:
                words.append("no level was proved")
                return None
            words.append(
                f"lower bound {search.proof.bound:.8g} with {search.proof.leaves} leaves, to be checked"
            )
        return search
