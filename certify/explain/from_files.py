"""Explaining files: a certificate, its data and perhaps a network are read, checked, and explained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from certify.checker.certificate.file import load_certificate
from certify.checker.check import (
    DataVerdict,
    check_subject,
    rejection_of,
    subject_of,
)
from certify.checker.source import OtherDataError
from certify.explain.explain import explain_valid
from certify.explain.explanation import Explanation
from certify.networks.files import load_network
from certify.networks.frameworks.sklearn_mlp import in_order
from certify.networks.loaded import network_for
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Observer
from certify.runtime.threads import single_threaded
from certify.trust.parallel import in_processes


@dataclass(frozen=True)
class ExplainReport:
    """What a certificate file says.

    Attributes:
        verdict: of the exact checker.
        explanation: None if the certificate is not valid.
    """

    verdict: DataVerdict
    explanation: Explanation | None

    def __repr__(self) -> str:
        return f"ExplainReport({self.explanation or self.verdict!r})"

    def to_json(self) -> dict[str, object]:
        """Return the machine-readable result."""
        if self.explanation is not None:
            return self.explanation.to_json()
        obligation = self.verdict.obligation
        return {
            "valid": False,
            "trust": self.verdict.trust,
            "reason": self.verdict.reason,
            "obligation": None if obligation is None else obligation.name.lower(),
        }


@single_threaded
def explain_file(
    certificate: Path, data: Path, network: Path | None = None, observer: Observer | None = None
) -> ExplainReport:
    """Check a certificate file and explain it; Ctrl-C after the check ends the explanation early.

    Args:
        certificate: the file.
        data: the user's data file.
        network: a trained network, in any format that `certify.networks.files` reads.
        observer: watches the work.

    Raises:
        CertificateError: if the certificate file cannot be read.
        DataError: if the data cannot be read, or has numbers beyond floating point.
        NetworkError: if the network cannot be read, or is not for this data.
    """
    loaded = load_certificate(certificate)
    clock = Clock(None, observer or Observer())
    try:
        subject = subject_of(loaded, data)
    except OtherDataError as error:
        return ExplainReport(rejection_of(error, "exact"), None)
    trained = None
    if network is not None:
        given = load_network(network)
        if subject.dataset is not None:
            given = in_order(given, subject.dataset.preprocessing.classes)
        trained = network_for(subject.problem, given)
    with clock.stage("check") as words:
        verdict = check_subject(
            loaded,
            subject,
            lambda done, total: clock.observer.update(f"{done} of {total} nodes"),
            in_processes(1),
        )
        words.append("valid, in exact arithmetic" if verdict.valid else verdict.reason)
    if not verdict.valid:
        return ExplainReport(verdict, None)
    with Interrupts() as interrupts:
        explanation = explain_valid(loaded, subject, verdict, trained, clock, lambda: interrupts.came)
    return ExplainReport(verdict, explanation)
