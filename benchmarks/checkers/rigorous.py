"""The floating verdict against the exact one, on trees near the verge and at extreme scales, as a table.

    python -m benchmarks.checkers.rigorous IRIS [--trees 20000] [--seed 0]

IRIS is iris_train.csv, on whose certificate the time of either verdict is taken. No tree may be accepted that
the exact checker refuses with either envelope rule for its tau leaves: if there is one, the exit code is 1.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from benchmarks.checkers.rigorous_cases import cases, holds_by_either_rule
from certify.bounds.bound import Settings, bound_dataset
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from certify.runtime.progress import Observer
from certify.trust.rigorous import check_rigorously

Check = Callable[[Certificate, TrainingProblem], Verdict]

BASES = 150
RUNS = 5

TRIED, EXACT, RIGOROUS = "trees", "accepted exactly", "accepted rigorously"
WITHOUT, FALSE, MISSED = "without an exact leaf", "rigorously, not exactly", "exactly, not rigorously"
OTHER_RULE = "only by the other envelope rule"
LEAVES, SETTLED = "leaves of those accepted", "settled in floating point"
COLUMNS = (TRIED, EXACT, RIGOROUS, WITHOUT, OTHER_RULE, FALSE, MISSED, LEAVES, SETTLED)


def compare(certificate: Certificate, problem: TrainingProblem) -> Counter[str]:
    """Return what both verdicts on one tree add to each column."""
    exactly = check_certificate(certificate, problem).valid
    verdict = check_rigorously(certificate, problem)
    counts = Counter({TRIED: 1, EXACT: int(exactly), RIGOROUS: int(verdict.valid)})
    if verdict.valid:
        left_open = re.search(r"(\d+) of them checked exactly", verdict.reason)
        if left_open is None:
            raise RuntimeError("the verdict does not say how many leaves it checked exactly")
        counts[WITHOUT] = int(left_open[1] == "0")
        counts[LEAVES] = verdict.leaves
        counts[SETTLED] = verdict.leaves - int(left_open[1])
    if verdict.valid and not exactly:
        counts[OTHER_RULE if holds_by_either_rule(certificate, problem) else FALSE] = 1
    counts[MISSED] = int(exactly and not verdict.valid)
    return counts


def seconds(
    check: Callable[[Certificate, TrainingProblem], Verdict],
    certificate: Certificate,
    problem: TrainingProblem,
) -> float:
    """Return the least time of several runs, the first of which compiles."""
    times = []
    for _ in range(RUNS + 1):
        begun = time.process_time()
        if not check(certificate, problem).valid:
            raise RuntimeError("a verdict refuses the certificate of iris_train")
        times.append(time.process_time() - begun)
    return min(times[1:])


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("iris", type=Path)
    parser.add_argument("--trees", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    for case in islice(cases(options.seed, BASES), options.trees):
        counts.update(compare(*case.certificate()))
    print("| " + " | ".join(COLUMNS) + " |")
    print("| --- " * len(COLUMNS) + "|")
    print("| " + " | ".join(str(counts[column]) for column in COLUMNS) + " |", flush=True)
    report = bound_dataset(read_dataset(options.iris), Settings(gamma="0.1", method="tree"), Observer())
    exactly, quickly = (
        seconds(check, report.certificate, report.problem) for check in (check_certificate, check_rigorously)
    )
    print(
        f"\niris_train, {report.certificate.leaves} leaves: {exactly:.3f} s exactly, {quickly:.3f} s "
        f"rigorously, {quickly / exactly:.3f} of it"
    )
    sys.exit(counts[FALSE] > 0)


if __name__ == "__main__":
    main()
