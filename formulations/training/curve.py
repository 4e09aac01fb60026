"""How the loss of a training run falls."""

from __future__ import annotations

from dataclasses import dataclass


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
