"""From what searches found in floating point to the best bound that the exact checker accepts."""

from __future__ import annotations

import os
from collections.abc import Sequence

from certify.bounds.method import Outcome
from certify.bounds.proofs.writing import trivial_certificate
from certify.bounds.start import StartBound
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_down
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from certify.runtime.progress import Clock
from certify.trust.parallel import in_processes

Proved = tuple[Outcome, Certificate, Verdict]


def prove_best(
    problem: TrainingProblem, dataset: Dataset, outcomes: Sequence[Outcome], clock: Clock
) -> Proved:
    """Prove the outcome with the largest lower bound, and another one only if its proof came out lower.

    Args:
        problem: the exact problem.
        dataset: whose preprocessing the certificate records.
        outcomes: the results of searches, the largest bound first; at least one.
        clock: times the stages.
    """
    best: Proved | None = None
    for outcome in outcomes:
        # What is proved already costs nothing, and what is proved anew must be more.
        if isinstance(outcome, StartBound) and (best is None or outcome.certificate.bound > best[1].bound):
            best = outcome, outcome.certificate, outcome.verdict
    for outcome in outcomes:
        if isinstance(outcome, StartBound):
            continue
        if best is None or outcome.value > float(best[1].bound):
            proved = outcome, *prove(problem, dataset, outcome, clock)
            if best is None or proved[1].bound > best[1].bound:
                best = proved
    assert best is not None
    return best


def prove(
    problem: TrainingProblem, dataset: Dataset, outcome: Outcome, clock: Clock
) -> tuple[Certificate, Verdict]:
    """Write a proof exactly and have it checked as a reader of the file will.

    Args:
        problem: the exact problem.
        dataset: whose preprocessing the certificate records.
        outcome: the search's result.
        clock: times the stages.
    """
    candidates = outcome.certificates(problem, dataset.preprocessing)
    while True:
        with clock.stage("prove") as words:
            candidate = next(candidates, None)
            if candidate is None:
                break
            certificate = from_text(to_text(candidate))
            words.append(f"lower bound {decimal_down(certificate.bound, 10)}")
        with clock.stage("check") as words:
            verdict = check_certificate(
                certificate,
                problem,
                lambda done, total: clock.observer.update(f"{done} of {total} nodes"),
                walk=in_processes(os.cpu_count() or 1),
            )
            words.append("valid, in exact arithmetic" if verdict.valid else verdict.reason)
        if verdict.valid and (
            certificate.bound >= 0 or certificate.bound >= trivial_certificate(problem).bound
        ):
            return certificate, verdict
    raise AssertionError("the checker refuses the certificate it was made for: please report this as a bug")
