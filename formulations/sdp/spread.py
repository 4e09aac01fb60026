"""The multipliers that tie a merged row of the inputs to the row that stands for its line.

Exact ones would be infinite; a small share of the level is given away to have finite ones
(`formulations.lines.Directions.spread`).
"""

from __future__ import annotations

from formulations.sdp.multipliers import Multipliers

# The share of the level that is given away to have finite multipliers for merged rows: they grow as its
# inverse does, and the rounding errors of whatever reads them with them.
MERGING_LOSS = 1e-6


def tie(multipliers: Multipliers, i: int, r: int, ratio: float, weight: float) -> None:
    """Subtract weight (alpha_i - ratio alpha_r)^2 or weight (alpha_i + ratio beta_r)^2 from the bracket."""
    multipliers.slack[i] -= weight
    multipliers.slack[r] -= weight * ratio**2
    if ratio > 0:
        multipliers.alpha_beta[i, r] += weight * ratio
        multipliers.alpha_beta[r, i] += weight * ratio
    elif ratio < 0:
        for matrix in (multipliers.alpha_alpha, multipliers.beta_beta):
            matrix[i, r] += weight * -ratio / 2
            matrix[r, i] += weight * -ratio / 2
