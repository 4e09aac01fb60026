"""SDP-NN for any loss and output bias: near the network's dual point, one that the relaxation proves.

What the relaxation says, a gauge of at most gamma, does not know the loss: it holds for N in a convex set.
For the squared loss with the targets Y the relaxation's dual is to find the point of that set that is nearest
to Y. So a solver for it, given as targets the dual point N* of the best network, finds the nearest point to
N*; where the relaxation is exact that is N* itself. Where it is not, the nearest point need not be the best
one of another loss (docs/solvers.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from certify.bounds.relaxation.bound import Relaxation
from certify.bounds.searching import Found, Search, Task
from certify.floats.dual_line import DualLine
from formulations.arbitrary_precision.solve import HighPrecisionSolution

_TO_THE_END = 1e-9  # a relative gap that a search does not reach before it ends by itself


@dataclass(frozen=True)
class NearestSearch:
    """A search of the squared loss on its way to the dual point of a network.

    Attributes:
        inner: finds `Relaxation`s.
        line: what multiples of dual points prove of the problem itself.
    """

    inner: Search
    line: DualLine

    @property
    def method(self) -> str:
        """The name of the method that it belongs to."""
        return self.inner.method

    @property
    def label(self) -> str:
        """What it is called."""
        return self.inner.label

    @property
    def steady(self) -> bool:
        """Whether it gains little by little."""
        return self.inner.steady

    @property
    def promising(self) -> float:
        """The share of the network's loss from which on it need not begin."""
        return self.inner.promising

    @property
    def settled(self) -> float:
        """The share of the network's loss from which on no other would come closer."""
        return self.inner.settled

    def improve(
        self, task: Task, seconds_left: Callable[[], float], say: Callable[[str], None]
    ) -> Iterator[Found]:
        """Approach the dual point until what is found proves the gap that is wanted, or time is up."""
        aim = self.line.admissible(task.hint)
        distance = float(np.sum(aim**2)) / 2
        inner = replace(task, Y=aim, upper=distance, gap=_TO_THE_END)
        best: Found | None = None
        for found in self.inner.improve(inner, seconds_left, say):
            bound = found.outcome()
            assert isinstance(bound, Relaxation)
            valued = with_value(bound, self.line)
            if best is None or valued.value > best.value or not valued.cut_short:
                best = replace(found, value=valued.value, outcome=partial(_as_it_is, valued))
                yield best
            if valued.value >= task.enough:
                return


def _as_it_is(relaxation: Relaxation) -> Relaxation:
    return relaxation


def with_value(relaxation: Relaxation, line: DualLine) -> Relaxation:
    """Return a relaxation, solved for other targets, with the value that it has for the problem itself.

    Args:
        relaxation: whose dual point has a gauge of at most gamma, up to rounding.
        line: of the problem.
    """
    solution = relaxation.solution
    assert not isinstance(solution, HighPrecisionSolution)
    value = line.value(solution.dual_point)
    return replace(relaxation, estimate=None, solution=replace(solution, dual_value=value))
