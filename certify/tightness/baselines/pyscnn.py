"""The package pyscnn, where it is installed: a network, each neuron of which has one output."""

from __future__ import annotations

from functools import partial

from certify.checker.errors import SolverError
from certify.checker.text.names import counted
from certify.tightness.baselines.baseline import (
    Baseline,
    BaselineProblem,
    BaselineSettings,
    Outcome,
    needs_plain,
    solved_apart,
)
from certify.tightness.quantities import Kind
from formulations.arrays import Matrix
from formulations.losses.loss import Loss
from formulations.patterns.pyscnn import ScnnNetwork, is_installed, train_by_scnn

NAME = "pyscnn"


def _solve(problem: BaselineProblem, settings: BaselineSettings) -> Outcome:
    needs_plain(problem, NAME)
    if not is_installed():
        raise SolverError(f"{NAME} is left out because it is not installed: pip install 'certify[pyscnn]'")
    train = partial(_network, settings.patterns, settings.seed)
    found = solved_apart(NAME, train, problem, settings)
    return problem.network(
        found.hidden, found.output, f"{settings.patterns} gates, {counted(len(found.output), 'neuron')}"
    )


def _network(gates: int, seed: int, X: Matrix, loss: Loss, gamma: float) -> ScnnNetwork:
    return train_by_scnn(X, loss.targets, gamma, gates=gates, seed=seed)


PYSCNN = Baseline(NAME, Kind.LOSS, "Mishkin, Sahiner and Pilanci 2022", _solve, seeded=True)
