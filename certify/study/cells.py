"""The cells of a study: a problem, a method and a seed each, with a key of all that decides the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from typing import Any

from certify.checker.data.dataset import Dataset
from certify.datasets.held_out import HeldOut
from certify.study.bench import Bench
from certify.study.methods import METHODS
from certify.study.plan import MethodChoice, Plan
from certify.study.problems import Tables


@dataclass(frozen=True)
class Facts:
    """What a cell is about, in words and numbers, as its result file has it.

    Attributes:
        data: the name of the data set.
        problem: the name of the problem, one of the data set's.
        gamma: as a text.
        bias: whether there is a column of ones.
        loss: its text.
        output_bias: of the networks.
        n: samples.
        d: features, the column of ones among them.
        c: outputs.
        method: its name.
        label: with the settings that are not as usual.
        settings: all of them.
        seed: of the run; None where nothing is left to chance.
        time_limit: seconds; None for none.
    """

    data: str
    problem: str
    gamma: str
    bias: bool
    loss: str
    output_bias: str
    n: int
    d: int
    c: int
    method: str
    label: str
    settings: dict[str, Any]
    seed: int | None
    time_limit: float | None

    @property
    def name(self) -> str:
        """For people, and for --only."""
        parts = [self.problem, f"gamma={self.gamma}"]
        parts += ["bias"] * self.bias
        parts += [self.loss] * (self.loss != "squared")
        parts += [f"output-bias={self.output_bias}"] * (self.output_bias != "none")
        parts += [self.label, *([] if self.seed is None else [f"seed={self.seed}"])]
        return ", ".join(parts)


@dataclass(frozen=True)
class Cell:
    """A task of a study.

    Attributes:
        facts: what it is about.
        key: hash of the exact problem, the test set, and the method with its version, settings and seed.
        problem_sha256: of the exact problem, as in certificates.
        dataset: the training set.
        test: the test set.
    """

    facts: Facts
    key: str
    problem_sha256: str
    dataset: Dataset
    test: HeldOut | None

    @property
    def bench(self) -> Bench:
        """What the method is given."""
        facts = self.facts
        return Bench(
            self.dataset,
            facts.gamma,
            facts.loss,
            facts.output_bias,
            self.test,
            facts.settings,
            facts.seed or 0,
            facts.time_limit,
        )

    def is_named(self, pattern: str) -> bool:
        """Whether a pattern with * and ? is found in its name, in capitals or not."""
        return fnmatch(self.facts.name.lower(), f"*{pattern.lower()}*")


def cells_of(plan: Plan, problems: Sequence[Tables], time_limit: float | None) -> Iterator[Cell]:
    """Yield the cells of a study, all methods of a problem together.

    Args:
        plan: the study.
        problems: its data.
        time_limit: seconds for each cell, instead of the plan's; None for the plan's.

    Raises:
        DataError: if a data set is no problem with some loss.
    """
    limit = plan.time_limit if time_limit is None else time_limit
    choices = {choice.name: choice for choice in plan.data}
    for tables in problems:
        choice = choices[tables.data]
        methods = [method for method in plan.methods if not method.data or tables.data in method.data]
        for bias in choice.biases:
            for loss in choice.losses:
                dataset = tables.dataset(bias=bias, loss=loss)
                test = tables.held_out(dataset, loss)
                for gamma in choice.gammas:
                    problem = dataset.problem(gamma, loss, choice.output_bias)
                    sha256 = problem.sha256()
                    for method in methods:
                        for seed in range(method.seeds):
                            facts = Facts(
                                tables.data,
                                tables.name,
                                gamma,
                                bias,
                                problem.loss.text,
                                choice.output_bias,
                                problem.n,
                                problem.d,
                                problem.c,
                                method.name,
                                method.label,
                                dict(method.settings),
                                seed if METHODS[method.name].seeded else None,
                                limit,
                            )
                            yield Cell(facts, _key(facts, sha256, test, method), sha256, dataset, test)


def _key(facts: Facts, problem_sha256: str, test: HeldOut | None, method: MethodChoice) -> str:
    decided_by = {
        "problem": problem_sha256,
        "test": None if test is None else _hash_of(test),
        "method": method.name,
        "version": METHODS[method.name].version,
        "settings": facts.settings,
        "seed": facts.seed,
        "time limit": facts.time_limit,
        "output bias": facts.output_bias,
    }
    return hashlib.sha256(json.dumps(decided_by, sort_keys=True).encode()).hexdigest()[:32]


def _hash_of(test: HeldOut) -> str:
    digest = hashlib.sha256(repr((test.inputs.shape, test.targets.shape)).encode())
    for matrix in (test.inputs, test.targets):
        digest.update(matrix.astype("<f8").tobytes())
    return digest.hexdigest()


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """Return the facts as JSON values."""
    return asdict(facts)
