"""Column generation: networks that get better with every direction that joins (docs/method.md, section 4).

Descents from random networks give a pool of directions, over which the best network is a convex problem.
From there directions whose gauge at the dual point exceeds gamma join, the master is solved again, neurons
that share a linear piece merge, and all neurons slide together. The loss is any of `formulations.losses`; one
with kinks is smoothed a little where neurons slide; where a gap is wanted rather than the last digit, rounds
of `formulations.training.smoothing_path` come first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from formulations.arrays import Indices, Matrix
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss
from formulations.training.curve import CurvePoint
from formulations.training.descent import Descent, descend
from formulations.training.efforts import Effort, Schedule
from formulations.training.hidden_bias import NeuronSpace
from formulations.training.masters.intercept import check_output_bias
from formulations.training.masters.master import solve_master
from formulations.training.merging import merged_by_pieces
from formulations.training.network import Network, balanced, normalised
from formulations.training.oracle import GaugeMaximum
from formulations.training.smoothing_path import SmoothingPath

_RANDOM_FEATURES = 300
_SLIDE_SHARE = 0.1  # of what the columns gained that ten iterations of a slide have to gain
_MAX_ROUNDS = 200
_SLOW = 1e-5  # a relative gain, after which the search gets harder
_NEAR, _MOST_SPARE = 1e-2, 500  # below gamma; directions kept though no neuron has them
_SHARPEN = 4  # a blur that slides gain nothing with is divided by this
_LEAST_BLUR = 1e-3
_MOST_SLIDING = 150
_MOST_OF_RESTART = 60  # directions, of those that do not slide
_UNSEEN = 5e-4  # of the space: with few maxima most starts find what others have found


class ColumnGeneration:
    """One training run: the best network so far, and the steps that improve it.

    Attributes:
        best: the best network so far.
        curve: the progress of its loss.
        descent: the loss after every iteration of the best descent from a random network.
        restarts: how many descents from random networks there were.
        hidden_bias: the coordinates of neurons with a free bias each; None where they have none.
    """

    def __init__(
        self,
        X: Matrix,
        loss: Loss | Matrix,
        gamma: float,
        *,
        output_bias: str = "none",
        seed: int = 0,
        gap: float = 0.0,
        time_limit: float | None = None,
        on_progress: Callable[[str, float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock, with the network that has no neurons.

        Args:
            X: inputs, n x d. Where hidden biases are free, directions are of shape (d + 1, k), in the
                coordinates of `formulations.training.hidden_bias`.
            loss: of n samples with c outputs; a matrix Y, n x c, stands for the squared loss of these.
            gamma: weight of the penalty, positive.
            output_bias: "none", "free", "decayed" with the same weight, or "all-free", which frees a bias of
                each neuron as well.
            seed: of the random starts.
            gap: relative, that a proof is wanted to leave: a loss with kinks is then trained no further than
                that asks for. By default every loss is trained to the end.
            time_limit: in seconds; none by default.
            on_progress: called with the stage and the best loss after every stage.
            clock: returns the time in seconds.

        Raises:
            ValueError: if gamma is not positive, X and the targets are not finite matrices with as many rows,
                or the output bias is unknown.
        """
        if not isinstance(loss, Loss):
            loss = SquaredLoss(loss)
        Y = loss.targets
        if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y):
            raise ValueError(
                f"X has shape {X.shape} and Y {Y.shape}; give two matrices with one row per sample"
            )
        if not (np.all(np.isfinite(X)) and np.all(np.isfinite(Y))):
            raise ValueError("X or Y has an entry that is not finite; remove such samples")
        if not 0 < gamma < np.inf:
            raise ValueError(f"gamma is {gamma}, but the weight of the penalty must be positive and finite")
        self._space = NeuronSpace.of(X, output_bias)
        self.X, self.gamma, self.hidden_bias = self._space.inputs, gamma, self._space.bias
        self.loss = loss
        self.output_bias = check_output_bias("free" if output_bias == "all-free" else output_bias)
        self.rng = np.random.default_rng(seed)
        self.time_limit = time_limit
        self.on_progress = on_progress
        self.curve: list[CurvePoint] = []
        self.descent: tuple[float, ...] = ()
        self.restarts = 0
        self._clock, self._began = clock, clock()
        self._oracle = self._space.oracle
        self._schedule = Schedule.of(X, loss)
        self._efforts, self._blur = self._schedule.efforts, self._schedule.blur
        self._effort = 0
        # With kinks many dual points may be best, and the directions that a network does not use hold them.
        self._spare: tuple[Matrix, tuple[Indices, ...]] = (np.zeros((self.X.shape[1], 0)), ())
        self.best = self._solve(np.zeros((self.X.shape[1], 0)), ())
        self._least = self.best.loss
        self._found: tuple[Network, int, list[GaugeMaximum]] | None = None
        self._wanted_gap = gap if self._blur else 0.0
        self._path: SmoothingPath | None = None

    def seconds(self) -> float:
        """Return the wall time since the start."""
        return self._clock() - self._began

    def is_late(self, share: float = 1.0) -> bool:
        """Say whether this share of the time limit is over."""
        return self.time_limit is not None and self.seconds() >= share * self.time_limit

    def resume(self, directions: Matrix) -> None:
        """Take up the best network over directions of an earlier run.

        Args:
            directions: unit vectors as columns, of shape (d, k); see `directions_of`.
        """
        self._adopt("resumed", self._solve_free(directions))

    def run(self, restarts: int, *, settled: float = 0.0) -> str:
        """Run all stages and return the status, as `TrainingResult` has it.

        Args:
            restarts: descents from random networks.
            settled: the relative gain of a round below which it ends early.
        """
        self._adopt("zero network", self.best)
        if self._wanted_gap > 0:
            self._path = SmoothingPath(
                self._oracle,
                self.X,
                self.loss,
                self.gamma,
                self.best,
                output_bias=self.output_bias,
                gap=self._wanted_gap,
                rng=self.rng,
                should_stop=self.is_late,
            )
            if (status := self._follow_path()) is not None:
                return status
        pool = [self._restart() for _ in range(restarts) if not self.is_late(0.25)]
        if pool:
            self._adopt("pool", self._solve_free(np.hstack(pool)))
        for _ in range(_MAX_ROUNDS):
            before = self.best.loss
            status = self.advance()
            gain = before - self.best.loss
            size = abs(before)
            if status is None and self._effort and self._schedule.settled * size < gain < settled * size:
                status = "settled"
                # With the tolerance of the present effort, which drops what a loose one has kept.
                self._adopt("master", self._solve(self.best.directions, self.best.kinks))
            if status is not None:
                return status
        return "rounds"

    @property
    def peak(self) -> float:
        """The largest gauge found at the best network's dual point, over gamma."""
        if self._path is not None:
            return self._path.peak
        return max((maximum.value for maximum in self._peaks()), default=0.0) / self.gamma

    def advance(self) -> str | None:
        """Take one round: directions join, neurons slide; return a status if it is no use to go on."""
        if self._path is not None:
            self._path.ask_for_more()
            status = self._follow_path()
            return None if status == "settled" else status
        before = self.best.loss
        effort = self._efforts[self._effort]
        size = max(abs(before), 1e-300)
        found = self._join(self._peaks()[: effort.most])
        self._slide(max(_SLIDE_SHARE * (before - self.best.loss), effort.slide * size))
        if self.is_late():
            return "time_limit"
        gain = (before - self.best.loss) / size if found else 0.0
        if gain > self._schedule.settled:
            self._effort = 0 if gain > _SLOW else 1
        elif self._effort + 1 < len(self._efforts):
            self._effort += 1
        else:
            self._tidy()
            return "settled" if found else "stationary"
        return None

    def directions_of(self, weights: Matrix) -> Matrix:
        """Return the directions of neurons, unit vectors as columns, without those that are zero.

        Args:
            weights: of the neurons as columns, of shape (d, k), or (d + 1, k) with a free bias as last row.
        """
        return self._space.directions_of(weights)

    def add(self, weights: Matrix) -> bool:
        """Let neurons join that something else has found; return whether any was worth it.

        Args:
            weights: as for `directions_of`.
        """
        if self._path is not None:
            if found := self._path.add(self.directions_of(weights)):
                self._follow_path()
            return found
        before = self.best.loss
        found = self._join(self._maximise(self.directions_of(weights), self._efforts[-1]))
        self._slide(_SLIDE_SHARE * (before - self.best.loss))
        self._effort = 0
        return found

    def _follow_path(self) -> str | None:
        """Go along the path; return how that ended, or None where it has led nowhere and is given up."""
        status = None
        while self._path is not None and status is None:
            status = self._path.advance()
            self._adopt("smoothing path", self._path.best)
            if status == "stuck":
                self._path = status = None
        return status

    def _adopt(self, stage: str, network: Network) -> None:
        """Keep the network unless it is worse, by more than rounding, than the best there was."""
        if network.loss <= self._least + self._rounding:
            self.best, self._least = network, min(self._least, network.loss)
        self.curve.append(CurvePoint(stage, self.seconds(), self.best.loss))
        if self.on_progress is not None:
            self.on_progress(stage, self.best.loss)

    @property
    def _rounding(self) -> float:
        """What of a loss is left undecided (a loss)."""
        return self._schedule.rounding * abs(self._least)

    def _solve(
        self, directions: Matrix, kinks: tuple[Indices, ...], tolerance: float | None = None
    ) -> Network:
        """Return the best network over unit directions, without those it does not use."""
        master = solve_master(
            np.maximum(self.X @ directions, 0.0),
            self.loss,
            self.gamma,
            output_bias=self.output_bias,
            tolerance=self._efforts[self._effort].tolerance if tolerance is None else tolerance,
            should_stop=self.is_late,
        )
        used = np.flatnonzero(np.any(master.output != 0, axis=1))
        return Network(
            directions[:, used],
            master.output[used],
            tuple(kinks[k] for k in used),
            master.output_bias,
            master.value,
            master.dual_point,
        )

    def _solve_free(self, directions: Matrix, tolerance: float | None = None) -> Network:
        return self._solve(directions, (np.zeros(0, dtype=np.intp),) * directions.shape[1], tolerance)

    def _descend(
        self,
        network: Network,
        *,
        kinks: tuple[Indices, ...] | None = None,
        max_iterations: int,
        least_gain: float,
        share: float = 1.0,
    ) -> Descent:
        """Let all neurons of a network slide, until this share of the time limit is over."""
        square = float(np.sum(network.dual_point**2))
        return descend(
            self.X,
            self.loss,
            self.gamma,
            balanced(network),
            output_bias=self.output_bias,
            blur=2 * self._blur * abs(network.loss) / square if square else 0.0,
            kinks=kinks,
            max_iterations=max_iterations,
            least_gain=least_gain,
            should_stop=lambda: self.is_late(share),
        )

    def _restart(self) -> Matrix:
        """Descend from the best network over random directions; return the unit directions it ends with."""
        features = self._oracle.draw_gaussian(_RANDOM_FEATURES, self.rng)
        start = self._solve_free(features, self._schedule.start_tolerance)
        self._adopt("random features", start)
        self.restarts += 1
        if self._is_wide(start):
            longest = np.argsort(-np.linalg.norm(start.output, axis=1), kind="stable")
            return start.directions[:, longest[:_MOST_OF_RESTART]]
        result = self._descend(
            start,
            max_iterations=self._schedule.restart_iterations,
            least_gain=self._schedule.restart_gain * abs(start.loss),
            share=0.5,
        )
        if not self.descent or result.losses[-1] < self.descent[-1]:
            self.descent = result.losses
        return normalised(result.hidden)[0]

    def _peaks(self) -> list[GaugeMaximum]:
        """Return maxima of the gauge at the best network's dual point, searched with the present effort."""
        key = self.best, self._effort
        if self._found is None or self._found[0] is not key[0] or self._found[1] != key[1]:
            effort, N = self._efforts[self._effort], self.best.dual_point
            starts = self._oracle.draw_starts(N, effort.starts, self.rng, corners=not effort.together)
            if effort.together:
                starts = self._oracle.raise_together(N, starts, effort.together)
            self._found = (*key, self._maximise(starts, effort, _UNSEEN))
        return self._found[2]

    def _maximise(self, starts: Matrix, effort: Effort, unseen: float = 0.0) -> list[GaugeMaximum]:
        return self._oracle.maximise(
            self.best.dual_point,
            np.hstack([self.best.directions, starts]),
            max_steps=effort.max_steps,
            wide=effort.wide,
            unseen=unseen,
            should_stop=self.is_late,
        )

    def _join(self, maxima: list[GaugeMaximum]) -> bool:
        """Solve the master with the maxima above gamma as more directions; return whether there are any."""
        best = self.best
        above = [maximum for maximum in maxima if maximum.value > self.gamma * (1 + self._schedule.settled)]
        if not above:
            return False
        directions = np.column_stack([maximum.direction for maximum in above])
        kinks = tuple(maximum.kinks for maximum in above)
        spare, kinks_of_spare = self._spare
        directions = np.hstack([best.directions, spare, directions])
        kinks = best.kinks + kinks_of_spare + kinks
        network = self._solve(directions, kinks)
        self._adopt("columns", network)
        if self._schedule.blur:
            self._keep_spare(directions, kinks, network)
        return True

    def _keep_spare(self, directions: Matrix, kinks: tuple[Indices, ...], network: Network) -> None:
        """Keep the directions that no neuron of the network has, and whose gauges are close to gamma."""
        used = {direction.tobytes() for direction in network.directions.T}
        gauges = np.linalg.norm(np.maximum(self.X @ directions, 0).T @ network.dual_point, axis=1)
        order = np.argsort(-gauges, kind="stable")
        near = [
            k
            for k in order
            if gauges[k] > (1 - _NEAR) * self.gamma and directions[:, k].tobytes() not in used
        ][:_MOST_SPARE]
        self._spare = directions[:, near], tuple(kinks[k] for k in near)

    def _slide(self, least_gain: float) -> None:
        """Merge neurons of one linear piece, move all together, and keep the outcome unless it is worse."""
        if not len(self.best.output) or 0 < self._blur < _LEAST_BLUR:
            return
        merged = merged_by_pieces(self.best, self._oracle)
        if self._is_wide(merged):
            return
        result = self._descend(
            merged, kinks=merged.kinks, max_iterations=self._schedule.slide_iterations, least_gain=least_gain
        )
        before = self._least
        if self._blur or before - result.losses[-1] >= least_gain - self._rounding:
            directions, alive = normalised(result.hidden)
            self._adopt("slide", self._solve(directions, tuple(merged.kinks[k] for k in alive)))
        if before - self._least <= self._rounding:
            self._blur /= _SHARPEN

    def _is_wide(self, network: Network) -> bool:
        """Say whether a slide would take longer than the columns that it saves.

        With kinks an output layer takes many steps, and a network has up to a neuron for every target.
        """
        neurons, outputs = network.output.shape
        unknowns = neurons * outputs if self.loss.zero_sum else neurons
        return self._schedule.blur > 0 and unknowns > _MOST_SLIDING

    def _tidy(self) -> None:
        """Drop as many of the smallest neurons as the loss allows."""
        sizes = np.linalg.norm(self.best.output, axis=1)
        for threshold in (1e-2, 1e-3, 1e-4, 1e-5):
            kept = np.flatnonzero(sizes > threshold * sizes.max(initial=0.0))
            fewer = self._solve(self.best.directions[:, kept], tuple(self.best.kinks[k] for k in kept))
            if fewer.loss <= self._least + self._rounding:
                if self._schedule.blur:
                    fewer = replace(fewer, dual_point=self.best.dual_point)
                return self._adopt("tidy", fewer)
