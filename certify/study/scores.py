"""How good predictions are, by the protocol of the paper's code and by one that never sees the test set.

The paper's thresholds the outputs, takes of the thresholds 0, 0.01, ..., 0.99 the one with the best accuracy
on the test set, and counts a sample as right if all of its thresholded outputs are. Its F1 is the mean over
the outputs, weighted by how often each is 1. The honest protocol takes the class with the largest output.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from certify.study.bench import TestSet
from formulations.arrays import Matrix

THRESHOLDS = np.arange(0, 1, 0.01)

PAPER_ACCURACY, PAPER_F1 = "accuracy (paper)", "F1 (paper)"
ACCURACY, F1, R2 = "accuracy", "F1", "R2"


def scores(outputs: Matrix, test: TestSet) -> dict[str, float]:
    """Return the scores of predictions for a test set, by name; none where they are not finite.

    Args:
        outputs: of shape (k, c), or (k, 1) of two classes as signs.
        test: with k samples.
    """
    if not np.isfinite(outputs).all():
        return {}
    truth = test.targets
    if not test.classes:
        spread = float(np.sum((truth - truth.mean(axis=0)) ** 2))
        return {R2: 1 - float(np.sum((outputs - truth) ** 2)) / spread} if spread else {}
    ones = truth.astype(bool)
    chosen = one_hot(outputs, truth.shape[1])
    found = {ACCURACY: accuracy(chosen, ones), F1: weighted_f1(chosen, ones)}
    if outputs.shape == truth.shape:
        threshold = best_threshold(outputs, ones)
        found[PAPER_ACCURACY] = accuracy(outputs > threshold, ones)
        found[PAPER_F1] = weighted_f1(outputs > threshold, ones)
    return found


def one_hot(outputs: Matrix, classes: int) -> NDArray[np.bool_]:
    """Return the class with the largest output as a one-hot row; of a single output its sign says which."""
    if outputs.shape[1] == 1:
        outputs = np.hstack([-outputs, outputs])
    chosen: NDArray[np.bool_] = np.eye(classes, dtype=bool)[np.argmax(outputs, axis=1)]
    return chosen


def accuracy(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the share of rows that are right in every entry."""
    return float(np.mean((predicted == truth).all(axis=1)))


def best_threshold(outputs: Matrix, truth: NDArray[np.bool_]) -> float:
    """Return the first of the thresholds with the best accuracy; 0 if all have none."""
    return float(max(THRESHOLDS, key=lambda threshold: accuracy(outputs > threshold, truth)))


def weighted_f1(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the mean of the columns' F1, weighted by how many ones each truly has."""
    right = np.sum(predicted & truth, axis=0)
    either = np.sum(predicted, axis=0) + np.sum(truth, axis=0)
    each = 2 * right / np.maximum(either, 1)
    return float(np.sum(each * np.sum(truth, axis=0)) / max(int(np.sum(truth)), 1))
