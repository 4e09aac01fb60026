"""What a network's outputs say of the targets, by the loss that it was trained with."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_expit, softmax

from certify.checker.problems.losses.entropies import CrossEntropy, Logistic, Poisson
from certify.checker.problems.losses.loss import Loss
from formulations.arrays import Matrix


def has_probabilities(loss: Loss) -> bool:
    """Say whether outputs are the logarithms of probabilities or of odds, up to what cancels."""
    return isinstance(loss, CrossEntropy | Logistic)


def class_probabilities(loss: Loss, outputs: Matrix) -> Matrix:
    """Return the probabilities of the classes, n x c, in the order of the outputs.

    For cross-entropy they are the softmax. The logistic loss has the odds of the second of two classes for
    its one output; where there are more classes, each has its odds against the rest, and the probabilities
    are divided by their sum.

    Args:
        loss: with probabilities.
        outputs: n x c, or n x 1 for the logistic loss and two classes.
    """
    if isinstance(loss, CrossEntropy):
        return np.asarray(softmax(outputs, axis=1))
    if outputs.shape[1] == 1:
        return np.hstack([expit(-outputs), expit(outputs)])
    return np.asarray(softmax(log_expit(outputs), axis=1))


def expected_targets(loss: Loss, outputs: Matrix) -> Matrix:
    """Return the targets that outputs predict, n x c: themselves, if the loss compares them with targets.

    Poisson's is of the logarithm of a mean, and cross-entropy of those of probabilities.
    """
    if isinstance(loss, Poisson):
        return np.asarray(np.exp(outputs))
    if isinstance(loss, CrossEntropy):
        return np.asarray(softmax(outputs, axis=1))
    return outputs
