"""A two-layer ReLU network as a module of PyTorch, which is imported when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch.nn import Sequential


def sequential(
    weights: NDArray[np.float64],
    bias: NDArray[np.float64] | None,
    output: NDArray[np.float64],
    output_bias: NDArray[np.float64] | None,
) -> Sequential:
    """Return Linear, ReLU and Linear in float64; a network without neurons gets one that is zero.

    Args:
        weights: d x m.
        bias: of length m; None for a layer without.
        output: m x c.
        output_bias: of length c; None for a layer without.

    Raises:
        ImportError: if PyTorch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise ImportError("to_torch needs PyTorch: pip install 'certify[torch]'") from None
    if not len(output):
        # PyTorch warns of layers without neurons.
        weights, output = np.zeros((len(weights), 1)), np.zeros((1, output.shape[1]))
        bias = None if bias is None else np.zeros(1)
    # Unlike its constructor, skip_init does not draw weights, which would advance torch's generator.
    first, second = (
        torch.nn.utils.skip_init(  # type: ignore[no-untyped-call]
            torch.nn.Linear, *matrix.shape, bias=shift is not None, dtype=torch.float64
        )
        for matrix, shift in ((weights, bias), (output, output_bias))
    )
    with torch.no_grad():
        for layer, matrix, shift in ((first, weights, bias), (second, output, output_bias)):
            layer.weight.copy_(torch.from_numpy(matrix.T))
            if shift is not None:
                layer.bias.copy_(torch.from_numpy(shift))
    return torch.nn.Sequential(first, torch.nn.ReLU(), second)
