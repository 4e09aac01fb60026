"""Check a certificate at the level of trust that the user chooses: this is `certify.check`.

The data may be files, arrays, an exact problem or a matrix. The levels are in the table `LEVELS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from certify.checker.certificate.any_certificate import AnyCertificate
from certify.checker.certificate.file import is_compressed, load_any_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.check import (
    DataVerdict,
    Progress,
    check_subject,
    expected_subject,
    in_words,
    rejection_of,
)
from certify.checker.data.dataset import Dataset
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import Table
from certify.checker.errors import DataError
from certify.checker.expected import Expected
from certify.checker.limits.time_limit import within_time_limit
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.training import TrainingProblem
from certify.checker.source import (
    AnyPath,
    FileSource,
    OtherDataError,
    Source,
    otherwise_other_data,
    recorded,
    unsuitable_for_matrix,
)
from certify.checker.subject import Subject, Training
from certify.datasets.array_table import array_table
from certify.datasets.arrays import reapply_arrays
from certify.datasets.matrices import as_matrix
from certify.trust.coq.check import check_in_kernel
from certify.trust.coq.kernel import TIME_LIMIT
from certify.trust.extracted import ProvedCheckerError, check_proved, find_checker
from certify.trust.parallel import in_processes

BEST = "best"  # the most trusted checker that is there


@dataclass(frozen=True)
class _Arrays(Source):
    """Arrays X and y, and weights of the samples or None, as they were given to `bound`."""

    X: Any
    y: Any
    sample_weight: Any

    def dataset(self, recipe: Preprocessing | None) -> tuple[Dataset, Table]:
        """Follow the recipe on them."""
        recipe = recorded(recipe)
        # That they are no tables of numbers is the user's to mend, not the certificate's fault.
        array_table(self.X, "X")
        labels = array_table(self.y, "y", vector=True)
        with otherwise_other_data():
            return reapply_arrays(self.X, self.y, recipe, self.sample_weight), labels


@dataclass(frozen=True)
class _Problem(Source):
    """An exact problem."""

    problem: TrainingProblem


@dataclass(frozen=True)
class _Matrix(Source):
    """A matrix, as it was given to `copositive`."""

    values: Any

    def matrix(self, statement: str) -> SymmetricMatrix:
        """Take it over."""
        return as_matrix(self.values)


@dataclass(frozen=True)
class Request:
    """How a certificate is to be checked.

    Attributes:
        on_progress: called with (nodes done, nodes in all).
        file: of the certificate, if it has one that can be read again.
        coq: where to keep the file of Coq; None for nowhere.
        seconds: that Coq may take.
    """

    on_progress: Progress | None
    file: Path | None
    coq: Path | None
    seconds: float


class Checker(Protocol):
    """What decides at a level of trust."""

    def __call__(self, certificate: AnyCertificate, subject: Subject, request: Request) -> DataVerdict:
        """Decide whether a certificate proves what it states of a problem or matrix."""


def _exact(certificate: AnyCertificate, subject: Subject, request: Request) -> DataVerdict:
    return check_subject(certificate, subject, request.on_progress, in_processes(os.cpu_count() or 1))


def _proved(certificate: AnyCertificate, subject: Subject, request: Request) -> DataVerdict:
    verdict = check_proved(certificate, subject, request.on_progress, path=request.file)
    return in_words(verdict, certificate, subject)


def _kernel(certificate: AnyCertificate, subject: Subject, request: Request) -> DataVerdict:
    verdict, proof = check_in_kernel(certificate, subject, file=request.coq, time_limit=request.seconds)
    return in_words(verdict, certificate, subject, proof)


def _rigorous(certificate: AnyCertificate, subject: Subject, request: Request) -> DataVerdict:
    from certify.trust.rigorous import check_rigorously

    assert isinstance(certificate, Certificate)
    assert isinstance(subject, Training)
    verdict = check_rigorously(certificate, subject.problem, request.on_progress)
    return in_words(verdict, certificate, subject)


LEVELS: dict[str, Checker] = {"proved": _proved, "exact": _exact, "rigorous": _rigorous, "kernel": _kernel}
# The levels that are not for all certificates, with those that they are for.
_LIMITED: dict[str, tuple[type[AnyCertificate], ...]] = {"rigorous": (Certificate,)}


@within_time_limit
def check(
    certificate: AnyCertificate | AnyPath,
    X: Any = None,
    y: Any = None,
    *,
    sample_weight: Any = None,
    data: AnyPath | None = None,
    problem: TrainingProblem | None = None,
    matrix: Any = None,
    symmetrize: bool = False,
    gamma: Fraction | int | str | float | None = None,
    expected: Expected | None = None,
    trust: str = "exact",
    coq: AnyPath | None = None,
    time_limit: float | None = None,
    on_progress: Progress | None = None,
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
        sample_weight: n weights, with `X` and `y`, where `bound` was given some.
        data: path of a CSV or Parquet file, or of the matrix; read once, so that it may be a pipe.
        problem: an exact training problem.
        matrix: p x p, as it was given to `copositive`.
        symmetrize: with `data`, whether the statement is meant of (M + M^T)/2, M the matrix in the file.
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
    if trust not in (*LEVELS, BEST):
        raise DataError(f"the trust level {trust!r} is unknown: choose {', '.join(LEVELS)} or {BEST}")
    if trust != "kernel" and coq is not None:
        raise DataError(f"a file of Coq is for the trust level kernel, not for {trust}")
    source = _source(X, y, sample_weight, data, problem, matrix)
    if symmetrize:
        if data is None:
            raise DataError("symmetrize goes with a file of a matrix, as data")
        source = FileSource(data, symmetrize)
    expected = expected or Expected()
    if gamma is not None:
        if expected.gamma is not None:
            raise DataError("gamma is given twice: as gamma and in what is expected")
        expected = replace(expected, gamma=gamma)
    file = None
    if isinstance(certificate, str | os.PathLike):
        # A pipe cannot be read again, and only Python's checkers decompress.
        is_plain = os.path.isfile(certificate) and not is_compressed(certificate)
        file = Path(certificate) if is_plain else None
        certificate = load_any_certificate(certificate)
    if trust in _LIMITED and type(certificate) not in _LIMITED[trust]:
        raise unsuitable_for_matrix(certificate.statement)
    level = trust
    if trust == BEST:
        level = "exact" if find_checker() is None else "proved"
    try:
        subject = expected_subject(certificate, source, expected)
    except OtherDataError as error:
        return rejection_of(error, level)
    request = Request(
        on_progress,
        file,
        None if coq is None else Path(coq),
        TIME_LIMIT if time_limit is None else time_limit,
    )
    try:
        return LEVELS[level](certificate, subject, request)
    except ProvedCheckerError as error:
        if trust != BEST:
            raise
        on_note(f"{error.reason}; the check goes on in Python, with trust exact")
        verdict = LEVELS["exact"](certificate, subject, request)
        return replace(verdict, reason=f"{verdict.reason}; not by the proved checker: {error.reason}")


def _source(
    X: Any, y: Any, sample_weight: Any, data: AnyPath | None, problem: TrainingProblem | None, matrix: Any
) -> Source:
    given = [X is not None, data is not None, problem is not None, matrix is not None]
    if given.count(True) != 1 or (X is None) != (y is None):
        raise DataError("give the data to check against once: as X and y, as data, as problem or as matrix")
    if X is None and sample_weight is not None:
        raise DataError("sample_weight goes with X and y: a file has its weights in a column")
    if data is not None:
        return FileSource(data)
    if problem is not None:
        return _Problem(problem)
    return _Arrays(X, y, sample_weight) if matrix is None else _Matrix(matrix)
