"""Coq's kernel as a checker: a certificate and what it is about become a theorem over Coq's real numbers.

What the file of Coq says of each statement is in the table `THEOREMS`, by the classes of the certificates;
how Coq is run on it is in `trust.coq.kernel`.
"""

from __future__ import annotations

from pathlib import Path

from certify.checker.certificate.any_certificate import AnyCertificate
from certify.checker.certificate.complete_positivity import CompletePositivityCertificate
from certify.checker.certificate.copositivity import CopositivityCertificate
from certify.checker.certificate.training import Certificate
from certify.checker.obligations import Rejection
from certify.checker.subject import Subject
from certify.checker.verdict import Verdict
from certify.trust.coq.kernel import TIME_LIMIT, Kernel, KernelProof, Theorem, rejected
from certify.trust.coq.matrix import CompletePositivityTheorem, CopositivityTheorem
from certify.trust.coq.training import TrainingTheorem

THEOREMS: dict[type[AnyCertificate], Theorem] = {
    Certificate: TrainingTheorem(),
    CopositivityCertificate: CopositivityTheorem(),
    CompletePositivityCertificate: CompletePositivityTheorem(),
}


def check_in_kernel(
    certificate: AnyCertificate,
    subject: Subject,
    *,
    file: Path | None = None,
    time_limit: float = TIME_LIMIT,
) -> tuple[Verdict, KernelProof | None]:
    """Decide whether a certificate proves what it states, inside Coq's kernel.

    Args:
        certificate: as read from an untrusted file.
        subject: the problem or the matrix that the user means, from the user's own data, which the file of
            Coq shows.
        file: where to keep the file of Coq; it holds the theorem, or for a rejected certificate the
            evaluation that says what it owes.
        time_limit: seconds after which coqc is ended.

    Returns:
        The verdict and, if the certificate is valid, what was proved.

    Raises:
        DataError: if Coq or the compiled theories are not there, the certificate is too large, or the file
            has no name for Coq or cannot be written.
        KernelCheckerError: if coqc fails.
        TimeLimitError: if it does not end in time.
    """
    kernel = Kernel.find(file, time_limit)
    theorem = THEOREMS[type(certificate)]
    kernel.refuse_large(theorem.seconds(certificate, subject), theorem.size(certificate), theorem.way_out)
    try:
        question = theorem.question(certificate, subject)
    except Rejection as rejection:
        return rejected(rejection), None
    return kernel.answer(question)
