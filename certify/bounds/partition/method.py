"""The method "partition": a call, a time limit, and a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from certify.bounds.method import Options, Work, refuses_options, refuses_output_bias
from certify.bounds.partition.leaf import partition_certificates
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
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
    curve = ()

    @property
    def value(self) -> float:
        """The dual value (a loss), a lower bound up to rounding."""
        return self.solution.dual_value

    @property
    def cut_short(self) -> bool:
        """Whether time was what ended it."""
        return self.solution.status == "time limit"

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Write the proof exactly; each certificate leaves the checker more room than the one before."""
        return partition_certificates(problem, self.solution, preprocessing)


class Partition:
    """SDP-NN on few samples, on regions where some signs are known (docs/method.md, section 3c)."""

    name = "partition"
    goes_on_training = False

    def refuses(self, problem: TrainingProblem, options: Options) -> str | None:
        """Refuse an output bias, solvers and precisions."""
        return refuses_output_bias(self.name, problem) or refuses_options(self.name, options)

    def bound(self, work: Work) -> PartitionBound | None:
        """Search until the gap is as wanted, nothing is left to divide, or time is up.

        Without a time limit that is after two minutes.

        Returns:
            None if Ctrl-C came before there was anything.
        """
        arrays, clock, best = work.arrays, work.clock, work.generation.best
        with clock.stage("divide") as words:
            try:
                with work.interrupts.allowed():
                    solution = solve_partition(
                        arrays.X,
                        arrays.Y,
                        arrays.gamma,
                        best.dual_point,
                        enough=(1 - _AIM * work.gap) * best.loss,
                        time_limit=work.remaining(_SHARE),
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
