"""The method partition as a choice of the main job: a call, a time limit, and a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from certify.bounds.partition.leaf import partition_certificates
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import Arrays
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock
from formulations.arrays import Matrix
from formulations.partition.partition import PartitionSolution, solve_partition

_SHARE = 0.9  # of the time that is left; the proof and its check need the rest
# Rounding, and the step to the interior that pays for it, take a little of the gap that is wanted.
_AIM = 0.9


@dataclass(frozen=True)
class PartitionBound:
    """A dual point on few samples with its regions, on its way to a certificate.

    Attributes:
        solution: what was found.
    """

    solution: PartitionSolution

    method = "partition"
    solver = "joint interior point"
    estimate = None

    @property
    def cut_short(self) -> bool:
        """Whether time was what ended it."""
        return self.solution.status == "time limit"

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Write the proof exactly; each certificate leaves the checker more room than the one before."""
        return partition_certificates(problem, self.solution, preprocessing)


def bound_by_partition(
    arrays: Arrays, residual: Matrix, loss: float, gap: float, clock: Clock, interrupts: Interrupts
) -> PartitionBound | None:
    """Search until the gap is as wanted, nothing is left to divide, or time is up.

    Args:
        arrays: the problem.
        residual: of the best network, n x c.
        loss: its loss.
        gap: the relative gap that is wanted.
        clock: its limit ends the search; two minutes without one.
        interrupts: so does Ctrl-C.

    Returns:
        None if Ctrl-C came before there was anything.
    """
    with clock.stage("divide") as words:
        try:
            with interrupts.allowed():
                solution = solve_partition(
                    arrays.X,
                    arrays.Y,
                    arrays.gamma,
                    residual,
                    enough=(1 - _AIM * gap) * loss,
                    time_limit=clock.remaining(_SHARE),
                    on_progress=lambda value, regions: clock.observer.update(
                        f"bound {value:.6g}, {regions} regions"
                    ),
                )
        except KeyboardInterrupt:
            words.append("interrupted")
            return None
        words.append(
            f"lower bound {solution.dual_value:.8g} with {len(solution.regions)} regions, to be checked"
        )
        if solution.status == "time limit" and not clock.limited:
            words.append("--time-limit SECONDS lets it go on")
    return PartitionBound(solution)
