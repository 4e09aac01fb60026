"""Where a bound was lost: the steps from a network's loss down to what its certificate proves.

The first and the last value are exact. Those between are estimates: how large the gauge of a dual point is,
is known from local ascents alone (`formulations.training.oracle`), which may miss its maximum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from certify.checker.certificate.training import Certificate
from certify.checker.numbers.rounding import float_down, float_up
from certify.floats.dual_line import DualLine
from certify.floats.gauge import relative_gauge
from certify.floats.problem import Arrays
from formulations.arrays import Matrix
from formulations.training.hidden_bias import NeuronSpace

_STARTS = 400
_NEAR = 0.01  # of the largest: what still counts as a maximum worth listing


@dataclass(frozen=True)
class Maximum:
    """A local maximum of the gauge that was found.

    Attributes:
        ratio: |N^T relu(Xu)| / (gamma |u|).
        direction: u, a unit vector; with free hidden biases followed by the bias.
    """

    ratio: float
    direction: tuple[float, ...]


@dataclass(frozen=True)
class GaugeEstimate:
    """The gauge of a dual point as far as local ascents tell.

    Attributes:
        ratio: the largest value found over gamma; the gauge may be larger, never smaller.
        maxima: within 1 % of it, the largest first.
    """

    ratio: float
    maxima: tuple[Maximum, ...]


@dataclass(frozen=True)
class Step:
    """One value on the way down.

    Attributes:
        name: what has this value.
        value: a loss.
        is_exact: whether it is a bound, or else an estimate.
        drop: to the next value, and why; 0 and "" for the last one.
        reason: why it goes down there.
    """

    name: str
    value: float
    is_exact: bool
    drop: float
    reason: str


@dataclass(frozen=True)
class ErrorBudget:
    """From a network's loss, or without a network from what N could prove, down to the bound.

    Attributes:
        steps: the values, falling.
        rounding_at_most: what rounding N to integers over a power of two can have cost (a loss); part of the
            last drop.
    """

    steps: tuple[Step, ...]
    rounding_at_most: float

    def share(self, step: Step) -> float:
        """Return a drop's share of the whole way down; 0 where there is none."""
        whole = sum(each.drop for each in self.steps)
        return step.drop / whole if whole > 0 else 0.0


def estimate_gauge(
    arrays: Arrays, N: Matrix, starts: Matrix, should_stop: Callable[[], bool] = lambda: False
) -> GaugeEstimate:
    """Climb from random directions and from given ones.

    Args:
        arrays: the problem.
        N: dual point, n x c.
        starts: directions as columns, d x k, with free hidden biases as last row; zero ones are left out.
        should_stop: asked before each ascent; once true, what was found so far counts, and the gauge at all
            directions to start from.
    """
    space = NeuronSpace.of(arrays.X, arrays.output_bias)
    drawn = space.oracle.draw_starts(N, _STARTS, np.random.default_rng(0))
    # Those that are given are the most promising.
    starts = np.hstack([space.directions_of(starts), drawn])
    maxima = []
    for found in space.oracle.maximise(N, starts, should_stop=should_stop):
        neuron = space.neurons_of(found.direction[:, None])
        ratio = found.value / arrays.gamma
        if space.bias is not None:
            ratio = float(relative_gauge(arrays.X, N, arrays.gamma, neuron)[0])
        maxima.append(Maximum(ratio, tuple(neuron[:, 0].tolist())))
    at_starts = relative_gauge(arrays.X, N, arrays.gamma, space.neurons_of(starts))
    largest = max(float(at_starts.max(initial=0.0)), *(found.ratio for found in maxima[:1]), 0.0)
    return GaugeEstimate(largest, tuple(each for each in maxima if each.ratio >= (1 - _NEAR) * largest))


def error_budget(
    certificate: Certificate,
    arrays: Arrays,
    N: Matrix,
    gauge: GaugeEstimate,
    *,
    upper: Fraction | None = None,
    R: Matrix | None = None,
    residual_gauge: GaugeEstimate | None = None,
) -> ErrorBudget:
    """Go down from a network's loss to the bound.

    Args:
        certificate: a valid one.
        arrays: the problem in floats.
        N: the certificate's dual point in floats, n x c.
        gauge: of N.
        upper: the exact loss of a network, if there is one; with it come
        R: the dual point that it gives by itself (`Arrays.dual_point_of`), and
        residual_gauge: the gauge of that.
    """
    lower = float_down(certificate.bound)
    top = np.inf if upper is None else float_up(upper)
    line = arrays.dual_line
    own = min(top, max(lower, _provable(line, N, gauge)))
    points: list[tuple[str, float, bool, str]] = []
    if upper is not None and R is not None and residual_gauge is not None:
        other = min(top, _provable(line, R, residual_gauge))
        points.append(("loss of the network", top, True, "network or dual point is not optimal"))
        if other > own:
            reason = "N is not that residual"
            points.append(("what the network's residual could prove", other, False, reason))
    reason = f"h(N) <= gamma was proved, the largest found is {gauge.ratio:.6g} gamma"
    points.append(("what N could prove", own, False, reason))
    points.append(("the bound", lower, True, ""))
    values = [*(value for _, value, _, _ in points), lower]
    steps = tuple(
        Step(name, value, is_exact, value - below, why)
        for (name, value, is_exact, why), below in zip(points, values[1:], strict=True)
    )
    return ErrorBudget(steps, line.rounding_cost(N, 2.0**-certificate.dual_exponent))


def _provable(line: DualLine, N: Matrix, gauge: GaugeEstimate) -> float:
    """Return the best bound of a multiple of N whose gauge is at most gamma."""
    scale, bound = line.best(N, 1 / gauge.ratio if gauge.ratio > 0 else math.inf)
    return float(bound if scale > 0 else line.constant)
