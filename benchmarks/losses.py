"""Every loss: the certified interval, its tree, and the seconds of the bound and of both checkers.

    python -m benchmarks.losses FOLDER [--only spiral,iris_train] [--losses hinge,logistic] [--limit 60]

FOLDER has spiral.csv and iris_train.csv, whose classes every loss takes; diabetes comes with scikit-learn:
its first three features and a standardised target, for the losses of numbers, and so does wine, whose 13
features are standardised and beyond trees, for the losses of classes. All have a hidden bias. Seconds are of
the wall, compile time is not counted; the exact check is on all cores, as `certify check` does it, and
"proved" is the checker extracted from the Coq proof, on one. "cpu" is what the bound takes of processors
without its exact check, which other work on the machine hardly changes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sklearn.datasets import load_diabetes, load_wine

from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.warm_up import compile_kernels
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.subject import Training
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.runtime.progress import Observer
from certify.trust.extracted import check_proved, find_checker
from certify.trust.parallel import in_processes

OF_NUMBERS = ("squared", "huber 1/2", "absolute", "quantile 3/4", "epsilon-insensitive 1/10")
OF_CLASSES = (
    "hinge",
    "squared-hinge",
    "multiclass-hinge",
    "logistic",
    "cross-entropy",
    "cross-entropy 1/10",
    "poisson",
)


@dataclass(frozen=True)
class Case:
    """A data set with a weight decay and the losses that it has targets for."""

    name: str
    data: Dataset
    gamma: str
    losses: tuple[str, ...]


def cases(folder: Path) -> Iterator[Case]:
    """Yield all data sets."""
    every = OF_NUMBERS + OF_CLASSES
    yield Case("spiral", read_dataset(folder / "spiral.csv", bias=True), "0.1", every)
    iris = read_dataset(folder / "iris_train.csv", bias=True)
    for gamma in ("0.1", "0.01"):
        yield Case("iris_train", iris, gamma, every)
    X, y = load_diabetes(return_X_y=True)
    target = ((y - y.mean()) / y.std()).round(4)
    diabetes = from_arrays((10 * X[:, :3]).round(4), target, task="regression", bias=True)
    yield Case("diabetes", diabetes, "1", OF_NUMBERS)
    X, y = load_wine(return_X_y=True)
    wine = from_arrays(X, y, task="classification", standardize=True, bias=True)
    for gamma in ("30", "10"):
        yield Case("wine", wine, gamma, OF_CLASSES[:-1])


def row(case: Case, loss: str, gap: float, limit: float) -> str:
    """Bound, check twice, and return a line of the table.

    Raises:
        AssertionError: if a checker refuses.
    """
    settings = Settings(case.gamma, loss=loss, gap=gap, time_limit=limit)
    worked = time.process_time()
    report = bound_dataset(case.data, settings, Observer())
    worked = time.process_time() - worked
    subject = Training(report.problem, case.data)
    begun = time.perf_counter()
    assert check_certificate(report.certificate, report.problem, walk=in_processes(os.cpu_count() or 1)).valid
    exact = f"{time.perf_counter() - begun:.2f}"
    proved = ""
    if find_checker() is not None:
        begun = time.perf_counter()
        assert check_proved(report.certificate, subject).valid
        proved = f"{time.perf_counter() - begun:.2f}"
    interval = report.interval
    return (
        f"| {case.name} | {case.gamma} | {loss} | {float(interval.lower):.7g} | {float(interval.upper):.7g} "
        f"| {float(interval.relative_gap):.1e} | {report.seconds:.1f} | {report.certificate.leaves} "
        f"| {exact} | {proved} | {worked:.1f} |"
    )


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", help="names of data sets, separated by commas")
    parser.add_argument("--losses", help="likewise of losses")
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--limit", type=float, default=60.0)
    options = parser.parse_args()
    compile_kernels(trees=True, relaxations=True)
    print("| data | gamma | loss | lower | upper | gap | seconds | leaves | exact, s | proved, s | cpu, s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for case in cases(options.folder):
        if options.only is not None and case.name not in options.only.split(","):
            continue
        for loss in case.losses:
            if options.losses is None or loss in options.losses.split(","):
                print(row(case, loss, options.gap, options.limit), flush=True)


if __name__ == "__main__":
    main()
