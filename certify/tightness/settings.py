"""What the user of a tightness study may choose."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.bounds.bound import Settings
from certify.checker.errors import DataError


@dataclass(frozen=True)
class StudySettings:
    """What the user may choose.

    Attributes:
        loss: of a sample, a text that `certify.checker.problems.losses.table.read_loss` reads.
        gap: the relative gap that the tree is to reach.
        seeds: how many runs SGD and L-BFGS have each, from the seeds 0, 1, ...
        width: how many neurons rounding, SGD and L-BFGS have; the paper's by default.
        epochs: of SGD.
        batch_size: of SGD's second variant.
        learning_rate: of SGD at first; None for the rule of `formulations.training.sgd`.
        momentum: of SGD.
        patterns: how many activation patterns baselines draw, at most.
        rank: of the factor of the baseline burer-monteiro; None for the order of SDP-NN's matrix.
        time_limit: seconds for each problem and gamma, or None.
    """

    loss: str = "squared"
    gap: float = 1e-4
    seeds: int = 3
    width: int = 300
    epochs: int = 5000
    batch_size: int = 16
    learning_rate: float | None = None
    momentum: float = 0.0
    patterns: int = 100
    rank: int | None = None
    time_limit: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for value, name in (
            (self.width, "width"),
            (self.epochs, "number of epochs"),
            (self.batch_size, "batch size"),
            (self.patterns, "number of patterns"),
            (self.rank, "rank"),
        ):
            if value is not None and value < 1:
                raise DataError(f"the {name} is {value}: give a number that is at least 1")
        if self.seeds < 0:
            raise DataError(f"the number of seeds is {self.seeds}: give a number that is at least 0")
        if not 0 <= self.momentum < 1:
            raise DataError(f"the momentum is {self.momentum}: give a number from 0 to below 1")
        if self.learning_rate is not None and not 0 < self.learning_rate < float("inf"):
            raise DataError(f"the learning rate is {self.learning_rate}: give a positive number")
        self.bounding("0.1", "auto", self.time_limit)

    def bounding(self, gamma: Fraction | str, method: str, time_limit: float | None) -> Settings:
        """Return the settings of one certified bound.

        Raises:
            DataError: if the gap or the time limit means nothing.
        """
        return Settings(gamma=gamma, loss=self.loss, method=method, gap=self.gap, time_limit=time_limit)
