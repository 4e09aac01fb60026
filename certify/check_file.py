"""Check a certificate against the user's own data; standard library and python-flint only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

import certify.datasets  # noqa: F401  its readers
from certify.array_table import array_table
from certify.certificate import Certificate, CopositivityCertificate
from certify.certificate_file import AnyCertificate, MatrixCertificate, load_any_certificate
from certify.check import Verdict, check_certificate
from certify.check_complete_positivity import check_complete_positivity, complete_positivity_theorem
from certify.check_copositivity import check_copositivity, copositivity_theorem
from certify.check_parts import in_processes
from certify.cp_certificate import CompletePositivityCertificate
from certify.data import Dataset, reapply_arrays, reapply_table
from certify.errors import DataError
from certify.expected import Expected
from certify.kernel import TIME_LIMIT, KernelProof
from certify.kernel_checker import check_in_kernel
from certify.kernel_matrices import check_matrix_in_kernel
from certify.matrix_arrays import as_matrix
from certify.matrix_data import read_matrix
from certify.obligations import Obligation
from certify.problem import TrainingProblem
from certify.proved_checker import ProvedCheckerError, check_matrix_proved, check_proved, find_checker
from certify.statement import TRUST
from certify.subject import OfMatrix, Training
from certify.symmetric_matrix import SymmetricMatrix
from certify.table import Table, read_table
from certify.time_limit import within_time_limit

AnyPath = str | PathLike[str]
BEST = "best"  # the most trusted checker that is there


@dataclass(frozen=True)
class DataVerdict(Verdict):
    """A verdict on a certificate and the data that it was checked against.

    Attributes:
        statement: the theorem that is proved, in words; None if nothing is.
        proof: what Coq's kernel accepted; None if nothing was, or it was not asked.
        subject: the problem or the matrix that was checked; None if the certificate is for other data.
    """

    statement: str | None
    proof: KernelProof | None = None
    subject: Training | OfMatrix | None = field(default=None, repr=False, compare=False)


@within_time_limit
def check(
    certificate: AnyCertificate | AnyPath,
    X: Any = None,
    y: Any = None,
    *,
    data: AnyPath | None = None,
    problem: TrainingProblem | None = None,
    matrix: Any = None,
    gamma: Fraction | int | str | float | None = None,
    expected: Expected | None = None,
    trust: str = "exact",
    coq: AnyPath | None = None,
    time_limit: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> DataVerdict:
    """Decide whether a certificate proves its bound for your data, or its statement of your matrix.

    Give the data once: as arrays `X` and `y`, as a file `data`, as an exact `problem`, or as a `matrix`. How
    the problem is made of the data (gamma, targets, bias, standardisation, classes) is the certificate's
    word: the verdict's `statement` says what was proved, and `expected` insists on what you mean.

    Args:
        certificate: a certificate, or the path of its file.
        X: n x d features: lists, numpy, pandas or polars, as they were given to `bound`.
        y: n targets or labels, or n x c.
        data: path of a CSV or Parquet file, or of the matrix; read once, so that it may be a pipe.
        problem: an exact training problem.
        matrix: p x p, as it was given to `copositive`.
        gamma: the weight decay that the certificate must be for, as `Expected` takes it; by default any.
        expected: what the certificate must be about; one of anything else is rejected before long work.
        trust: "exact" is rational arithmetic only; "proved" is the checker that is extracted from its proof
            in Coq (proofs/), which must have been built; "best" is the latter where it is there and can
            read the file, else the former; "rigorous", a quick first look at a large tree of a training
            problem, is floating point with error bounds derived by hand and needs numba; "kernel", for small
            certificates, is a theorem that Coq's kernel checks, and needs Coq and the compiled theories of
            proofs/.
        coq: with trust "kernel", where to keep the file of Coq with the theorem and its proof.
        time_limit: seconds that the check may take once the data is read; by default 600 with trust
            "kernel", else any.
        on_progress: called with (nodes done, nodes in all).
        on_note: called with a sentence if, with trust "best", the proved checker fails and the exact one
            takes over, which can take much longer; the verdict's `reason` says it as well.

    Returns:
        The verdict; a certificate that was made for other data, or of something else than is expected, is
        rejected, not an error.

    Raises:
        CertificateError: if the certificate file cannot be read.
        DataError: if the data cannot be read, or is given not at all or twice, or does not suit the
            certificate's statement; if what is expected makes no sense for the certificate; if the trust
            level is unknown, or what it needs is not there.
        KernelCheckerError: if Coq fails.
        TimeLimitError: if the time limit is over before there is a verdict.
    """
    given = [X is not None, data is not None, problem is not None, matrix is not None]
    if given.count(True) != 1 or (X is None) != (y is None):
        raise DataError("give the data to check against once: as X and y, as data, as problem or as matrix")
    if trust not in (*TRUST, BEST):
        raise DataError(f"the trust level {trust!r} is unknown: choose {', '.join(TRUST)} or {BEST}")
    if trust != "kernel" and coq is not None:
        raise DataError(f"a file of Coq is for the trust level kernel, not for {trust}")
    expected = expected or Expected()
    if gamma is not None:
        if expected.gamma is not None:
            raise DataError("gamma is given twice: as gamma and in what is expected")
        expected = replace(expected, gamma=gamma)
    kept = None if coq is None else Path(coq)
    seconds = TIME_LIMIT if time_limit is None else time_limit
    file = None
    if not isinstance(certificate, AnyCertificate):
        # A pipe cannot be read again.
        file = Path(certificate) if os.path.isfile(certificate) else None
        certificate = load_any_certificate(certificate)
    level = trust
    if trust == BEST:
        level = "exact" if find_checker() is None else "proved"
    try:
        _insist(expected.differences_of_statement(certificate))
        expected.refuse_unsuitable(certificate, of_data=problem is None)
        if isinstance(certificate, MatrixCertificate):
            if (data is None and matrix is None) or trust == "rigorous":
                raise DataError(
                    f"the certificate states {certificate.statement!r} of a matrix: give that as data or "
                    "matrix, and let the trust be exact, proved, kernel or best"
                )
            symmetric = as_matrix(matrix) if data is None else read_matrix(data)
            _insist(expected.differences_of_matrix(certificate, symmetric))
            return _check_matrix(certificate, symmetric, trust, on_progress, on_note, kept, seconds)
        if matrix is not None:
            raise DataError("the certificate is of a training problem: give X and y, data or problem")
        subject = _expected_subject(certificate, X, y, data, problem, expected)
    except OtherDataError as error:
        return rejection_of(error, level)
    problem = subject.problem
    verdict, proof, fallback = None, None, None
    if level == "kernel":
        verdict, proof = check_in_kernel(
            certificate, problem, dataset=subject.dataset, file=kept, time_limit=seconds
        )
    elif level == "rigorous":
        from certify.rigorous import check_rigorously

        verdict = check_rigorously(certificate, problem, on_progress)
    elif level == "proved":
        try:
            verdict = check_proved(certificate, problem, on_progress, path=file)
        except ProvedCheckerError as error:
            fallback = _fallback(error, trust, on_note)
    if verdict is None:
        verdict = check_certificate(certificate, problem, on_progress, walk=in_processes(os.cpu_count() or 1))
    verdict = _noted(verdict, fallback)
    return _training_verdict(DataVerdict(**vars(verdict), statement=None, proof=proof), subject)


def check_subject(
    certificate: Certificate, subject: Training, on_progress: Callable[[int, int], None] | None = None
) -> DataVerdict:
    """Decide in rational arithmetic whether a certificate proves its bound for a problem.

    Args:
        certificate: as read from an untrusted file.
        subject: the problem, made of the user's own data.
        on_progress: called with (nodes done, nodes in all).
    """
    return _training_verdict(check(certificate, problem=subject.problem, on_progress=on_progress), subject)


def _training_verdict(verdict: DataVerdict, subject: Training) -> DataVerdict:
    """State what is proved in the words of the data that was checked."""
    words = None if verdict.bound is None else subject.theorem(verdict.bound)
    return replace(verdict, statement=words, subject=subject)


def _insist(differences: Iterable[str]) -> None:
    words = "; ".join(differences)
    if words:
        raise OtherDataError(words, Obligation.EXPECTATION)


def _expected_subject(
    certificate: Certificate,
    X: Any,
    y: Any,
    data: AnyPath | None,
    problem: TrainingProblem | None,
    expected: Expected,
) -> Training:
    """Return the problem that the certificate is to be checked against, if it is the expected one."""
    if problem is not None:
        _insist(expected.differences(certificate, None, None, problem))
        return Training(problem, None)
    dataset, table = _dataset(certificate, X, y, data)
    try:
        problem = _problem(certificate, dataset)
    except OtherDataError:
        _insist(expected.differences(certificate, dataset, table, None))
        raise
    _insist(expected.differences(certificate, dataset, table, problem))
    return Training(problem, dataset)


def _check_matrix(
    certificate: MatrixCertificate,
    matrix: SymmetricMatrix,
    trust: str,
    on_progress: Callable[[int, int], None] | None,
    on_note: Callable[[str], None],
    coq: Path | None,
    time_limit: float,
) -> DataVerdict:
    proof = None
    if trust == "kernel":
        verdict, proof = check_matrix_in_kernel(certificate, matrix, file=coq, time_limit=time_limit)
    else:
        verdict = _matrix_verdict(certificate, matrix, trust, on_progress, on_note)
    words = None
    if verdict.valid and isinstance(certificate, CopositivityCertificate):
        words = copositivity_theorem(certificate, matrix)
    elif verdict.valid and isinstance(certificate, CompletePositivityCertificate):
        words = complete_positivity_theorem(certificate, matrix)
    subject = OfMatrix.of(certificate, matrix)
    return DataVerdict(**vars(verdict), statement=words, proof=proof, subject=subject)


def _matrix_verdict(
    certificate: MatrixCertificate,
    matrix: SymmetricMatrix,
    trust: str,
    on_progress: Callable[[int, int], None] | None,
    on_note: Callable[[str], None],
) -> Verdict:
    fallback = None
    if trust == "proved" or (trust == BEST and find_checker() is not None):
        try:
            return check_matrix_proved(certificate, matrix, on_progress)
        except ProvedCheckerError as error:
            fallback = _fallback(error, trust, on_note)
    walk = in_processes(os.cpu_count() or 1)
    if isinstance(certificate, CopositivityCertificate):
        verdict = check_copositivity(certificate, matrix, on_progress, walk=walk)
    else:
        verdict = check_complete_positivity(certificate, matrix, on_progress, walk=walk)
    return _noted(verdict, fallback)


def _fallback(error: ProvedCheckerError, trust: str, on_note: Callable[[str], None]) -> str:
    """Say why the exact checker takes over, if it may."""
    if trust != BEST:
        raise error
    on_note(f"{error.reason}; the check goes on in Python, with trust exact")
    return error.reason


def _noted(verdict: Verdict, fallback: str | None) -> Verdict:
    if fallback is None:
        return verdict
    return replace(verdict, reason=f"{verdict.reason}; not by the proved checker: {fallback}")


class OtherDataError(DataError):
    """The data is readable, but the certificate is for other data, or of something else than is expected.

    Attributes:
        obligation: what the certificate does not deliver.
    """

    def __init__(self, reason: str, obligation: Obligation = Obligation.PROBLEM) -> None:
        super().__init__(reason)
        self.obligation = obligation


def rejection_of(error: OtherDataError, trust: str) -> DataVerdict:
    """Return the verdict on a certificate that was made for something else."""
    return DataVerdict(False, None, trust, str(error), error.obligation, 0, None)


def subject_of(certificate: Certificate, data: AnyPath) -> Training:
    """Return the exact problem that a certificate's recipe makes of a data file.

    Raises:
        OtherDataError: if the recipe does not fit the file.
        DataError: if the file cannot be read.
    """
    dataset, _ = _dataset(certificate, None, None, data)
    return Training(_problem(certificate, dataset), dataset)


def _dataset(certificate: Certificate, X: Any, y: Any, data: AnyPath | None) -> tuple[Dataset, Table]:
    """Follow the certificate's recipe on the user's data; the table is the one that has the targets."""
    recipe = certificate.preprocessing
    if recipe is None:
        raise DataError("the certificate says nothing of how its problem is made from data: give `problem`")
    # Data that is no table of numbers is the user's to mend, not the certificate's fault.
    if data is None:
        array_table(X, "X")
        table = array_table(y, "y", vector=True)
    else:
        table = read_table(data)
    try:
        dataset = reapply_arrays(X, y, recipe) if data is None else reapply_table(table, recipe)
    except DataError as error:
        raise _other_data(error) from error
    return dataset, table


def _problem(certificate: Certificate, dataset: Dataset) -> TrainingProblem:
    try:
        return dataset.problem(certificate.gamma, certificate.loss, certificate.output_bias)
    except DataError as error:
        raise _other_data(error) from error


def _other_data(error: DataError) -> OtherDataError:
    return OtherDataError(f"the certificate is not for this data: {error}")
