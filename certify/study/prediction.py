"""SDP-NN's rounding as a predictor: as the paper's code reports it, and without a look at the test set.

The paper's code has a network after every step of the rounding, and reports the best test accuracy among
them. The honest twin solves SDP-NN on three quarters of the training samples, takes the step with the best
accuracy on the last quarter, and only then looks at the test set.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from certify.checker.errors import SolverError
from certify.datasets.held_out import HeldOut
from certify.study.bench import Bench, Found, Predictions
from certify.tightness.accuracy import accuracy
from certify.tightness.relaxed import solve_matrix
from formulations.arrays import Matrix
from formulations.rounding.splitting import paper_step, split, start
from formulations.sdp.lifted import extend

PAPER, VALIDATED = "best step on the test set", "step chosen by validation"
_SHARE = 4  # of the training samples one in so many is for the validation
_SPLIT_SEED = 0
_TIME = 0.25  # of a cell's for the matrix, of which there are two


def prediction(bench: Bench, *, refuse: Callable[[Bench], None]) -> Found:
    """Predict the test set by both protocols.

    Args:
        bench: the problem.
        refuse: raises an error for problems without SDP-NN's matrix.

    Raises:
        SolverError: if there is no test set with classes.
    """
    test = bench.test
    if test is None or not bench.of_classes:
        raise SolverError("predictions are scored on a test set with classes, and there is none")
    refuse(bench)
    begun = time.perf_counter()
    arrays = bench.arrays
    everything = HeldOut(arrays.X, arrays.Y)
    kept, held = _divided(everything)
    paper = _best_step(
        bench,
        everything,
        test.inputs,
        lambda outputs: accuracy(outputs, test.targets).thresholded,
        test.inputs,
    )
    validated = _best_step(
        bench, kept, held.inputs, lambda outputs: accuracy(outputs, held.targets).largest, test.inputs
    )
    return Found(
        predictions=(Predictions(PAPER, paper), Predictions(VALIDATED, validated)),
        seconds=time.perf_counter() - begun,
    )


def _divided(samples: HeldOut) -> tuple[HeldOut, HeldOut]:
    """Return what is trained on and what is held out, of each class its share."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(samples.inputs))
    held: list[int] = []
    for column in samples.targets.T:
        of_class = [int(i) for i in order if column[i] > 0]
        held += of_class[: len(of_class) // _SHARE]
    is_held = np.zeros(len(order), dtype=bool)
    is_held[held] = True
    if not held:
        raise SolverError(f"a class needs at least {_SHARE} samples, so that one of them can be held out")
    return (
        HeldOut(samples.inputs[~is_held], samples.targets[~is_held]),
        HeldOut(samples.inputs[is_held], samples.targets[is_held]),
    )


def _best_step(
    bench: Bench,
    train: HeldOut,
    judged: Matrix,
    judge: Callable[[Matrix], float],
    wanted: Matrix,
) -> Matrix:
    """Return the outputs for `wanted` of the first step that is judged best by its outputs for `judged`."""
    X, Y = train.inputs, train.targets
    (n, d), gamma = X.shape, bench.arrays.gamma
    limit = None if bench.time_limit is None else _TIME * bench.time_limit
    lifted = extend(solve_matrix(X, Y, gamma, time_limit=limit).lifted, X)
    target = (lifted + lifted.T) / 2
    best, outputs = -1.0, np.zeros((len(wanted), Y.shape[1]))

    def look(W: Matrix) -> None:
        nonlocal best, outputs
        hidden, output = W[2 * n : 2 * n + d], W[2 * n + d :].T
        score = judge(np.maximum(judged @ hidden, 0.0) @ output)
        if score > best:
            best, outputs = score, np.maximum(wanted @ hidden, 0.0) @ output

    split(
        target,
        X,
        start(target, n, bench.settings["width"], None),
        step=paper_step(target),
        max_iterations=bench.settings["iterations"],
        on_step=look,
    )
    return np.asarray(outputs)
