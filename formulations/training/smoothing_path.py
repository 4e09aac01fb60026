"""Training for a loss with kinks, up to a wanted gap: columns join while the loss is smoothed less and less.

The dual point of a network with kinks is not unique, and one from the end of an interior-point method is far
outside of what directions that have not joined yet ask for: it jumps about from round to round, and hundreds
join that nothing needs. So each round weighs its columns only as exactly as the gap so far asks for, which
leaves the dual point well inside, and takes the loss with a Moreau envelope that may cost a part of that gap,
which makes the dual point unique and short. A short one may have a smaller proof tree, too (docs/method.md,
section 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from formulations.arrays import Indices, Matrix
from formulations.losses.balance import balanced
from formulations.losses.loss import Loss
from formulations.training.masters.master import MasterSolution, solve_master
from formulations.training.network import Network
from formulations.training.oracle import GaugeMaximum, GaugeOracle

_FEATURES = 300  # random directions to start from
_STARTS, _SHORT = 400, 8  # of ascents, and the steps of one, far from the optimum
_FAR = 10.0  # times the gap that ends it; from there on ascents are followed to their ends
_ENDS_AT = 0.6  # of the wanted gap; the tree needs the rest
_SMOOTHING = 0.3  # of the gap so far, or of what is wanted if that is more, that the envelope may cost
_FIRST_TOLERANCE, _TIGHTER, _LEAST_TOLERANCE = 0.1, 0.7, 1e-2  # the last of the wanted gap
_LEAST_SHRINKAGE = 0.3  # of the envelope in a round
_KEPT, _NEAR = 0.9, 0.99  # of gamma: gauges of directions that stay, and of those that ascents start from
_ABOVE = 1e-7  # of gamma, by which a gauge has to exceed it
_PATIENCE = 20  # rounds without a smaller gap


class SmoothingPath:
    """Rounds of columns, and the best network and dual point so far.

    Attributes:
        best: the network of the least loss, with the dual point of the largest bound.
        peak: the largest gauge that is known at that dual point, over gamma; at least 1.
        lower: the bound of that dual point over its peak (a loss), as far as the ascents have seen.
    """

    def __init__(
        self,
        oracle: GaugeOracle,
        X: Matrix,
        loss: Loss,
        gamma: float,
        start: Network,
        *,
        output_bias: str,
        gap: float,
        rng: np.random.Generator,
        should_stop: Callable[[], bool],
    ) -> None:
        """Prepare the first round.

        Args:
            oracle: of X.
            X: inputs, n x d.
            loss: one with kinks, of n samples with c outputs.
            gamma: weight of the penalty, positive.
            start: a network whose directions are there from the start.
            output_bias: "none", "free" or "decayed".
            gap: the relative gap that is wanted of a proof, positive.
            rng: source of randomness.
            should_stop: asked before every ascent.
        """
        self.best, self.peak = start, 1.0
        self._X, self._loss, self._gamma, self._output_bias = X, loss, gamma, output_bias
        self._oracle, self._rng, self._should_stop = oracle, rng, should_stop
        self._wanted = _ENDS_AT * gap
        self.lower = self._bound(np.zeros_like(loss.targets))
        self._directions = np.hstack([start.directions, oracle.draw_gaussian(_FEATURES, rng)])
        none = np.zeros(0, dtype=np.intp)
        self._kinks: list[Indices] = [none] * self._directions.shape[1]
        self._kinks[: len(start.kinks)] = start.kinks
        nothing = loss.gradient(np.zeros_like(loss.targets))
        self._envelope = 2 * _SMOOTHING * self.best.loss / max(float(np.sum(nothing**2)), 1e-300)
        self._tolerance = _FIRST_TOLERANCE
        self._is_near = False
        self._idle = 0

    @property
    def gap(self) -> float:
        """The relative gap so far."""
        return (self.best.loss - self.lower) / max(abs(self.best.loss), 1e-300)

    def ask_for_more(self) -> None:
        """Want half the gap that there is."""
        self._wanted = min(self._wanted, self.gap / 2)

    def advance(self) -> str | None:
        """Take one round; return how the path has ended, or None where it goes on.

        "settled" is an end with the gap as small as it is wanted, "time_limit" one because of `should_stop`,
        "stuck" one because many rounds have brought nothing.
        """
        before = self.gap
        self._take_round()
        self._idle = 0 if self.gap < before else self._idle + 1
        status = None
        if self._is_near and self.gap <= self._wanted:
            status = "settled"
        elif self._should_stop():
            status = "time_limit"
        elif self._idle >= _PATIENCE:
            if self._is_near:
                status = "stuck"
            self._is_near, self._idle = True, 0
        if status is not None:
            self._keep(self._weigh(self._loss, self._least_tolerance))
        return status

    def _take_round(self) -> None:
        """Weigh the columns, let those join that the dual point lacks, and drop those far inside."""
        solution = self._weigh(self._loss.smoothed(self._envelope), self._tolerance)
        N = solution.dual_point
        if self._output_bias == "free":
            N = balanced(self._loss, N)  # a loose tolerance leaves its sums open
        gauges = np.linalg.norm(self._atoms.T @ N, axis=1)
        maxima = self._maxima(N, gauges)
        peak = max(1.0, max((maximum.value for maximum in maxima), default=0.0) / self._gamma)
        if (bound := self._bound(N / peak)) > self.lower and not self._should_stop():
            self.best = replace(self.best, dual_point=N)
            self.peak, self.lower = peak, bound
        cost = self._keep(solution) - self._bound(N) - solution.gap
        # With little left to gain, or where short ascents find nothing, ascents are followed to their ends.
        self._is_near |= self.gap <= _FAR * self._wanted or peak <= 1 + _ABOVE
        self._tighten(cost)
        self._join(maxima, np.flatnonzero(gauges > _KEPT * self._gamma))

    def add(self, directions: Matrix) -> bool:
        """Let directions join, unit vectors as columns; return whether any of them has a gauge above gamma.

        What the dual point proves is then known to be less; rounds that follow look for a better one.
        """
        maxima = self._oracle.maximise(self.best.dual_point, directions, wide=True)
        largest = max((maximum.value for maximum in maxima), default=0.0)
        if largest <= self._gamma * self.peak * (1 + _ABOVE):
            return False
        self.peak = largest / self._gamma
        self.lower = self._bound(self.best.dual_point / self.peak)
        self._join(maxima, np.arange(self._directions.shape[1]))
        return True

    @property
    def _least_tolerance(self) -> float:
        return _LEAST_TOLERANCE * self._wanted

    @property
    def _atoms(self) -> Matrix:
        return np.asarray(np.maximum(self._X @ self._directions, 0.0))

    def _weigh(self, loss: Loss, tolerance: float) -> MasterSolution:
        return solve_master(
            self._atoms, loss, self._gamma, output_bias=self._output_bias, tolerance=tolerance
        )

    def _maxima(self, N: Matrix, gauges: Matrix) -> list[GaugeMaximum]:
        starts = self._oracle.draw_starts(N, _STARTS * (1 + self._is_near), self._rng)
        return self._oracle.maximise(
            N,
            np.hstack([self._directions[:, gauges > _NEAR * self._gamma], starts]),
            max_steps=None if self._is_near else _SHORT,
            wide=self._is_near,
            should_stop=self._should_stop,
        )

    def _bound(self, N: Matrix) -> float:
        """Return what N proves if its gauge is at most gamma (a loss)."""
        bound = self._loss.dual_value(N)
        if self._output_bias == "decayed":
            bound -= float(np.sum(N.sum(axis=0) ** 2)) / (2 * self._gamma)
        return bound

    def _keep(self, solution: MasterSolution) -> float:
        """Keep the network of a solution if it is the best; return its objective, with the loss itself."""
        used = np.flatnonzero(np.any(solution.output != 0, axis=1))
        output, bias = solution.output[used], solution.output_bias
        predictions = self._atoms[:, used] @ output + (bias if len(bias) else 0.0)
        value = self._loss.value(predictions) + self._gamma * float(np.linalg.norm(output, axis=1).sum())
        if self._output_bias == "decayed":
            value += self._gamma / 2 * float(bias @ bias)
        if value < self.best.loss:
            kinks = tuple(self._kinks[k] for k in used)
            self.best = Network(self._directions[:, used], output, kinks, bias, value, self.best.dual_point)
        return value

    def _tighten(self, cost: float) -> None:
        """Take less of an envelope, which has cost so much (a loss), and a stricter tolerance."""
        self._tolerance = max(_TIGHTER * self._tolerance, self._least_tolerance)
        allowed = _SMOOTHING * max(self.gap, self._wanted) * abs(self.best.loss)
        if cost > allowed:
            self._envelope *= max(allowed / cost, _LEAST_SHRINKAGE)

    def _join(self, maxima: list[GaugeMaximum], kept: Indices) -> None:
        above = [maximum for maximum in maxima if maximum.value > self._gamma * (1 + _ABOVE)]
        directions = [self._directions[:, kept], *(maximum.direction[:, None] for maximum in above)]
        self._directions = np.hstack(directions)
        self._kinks = [self._kinks[k] for k in kept] + [maximum.kinks for maximum in above]
