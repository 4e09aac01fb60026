"""Tiny problems that baselines are held to."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from certify.datasets.arrays import from_arrays
from certify.datasets.held_out import held_out_arrays
from certify.tightness.baselines.baseline import BaselineProblem

OPTIMUM = Fraction(95, 1000)  # of `single`


def single() -> BaselineProblem:
    """One sample x = y = 1, whose optimum with gamma = 1/10 is gamma - gamma^2 / 2; x = 2 and -1 held out."""
    dataset = from_arrays([[1]], [Fraction(1)], task="regression")
    test = held_out_arrays([[2], [-1]], [1.0, 0.0], dataset)
    return BaselineProblem.of(dataset.problem("0.1"), test)


def drawn(n: int, d: int, c: int, gamma: str = "0.1", seed: int = 0) -> BaselineProblem:
    """Standard normal data, rounded to three digits."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, d)).round(3), rng.normal(size=(n, c)).round(3)
    return BaselineProblem.of(from_arrays(X, Y, task="regression").problem(gamma))


def labelled(labels: Sequence[str] = ("a", "b", "b", "a"), loss: str = "squared") -> BaselineProblem:
    """Four samples of two classes in the plane."""
    dataset = from_arrays([[1, 0], [0, 1], [-1, 1], [1, -1]], labels, loss=loss)
    return BaselineProblem.of(dataset.problem("0.1", loss))
