"""The search of the method "partition"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from certify.bounds.partition.bound import PartitionBound
from certify.bounds.proofs.proof_time import regions_seconds
from certify.bounds.searching import Allowance, Found, Task
from formulations.partition import partition

_PATIENCE = 120.0  # seconds, where no limit is given


@dataclass(frozen=True)
class PartitionSearch:
    """SDP-NN on few samples, on regions where some signs are known."""

    method = "partition"
    label = "partition"
    promising = 1.0
    settled = 1.0

    def improve(
        self, task: Task, seconds_left: Callable[[], float], say: Callable[[str], None]
    ) -> Iterator[Found]:
        """Divide until the gap is as wanted, nothing is left to divide, or time is up."""
        say("choosing samples")
        allowance = Allowance(seconds_left, _PATIENCE)
        for found in partition.improve(
            task.X,
            task.Y,
            task.gamma,
            task.first_rows,
            enough=task.enough,
            seconds_left=allowance.left,
            threads=task.threads,
        ):
            allowance.step()
            allowance.proof_seconds = regions_seconds(found.regions, found.samples + task.X.shape[1])
            yield Found(found.value, f"{found.regions} regions", allowance.proof_seconds, _outcome(found))


def _outcome(found: partition.Found) -> Callable[[], PartitionBound]:
    return lambda: PartitionBound(found.solution())
