"""How often a predictor names the right class, by two protocols.

By the largest output, which looks at no label but to count; and by that of Prakhya, Birdal and Yurtsever's
code (ICLR 2025), with which figures of the paper are compared: every output is held against one threshold,
the sample is right if all of them come out right, and of the thresholds 0, 0.01, ..., 0.99 the best *on the
same samples* counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix

_THRESHOLDS = 100


@dataclass(frozen=True)
class Accuracy:
    """Shares of samples, from 0 to 1.

    Attributes:
        largest: whose largest output is that of their class; with a single output, whose sign is.
        thresholded: all of whose outputs are on their side of the threshold.
        threshold: the one with which that is largest, the least of them.
    """

    largest: float
    thresholded: float
    threshold: float


@dataclass(frozen=True)
class Scores:
    """The accuracy on the samples of the problem, and on those held out; None where there are none."""

    train: Accuracy
    test: Accuracy | None = None


def accuracy(predictions: Matrix, targets: Matrix) -> Accuracy:
    """Compare predictions of classes with the truth.

    Args:
        predictions: t x c.
        targets: t x c, positive for the class of a sample alone; a single column has the sign of one of two.
    """
    truth = targets > 0
    if targets.shape[1] == 1:
        hits = (predictions > 0) == truth
    else:
        hits = predictions.argmax(axis=1) == truth.argmax(axis=1)
    thresholds = np.arange(_THRESHOLDS) / _THRESHOLDS
    shares = [float(((predictions > level) == truth).all(axis=1).mean()) for level in thresholds]
    best = int(np.argmax(shares))
    return Accuracy(float(hits.mean()), shares[best], float(thresholds[best]))
