"""The distance of a given network from the global optimum, certified.

The network's exact loss is an upper bound on the optimum. The lower bound starts from its own residual:
column generation goes on from its neurons until no direction improves the network, and a tree proves the dual
point that is reached. How far above the optimum the given network is lies between the distances to both.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.bounding import Settings, bound_dataset, prove
from certify.certificate import Certificate
from certify.certificate_file import save_certificate
from certify.check import Verdict
from certify.data import Dataset, from_arrays
from certify.diagnosis import Diagnosis, diagnose
from certify.errors import NetworkError
from certify.exact import float_down, float_up
from certify.interrupts import Interrupts
from certify.loaded_network import LoadedNetwork, counted, network_for
from certify.network_arrays import FloatNetwork, unit_directions
from certify.network_file import load_network, network_of_module, save_network
from certify.problem import ReLUNetwork, TrainingProblem
from certify.progress import Clock, Observer
from certify.relaxation import Relaxation, choose, residual_relaxation
from certify.report import Interval, Report, Stage
from certify.residual_bound import ResidualSource
from certify.root_leaf import Arrays
from certify.statement import formula
from certify.tree_bound import TreeBound
from certify.weight_decay import FrameworkObjective

_ROUNDING = Fraction(1, 10**9)


@dataclass(frozen=True)
class GapReport:
    """What is known of a network and the global optimum p*.

    Attributes:
        network: the given one.
        loss: its exact objective.
        interval: lower <= p* <= upper; `upper` is the loss of `best`.
        best: the best network that is known, the given one or an improved one.
        certificate: the proof of the lower bound.
        verdict: what the exact checker said of it.
        diagnosis: its neurons, and whether it is stationary (floating point).
        problem: the exact training problem.
        dataset: where the problem came from.
        source: where the network came from, in one sentence.
        notes: what had to be assumed about its file.
        method: what gave the lower bound.
        wanted_gap: the relative gap that was asked for.
        stages: where the time went.
        seconds: wall time in all.
        report: the whole result of the search; None where there was none.
        framework: the objective in the terms of the framework that trained the network, if it was given so.
    """

    network: ReLUNetwork
    loss: Fraction
    interval: Interval
    best: ReLUNetwork
    certificate: Certificate
    verdict: Verdict
    diagnosis: Diagnosis
    problem: TrainingProblem
    dataset: Dataset
    source: str
    notes: tuple[str, ...]
    method: str
    wanted_gap: float
    stages: tuple[Stage, ...]
    seconds: float
    report: Report | None
    framework: FrameworkObjective | None

    @property
    def excess(self) -> tuple[Fraction, Fraction | None]:
        """How far the loss is above p*, relative to p*: at least the first and at most the second.

        The second is None where the lower bound is zero and the loss is not, and so allows no statement.
        """
        least = self.loss / self.interval.upper - 1 if self.interval.upper else Fraction(0)
        if self.interval.lower:
            return least, self.loss / self.interval.lower - 1
        return least, None if self.loss else Fraction(0)

    @property
    def narrowed_loss(self) -> Fraction:
        """The exact objective of the narrowed network."""
        return self.problem.objective(self.diagnosis.narrowed)

    @property
    def narrowed_difference(self) -> Fraction:
        """The largest difference of its outputs from the given network's on the samples, exact."""
        return self.problem.largest_difference(self.network, self.diagnosis.narrowed)

    @property
    def is_improvable(self) -> bool:
        """Whether a network is known that is better by more than rounding."""
        return self.excess[0] > _ROUNDING

    @property
    def conclusion(self) -> str:
        """What follows for whoever trained the network, in one sentence."""
        _, most = self.excess
        if most is not None and most <= Fraction(self.wanted_gap):
            return "it is a global optimum, as far as was asked"
        if not self.diagnosis.is_stationary:
            return (
                f"training has not ended: the gradient is "
                f"{self.diagnosis.gradient_in_words}, and a stationary point's is zero"
            )
        if self.is_improvable:
            return (
                "it is stationary but not global: longer training will not help, a new start or more neurons "
                "may"
            )
        return "it is stationary, and no better network was looked for or found"

    def to_json(self, certificate_path: str | None = None) -> dict[str, object]:
        """Return the machine-readable result; floats are rounded so that the statements stay true.

        Args:
            certificate_path: the file that the certificate was written to, if any.
        """
        least, most = self.excess
        lower, upper = self.interval.lower, self.interval.upper
        diagnosis = self.diagnosis
        return {
            "network": self.source,
            "notes": list(self.notes),
            "objective": formula(self.problem),
            "framework_objective": None
            if self.framework is None
            else self.framework.formula(self.problem.output_bias),
            "framework_loss": None if self.framework is None else float_up(self.loss / self.framework.scale),
            "loss": float_up(self.loss),
            "loss_exact": _exact(self.loss),
            "lower_bound": float_down(lower),
            "lower_bound_exact": _exact(lower),
            "upper_bound": float_up(upper),
            "upper_bound_exact": _exact(upper),
            "above_optimum_at_least": float_down(least),
            "above_optimum_at_most": None if most is None else float_up(most),
            "conclusion": self.conclusion,
            "is_stationary": diagnosis.is_stationary,
            "relative_gradient": diagnosis.gradient,
            "largest_gauge_over_gamma": diagnosis.peak,
            "neurons": self.network.width,
            "idle_neurons": list(diagnosis.idle),
            "removable_neurons": list(diagnosis.removable),
            "narrowed_neurons": diagnosis.narrowed.width,
            "narrowed_loss_exact": _exact(self.narrowed_loss),
            "narrowed_largest_difference": float_up(self.narrowed_difference),
            "best_neurons": self.best.width,
            "method": self.method,
            "trust": self.verdict.trust,
            "gamma_exact": _exact(self.problem.gamma),
            "output_bias": self.problem.output_bias,
            "n": self.problem.n,
            "d": self.problem.d,
            "c": self.problem.c,
            "leaves": self.certificate.leaves,
            "seconds": round(self.seconds, 3),
            "certificate": certificate_path,
        }

    def save_certificate(self, path: str | Path) -> None:
        """Write the certificate file.

        Raises:
            CertificateError: if the file cannot be written.
        """
        save_certificate(self.certificate, path)

    def save_network(self, path: str | Path) -> None:
        """Write the best network as .npz, see `certify.network_file`, its weights rounded to doubles.

        Raises:
            NetworkError: if the file cannot be written.
        """
        save_network(self.best, path, self.problem.c)

    def save_narrowed(self, path: str | Path) -> None:
        """Write the narrowed network as .npz, see `certify.network_file`.

        Raises:
            NetworkError: if the file cannot be written.
        """
        save_network(self.diagnosis.narrowed, path, self.problem.c)


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
        gamma: the weight decay; `certify.weight_decay.FrameworkObjective` converts a framework's.
        task: "auto", "classification" (one-hot) or "regression".
        standardize: shift and scale the features by recorded dyadic coefficients.
        output_bias: "free" or "decayed", which a network with an output bias needs; "none" by default.
        search: whether the lower bound may come from other networks too; else it is that of the network's own
            residual.
        method: see `certify.bounding.Settings`, like all that follow.
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
    problem = dataset.problem(settings.gamma, settings.loss, settings.output_bias)
    network = network_for(problem, loaded)
    loss = problem.objective(network)
    given = FloatNetwork.of(network, problem.d, problem.c)
    arrays = Arrays.of(problem)
    clock = Clock(settings.time_limit, observer)
    with clock.stage("network") as words:
        observer.update("looking at its neurons")
        diagnosis = diagnose(problem, arrays, network, given)
        words.append(f"loss {float_up(loss):.8g} with {counted(network.width, 'neuron')}")
    report: Report | None = None
    if search:
        remaining = clock.remaining()
        report = bound_dataset(dataset, replace(settings, time_limit=remaining), observer, network)
        interval, best, method = report.interval, report.network, report.method
        certificate, verdict = report.certificate, report.verdict
        stages = (*clock.stages, *report.stages)
    else:
        certificate, verdict, method = _prove_residual(problem, dataset, arrays, given, settings, clock)
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
        notes=loaded.notes,
        method=method,
        wanted_gap=settings.gap,
        stages=stages,
        seconds=clock.elapsed,
        report=report,
        framework=framework,
    )


def _prove_residual(
    problem: TrainingProblem,
    dataset: Dataset,
    arrays: Arrays,
    given: FloatNetwork,
    settings: Settings,
    clock: Clock,
) -> tuple[Certificate, Verdict, str]:
    """Prove what the network's residual does; return the method as well."""
    residual = given.residual(arrays.X, arrays.Y)
    outcome: Relaxation | TreeBound = residual_relaxation(arrays, residual)
    with Interrupts() as interrupts:
        if choose(problem, settings.method, "auto", "double").method == "tree":
            with clock.stage("search") as words:
                clock.observer.update("compiling, the first time on this machine (about 15 s)")
                source = ResidualSource(arrays, residual, unit_directions(given.hidden), settings.seed)
                search = TreeBound(
                    arrays,
                    source,
                    gap=settings.gap,
                    should_stop=lambda: clock.expired,
                    seconds=lambda: clock.elapsed,
                    on_progress=clock.observer.update,
                )
                try:
                    with interrupts.allowed():
                        search.run()
                except KeyboardInterrupt:
                    words.append("interrupted")
                if search.proof is None:
                    words.append("no level was proved")
                else:
                    words.append(f"lower bound {search.proof.bound:.8g} with {search.proof.leaves} leaves")
                    outcome = search
        certificate, verdict = prove(problem, dataset, outcome, clock)
    return certificate, verdict, outcome.method


def _exact(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
