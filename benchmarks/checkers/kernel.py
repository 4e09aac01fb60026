"""How long Coq's kernel takes on small certificates, next to the other checkers, as a table.

    python -m benchmarks.checkers.kernel [--kernel-limit 600]

It needs Coq and the compiled theories (`make proofs`). Seconds of wall time; the estimate is that by which
`certify check --trust kernel` refuses what is too large.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from certify.bounds.bound import Settings, bound_dataset
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import from_table
from certify.checker.data.dataset import Dataset
from certify.checker.data.table import read_table
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from certify.runtime.progress import Observer
from certify.trust.coq.check import check_in_kernel
from certify.trust.coq.kernel import TIME_LIMIT
from certify.trust.coq.training import estimated_seconds
from certify.trust.extracted import check_proved

IRIS = Path(__file__).parents[2] / "examples" / "iris.csv"


def cases() -> Iterator[tuple[str, Dataset, Settings]]:
    """Yield problems of every so many rows of Iris, and what is asked."""
    for step, method, gap in (
        (10, "tree", 1e-2),
        (10, "tree", 1e-3),
        (2, "tree", 0.2),
        (2, "tree", 0.05),
        (10, "sdp", 1e-3),
        (2, "sdp", 1e-3),
    ):
        yield f"{150 // step} rows", iris(step), Settings("0.1", method=method, gap=gap)


def iris(step: int) -> Dataset:
    """Return every so many rows of Iris."""
    table = read_table(IRIS)
    return from_table(replace(table, rows=table.rows[::step], lines=None))


def seconds(
    check: Callable[[Certificate, TrainingProblem], Verdict],
    certificate: Certificate,
    problem: TrainingProblem,
) -> float:
    """Return how long a check takes, which has to succeed."""
    begun = time.perf_counter()
    assert check(certificate, problem).valid
    return time.perf_counter() - begun


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kernel-limit", type=float, default=TIME_LIMIT)
    limit = parser.parse_args().kernel_limit

    def kernel(certificate: Certificate, problem: TrainingProblem) -> Verdict:
        return check_in_kernel(certificate, Training(problem, None), time_limit=limit)[0]

    def proved(certificate: Certificate, problem: TrainingProblem) -> Verdict:
        return check_proved(certificate, Training(problem, None))

    print("| Iris | method | gap | nodes | exact, s | proved, s | kernel, s | estimate, s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, dataset, settings in cases():
        report = bound_dataset(dataset, settings, Observer())
        certificate, problem = report.certificate, report.problem
        times = [seconds(check, certificate, problem) for check in (check_certificate, proved, kernel)]
        gap, nodes = float(report.interval.relative_gap), len(certificate.tree)
        checks = "{:.2f} | {:.2f} | {:.1f}".format(*times)
        estimate = estimated_seconds(certificate, problem)
        print(f"| {name} | {report.method} | {gap:.1e} | {nodes} | {checks} | {estimate:.0f} |", flush=True)


if __name__ == "__main__":
    main()
