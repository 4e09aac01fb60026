"""What the method "partition" found, on its way to a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from certify.bounds.partition.leaf import partition_certificates
from certify.bounds.report import GapPoint
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from formulations.partition.partition import PartitionSolution


@dataclass(frozen=True)
class PartitionBound:
    """A dual point on few samples with its regions, on its way to a certificate.

    Attributes:
        solution: what was found.
        curve: both bounds while it was searched for.
    """

    solution: PartitionSolution
    curve: tuple[GapPoint, ...] = ()

    method = "partition"
    estimate = None

    @property
    def solver(self) -> str:
        """What found it."""
        return "joint interior point" if self.solution.in_frame else "splitting"

    def with_curve(self, curve: tuple[GapPoint, ...]) -> PartitionBound:
        """Return the same with both bounds over time."""
        return replace(self, curve=curve)

    @property
    def value(self) -> float:
        """The dual value (a loss), a lower bound up to rounding."""
        return self.solution.dual_value

    @property
    def cut_short(self) -> bool:
        """Whether time ended the search, or it was stopped."""
        return self.solution.status in ("time limit", "interrupted")

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Write the proof exactly; each certificate leaves the checker more room than the one before."""
        return partition_certificates(problem, self.solution, preprocessing)
