"""The methods of a study; one more is one more line of `METHODS`."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.method import is_plain
from certify.bounds.names import METHODS as BOUNDS
from certify.checker.certificate.file import to_text
from certify.checker.errors import SolverError
from certify.floats.network import FloatNetwork
from certify.networks.network import ReLUNetwork
from certify.runtime.progress import Observer
from certify.study.baselines import baseline_methods
from certify.study.bench import VALUE, Bench, Found, FoundNetwork, Number, StudyMethod, without_bias
from certify.study.prediction import prediction
from certify.tightness.relaxed import solve_matrix
from formulations.rounding.rounding import round_to_network
from formulations.training.descent import descend_again
from formulations.training.sgd import random_network, train_by_sgd

BOUND_SECONDS = "seconds of the bound"
LINEAR, CRITICAL = "linear", "critical"
_GAP = 1e-4
_SHARE = 0.5  # of the time of a rounding for the matrix


def bound(bench: Bench) -> Found:
    """Enclose the optimum: a certificate from below, a trained network from above."""
    settings = Settings(
        gamma=bench.gamma,
        loss=bench.loss,
        method=bench.settings["method"],
        gap=bench.settings["gap"],
        time_limit=bench.time_limit,
        output_bias=bench.output_bias,
    )
    report = bound_dataset(bench.dataset, settings, Observer())
    training = sum(stage.seconds for stage in report.stages if stage.name == "train")
    numbers = [Number(BOUND_SECONDS, report.seconds - training)]
    if report.estimate is not None:
        numbers.append(Number(VALUE, report.estimate))
    return Found(
        tuple(numbers),
        (_found("column generation", report.network, bench),),
        certificate=to_text(report.certificate),
        seconds=report.seconds,
        note=f"{report.method} by {report.solver}, {report.status.value}",
    )


def _found(name: str, network: ReLUNetwork, bench: Bench) -> FoundNetwork:
    problem = bench.problem
    rounded = FloatNetwork.of(network, problem.hidden_rows, problem.c)
    bias = rounded.output_bias.reshape(1, -1) if problem.output_bias.exists else without_bias(problem.c)
    return FoundNetwork(name, rounded.hidden, rounded.output, bias)


def rounding(bench: Bench) -> Found:
    """Solve SDP-NN and round its matrix, before and after each stage of the repair."""
    arrays, problem = bench.arrays, bench.problem
    refuse_matrix(bench)
    begun = time.perf_counter()
    limit = None if bench.time_limit is None else _SHARE * bench.time_limit
    relaxed = solve_matrix(arrays.X, arrays.Y, arrays.gamma, time_limit=limit)
    solved = time.perf_counter() - begun
    networks = []
    widths = [width_of(asked, problem.n, problem.c) for asked in bench.settings["widths"]]
    for place, width in enumerate(widths):
        left = None
        if bench.time_limit is not None:
            left = max(bench.time_limit - (time.perf_counter() - begun), 0.0) / (len(widths) - place)
        result = round_to_network(
            relaxed.lifted,
            arrays.X,
            arrays.Y,
            arrays.gamma,
            width=width,
            seed=None if bench.settings["step"] == "paper" else bench.seed,
            step=bench.settings["step"],
            max_iterations=bench.settings["iterations"],
            time_limit=left,
        )
        networks += [
            FoundNetwork(stage.name, stage.hidden, stage.output, without_bias(problem.c), width)
            for stage in result.stages
        ]
    return Found(
        (Number(VALUE, relaxed.value), Number("seconds of the solver", solved)),
        tuple(networks),
        seconds=time.perf_counter() - begun,
        note=f"SDP-NN by {relaxed.solver}",
    )


def refuse_matrix(bench: Bench) -> None:
    """Refuse problems for which no solver gives SDP-NN's matrix.

    Raises:
        SolverError: of such a problem.
    """
    problem = bench.problem
    if not is_plain(problem):
        raise SolverError("SDP-NN's matrix is for the squared loss without weights and output bias")


def width_of(asked: int | str, samples: int, outputs: int) -> int:
    """Return a number of neurons: itself, n for "linear", and n c + 1, which is always enough, "critical".

    Raises:
        ValueError: if it is none of these.
    """
    if asked == LINEAR:
        return samples
    if asked == CRITICAL:
        return samples * outputs + 1
    if not isinstance(asked, int) or asked < 1:
        raise ValueError(f"the width {asked!r} is no positive integer, {LINEAR} or {CRITICAL}")
    return asked


def sgd(bench: Bench) -> Found:
    """Train one network by stochastic gradient descent in PyTorch."""
    arrays, settings = bench.arrays, bench.settings
    if bench.problem.output_bias.exists:
        raise SolverError("SGD is for networks without output bias")
    try:
        import torch  # noqa: F401  its import is nobody's training
    except ImportError:
        raise SolverError("SGD needs PyTorch: pip install 'certify[torch]'") from None
    begun, limit = time.perf_counter(), bench.time_limit
    (run,) = train_by_sgd(
        arrays.X,
        arrays.loss,
        arrays.gamma,
        seeds=(bench.seed,),
        width=settings["width"],
        epochs=settings["epochs"],
        batch_size=settings["batch-size"] or None,
        learning_rate=settings["learning-rate"] or None,
        momentum=settings["momentum"],
        should_stop=lambda: limit is not None and time.perf_counter() - begun > limit,
    )
    network = FoundNetwork("SGD", run.hidden, run.output, without_bias(bench.problem.c), settings["width"])
    return Found(
        networks=(network,),
        seconds=time.perf_counter() - begun,
        note=f"{run.epochs} epochs, first step {run.learning_rate:.2g}",
    )


def lbfgs(bench: Bench) -> Found:
    """Descend by L-BFGS from a random network, with the output layer eliminated."""
    if bench.problem.output_bias.exists:
        raise SolverError("L-BFGS is for networks without output bias")
    arrays, width = bench.arrays, bench.settings["width"]
    begun, limit = time.perf_counter(), bench.time_limit
    start = random_network(bench.problem.d, width, bench.problem.c, bench.seed)[0]
    end = descend_again(
        arrays.X,
        arrays.loss,
        arrays.gamma,
        start,
        should_stop=lambda: limit is not None and time.perf_counter() - begun > limit,
    )
    network = FoundNetwork("L-BFGS", end.hidden, end.output, without_bias(bench.problem.c), width)
    return Found(
        networks=(network,),
        seconds=time.perf_counter() - begun,
        note=f"{len(end.losses)} iterations",
    )


_ALL = (
    StudyMethod(
        "bound",
        1,
        "the certified interval of the optimum, as certify bound gives it",
        bound,
        {"method": "auto", "gap": _GAP},
        {"method": BOUNDS},
    ),
    StudyMethod(
        "rounding",
        1,
        "SDP-NN's matrix rounded to networks, before and after the repair",
        rounding,
        {"step": "paper", "widths": (300,), "iterations": 1000},
        {"step": ("paper", "stable")},
    ),
    StudyMethod(
        "sgd",
        1,
        "stochastic gradient descent in PyTorch",
        sgd,
        {"width": 300, "epochs": 5000, "batch-size": 0, "learning-rate": 0.0, "momentum": 0.95},
        seeded=True,
    ),
    StudyMethod(
        "lbfgs",
        1,
        "L-BFGS from a random network",
        lbfgs,
        {"width": 300},
        seeded=True,
    ),
    StudyMethod(
        "prediction",
        1,
        "SDP-NN's rounding as a predictor, by the paper's protocol and by a validation split",
        partial(prediction, refuse=refuse_matrix),
        {"width": 300, "iterations": 1000},
    ),
)
METHODS: dict[str, StudyMethod] = {method.name: method for method in (*_ALL, *baseline_methods())}


def run_method(name: str, bench: Bench) -> Found:
    """Run a method; the task of every cell.

    Raises:
        CertifyError: if it does not take the problem.
        ValueError: likewise.
    """
    with np.errstate(all="ignore"):
        return METHODS[name].run(bench)
