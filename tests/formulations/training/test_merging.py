"""Neurons that become one."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.training.merging import merged_by_pieces
from formulations.training.network import Network
from formulations.training.oracle import GaugeOracle


def test_neurons_of_one_piece_become_their_sum() -> None:
    """Two see both rows and have the same output; a third sees one row, a fourth has another output."""
    X = np.eye(2)
    directions = np.array([[0.6, 0.8, 0.6, 0.6], [0.8, 0.6, -0.8, 0.8]])
    output = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    none = np.zeros(0, dtype=np.intp)
    network = Network(directions, output, (none,) * 4, np.zeros(0), 1.0, np.zeros((2, 2)))
    merged = merged_by_pieces(network, GaugeOracle(X))
    assert merged.output == pytest.approx(np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    first = np.array([2.2, 2.0])
    assert merged.directions[:, 0] == pytest.approx(first / np.linalg.norm(first))
    assert merged.directions[:, 1:] == pytest.approx(directions[:, 2:])
