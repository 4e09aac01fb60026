"""Check a certificate against the user's own data in exact arithmetic, with nothing but python-flint.

Every level of trust begins here: the certificate's recipe is followed on the data, and what the user expects
of the problem is compared with what came of it. How the data are given is a `Source`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from typing import Protocol

from certify.checker.certificate.copositivity import CopositivityCertificate
from certify.checker.certificate.file import AnyCertificate, MatrixCertificate, load_any_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset, reapply_table
from certify.checker.data.matrix_file import read_matrix
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import Table, read_table
from certify.checker.errors import DataError
from certify.checker.expected import Expected
from certify.checker.matrix.complete_positivity import check_complete_positivity, complete_positivity_theorem
from certify.checker.matrix.copositivity import check_copositivity, copositivity_theorem
from certify.checker.obligations import Obligation
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import OfMatrix, Training
from certify.checker.time_limit import within_time_limit
from certify.checker.training.check import check_certificate
from certify.checker.tree.walk import Walk, walk
from certify.checker.verdict import Verdict

AnyPath = str | PathLike[str]
Progress = Callable[[int, int], None]


class OtherDataError(DataError):
    """The data is readable, but the certificate is for other data, or of something else than is expected.

    Attributes:
        obligation: what the certificate does not deliver.
    """

    def __init__(self, reason: str, obligation: Obligation = Obligation.PROBLEM) -> None:
        super().__init__(reason)
        self.obligation = obligation


class Proof(Protocol):
    """What another prover has accepted besides."""

    @property
    def theorem(self) -> str:
        """What it has accepted, in one line."""

    def lines(self) -> Iterable[str]:
        """Say it, line by line."""

    def to_json(self) -> dict[str, object]:
        """Return it as JSON has it."""


@dataclass(frozen=True)
class DataVerdict(Verdict):
    """A verdict on a certificate and the data that it was checked against.

    Attributes:
        statement: the theorem that is proved, in words; None if nothing is.
        proof: what another prover accepted; None if nothing was, or none was asked.
        subject: the problem or the matrix that was checked; None if the certificate is for other data.
    """

    statement: str | None
    proof: Proof | None = None
    subject: Training | OfMatrix | None = field(default=None, repr=False, compare=False)


class Source:
    """The user's data; what a certificate is checked against is made of them.

    Attributes:
        problem: the exact problem, if it is given as such.
    """

    problem: TrainingProblem | None = None

    def dataset(self, recipe: Preprocessing | None) -> tuple[Dataset, Table]:
        """Follow a recipe; return what it makes of the data, and the table that has the targets.

        Args:
            recipe: None if the certificate has none, of which nothing can be made.

        Raises:
            OtherDataError: if the recipe is not for these data.
            DataError: if they cannot be read, or are none of a training problem.
        """
        raise DataError("the certificate is of a training problem: give X and y, data or problem")

    def matrix(self, statement: str) -> SymmetricMatrix:
        """Return the matrix.

        Args:
            statement: what the certificate states of it.

        Raises:
            DataError: if it cannot be read, or the data are no matrix.
        """
        raise unsuitable_for_matrix(statement)


@dataclass(frozen=True)
class FileSource(Source):
    """A data file, read once, so that it may be a pipe."""

    path: AnyPath

    def dataset(self, recipe: Preprocessing | None) -> tuple[Dataset, Table]:
        """Read the table, and follow the recipe on it."""
        recipe = recorded(recipe)
        # Data that is no table of numbers is the user's to mend, not the certificate's fault.
        table = read_table(self.path)
        with otherwise_other_data():
            return reapply_table(table, recipe), table

    def matrix(self, statement: str) -> SymmetricMatrix:
        """Read the matrix."""
        return read_matrix(self.path)


@within_time_limit
def check_exactly(
    certificate: AnyCertificate | AnyPath,
    data: AnyPath,
    *,
    expected: Expected | None = None,
    time_limit: float | None = None,
    on_progress: Progress | None = None,
) -> DataVerdict:
    """Decide in rational arithmetic whether a certificate proves what it states of a data file.

    Args:
        certificate: a certificate, or the path of its file.
        data: the path of the data.
        expected: what the certificate must be about; one of anything else is rejected before long work.
        time_limit: seconds that the check may take once the data is read.
        on_progress: called with (nodes done, nodes in all).

    Raises:
        CertificateError: if the certificate file cannot be read.
        DataError: if the data cannot be read, or what is expected makes no sense for the certificate.
        TimeLimitError: if the time limit is over before there is a verdict.
    """
    if not isinstance(certificate, AnyCertificate):
        certificate = load_any_certificate(certificate)
    try:
        subject = expected_subject(certificate, FileSource(data), expected or Expected())
    except OtherDataError as error:
        return rejection_of(error, "exact")
    return check_subject(certificate, subject, on_progress)


def check_subject(
    certificate: AnyCertificate,
    subject: Training | OfMatrix,
    on_progress: Progress | None = None,
    walk: Walk = walk,
) -> DataVerdict:
    """Decide in rational arithmetic whether a certificate proves what it states of a problem or matrix.

    Args:
        certificate: as read from an untrusted file.
        subject: made of the user's own data for this certificate.
        on_progress: called with (nodes done, nodes in all).
        walk: the way to walk a tree, which may share the work.
    """
    if isinstance(certificate, MatrixCertificate):
        assert isinstance(subject, OfMatrix)
        matrix = subject.matrix
        if isinstance(certificate, CopositivityCertificate):
            verdict = check_copositivity(certificate, matrix, on_progress, walk=walk)
        else:
            verdict = check_complete_positivity(certificate, matrix, on_progress, walk=walk)
    else:
        assert isinstance(subject, Training)
        verdict = check_certificate(certificate, subject.problem, on_progress, walk=walk)
    return in_words(verdict, certificate, subject)


def in_words(
    verdict: Verdict, certificate: AnyCertificate, subject: Training | OfMatrix, proof: Proof | None = None
) -> DataVerdict:
    """Add to a verdict what is proved, in the words of the data that was checked."""
    words = None
    if verdict.valid and isinstance(subject, Training):
        assert verdict.bound is not None
        words = subject.theorem(verdict.bound)
    elif verdict.valid and isinstance(subject, OfMatrix):
        if isinstance(certificate, CopositivityCertificate):
            words = copositivity_theorem(certificate, subject.matrix)
        elif isinstance(certificate, MatrixCertificate):
            words = complete_positivity_theorem(certificate, subject.matrix)
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


def expected_subject(certificate: AnyCertificate, source: Source, expected: Expected) -> Training | OfMatrix:
    """Return the problem or matrix that a certificate is to be checked against, if it is the expected one.

    Raises:
        OtherDataError: if the certificate is not for these data, or not what is expected.
        DataError: if the data cannot be read or do not suit the statement, or if what is expected makes no
            sense.
    """
    _insist(expected.differences_of_statement(certificate))
    expected.refuse_unsuitable(certificate, of_data=source.problem is None)
    if isinstance(certificate, MatrixCertificate):
        matrix = source.matrix(certificate.statement)
        _insist(expected.differences_of_matrix(certificate, matrix))
        return OfMatrix.of(certificate, matrix)
    return _training(certificate, source, expected)


def _training(certificate: Certificate, source: Source, expected: Expected) -> Training:
    if source.problem is not None:
        _insist(expected.differences(certificate, None, None, source.problem))
        return Training(source.problem, None)
    dataset, table = source.dataset(certificate.preprocessing)
    try:
        with otherwise_other_data():
            problem = dataset.problem(certificate.gamma, certificate.loss, certificate.output_bias)
    except OtherDataError:
        _insist(expected.differences(certificate, dataset, table, None))
        raise
    _insist(expected.differences(certificate, dataset, table, problem))
    return Training(problem, dataset)


def _insist(differences: Iterable[str]) -> None:
    words = "; ".join(differences)
    if words:
        raise OtherDataError(words, Obligation.EXPECTATION)


def unsuitable_for_matrix(statement: str) -> DataError:
    """Return the error that data, or a level of trust, is none for what a certificate states of a matrix."""
    return DataError(
        f"the certificate states {statement!r} of a matrix: give that as data or matrix, and let the trust "
        "be exact, proved, kernel or best"
    )


def recorded(recipe: Preprocessing | None) -> Preprocessing:
    """Return a certificate's recipe; raise DataError if it has none."""
    if recipe is None:
        raise DataError("the certificate says nothing of how its problem is made from data: give `problem`")
    return recipe


@contextmanager
def otherwise_other_data() -> Iterator[None]:
    """Turn what is wrong with data for a recipe into the certificate's fault."""
    try:
        yield
    except DataError as error:
        raise OtherDataError(f"the certificate is not for this data: {error}") from error
