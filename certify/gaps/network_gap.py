"""How far a given network is from the global optimum, certified: the work of `certify gap`.

The network's exact loss is an upper bound on the optimum. The lower bound starts from what the network itself
proves: column generation goes on from its neurons until no direction improves it, and a tree proves the dual
point that is reached. How far above the optimum the given network is lies between the distances to both.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from certify.bounds.bound import Settings, bound_dataset, prove
from certify.bounds.method import Options, Outcome
from certify.bounds.methods import choose
from certify.bounds.relaxation.bound import residual_relaxation
from certify.bounds.report import Interval, Report
from certify.bounds.tree.method import search_for_proof
from certify.bounds.tree.residual import ResidualSource
from certify.bounds.warm_up import warm_up
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset
from certify.checker.errors import NetworkError, SolverError
from certify.checker.numbers.rounding import float_up
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.checker.verdict import Verdict
from certify.datasets.arrays import from_arrays
from certify.floats.network import FloatNetwork, unit_directions
from certify.floats.problem import Arrays
from certify.gaps.diagnosis import diagnose_network
from certify.gaps.report import GapReport
from certify.networks.files import load_network
from certify.networks.formats.torch_module import network_of_module
from certify.networks.framework import FrameworkObjective
from certify.networks.loaded import LoadedNetwork, network_for
from certify.networks.network import ReLUNetwork, exact_loss
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Observer
from certify.runtime.threads import single_threaded

_LEAST_SECONDS = 1e-3


def gap(
    X: Any,
    y: Any,
    network: Any,
    gamma: Fraction | int | str | float = 0.1,
    *,
    task: str = "auto",
    standardize: bool = False,
    output_bias: str | None = None,
    search: bool = True,
    method: str = "auto",
    gap: float = 1e-3,
    time_limit: float | None = None,
    seed: int = 0,
    observer: Observer | None = None,
) -> GapReport:
    """Say how far a trained network is from the global optimum, with a proof.

    Args:
        X: n x d features, as for `certify.bound`; without a column of ones, which a hidden bias adds.
        y: n labels or numbers, or n x c numbers.
        network: a path, an nn.Module, a `LoadedNetwork` or a `ReLUNetwork`.
        gamma: the weight decay; `certify.networks.framework.FrameworkObjective` converts a framework's.
        task: "auto", "classification" (one-hot) or "regression".
        standardize: shift and scale the features by recorded dyadic coefficients.
        output_bias: "free" or "decayed", which a network with an output bias needs; "none" by default.
        search: whether the lower bound may come from other networks too; else it is that of the network's own
            residual.
        method: see `certify.bounds.bound.Settings`, like all that follow.
        gap: the relative gap that counts as success.
        time_limit: seconds.
        seed: of random starts.
        observer: watches the work; silent by default.

    Raises:
        DataError: if the data is no training problem.
        NetworkError: if the network is none for this problem.
    """
    loaded = loaded_network(network)
    dataset = fitting_dataset(
        lambda bias: from_arrays(X, y, task=task, bias=bias, standardize=standardize), loaded
    )
    settings = Settings(
        gamma=gamma,
        method=method,
        gap=gap,
        time_limit=time_limit,
        seed=seed,
        output_bias=chosen_output_bias(loaded, output_bias),
    )
    return gap_of_network(dataset, loaded, settings, observer or Observer(), search=search)


def loaded_network(network: Any) -> LoadedNetwork:
    """Read a network from whatever it is in: a path, an nn.Module, a `LoadedNetwork` or a `ReLUNetwork`.

    Raises:
        NetworkError: if it is none of these.
    """
    if isinstance(network, LoadedNetwork):
        return network
    if isinstance(network, ReLUNetwork):
        outputs = len(network.output[0]) if network.output else len(network.output_bias)
        return LoadedNetwork(
            replace(network, output_bias=()), False, network.output_bias, outputs, "ReLUNetwork", "exact"
        )
    if isinstance(network, str | os.PathLike):
        return load_network(network)
    return network_of_module(network)


def fitting_dataset(read: Callable[[bool], Dataset], loaded: LoadedNetwork) -> Dataset:
    """Read the data with a column of ones where the network has a hidden bias.

    A network that is one input wider than the data has its bias as an ordinary last input, as
    `certify bound --bias --network` writes it.

    Args:
        read: reads the data, with a bias column or without.
        loaded: the network.

    Raises:
        NetworkError: if the network's inputs or outputs are not those of the data.
    """
    dataset = read(loaded.hidden_bias)
    features, c = len(dataset.feature_names), len(dataset.targets[0])
    inputs = loaded.features
    if inputs == features + 1 and not loaded.hidden_bias:
        dataset, inputs = read(True), features
    if loaded.network.width and inputs != features:
        raise NetworkError(
            f"{loaded.source} takes {counted(inputs, 'input')} and {dataset.source} has "
            f"{counted(features, 'feature')}: give the data that the network was trained on, its target "
            "columns named"
        )
    if loaded.outputs and loaded.outputs != c:
        kind = "classes" if dataset.preprocessing.classes else "targets"
        raise NetworkError(
            f"{loaded.source} has {counted(loaded.outputs, 'output')} and {dataset.source} {c} {kind}: name "
            "the target columns that the network predicts, or choose the task classification or regression"
        )
    return dataset


def assumptions(loaded: LoadedNetwork, dataset: Dataset) -> tuple[str, ...]:
    """Say what had to be assumed about the network.

    Args:
        loaded: the network.
        dataset: of `fitting_dataset`.
    """
    if dataset.preprocessing.bias and not loaded.hidden_bias:
        return (*loaded.notes, f"{loaded.source} has one input more than the data: it is taken for a bias")
    return loaded.notes


def chosen_output_bias(loaded: LoadedNetwork, output_bias: str | None) -> str:
    """Return what the problem's networks have for an output bias.

    Args:
        loaded: the network.
        output_bias: the user's choice; None for none.

    Raises:
        NetworkError: if the network has one and the user did not choose one.
    """
    if output_bias is None and any(loaded.output_bias):
        raise NetworkError(
            f"{loaded.source} has an output bias: say whether training decayed it like the weights, with the "
            "output bias decayed (what PyTorch's weight_decay does to all parameters), or not, with free"
        )
    if output_bias == "none" and any(loaded.output_bias):
        raise NetworkError(
            f"{loaded.source} has an output bias, so the problem must have one: choose free or decayed"
        )
    return output_bias or "none"


@single_threaded
def gap_of_network(
    dataset: Dataset,
    loaded: LoadedNetwork,
    settings: Settings,
    observer: Observer,
    *,
    search: bool = True,
    framework: FrameworkObjective | None = None,
) -> GapReport:
    """Do the work of `gap` on an exact dataset; Ctrl-C ends it early with the best valid result.

    Args:
        dataset: of `fitting_dataset`.
        loaded: the network.
        settings: gamma, output bias, gap and limits.
        observer: watches the work.
        search: see `gap`.
        framework: recorded in the result; gamma is its gamma.
    """
    if not search and settings.method not in ("auto", "tree"):
        raise SolverError(
            f"without a search the method is the tree, or Shor's relaxation for many features, and not "
            f"{settings.method}: leave the method out"
        )
    problem = dataset.problem(settings.gamma, settings.loss, settings.output_bias)
    network = network_for(problem, loaded)
    loss = exact_loss(problem, network)
    given = FloatNetwork.of(network, problem.d, problem.c)
    arrays = Arrays.of(problem)
    clock = Clock(settings.time_limit, observer)
    warm_up(clock, trees=True, relaxations=False)
    with clock.stage("network") as words:
        observer.update("looking at its neurons")
        # Without a diagnosis there is no result; but Ctrl-C in compiled code should end like any other.
        with Interrupts() as interrupts, interrupts.allowed():
            diagnosis = diagnose_network(problem, arrays, network, given)
        words.append(f"loss {float_up(loss):.8g} with {counted(network.width, 'neuron')}")
    report: Report | None = None
    if search:
        left = clock.remaining()
        # With the time up there is still the bound that the best network's residual has at once.
        left = None if left is None else max(left, _LEAST_SECONDS)
        report = bound_dataset(dataset, replace(settings, time_limit=left), observer, network)
        interval, best, method = report.interval, report.network, report.method
        certificate, verdict = report.certificate, report.verdict
        stages = (*clock.stages, *report.stages)
    else:
        certificate, verdict, method = _prove_alone(problem, dataset, arrays, given, settings, clock)
        interval, best, stages = Interval(certificate.bound, loss), network, tuple(clock.stages)
    return GapReport(
        network=network,
        loss=loss,
        interval=interval,
        best=best,
        certificate=certificate,
        verdict=verdict,
        diagnosis=diagnosis,
        problem=problem,
        dataset=dataset,
        source=loaded.describe(),
        notes=assumptions(loaded, dataset),
        method=method,
        wanted_gap=settings.gap,
        stages=stages,
        seconds=clock.elapsed,
        report=report,
        framework=framework,
    )


def _prove_alone(
    problem: TrainingProblem,
    dataset: Dataset,
    arrays: Arrays,
    given: FloatNetwork,
    settings: Settings,
    clock: Clock,
) -> tuple[Certificate, Verdict, str]:
    """Prove what the network's own dual point does; return the method as well."""
    N = given.dual_point(arrays.X, arrays.loss)
    outcome: Outcome = residual_relaxation(arrays, N)
    with Interrupts() as interrupts:
        if choose(problem, Options(settings.method))[0].name == "tree":
            source = ResidualSource(arrays, N, unit_directions(given.hidden), settings.seed)
            found = search_for_proof(
                arrays,
                source,
                gap=settings.gap,
                clock=clock,
                interrupts=interrupts,
                should_stop=lambda: clock.expired,
            )
            outcome = found or outcome
        certificate, verdict = prove(problem, dataset, outcome, clock)
    return certificate, verdict, outcome.method
