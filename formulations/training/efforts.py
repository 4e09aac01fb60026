"""How hard column generation looks for new directions, and how exactly it weighs them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from formulations.arrays import Matrix
from formulations.losses.loss import Loss
from formulations.losses.squared import SquaredLoss


@dataclass(frozen=True)
class Effort:
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
_EFFORTS = (Effort(400, 8, False), Effort(800, None, True), Effort(1600, None, True))
# On large data an ascent is dear, and the way to the optimum long.
_FIRST_IF_LARGE = Effort(400, 8, False, together=3, most=150, tolerance=1e-6, slide=1e-6)
_FIRST_IF_VERY_LARGE = replace(_FIRST_IF_LARGE, starts=200, together=5)
_LARGE, _VERY_LARGE = 4000, 50_000  # entries of X
_FEW_FEATURES = 6  # up to as many the optimum is wanted to many digits, however large X is
_RESTART_GAIN = 1e-3  # of the loss, that ten iterations of a descent from a random network then have to gain
_BLUR = 0.1


@dataclass(frozen=True)
class Schedule:
    """How a run goes about a problem.

    Attributes:
        efforts: from the least to the most; a round that gains little goes on to the next.
        is_large: whether an ascent is dear.
        restart_gain: of the loss, that ten iterations of a descent from a random network have to gain.
        start_tolerance: relative gap of the master over random features.
        rounding: of the loss, that the master leaves undecided.
        settled: of the loss, and of gamma, what is as good as nothing.
        restart_iterations: limit of those of a descent from a random network.
        slide_iterations: limit of those of a slide.
        blur: of the loss, what a Moreau envelope may take off it in a descent at first; 0 without kinks.
    """

    efforts: tuple[Effort, ...]
    is_large: bool
    restart_gain: float
    start_tolerance: float
    rounding: float
    settled: float
    restart_iterations: int = 500
    slide_iterations: int = 200
    blur: float = 0.0

    @classmethod
    def of(cls, X: Matrix, loss: Loss) -> Schedule:
        """Return that of a problem with inputs X, n x d."""
        is_large = X.size > _LARGE and X.shape[1] > _FEW_FEATURES
        first = _FIRST_IF_VERY_LARGE if X.size > _VERY_LARGE else _FIRST_IF_LARGE
        efforts = (first, *_EFFORTS[1:]) if is_large else _EFFORTS
        gain = _RESTART_GAIN if is_large else 0.0
        if isinstance(loss, SquaredLoss):
            return cls(efforts, is_large, gain, efforts[0].tolerance, 1e-10, 1e-9)
        efforts = (replace(efforts[0], tolerance=1e-6), *efforts[1:])
        has_kinks = loss.smoothed(1.0) is not loss
        if not has_kinks:
            return cls(efforts, is_large, _RESTART_GAIN, 1e-3, 1e-8, 1e-7)
        return cls(efforts, is_large, _RESTART_GAIN, 1e-3, 1e-8, 1e-7, 50, 50, _BLUR)
