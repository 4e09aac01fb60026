"""Check a certificate against the user's own data in exact arithmetic, with nothing but python-flint.

Every level of trust begins here: the certificate's recipe is followed on the data, and what the user expects
of the problem is compared with what came of it. How the data are given is a `Source`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from os import PathLike
from typing import Any, Protocol

from certify.checker.certificate.any_certificate import AnyCertificate, MatrixCertificate
from certify.checker.certificate.file import load_any_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.expected import Expected
from certify.checker.limits.time_limit import within_time_limit
from certify.checker.obligations import Obligation
from certify.checker.problems.losses.table import recorded_loss
from certify.checker.source import AnyPath, FileSource, OtherDataError, Source, otherwise_other_data
from certify.checker.statements import statement_of
from certify.checker.subject import OfMatrix, Subject, Training
from certify.checker.tree.walk import Walk, walk_trees
from certify.checker.verdict import TRUST, Verdict

Progress = Callable[[int, int], None]


class Proof(Protocol):
    """What another prover has accepted besides."""

    @property
    def theorem(self) -> str:
        """What it has accepted, in one line."""

    def lines(self) -> Iterable[str]:
        """Say it, line by line."""

    def to_json(self) -> dict[str, object]:
        """Return it as JSON has it."""


@dataclass(frozen=True, repr=False)
class DataVerdict(Verdict):
    """A verdict on a certificate and the data that it was checked against.

    Attributes:
        statement: the theorem that is proved, in words; None if nothing is.
        proof: what another prover accepted; None if nothing was, or none was asked.
        subject: the problem or the matrix that was checked; None if the certificate is for other data.
    """

    statement: str | None
    proof: Proof | None = None
    subject: Subject | None = field(default=None, repr=False, compare=False)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the verdict, and in words what is proved."""
        if not self.valid:
            return f"<p><b>REJECTED</b></p><p>{escape(self.reason)}; nothing is proved.</p>"
        lines = [self.statement or "", "" if self.subject is None else self.subject.brief()]
        return (
            f"<p><b>VALID</b>, trust: {escape(TRUST[self.trust])}</p>"
            f'<pre style="white-space: pre-wrap">{escape(chr(10).join(filter(None, lines)))}</pre>'
        )


@within_time_limit
def check_exactly(
    certificate: AnyCertificate | AnyPath,
    data: AnyPath,
    *,
    expected: Expected | None = None,
    symmetrize: bool = False,
    time_limit: float | None = None,
    on_progress: Progress | None = None,
) -> DataVerdict:
    """Decide in rational arithmetic whether a certificate proves what it states of a data file.

    Args:
        certificate: a certificate, or the path of its file.
        data: the path of the data.
        expected: what the certificate must be about; one of anything else is rejected before long work.
        symmetrize: whether the statement is meant of (M + M^T)/2, M the matrix in the file.
        time_limit: seconds that the check may take once the data is read.
        on_progress: called with (nodes done, nodes in all).

    Raises:
        CertificateError: if the certificate file cannot be read.
        DataError: if the data cannot be read, or what is expected makes no sense for the certificate.
        TimeLimitError: if the time limit is over before there is a verdict.
    """
    if isinstance(certificate, str | PathLike):
        certificate = load_any_certificate(certificate)
    try:
        subject = expected_subject(certificate, FileSource(data, symmetrize), expected or Expected())
    except OtherDataError as error:
        return rejection_of(error, "exact")
    return check_subject(certificate, subject, on_progress)


def check_subject(
    certificate: AnyCertificate,
    subject: Subject,
    on_progress: Progress | None = None,
    walk: Walk = walk_trees,
) -> DataVerdict:
    """Decide in rational arithmetic whether a certificate proves what it states of a problem or matrix.

    Args:
        certificate: as read from an untrusted file.
        subject: made of the user's own data for this certificate.
        on_progress: called with (nodes done, nodes in all).
        walk: the way to walk a tree, which may share the work.
    """
    verdict = statement_of(certificate).check(certificate, subject, on_progress, walk)
    return in_words(verdict, certificate, subject)


def in_words(
    verdict: Verdict, certificate: AnyCertificate, subject: Subject, proof: Proof | None = None
) -> DataVerdict:
    """Add to a verdict what is proved, in the words of the data that was checked."""
    words = statement_of(certificate).theorem(certificate, subject) if verdict.valid else None
    return DataVerdict(**vars(verdict), statement=words, proof=proof, subject=subject)


def rejection_of(error: OtherDataError, trust: str) -> DataVerdict:
    """Return the verdict on a certificate that was made for something else."""
    return DataVerdict(False, None, trust, str(error), error.obligation, 0, None)


def subject_of(certificate: Certificate, data: AnyPath) -> Training:
    """Return the exact problem that a certificate's recipe makes of a data file.

    Raises:
        OtherDataError: if the recipe does not fit the file.
        DataError: if the file cannot be read.
    """
    return _training(certificate, FileSource(data), Expected())


def expected_subject(certificate: AnyCertificate, source: Source, expected: Expected) -> Subject:
    """Return the problem or matrix that a certificate is to be checked against, if it is the expected one.

    Raises:
        OtherDataError: if the certificate is not for these data, or not what is expected.
        DataError: if the data cannot be read or do not suit the statement, or if what is expected makes no
            sense.
    """
    _insist(expected.differences_of_statement(certificate))
    expected.refuse_unsuitable(certificate, of_data=source.problem is None)
    kind = statement_of(certificate)
    return _MADE_OF_DATA[kind.subject](certificate, source, expected)


def _of_matrix(certificate: MatrixCertificate, source: Source, expected: Expected) -> OfMatrix:
    matrix = source.matrix(certificate.statement)
    _insist(expected.differences_of_matrix(certificate, matrix))
    return OfMatrix.of(certificate, matrix)


def _training(certificate: Certificate, source: Source, expected: Expected) -> Training:
    if source.problem is not None:
        _insist(expected.differences(certificate, None, None, source.problem))
        return Training(source.problem, None)
    dataset, table = source.dataset(certificate.preprocessing)
    try:
        with otherwise_other_data():
            loss = recorded_loss(certificate.loss)
            problem = dataset.problem(certificate.gamma, loss, certificate.output_bias)
    except OtherDataError:
        _insist(expected.differences(certificate, dataset, table, None))
        raise
    _insist(expected.differences(certificate, dataset, table, problem))
    return Training(problem, dataset)


def _insist(differences: Iterable[str]) -> None:
    words = "; ".join(differences)
    if words:
        raise OtherDataError(words, Obligation.EXPECTATION)


_MADE_OF_DATA: dict[type[Subject], Callable[[Any, Source, Expected], Subject]] = {
    Training: _training,
    OfMatrix: _of_matrix,
}
