"""`certify shrink`: read a certificate, make its tree smaller, have it checked, write it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from certify.checker.certificate.file import (
    from_text,
    load_certificate,
    save_certificate,
    to_text,
)
from certify.checker.check import subject_of
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import ratio_text
from certify.checker.obligations import Rejection
from certify.checker.subject import Training
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Observer
from certify.runtime.threads import single_threaded
from certify.shrink.shrink import MAX_MIXED, Shrunk, shrink
from certify.trust.parallel import in_processes


@dataclass(frozen=True)
class ShrinkReport:
    """What became of a certificate.

    Attributes:
        subject: the problem that it is for.
        path: the file that was written; None if the certificate is not valid.
        verdict: of the exact checker, on the smaller certificate.
        leaves: before and after.
        sizes: in bytes of the file, before and after.
        complete: whether the whole tree was looked at.
        seconds: wall time.
    """

    subject: Training
    path: Path | None
    verdict: Verdict
    leaves: tuple[int, int]
    sizes: tuple[int, int]
    complete: bool
    seconds: float

    def __repr__(self) -> str:
        before, after = self.leaves
        return f"ShrinkReport({before} leaves to {after}, {self.verdict!r})"

    def to_json(self) -> dict[str, object]:
        """Return the machine-readable result."""
        bound = self.verdict.bound
        return {
            "problem": self.subject.to_json(),
            "valid": self.verdict.valid,
            "reason": self.verdict.reason,
            "lower_bound_exact": None if bound is None else ratio_text(bound),
            "leaves_before": self.leaves[0],
            "leaves": self.leaves[1],
            "bytes_before": self.sizes[0],
            "bytes": self.sizes[1],
            "complete": self.complete,
            "seconds": round(self.seconds, 3),
            "certificate": None if self.path is None else str(self.path),
        }


@single_threaded
def shrink_file(
    certificate: Path,
    data: Path,
    output: Path,
    max_mixed: int = MAX_MIXED,
    time_limit: float | None = None,
    observer: Observer | None = None,
) -> ShrinkReport:
    """Write a smaller certificate of the same bound; Ctrl-C and the time limit leave the rest as it is.

    Args:
        certificate: the file to read.
        data: the user's data file.
        output: the file to write, once the exact checker has accepted it.
        max_mixed: as `shrink` takes it.
        time_limit: seconds for the shrinking.
        observer: watches the work.

    Raises:
        CertificateError: if a certificate file cannot be read or written.
        DataError: if the data cannot be read, or the time limit is not positive.
    """
    if time_limit is not None and not time_limit > 0:
        raise DataError(f"the time limit is {time_limit} seconds: give a positive number")
    loaded = load_certificate(certificate)
    subject = subject_of(loaded, data)
    problem = subject.problem
    clock = Clock(time_limit, observer or Observer())
    before = len(to_text(loaded))
    with Interrupts() as interrupts:
        with clock.stage("shrink") as words:
            try:
                shrunk = shrink(
                    loaded,
                    problem,
                    max_mixed=max_mixed,
                    should_stop=lambda: interrupts.came or clock.expired,
                    on_progress=lambda done, total, saved: clock.observer.update(
                        f"{done} of {total} nodes, {saved} saved"
                    ),
                )
            except Rejection:
                shrunk = Shrunk(loaded, 0, False)  # the checker says what is wrong with it
            smaller = shrunk.certificate
            text = to_text(smaller)
            words.append(f"{loaded.leaves} leaves to {smaller.leaves}, {before} bytes to {len(text)}")
        with clock.stage("check") as words:
            verdict = check_certificate(
                from_text(text),
                problem,
                lambda done, total: clock.observer.update(f"{done} of {total} nodes"),
                walk=in_processes(os.cpu_count() or 1),
            )
            words.append("valid, in exact arithmetic" if verdict.valid else verdict.reason)
        if verdict.valid:
            save_certificate(smaller, output)
    return ShrinkReport(
        subject,
        output if verdict.valid else None,
        verdict,
        (loaded.leaves, smaller.leaves),
        (before, len(text)),
        shrunk.complete,
        clock.elapsed,
    )
