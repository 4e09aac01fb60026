"""The certificate of an earlier run of the same problem, from which another one starts.

It is checked before anything else, so that the new run never ends below it, and its dual point
shows the searches where to begin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from certify.bounds.relaxation.reading import block_proofs_of, dual_point_of
from certify.bounds.report import GapPoint
from certify.checker.certificate.file import load_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import CertificateError, TimeLimitError
from certify.checker.limits.deadline import Deadline, TimeIsUpError
from certify.checker.numbers.rounding import decimal_down
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from certify.runtime.progress import Clock
from certify.trust.parallel import in_processes
from formulations.arrays import Matrix
from formulations.sdp.block_proof import BlockProof

AnyPath = str | os.PathLike[str]


@dataclass(frozen=True)
class EarlierPoint:
    """Where a search may go on from, in floats.

    Attributes:
        dual_point: N, n x c.
        proofs: of it, in units of the weight decay, whose shares do not matter, one for each block that
            the samples were divided into; () where there are none of leaves of the whole space.
    """

    dual_point: Matrix
    proofs: tuple[BlockProof, ...]


@dataclass(frozen=True)
class StartBound:
    """A bound that is proved already.

    Attributes:
        certificate: of the problem.
        verdict: what the exact checker said of it: valid.
        problem: that problem.
        curve: both bounds over time; only this run's count.
    """

    certificate: Certificate
    verdict: Verdict
    problem: TrainingProblem
    curve: tuple[GapPoint, ...] = ()

    solver = "an earlier run"
    estimate = None
    cut_short = True
    proof_seconds = 0.0

    def with_curve(self, curve: tuple[GapPoint, ...]) -> StartBound:
        """Return the same with both bounds over time."""
        return replace(self, curve=curve)

    @property
    def method(self) -> str:
        """The name of the method that found it."""
        return self.certificate.method

    @property
    def value(self) -> float:
        """The bound (a loss)."""
        return float(self.certificate.bound)

    @cached_property
    def point(self) -> EarlierPoint:
        """Where a search may go on from."""
        return EarlierPoint(dual_point_of(self.certificate), block_proofs_of(self.certificate, self.problem))

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Yield the certificate, with the recipe of this run's data."""
        yield replace(self.certificate, preprocessing=preprocessing)


def read_start(path: AnyPath, problem: TrainingProblem, clock: Clock, processes: int = 1) -> StartBound:
    """Read an earlier run's certificate and check it, as a stage of the clock.

    Args:
        path: of the certificate.
        problem: the one that it must be of.
        clock: its limit is one for the check, too.
        processes: that check.

    Raises:
        CertificateError: if the certificate is of another problem, or proves nothing.
        TimeLimitError: if the time limit is over before the certificate is checked.
    """
    certificate = load_certificate(path)
    if certificate.problem_sha256 != problem.sha256():
        raise CertificateError(
            f"{path}: the certificate is of another problem (data, gamma, loss or biases differ); give one "
            "of this problem"
        )
    with clock.stage("start") as words:
        try:
            with Deadline(clock.remaining()).watched():
                verdict = check_certificate(
                    certificate,
                    problem,
                    lambda done, total: clock.observer.update(f"checking {done} of {total} nodes"),
                    walk=in_processes(processes),
                )
        except TimeIsUpError:
            raise TimeLimitError(
                f"{path}: the time limit is over before the certificate is checked; raise it"
            ) from None
        if not verdict.valid:
            raise CertificateError(f"{path}: the certificate proves nothing ({verdict.reason}); leave it out")
        words.append(f"from the lower bound {decimal_down(certificate.bound, 10)}")
    return StartBound(certificate, verdict, problem)
