"""The package pyscnn of the convex program's authors (Mishkin, Sahiner and Pilanci 2022), as a user calls it.

It samples gates, solves the program over their patterns by an augmented Lagrangian, and returns a network of
neurons with one output each. Its objective is 1/(2nc) |f(X) - Y|^2 + lambda sum_j |u_j| |v_j|, which is ours
over n c for lambda = gamma / (n c). Its scaling of features to unit length would change what the penalty
weighs, and is off.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import warnings
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Matrix, check_problem


@dataclass(frozen=True)
class ScnnNetwork:
    """What it returns.

    Attributes:
        hidden: u_j as columns, d x m.
        output: v_j as rows, m x c.
    """

    hidden: Matrix
    output: Matrix


def is_installed() -> bool:
    """Say whether the package is there."""
    return importlib.util.find_spec("scnn") is not None


def train_by_scnn(X: Matrix, Y: Matrix, gamma: float, *, gates: int, seed: int = 0) -> ScnnNetwork:
    """Train a network; call it in a process of its own, for the package sets states of PyTorch for good.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        gates: how many are sampled.
        seed: of the sample.

    Raises:
        ValueError: the problem is malformed.
        ImportError: pyscnn is not installed.
    """
    check_problem(X, Y, gamma)
    d, c = X.shape[1], Y.shape[1]
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        warnings.simplefilter("ignore")
        from scnn.activations import sample_gate_vectors
        from scnn.metrics import Metrics
        from scnn.models import ConvexReLU
        from scnn.optimize import optimize_model
        from scnn.regularizers import NeuronGL1
        from scnn.solvers import AL

        model = ConvexReLU(sample_gate_vectors(seed, d, gates), c=c)
        network, _ = optimize_model(
            model,
            AL(model),
            Metrics(),
            X,
            Y,
            regularizer=NeuronGL1(gamma / Y.size),
            unitize_data=False,
            dtype="float64",
            seed=seed,
        )
    hidden, output = (np.asarray(weights, dtype=np.float64).T for weights in network.parameters[:2])
    return ScnnNetwork(hidden.reshape(d, -1), output.reshape(-1, c))
