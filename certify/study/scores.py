"""How good predictions are, by the protocol of the paper's code and by one that never sees the test set.

Accuracies are those of `certify.tightness.accuracy`. F1 is the mean over the outputs, weighted by how often
each is the class of a sample, as the paper's code has it; R2 is that of numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from certify.datasets.held_out import HeldOut
from certify.tightness.accuracy import accuracy
from formulations.arrays import Matrix

PAPER_ACCURACY, PAPER_F1 = "accuracy (paper)", "F1 (paper)"
ACCURACY, F1, R2 = "accuracy", "F1", "R2"


def scores(outputs: Matrix, test: HeldOut, *, of_classes: bool) -> dict[str, float]:
    """Return the scores of predictions for a test set, by name; none where they are not finite.

    Args:
        outputs: of the shape of the test set's targets.
        test: what they are for.
        of_classes: whether the targets are classes.
    """
    if not np.isfinite(outputs).all():
        return {}
    truth = test.targets
    if not of_classes:
        spread = float(np.sum((truth - truth.mean(axis=0)) ** 2))
        return {R2: 1 - float(np.sum((outputs - truth) ** 2)) / spread} if spread else {}
    known = accuracy(outputs, truth)
    if truth.shape[1] == 1:
        # The class that is -1 has no column of its own.
        both, right = np.hstack([-outputs, outputs]), np.hstack([-truth, truth]) > 0
        return {ACCURACY: known.largest, F1: weighted_f1(one_hot(both), right)}
    return {
        ACCURACY: known.largest,
        F1: weighted_f1(one_hot(outputs), truth > 0),
        PAPER_ACCURACY: known.thresholded,
        PAPER_F1: weighted_f1(outputs > known.threshold, truth > 0),
    }


def one_hot(outputs: Matrix) -> NDArray[np.bool_]:
    """Return the class with the largest output as a one-hot row."""
    chosen: NDArray[np.bool_] = np.eye(outputs.shape[1], dtype=bool)[np.argmax(outputs, axis=1)]
    return chosen


def weighted_f1(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the mean of the columns' F1, weighted by how many ones each truly has."""
    right = np.sum(predicted & truth, axis=0)
    either = np.sum(predicted, axis=0) + np.sum(truth, axis=0)
    each = 2 * right / np.maximum(either, 1)
    return float(np.sum(each * np.sum(truth, axis=0)) / max(int(np.sum(truth)), 1))
