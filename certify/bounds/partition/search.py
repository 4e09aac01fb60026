"""The search of the method "partition"."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from certify.bounds.partition.bound import PartitionBound
from certify.bounds.proofs.proof_time import regions_seconds
from certify.bounds.searching import Allowance, Found, Task
from formulations.first_order import regions
from formulations.partition import partition

_PATIENCE = 120.0  # seconds, where no limit is given


@dataclass(frozen=True)
class PartitionSearch:
    """SDP-NN on few samples, on regions where some signs are known."""

    method = "partition"
    label = "partition"
    steady = True
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


@dataclass(frozen=True)
class RegionsSearch:
    """SDP-NN on all samples, on regions where some signs are known."""

    method = "partition"
    label = "regions"
    steady = False  # between two looks it has nothing to say
    promising = 1.0
    settled = 1.0

    def improve(
        self, task: Task, seconds_left: Callable[[], float], say: Callable[[str], None]
    ) -> Iterator[Found]:
        """Divide as far as time allows the proof, until the gap is as wanted or nothing is gained."""
        allowance = Allowance(seconds_left, _PATIENCE)
        order = sum(task.X.shape)

        def step(words: str) -> None:
            allowance.step()
            say(words)

        for found in regions.improve(
            task.X,
            task.Y,
            task.gamma,
            enough=task.enough,
            seconds_left=allowance.left,
            proof_seconds=lambda count: regions_seconds(count, order, in_frame=False),
            threads=os.cpu_count() or 1,
            on_step=step,
        ):
            seconds = regions_seconds(found.regions, order, in_frame=False)
            yield Found(found.value, found.words, seconds, _outcome(found))


def _outcome(found: partition.Found | regions.Found) -> Callable[[], PartitionBound]:
    return lambda: PartitionBound(found.solution())
