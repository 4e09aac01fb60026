"""Column generation: networks that get better with every direction that joins (docs/method.md, section 4).

Descents from random networks give a pool of directions, over which the best network is a convex problem.
From there directions whose gauge at the dual point exceeds gamma join, the master is solved again, neurons
that share a linear piece merge, and all neurons slide together. An output bias is eliminated throughout
(`formulations.training.intercept`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.squared import SquaredLoss
from formulations.training.descent import descend
from formulations.training.group_lasso import solve_group_lasso
from formulations.training.intercept import Intercept
from formulations.training.oracle import GaugeMaximum, GaugeOracle

_RANDOM_FEATURES = 300
_SLIDE_ITERATIONS = 200
_SLIDE_SHARE = 0.1  # of what the columns gained that ten iterations of a slide have to gain
_MAX_ROUNDS = 200
_ROUNDING = 1e-10
_SLOW = 1e-5
_SETTLED = 1e-9
_PARALLEL = 0.99
_UNSEEN = 5e-4  # of the space: with few maxima most starts find what others have found


@dataclass(frozen=True)
class _Effort:
    """How hard to look for new directions, and how exactly to weigh them.

    Attributes:
        starts: how many random ones.
        max_steps: of an ascent; None for to its end.
        wide: whether ascents follow every great circle half around.
        together: steps that all random starts take at once before. Where they take any, none of them is an
            intersection of kinks.
        most: how many of the best directions join.
        tolerance: relative gap of the master.
        slide: of the loss, that ten iterations of a slide have to gain at least.
    """

    starts: int
    max_steps: int | None
    wide: bool
    together: int = 0
    most: int | None = None
    tolerance: float = 1e-10
    slide: float = 0.0


# Far from the optimum the dual point moves too much for ascents to end; near it nothing may be missed.
_EFFORTS = (_Effort(400, 8, False), _Effort(800, None, True), _Effort(1600, None, True))
# On large data an ascent is dear, and the way to the optimum long.
_FIRST_IF_LARGE = _Effort(400, 8, False, together=3, most=150, tolerance=1e-6, slide=1e-6)
_FIRST_IF_VERY_LARGE = replace(_FIRST_IF_LARGE, starts=200, together=5)
_LARGE, _VERY_LARGE = 4000, 50_000  # entries of X
_FEW_FEATURES = 6  # up to as many the optimum is wanted to many digits, however large X is
_RESTART_GAIN = 1e-3  # of the loss, that ten iterations of a descent from a random network then have to gain


@dataclass(frozen=True)
class CurvePoint:
    """The best objective at one moment of a training run.

    Attributes:
        stage: what had just been done.
        seconds: wall time since the start.
        loss: objective of the best network.
    """

    stage: str
    seconds: float
    loss: float


@dataclass(frozen=True)
class Network:
    """The best network over given directions.

    Attributes:
        directions: unit vectors u_k as columns, of shape (d, K).
        output: v_k as rows, of shape (K, c), not zero.
        kinks: for each direction the rows of X whose kinks it sits on.
        output_bias: b, of length c; of length 0 without one.
        loss: the objective, with neurons scaled to |u_k| = |v_k|.
        dual_point: of the master, n x c; no direction here has a gauge above gamma at it. Its columns sum to
            zero, up to rounding, with a free output bias.
    """

    directions: Matrix
    output: Matrix
    kinks: tuple[Indices, ...]
    output_bias: Vector
    loss: float
    dual_point: Matrix

    @property
    def weights(self) -> tuple[Matrix, Matrix]:
        """Hidden weights, d x K, and output weights, K x c, with |u_k| = |v_k|."""
        lengths = np.sqrt(np.linalg.norm(self.output, axis=1))
        return self.directions * lengths, self.output / lengths[:, None]


class ColumnGeneration:
    """One training run: the best network so far, and the steps that improve it.

    Attributes:
        best: the best network so far.
        curve: the progress of its loss.
        descent: the loss after every iteration of the best descent from a random network.
        restarts: how many descents from random networks there were.
    """

    def __init__(
        self,
        X: Matrix,
        Y: Matrix,
        gamma: float,
        *,
        output_bias: str = "none",
        seed: int = 0,
        time_limit: float | None = None,
        on_progress: Callable[[str, float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock, with the network that has no neurons.

        Args:
            X: inputs, of shape (n, d).
            Y: targets, of shape (n, c).
            gamma: weight of the penalty, positive.
            output_bias: "none", "free", or "decayed" with the same weight.
            seed: of the random starts.
            time_limit: in seconds; none by default.
            on_progress: called with the stage and the best loss after every stage.
            clock: returns the time in seconds.

        Raises:
            ValueError: if gamma is not positive, X and Y are not finite matrices with as many rows, or the
                output bias is unknown.
        """
        if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y):
            raise ValueError(
                f"X has shape {X.shape} and Y {Y.shape}; give two matrices with one row per sample"
            )
        if not (np.all(np.isfinite(X)) and np.all(np.isfinite(Y))):
            raise ValueError("X or Y has an entry that is not finite; remove such samples")
        if not 0 < gamma < np.inf:
            raise ValueError(f"gamma is {gamma}, but the weight of the penalty must be positive and finite")
        self.X, self.gamma = X, gamma
        self.loss = SquaredLoss(Y)
        self.rng = np.random.default_rng(seed)
        self.time_limit = time_limit
        self.on_progress = on_progress
        self.curve: list[CurvePoint] = []
        self.descent: tuple[float, ...] = ()
        self.restarts = 0
        self._clock, self._began = clock, clock()
        self._oracle = GaugeOracle(self.X)
        self._intercept = Intercept.of(output_bias, len(X), gamma)
        self._loss_of_master = self._intercept.without_bias(self.loss)
        self._is_large = X.size > _LARGE and X.shape[1] > _FEW_FEATURES
        first = _FIRST_IF_VERY_LARGE if X.size > _VERY_LARGE else _FIRST_IF_LARGE
        self._efforts = (first, *_EFFORTS[1:]) if self._is_large else _EFFORTS
        self._effort = 0
        self.best = self._solve(np.zeros((self.X.shape[1], 0)), ())
        self._least = self.best.loss
        self._found: tuple[Network, int, list[GaugeMaximum]] | None = None

    def seconds(self) -> float:
        """Return the wall time since the start."""
        return self._clock() - self._began

    def is_late(self, share: float = 1.0) -> bool:
        """Say whether this share of the time limit is over."""
        return self.time_limit is not None and self.seconds() >= share * self.time_limit

    def resume(self, directions: Matrix) -> None:
        """Take up the best network over directions of an earlier run.

        Args:
            directions: unit vectors as columns, of shape (d, k).
        """
        self._adopt("resumed", self._solve_free(directions))

    def run(self, restarts: int, *, settled: float = 0.0) -> str:
        """Run all stages and return the status, as `TrainingResult` has it.

        Args:
            restarts: descents from random networks.
            settled: the relative gain of a round below which it ends early.
        """
        self._adopt("zero network", self.best)
        pool = [self._restart() for _ in range(restarts) if not self.is_late(0.25)]
        if pool:
            self._adopt("pool", self._solve_free(np.hstack(pool)))
        for _ in range(_MAX_ROUNDS):
            before = self.best.loss
            status = self.advance()
            gain = before - self.best.loss
            if status is None and self._effort and _SETTLED * before < gain < settled * before:
                status = "settled"
                # With the tolerance of the present effort, which drops what a loose one has kept.
                self._adopt("master", self._solve(self.best.directions, self.best.kinks))
            if status is not None:
                return status
        return "rounds"

    @property
    def peak(self) -> float:
        """The largest gauge found at the best network's dual point, over gamma."""
        return max((maximum.value for maximum in self._peaks()), default=0.0) / self.gamma

    def advance(self) -> str | None:
        """Take one round: directions join, neurons slide; return a status if it is no use to go on."""
        before = self.best.loss
        effort = self._efforts[self._effort]
        found = self._join(self._peaks()[: effort.most])
        self._slide(max(_SLIDE_SHARE * (before - self.best.loss), effort.slide * before))
        if self.is_late():
            return "time_limit"
        gain = (before - self.best.loss) / max(before, 1e-300) if found else 0.0
        if gain > _SETTLED:
            self._effort = 0 if gain > _SLOW else 1
        elif self._effort + 1 < len(self._efforts):
            self._effort += 1
        else:
            self._tidy()
            return "settled" if found else "stationary"
        return None

    def add(self, directions: Matrix) -> bool:
        """Let directions join that something else has found; return whether any was worth it.

        Args:
            directions: not zero, as columns, of shape (d, k).
        """
        before = self.best.loss
        found = self._join(self._maximise(directions, _EFFORTS[-1]))
        self._slide(_SLIDE_SHARE * (before - self.best.loss))
        self._effort = 0
        return found

    def _adopt(self, stage: str, network: Network) -> None:
        """Keep the network unless it is worse, by more than rounding, than the best there was."""
        if network.loss <= self._least * (1 + _ROUNDING):
            self.best, self._least = network, min(self._least, network.loss)
        self.curve.append(CurvePoint(stage, self.seconds(), self.best.loss))
        if self.on_progress is not None:
            self.on_progress(stage, self.best.loss)

    def _solve(self, directions: Matrix, kinks: tuple[Indices, ...]) -> Network:
        """Return the best network over unit directions, without those it does not use."""
        atoms = np.maximum(self.X @ directions, 0.0)
        master = solve_group_lasso(
            self._intercept.apply(atoms),
            self._loss_of_master,
            self.gamma,
            tolerance=self._efforts[self._effort].tolerance,
        )
        used = np.flatnonzero(np.any(master.output != 0, axis=1))
        return Network(
            directions[:, used],
            master.output[used],
            tuple(kinks[k] for k in used),
            self._intercept.best(self.loss.gradient(atoms[:, used] @ master.output[used])),
            master.value,
            self._intercept.apply(master.dual_point),
        )

    def _solve_free(self, directions: Matrix) -> Network:
        return self._solve(directions, (np.zeros(0, dtype=np.intp),) * directions.shape[1])

    def _restart(self) -> Matrix:
        """Descend from the best network over random directions; return the unit directions it ends with."""
        start = self._solve_free(self._oracle.draw_gaussian(_RANDOM_FEATURES, self.rng))
        self._adopt("random features", start)
        result = descend(
            self.X,
            self.loss,
            self.gamma,
            _balanced(start),
            intercept=self._intercept,
            least_gain=_RESTART_GAIN * start.loss if self._is_large else 0.0,
            should_stop=lambda: self.is_late(0.5),
        )
        self.restarts += 1
        if not self.descent or result.losses[-1] < self.descent[-1]:
            self.descent = result.losses
        return _normalised(result.hidden)[0]

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

    def _maximise(self, starts: Matrix, effort: _Effort, unseen: float = 0.0) -> list[GaugeMaximum]:
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
        above = [maximum for maximum in maxima if maximum.value > self.gamma * (1 + _SETTLED)]
        if not above:
            return False
        directions = np.column_stack([maximum.direction for maximum in above])
        kinks = tuple(maximum.kinks for maximum in above)
        self._adopt("columns", self._solve(np.hstack([best.directions, directions]), best.kinks + kinks))
        return True

    def _slide(self, least_gain: float) -> None:
        """Merge neurons of one linear piece, move all together, and keep the outcome unless it is worse."""
        if not len(self.best.output):
            return
        merged = self._merge(self.best)
        result = descend(
            self.X,
            self.loss,
            self.gamma,
            _balanced(merged),
            intercept=self._intercept,
            kinks=merged.kinks,
            max_iterations=_SLIDE_ITERATIONS,
            least_gain=least_gain,
            should_stop=self.is_late,
        )
        if self.best.loss - result.losses[-1] < least_gain - _ROUNDING * self.best.loss:
            return
        directions, alive = _normalised(result.hidden)
        self._adopt("slide", self._solve(directions, tuple(merged.kinks[k] for k in alive)))

    def _merge(self, network: Network) -> Network:
        """Replace neurons of one linear piece with nearly parallel outputs by their sum."""
        sizes = np.linalg.norm(network.output, axis=1)
        units = network.output / sizes[:, None]
        groups: list[list[int]] = []
        of_pattern: dict[bytes, list[list[int]]] = {}
        for k, unit in enumerate(units):
            pattern = self._oracle.pattern(network.directions[:, k], network.kinks[k])
            alike = of_pattern.setdefault(pattern, [])
            group = next((group for group in alike if unit @ units[group[0]] > _PARALLEL), None)
            if group is None:
                group = []
                alike.append(group)
                groups.append(group)
            group.append(k)
        sums = [
            network.directions[:, group] @ np.linalg.norm(network.output[group], axis=1) for group in groups
        ]
        return replace(
            network,
            directions=_normalised(np.column_stack(sums))[0],
            output=np.array([network.output[group].sum(axis=0) for group in groups]),
            kinks=tuple(network.kinks[group[0]] for group in groups),
        )

    def _tidy(self) -> None:
        """Drop as many of the smallest neurons as the loss allows."""
        sizes = np.linalg.norm(self.best.output, axis=1)
        for threshold in (1e-2, 1e-3, 1e-4, 1e-5):
            kept = np.flatnonzero(sizes > threshold * sizes.max(initial=0.0))
            fewer = self._solve(self.best.directions[:, kept], tuple(self.best.kinks[k] for k in kept))
            if fewer.loss <= self._least * (1 + _ROUNDING):
                return self._adopt("tidy", fewer)


def _balanced(network: Network) -> Matrix:
    """Return the hidden weights with |u_k| = |v_k|."""
    hidden: Matrix = network.directions * np.sqrt(np.linalg.norm(network.output, axis=1))
    return hidden


def _normalised(hidden: Matrix) -> tuple[Matrix, NDArray[np.intp]]:
    """Return the directions of the nonzero columns, and which columns those are."""
    lengths = np.linalg.norm(hidden, axis=0)
    nonzero = np.flatnonzero(lengths)
    return hidden[:, nonzero] / lengths[nonzero], nonzero
