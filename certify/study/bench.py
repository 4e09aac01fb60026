"""What a study's methods have in common: the problem that one is given, and what it may give back.

A method runs wherever an executor puts it. What it gives back is a claim: certificates are checked and losses
computed anew by who asked for it (`certify.study.accept`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from certify.checker.data.dataset import Dataset
from certify.checker.problems.training import TrainingProblem
from certify.datasets.held_out import HeldOut
from certify.floats.problem import Arrays
from formulations.arrays import Matrix


@dataclass(frozen=True)
class Bench:
    """A problem and how a method is to work on it.

    Attributes:
        dataset: the training set, exact.
        gamma: the weight decay, as a text.
        loss: the text of the loss.
        output_bias: of the networks.
        test: the test set; None for none.
        settings: of the method, all of them.
        seed: of what is left to chance.
        time_limit: seconds; None for none.
    """

    dataset: Dataset
    gamma: str
    loss: str
    output_bias: str
    test: HeldOut | None
    settings: Mapping[str, Any]
    seed: int
    time_limit: float | None

    @property
    def of_classes(self) -> bool:
        """Whether the targets are classes."""
        return bool(self.dataset.preprocessing.classes)

    @cached_property
    def problem(self) -> TrainingProblem:
        """The exact problem."""
        return self.dataset.problem(self.gamma, self.loss, self.output_bias)

    @cached_property
    def arrays(self) -> Arrays:
        """The same in floats."""
        return Arrays.of(self.problem)


VALUE = "value of the relaxation"


@dataclass(frozen=True)
class Number:
    """A solver's word, which nobody can check: the value of a relaxation (a loss), or seconds of a part."""

    name: str
    value: float


@dataclass(frozen=True)
class FoundNetwork:
    """A network that a method ends at, or passes.

    Attributes:
        name: of it, among those of the method.
        hidden: of shape (d, m).
        output: of shape (m, c).
        output_bias: of shape (1, c), or (0, c) without one.
        width: how many neurons were asked for; 0 where nobody asked.
    """

    name: str
    hidden: Matrix
    output: Matrix
    output_bias: Matrix
    width: int = 0


@dataclass(frozen=True)
class Predictions:
    """What is predicted for the test set, of shape (k, c), by something that is no network of the problem."""

    name: str
    outputs: Matrix


@dataclass(frozen=True)
class Found:
    """What a method gives back.

    Attributes:
        numbers: its estimates.
        networks: its networks.
        predictions: of the test set, beside those of the networks.
        certificate: the text of one; "" for none.
        seconds: wall time of the method alone, without the start of its process.
        note: what else there is to know, in words.
    """

    numbers: tuple[Number, ...] = ()
    networks: tuple[FoundNetwork, ...] = ()
    predictions: tuple[Predictions, ...] = ()
    certificate: str = ""
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class StudyMethod:
    """A method of a study.

    Attributes:
        name: by which a TOML file calls it.
        version: to be raised when its results change, so that old ones are run anew.
        words: what it is.
        run: does it; a `CertifyError` or a ValueError says why it does not take the problem.
        settings: with their usual values; a list in the TOML file stands for several methods, but where the
            usual value is a tuple.
        choices: of those settings that are one of some words.
        seeded: whether it is run once for each seed.
    """

    name: str
    version: int
    words: str
    run: Callable[[Bench], Found]
    settings: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seeded: bool = False


def without_bias(outputs: int) -> Matrix:
    """Return the output bias of networks that have none."""
    return np.empty((0, outputs))
