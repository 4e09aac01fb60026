"""All baselines, by their names."""

from __future__ import annotations

from certify.tightness.baselines.baseline import Baseline
from certify.tightness.baselines.kernels import NNGP, NTK

BASELINES: dict[str, Baseline] = {each.name: each for each in (NNGP, NTK)}
