"""How far a given network is from the global optimum, certified: the work of `certify gap`.

The network's exact loss is an upper bound on the optimum. The lower bound starts from what the network itself
proves: column generation goes on from its neurons until no direction improves it, and a tree proves the dual
point that is reached. How far above the optimum the given network is lies between the distances to both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.method import Options, Outcome
from certify.bounds.methods import choose
from certify.bounds.proofs.nothing_found import NothingFound
from certify.bounds.proofs.proving import prove
from certify.bounds.relaxation.bound import residual_relaxation
from certify.bounds.report import Interval, Report
from certify.bounds.tree.method import search_for_proof
from certify.bounds.tree.residual import ResidualSource
from certify.bounds.warm_up import warm_up
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import ClassWeight
from certify.checker.data.dataset import Dataset
from certify.checker.errors import SolverError
from certify.checker.numbers.rounding import float_up
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.checker.verdict import Verdict
from certify.datasets.arrays import from_arrays
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.gaps.diagnosis import diagnose_network
from certify.gaps.question import Objective, Question, Weights, ask
from certify.gaps.report import GapReport
from certify.networks.frameworks.sklearn_mlp import is_sklearn
from certify.networks.given import loaded_network
from certify.networks.loaded import network_for
from certify.networks.network import loss_at_most
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Observer, observer_of
from certify.runtime.threads import single_threaded
from formulations.arrays import Matrix

_LEAST_SECONDS = 1e-3


def gap(
    X: Any,
    y: Any,
    network: Any,
    gamma: Fraction | int | str | float | None = None,
    *,
    weight_decay: Fraction | int | str | float | None = None,
    loss: Any = None,
    reduction: str | None = None,
    halved: bool = False,
    sample_weight: Any = None,
    class_weight: Weights | None = None,
    task: str = "auto",
    standardize: bool = False,
    categorical: Sequence[str] = (),
    standardize_target: bool = False,
    output_bias: str | None = None,
    hidden_bias: str | None = None,
    search: bool = True,
    method: str = "auto",
    gap: float = 1e-3,
    time_limit: float | None = None,
    seed: int = 0,
    verbose: bool = False,
    observer: Observer | None = None,
) -> GapReport:
    """Say how far a trained network is from the global optimum, with a proof.

    Args:
        X: n x d features, as for `certify.bound`; without a column of ones, which a hidden bias adds.
        y: n labels or numbers, or n x c numbers.
        network: see `certify.networks.given.loaded_network`: a path, an nn.Module, a fitted perceptron of
            scikit-learn, or a network of certify.
        gamma: the weight decay of the project's objective, the sum of the samples' losses +
            gamma/2 |weights|^2; 0.1 by default. A perceptron of scikit-learn has its own.
        weight_decay: that of PyTorch's SGD or Adam, instead of gamma.
        loss: with gamma one of the project's, such as "cross-entropy" or "huber 1/2"; with a weight decay
            also a loss of PyTorch's, as it is or by its name, such as `torch.nn.CrossEntropyLoss()`,
            "HuberLoss 0.5". By default "squared", which with a weight decay counts whole, as in MSELoss.
        reduction: with a weight decay, "mean", "mean over samples" or "sum"; by default the loss's own.
        halved: whether that loss, a square, had a factor 1/2 besides.
        sample_weight: n positive numbers.
        class_weight: by label, "balanced", or one number for each class in their order; a loss of PyTorch's
            may have its own.
        task: "auto", "classification" or "regression".
        standardize: bring every feature to mean 0 and variance 1, up to a recorded rounding.
        categorical: names or 1-based positions of features that are a column of zeros and ones for each of
            their levels, sorted, to the network.
        standardize_target: the network predicts the targets of a regression at mean 0 and variance 1.
        output_bias: "free" or "decayed", which a network with an output bias needs with gamma, or "all-free"
            for a training that decayed no bias at all; "none" by default.
        hidden_bias: "free" is "all-free" as well, and what perceptrons of scikit-learn have; "decayed" judges
            a hidden bias that training left out of the weight decay by the objective that has it there.
        search: whether the lower bound may come from other networks too; else it is that of the network's own
            dual point.
        method: see `certify.bounds.bound.Settings`, like all that follow.
        gap: the relative gap that counts as success.
        time_limit: seconds.
        seed: of random starts.
        verbose: print a line about each stage, and news of long ones.
        observer: watches the work instead.

    Raises:
        DataError: if the data is no training problem, or the objective none of the project's.
        NetworkError: if the network is none for this problem.
    """
    asked = (gamma, weight_decay, loss, reduction, class_weight)
    is_own = is_sklearn(network) and all(value is None for value in asked) and not halved
    objective = Objective(
        gamma,
        weight_decay,
        loss,
        reduction,
        halved,
        class_weight,
        output_bias,
        hidden_bias,
        estimator=network if is_own else None,
    )

    def read(bias: bool, weights: ClassWeight | str | None, of_loss: str) -> Dataset:
        return from_arrays(
            X,
            y,
            task=task,
            bias=bias,
            standardize=standardize,
            sample_weight=sample_weight,
            class_weight=weights,
            loss=of_loss,
            categorical=categorical,
            standardize_target=standardize_target,
        )

    question = ask(loaded_network(network), read, objective)
    settings = Settings(
        gamma=question.gamma,
        loss=question.loss,
        method=method,
        gap=gap,
        time_limit=time_limit,
        seed=seed,
        output_bias=question.output_bias,
    )
    return gap_of_network(question, settings, observer_of(observer, verbose), search=search)


@single_threaded
def gap_of_network(
    question: Question, settings: Settings, observer: Observer, *, search: bool = True
) -> GapReport:
    """Do the work of `gap` on an exact dataset; Ctrl-C ends it early with the best valid result.

    Args:
        question: the network and its problem.
        settings: the problem's gamma, loss and output bias, and method, gap and limits.
        observer: watches the work.
        search: see `gap`.
    """
    dataset, loaded = question.dataset, question.loaded
    if not search and settings.method not in ("auto", "tree"):
        raise SolverError(
            f"without a search the method is the tree, or Shor's relaxation for many features, and not "
            f"{settings.method}: leave the method out"
        )
    problem = dataset.problem(settings.gamma, settings.loss, settings.output_bias)
    network = network_for(problem, loaded)
    loss = loss_at_most(problem, network)
    given = FloatNetwork.of(network, problem.hidden_rows, problem.c)
    arrays = Arrays.of(problem)
    clock = Clock(settings.time_limit, observer)
    warm_up(clock, trees=True, relaxations=False)
    with clock.stage("network") as words:
        observer.update("looking at its neurons")
        # Without a diagnosis there is no result; but Ctrl-C in compiled code should end like any other.
        with Interrupts(observer.note) as interrupts, interrupts.allowed():
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
        N = diagnosis.dual_point
        certificate, verdict, method = _prove_alone(problem, dataset, arrays, given, N, settings, clock)
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
        notes=question.notes,
        method=method,
        wanted_gap=settings.gap,
        stages=stages,
        seconds=clock.elapsed,
        report=report,
        framework=question.framework,
    )


def _prove_alone(
    problem: TrainingProblem,
    dataset: Dataset,
    arrays: Arrays,
    given: FloatNetwork,
    N: Matrix,
    settings: Settings,
    clock: Clock,
) -> tuple[Certificate, Verdict, str]:
    """Prove what the network's own dual point N, n x c, does; return the method as well."""
    is_free = problem.output_bias.frees_hidden
    outcome: Outcome = (None if is_free else residual_relaxation(arrays, N)) or NothingFound()
    with Interrupts(clock.observer.note) as interrupts:
        if choose(problem, Options(settings.method))[0].name == "tree":
            source = ResidualSource(arrays, N, given.hidden, settings.seed)
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
