"""Networks in .npz files: arrays `hidden` (d x m) and `output` (m x c), double precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from certify.errors import NetworkError
from certify.problem import IntegerRows, ReLUNetwork


def save_network(network: ReLUNetwork, path: str | Path, outputs: int) -> None:
    """Write a network whose weights are doubles, so that its exact loss is that of the file.

    Args:
        network: made from floats.
        path: written as it is; nothing is appended.
        outputs: c, which a network without neurons does not know.

    Raises:
        NetworkError: if the file cannot be written.
    """
    try:
        with Path(path).open("wb") as file:
            np.savez(
                file,
                hidden=_doubles(network.hidden, network.hidden_denominator).reshape(-1, network.width),
                output=_doubles(network.output, network.output_denominator).reshape(network.width, outputs),
            )
    except OSError as error:
        raise NetworkError(
            f"{path}: the network cannot be written ({error.strerror}); choose another path"
        ) from error


def _doubles(rows: IntegerRows, denominator: int) -> NDArray[np.float64]:
    return np.array([[entry / denominator for entry in row] for row in rows], dtype=np.float64)
