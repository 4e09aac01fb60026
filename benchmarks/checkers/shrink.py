"""What `certify shrink` makes of certificates, as a table.

    python -m benchmarks.checkers.shrink FOLDER [--rows 12]

FOLDER is as for benchmarks.bounds. The checks are those of one process, on the certificate as read back from
its text.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks.bounds import lines
from certify.bounds.bound import Settings, bound_dataset
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.training import Certificate
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.runtime.progress import Observer
from certify.runtime.threads import single_threaded
from certify.shrink.shrink import MAX_MIXED, shrink


def measure(certificate: Certificate, problem: TrainingProblem) -> tuple[int, int, float]:
    """Return leaves, kilobytes of the file and seconds of the exact check."""
    text = to_text(certificate)
    again = from_text(text)
    begun = time.perf_counter()
    assert check_certificate(again, problem).valid
    return again.leaves, len(text) // 1000, time.perf_counter() - begun


@single_threaded
def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=MAX_MIXED)
    options = parser.parse_args()
    print("| data | gamma | gap | leaves | kB | check, s | shrinking, s | leaves | kB | check, s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for line in lines(options.folder, 1, large=False):
        report = bound_dataset(line.datasets[0], Settings(gamma=line.gamma, gap=line.gap), Observer())
        before = measure(report.certificate, report.problem)
        begun = time.perf_counter()
        smaller = shrink(report.certificate, report.problem, max_mixed=options.rows).certificate
        seconds = time.perf_counter() - begun
        after = measure(smaller, report.problem)
        cells = [f"{leaves} | {size} | {check:.2f}" for leaves, size, check in (before, after)]
        name = line.name.split(",")[0] + ", bias" * line.name.endswith("bias")
        print(f"| {name} | {line.gamma} | {line.gap:.0e} | {cells[0]} | {seconds:.1f} | {cells[1]} |")


if __name__ == "__main__":
    main()
