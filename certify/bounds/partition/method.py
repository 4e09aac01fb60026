"""The method "partition": which problems it takes, and its search."""

from __future__ import annotations

import os

from certify.bounds.method import Options, Outcome, Work, refuses_more, refuses_options
from certify.bounds.partition.search import PartitionSearch, RegionsSearch
from certify.bounds.portfolio import beside
from certify.bounds.saved_bounds import SavedBounds
from certify.bounds.searching import Search, in_turn
from certify.checker.problems.training import TrainingProblem
from formulations.first_order.regions import LARGEST
from formulations.partition.partition import ROWS, largest_outputs


class Partition:
    """SDP-NN on few samples, on regions where some signs are known (docs/method.md, section 3c)."""

    name = "partition"

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse all but plain problems, solvers and precisions, and more outputs than it takes."""
        refusal = refuses_more("the method partition", problem) or refuses_options(self.name, options)
        if refusal is not None or problem.c <= (most := largest_outputs(problem.n)):
            return refusal
        return (
            f"the method partition takes at most {most} targets of {problem.n} rows, and the data has "
            f"{problem.c}: use --method sdp"
        )

    def searches(self, problem: TrainingProblem, options: Options) -> tuple[Search, ...]:
        """Return that on few samples and, where there are more but not too many, that on all."""
        if ROWS < problem.n <= LARGEST:
            return PartitionSearch(), RegionsSearch()
        return (PartitionSearch(),)

    def bound(self, work: Work) -> Outcome | None:
        """Search until the gap is as wanted, nothing is left to divide, or time is up.

        Without a time limit that is after two minutes.

        Returns:
            None if Ctrl-C came before there was anything.
        """
        searches = self.searches(work.problem, work.options)
        if len(searches) > 1:
            return next(iter(beside(searches, work)), None)
        return next(iter(in_turn(searches, work, SavedBounds(work), os.cpu_count() or 1)), None)
