"""Fewer neurons: those of one linear piece with nearly parallel outputs become their sum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from formulations.training.network import Network, normalised
from formulations.training.oracle import GaugeOracle

_PARALLEL = 0.99


def merged_by_pieces(network: Network, oracle: GaugeOracle) -> Network:
    """Replace neurons of one linear piece with nearly parallel outputs by their sum.

    Args:
        network: of at least one neuron.
        oracle: of its inputs, which knows the pieces.
    """
    sizes = np.linalg.norm(network.output, axis=1)
    units = network.output / sizes[:, None]
    groups: list[list[int]] = []
    of_pattern: dict[bytes, list[list[int]]] = {}
    for k, unit in enumerate(units):
        pattern = oracle.pattern(network.directions[:, k], network.kinks[k])
        alike = of_pattern.setdefault(pattern, [])
        group = next((group for group in alike if unit @ units[group[0]] > _PARALLEL), None)
        if group is None:
            group = []
            alike.append(group)
            groups.append(group)
        group.append(k)
    sums = [network.directions[:, group] @ np.linalg.norm(network.output[group], axis=1) for group in groups]
    return replace(
        network,
        directions=normalised(np.column_stack(sums))[0],
        output=np.array([network.output[group].sum(axis=0) for group in groups]),
        kinks=tuple(network.kinks[group[0]] for group in groups),
    )
