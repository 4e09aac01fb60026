"""Networks over unit directions, as column generation has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix, Vector


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


def balanced(network: Network) -> Matrix:
    """Return the hidden weights with |u_k| = |v_k|."""
    hidden: Matrix = network.directions * np.sqrt(np.linalg.norm(network.output, axis=1))
    return hidden


def normalised(hidden: Matrix) -> tuple[Matrix, NDArray[np.intp]]:
    """Return the directions of the nonzero columns, and which columns those are."""
    lengths = np.linalg.norm(hidden, axis=0)
    nonzero = np.flatnonzero(lengths)
    return hidden[:, nonzero] / lengths[nonzero], nonzero
