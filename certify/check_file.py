"""Check a certificate against the user's own data; standard library and python-flint only."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from certify.certificate import Certificate, CopositivityCertificate
from certify.certificate_file import AnyCertificate, MatrixCertificate, load_any_certificate
from certify.check import Verdict, check_certificate
from certify.check_complete_positivity import check_complete_positivity, complete_positivity_theorem
from certify.check_copositivity import check_copositivity, copositivity_theorem
from certify.cp_certificate import CompletePositivityCertificate
from certify.data import Dataset, parse_gamma, reapply_arrays, reapply_table
from certify.errors import DataError
from certify.kernel import TIME_LIMIT, KernelProof
from certify.kernel_checker import check_in_kernel
from certify.kernel_matrices import check_matrix_in_kernel
from certify.matrix_data import as_matrix, read_matrix
from certify.obligations import Obligation
from certify.problem import TrainingProblem
from certify.proved_checker import ProvedCheckerError, check_matrix_proved, check_proved, find_checker
from certify.statement import TRUST, theorem
from certify.symmetric_matrix import SymmetricMatrix
from certify.table import array_table, read_table

AnyPath = str | PathLike[str]
BEST = "best"  # the most trusted checker that is there


@dataclass(frozen=True)
class DataVerdict(Verdict):
    """A verdict on a certificate and the data that it was checked against.

    Attributes:
        statement: the theorem that is proved, in words; None if nothing is.
        proof: what Coq's kernel accepted; None if nothing was, or it was not asked.
    """

    statement: str | None
    proof: KernelProof | None = None


def check(
    certificate: AnyCertificate | AnyPath,
    X: Any = None,
    y: Any = None,
    *,
    data: AnyPath | None = None,
    problem: TrainingProblem | None = None,
    matrix: Any = None,
    gamma: Fraction | int | str | float | None = None,
    trust: str = "exact",
    coq: AnyPath | None = None,
    time_limit: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> DataVerdict:
    """Decide whether a certificate proves its bound for your data, or its statement of your matrix.

    Give the data once: as arrays `X` and `y`, as a file `data`, as an exact `problem`, or as a `matrix`. How
    the problem is made of the data (gamma, bias, standardisation, classes) is the certificate's word: the
    verdict's `statement` says what was proved, and `gamma` insists on a weight decay.

    Args:
        certificate: a certificate, or the path of its file.
        X: n x d features: lists, numpy, pandas or polars, as they were given to `bound`.
        y: n targets or labels, or n x c.
        data: path of a CSV or Parquet file, or of the matrix; read once, so that it may be a pipe.
        problem: an exact training problem.
        matrix: p x p, as it was given to `copositive`.
        gamma: the weight decay that the certificate must be for; by default any.
        trust: "exact" is rational arithmetic only; "proved" is the checker that is extracted from its proof
            in Coq (proofs/), which must have been built; "best" is the latter where it is there and can
            read the file, else the former; "rigorous", a quick first look at a large tree of a training
            problem, is floating point with error bounds derived by hand and needs numba; "kernel", for small
            certificates, is a theorem that Coq's kernel checks, and needs Coq and the compiled theories of
            proofs/.
        coq: with trust "kernel", where to keep the file of Coq with the theorem and its proof.
        time_limit: with trust "kernel", the seconds that Coq may take, 600 by default.
        on_progress: called with (nodes done, nodes in all).

    Returns:
        The verdict; a certificate that was made for other data is rejected, not an error.

    Raises:
        CertificateError: if the certificate file cannot be read.
        DataError: if the data cannot be read, or is given not at all or twice, or does not suit the
            certificate's statement; if the trust level is unknown, or what it needs is not there.
        KernelCheckerError: if Coq fails or does not end in time.
    """
    given = [X is not None, data is not None, problem is not None, matrix is not None]
    if given.count(True) != 1 or (X is None) != (y is None):
        raise DataError("give the data to check against once: as X and y, as data, as problem or as matrix")
    if trust not in (*TRUST, BEST):
        raise DataError(f"the trust level {trust!r} is unknown: choose {', '.join(TRUST)} or {BEST}")
    if trust != "kernel" and not (coq is None and time_limit is None):
        raise DataError(f"a file of Coq and a time limit are for the trust level kernel, not for {trust}")
    kept = None if coq is None else Path(coq)
    seconds = TIME_LIMIT if time_limit is None else time_limit
    file = None
    if not isinstance(certificate, AnyCertificate):
        # A pipe cannot be read again.
        file = Path(certificate) if os.path.isfile(certificate) else None
        certificate = load_any_certificate(certificate)
    if isinstance(certificate, MatrixCertificate):
        if (data is None and matrix is None) or gamma is not None or trust == "rigorous":
            raise DataError(
                f"the certificate states {certificate.statement!r} of a matrix: give that as data or matrix, "
                "without gamma, and let the trust be exact, proved, kernel or best"
            )
        symmetric = as_matrix(matrix) if data is None else read_matrix(data)
        return _check_matrix(certificate, symmetric, trust, on_progress, kept, seconds)
    if matrix is not None:
        raise DataError("the certificate is of a training problem: give X and y, data or problem")
    level = trust
    if trust == BEST:
        level = "exact" if find_checker() is None else "proved"
    try:
        if problem is None:
            problem = _problem(certificate, _dataset(certificate, X, y, data))
        if gamma is not None and parse_gamma(gamma) != certificate.gamma:
            raise OtherDataError(f"the certificate is for gamma = {certificate.gamma}")
    except OtherDataError as error:
        return rejection_of(error, level)
    verdict, proof = None, None
    if level == "kernel":
        verdict, proof = check_in_kernel(certificate, problem, file=kept, time_limit=seconds)
    elif level == "rigorous":
        from certify.rigorous import check_rigorously

        verdict = check_rigorously(certificate, problem, on_progress)
    elif level == "proved":
        try:
            verdict = check_proved(certificate, problem, on_progress, path=file)
        except ProvedCheckerError:
            if trust != BEST:
                raise
    if verdict is None:
        verdict = check_certificate(certificate, problem, on_progress, processes=os.cpu_count() or 1)
    words = theorem(problem, certificate.bound, certificate.preprocessing) if verdict.valid else None
    return DataVerdict(**vars(verdict), statement=words, proof=proof)


def _check_matrix(
    certificate: MatrixCertificate,
    matrix: SymmetricMatrix,
    trust: str,
    on_progress: Callable[[int, int], None] | None,
    coq: Path | None,
    time_limit: float,
) -> DataVerdict:
    proof = None
    if trust == "kernel":
        verdict, proof = check_matrix_in_kernel(certificate, matrix, file=coq, time_limit=time_limit)
    else:
        verdict = _matrix_verdict(certificate, matrix, trust, on_progress)
    words = None
    if verdict.valid and isinstance(certificate, CopositivityCertificate):
        words = copositivity_theorem(certificate, matrix)
    elif verdict.valid and isinstance(certificate, CompletePositivityCertificate):
        words = complete_positivity_theorem(certificate, matrix)
    return DataVerdict(**vars(verdict), statement=words, proof=proof)


def _matrix_verdict(
    certificate: MatrixCertificate,
    matrix: SymmetricMatrix,
    trust: str,
    on_progress: Callable[[int, int], None] | None,
) -> Verdict:
    if trust == "proved" or (trust == BEST and find_checker() is not None):
        try:
            return check_matrix_proved(certificate, matrix, on_progress)
        except ProvedCheckerError:
            if trust != BEST:
                raise
    processes = os.cpu_count() or 1
    if isinstance(certificate, CopositivityCertificate):
        return check_copositivity(certificate, matrix, on_progress, processes=processes)
    return check_complete_positivity(certificate, matrix, on_progress, processes=processes)


class OtherDataError(DataError):
    """The data is readable, but the certificate's recipe does not fit it."""


def rejection_of(error: OtherDataError, trust: str) -> DataVerdict:
    """Return the verdict on a certificate that was made for other data."""
    return DataVerdict(False, None, trust, str(error), Obligation.PROBLEM, 0, None)


def dataset_of(certificate: Certificate, data: AnyPath) -> Dataset:
    """Return what a certificate's recipe makes of a data file.

    Raises:
        OtherDataError: if the recipe does not fit the file.
        DataError: if the file cannot be read.
    """
    return _dataset(certificate, None, None, data)


def problem_of(certificate: Certificate, data: AnyPath) -> TrainingProblem:
    """Return the exact problem that a certificate's recipe makes of a data file.

    Raises:
        OtherDataError: if the recipe does not fit the file.
        DataError: if the file cannot be read.
    """
    return _problem(certificate, dataset_of(certificate, data))


def _dataset(certificate: Certificate, X: Any, y: Any, data: AnyPath | None) -> Dataset:
    """Follow the certificate's recipe on the user's data."""
    recipe = certificate.preprocessing
    if recipe is None:
        raise DataError("the certificate says nothing of how its problem is made from data: give `problem`")
    # Data that is no table of numbers is the user's to mend, not the certificate's fault.
    table = None if data is None else read_table(data)
    if table is None:
        array_table(X, "X")
        array_table(y, "y", vector=True)
    try:
        return reapply_arrays(X, y, recipe) if table is None else reapply_table(table, recipe)
    except DataError as error:
        raise _other_data(error) from error


def _problem(certificate: Certificate, dataset: Dataset) -> TrainingProblem:
    try:
        return dataset.problem(certificate.gamma, certificate.loss, certificate.output_bias)
    except DataError as error:
        raise _other_data(error) from error


def _other_data(error: DataError) -> OtherDataError:
    return OtherDataError(f"the certificate is not for this data: {error}")
