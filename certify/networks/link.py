"""What a network applies to the outputs of its second layer: nothing, a softmax, its logarithm, or a sigmoid.

The project's losses take those outputs themselves, the logits of a classifier. What follows them belongs to
the loss, if to anything: the cross-entropy has a softmax in it and the logistic loss a sigmoid.
"""

from __future__ import annotations

from enum import Enum


class Link(Enum):
    """A function at the end of a network; the value is its name in PyTorch and in ONNX."""

    NONE = ""
    SOFTMAX = "Softmax"
    LOG_SOFTMAX = "LogSoftmax"
    SIGMOID = "Sigmoid"
