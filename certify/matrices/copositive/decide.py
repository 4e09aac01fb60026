"""Is a symmetric rational matrix copositive? An answer with a certificate.

M is copositive if z^T M z >= 0 for all z >= 0, strictly if > 0 for all z >= 0, z != 0. "yes" comes with a
proof tree, "no" with a point, and both have passed the exact checker (docs/method.md, section 7).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
)
from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.nodes import FacesLeaf
from certify.checker.errors import CertificateError, DataError
from certify.checker.matrix.copositivity import check_copositivity
from certify.checker.matrix.leaf_rules import Copositivity
from certify.checker.numbers.rounding import decimal_down, decimal_up, float_down, float_up
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.text.names import counted
from certify.datasets.matrices import as_matrix
from certify.matrices.copositive.face_vectors import point_on
from certify.matrices.copositive.leaf import proved_level, unit_form
from certify.matrices.copositive.search import CopositiveSearch, search_copositive
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import Clock, Observer
from certify.runtime.threads import single_threaded
from formulations.copositive.standard_quadratic import simplex_minima

_STARTS = 64
_POINTS = 8  # local minima that are made exact
_POINT_BITS = 40
_SETS_PER_UPDATE = 500
_LEVEL_SHARE = 0.1  # of the time limit is for the level, or if it is short this:
_LEVEL_SECONDS = 1.0
_SUPPORT = 1e-9  # an entry below it counts as zero


@dataclass(frozen=True)
class CopositivityReport:
    """The answer to a question of copositivity.

    Attributes:
        answer: "yes", "no" or "unknown".
        strict: whether the question was that of strict copositivity.
        matrix: the exact matrix M.
        certificate: of the answer, checked; None if that is unknown.
        witness: z >= 0 in integers that refutes it; None unless the answer is "no".
        lower: proved: z^T M z >= lower for all z >= 0 of sum 1.
        upper: z^T M z for a z >= 0 of sum 1, the least that was found.
        method: how the answer was found.
        status: "decided", "time_limit", "interrupted", or "gave_up" if the search had nothing left to try.
        leaves: of the tree.
        seconds: wall time.
    """

    answer: str
    strict: bool
    matrix: SymmetricMatrix
    certificate: CopositivityCertificate | None
    witness: tuple[int, ...] | None
    lower: Fraction
    upper: Fraction
    method: str
    status: str
    leaves: int
    seconds: float

    def __repr__(self) -> str:
        lower, upper = decimal_down(self.lower), decimal_up(self.upper)
        return (
            f"CopositivityReport({self.answer}{', strict' * self.strict}, {self.matrix!r}, "
            f"{lower} <= least z^T M z <= {upper}, {self.status})"
        )

    def save_certificate(self, path: str | os.PathLike[str]) -> None:
        """Write the certificate.

        Raises:
            CertificateError: if there is none, as the answer is unknown, or the file cannot be written.
        """
        if self.certificate is None:
            raise CertificateError(f"{path}: the answer is unknown, and has no certificate; give more time")
        save_certificate(self.certificate, path)

    def to_json(self, certificate: str | None = None) -> dict[str, object]:
        """Return the machine-readable result.

        Args:
            certificate: the file that the certificate was written to.
        """
        return {
            "answer": self.answer,
            "question": STRICTLY_COPOSITIVE if self.strict else COPOSITIVE,
            "order": self.matrix.order,
            "lower_bound": float_down(self.lower),
            "upper_bound": float_up(self.upper),
            "lower_bound_exact": str(self.lower),
            "upper_bound_exact": str(self.upper),
            "witness": None if self.witness is None else list(map(str, self.witness)),
            "method": self.method,
            "status": self.status,
            "leaves": self.leaves,
            "seconds": round(self.seconds, 3),
            "certificate": certificate,
        }


def copositive(
    M: Any,
    *,
    strict: bool = False,
    time_limit: float | None = None,
    observer: Observer | None = None,
) -> CopositivityReport:
    """Decide whether a matrix is copositive, with a certificate.

    Args:
        M: p x p, symmetric: lists of numbers, Fractions or texts such as "1/3", a numpy array, a data frame.
        strict: ask for strict copositivity.
        time_limit: in seconds; by default none.
        observer: watches the work.

    Raises:
        DataError: if M is no symmetric matrix of finite numbers, or the time limit is no positive number.
    """
    return decide_copositivity(as_matrix(M), strict=strict, time_limit=time_limit, observer=observer)


@single_threaded
def decide_copositivity(
    matrix: SymmetricMatrix,
    *,
    strict: bool = False,
    time_limit: float | None = None,
    observer: Observer | None = None,
) -> CopositivityReport:
    """Decide whether an exact matrix is copositive; Ctrl-C ends the search and keeps what is known.

    Args:
        matrix: M.
        strict: ask for strict copositivity.
        time_limit: in seconds; by default none.
        observer: watches the work.

    Raises:
        DataError: if the time limit is no positive number.
    """
    if time_limit is not None and not (math.isfinite(time_limit) and time_limit > 0):
        raise DataError(f"the time limit {time_limit} is no positive number of seconds: give one, or none")
    clock = Clock(time_limit, observer or Observer())
    with Interrupts() as interrupts:
        return _Question(matrix, strict, clock, lambda: interrupts.came).answer()


class _Question:
    """One matrix, and the stages on the way to an answer."""

    def __init__(
        self, matrix: SymmetricMatrix, strict: bool, clock: Clock, interrupted: Callable[[], bool]
    ) -> None:
        self._matrix, self._strict = matrix, strict
        self._clock, self._interrupted = clock, interrupted
        self._asked, self._cones = 0, (0, 1)
        limit = clock.remaining() or 0.0
        self._for_level = max(_LEVEL_SHARE * limit, min(_LEVEL_SECONDS, limit / 2))
        vertices = [int(i == _least_diagonal(matrix)) for i in range(matrix.order)]
        self._upper = self._normalised(vertices)

    def answer(self) -> CopositivityReport:
        """Look for a point, then for a proof."""
        with self._clock.stage("points") as words:
            point = self._local_search()
            words.append(f"least value {float(self._upper):.6g}")
        if point is not None:
            return self._refuted(point, "local search")
        with self._clock.stage("proof") as words:
            search = search_copositive(
                self._matrix.entries,
                Copositivity(self._strict),
                time_left=self._time_left,
                on_progress=self._tell,
            )
            words.append(counted(search.cones, "cone"))
        if search.point is not None:
            return self._refuted(search.point, "principal submatrices")
        return self._undecided(search) if search.pending else self._proved(search)

    def _local_search(self) -> Sequence[int] | None:
        """Look for a point that refutes the premise."""
        entries = self._matrix.entries
        form, exponents = unit_form(entries)
        for z in islice(simplex_minima(form, _STARTS, 0, lambda: self._time_left() <= 0), _POINTS):
            members = [int(i) for i in np.flatnonzero(z > _SUPPORT)]
            most = max(exponents)
            rounded = [
                round(float(x) * 2.0**_POINT_BITS) << most - e for x, e in zip(z, exponents, strict=True)
            ]
            for point in (point_on(members, entries, self._strict), rounded):
                if point is None:
                    continue
                value = self._normalised(point)
                self._upper = min(self._upper, value)
                if value < 0 or (self._strict and value == 0):
                    return point
        return None

    def _time_left(self) -> float:
        """Return the seconds that the search may still take: a share of the limit is for the level."""
        self._asked += 1
        if self._asked % _SETS_PER_UPDATE == 0:
            self._tell(*self._cones)
        left = self._clock.remaining()
        if self._interrupted():
            return 0.0
        return math.inf if left is None else left - self._for_level

    def _tell(self, cones: int, waiting: int) -> None:
        self._cones = cones, waiting
        self._clock.observer.update(f"{cones} cones done, {waiting} waiting, {self._asked} index sets tried")

    def _normalised(self, point: Sequence[int]) -> Fraction:
        return self._matrix.value(point) / sum(point) ** 2

    def _refuted(self, point: Sequence[int], method: str) -> CopositivityReport:
        self._upper = min(self._upper, self._normalised(point))
        statement = NOT_STRICTLY_COPOSITIVE if self._strict else NOT_COPOSITIVE
        certificate = CopositivityCertificate(statement, self._matrix.sha256(), (), tuple(point), method)
        entries = self._matrix.entries
        least = Fraction(min(map(min, entries)), self._matrix.denominator)
        return self._report("no", certificate, least, method, "decided")

    def _proved(self, search: CopositiveSearch) -> CopositivityReport:
        statement = STRICTLY_COPOSITIVE if self._strict else COPOSITIVE
        method = "tree search"
        if len(search.nodes) == 1:
            by_faces = isinstance(search.nodes[0], FacesLeaf)
            method = "principal submatrices" if by_faces else "semidefinite plus nonnegative"
        certificate = CopositivityCertificate(
            statement, self._matrix.sha256(), tuple(search.nodes), (), method
        )
        return self._report("yes", certificate, Fraction(0), method, "decided")

    def _undecided(self, search: CopositiveSearch) -> CopositivityReport:
        status = (
            "interrupted" if self._interrupted() else "time_limit" if self._time_left() <= 0 else "gave_up"
        )
        lower = search.lower
        with self._clock.stage("level") as words:
            left = self._clock.remaining()
            level = proved_level(self._matrix.entries, math.inf if left is None else left)
            lower = lower if level is None else max(lower, min(level, Fraction(0)))
            words.append(f"at least {float(lower / self._matrix.denominator):.6g}")
        return self._report("unknown", None, lower / self._matrix.denominator, "tree search", status)

    def _report(
        self,
        answer: str,
        certificate: CopositivityCertificate | None,
        lower: Fraction,
        method: str,
        status: str,
    ) -> CopositivityReport:
        if certificate is not None:
            with self._clock.stage("check") as words:
                verdict = check_copositivity(certificate, self._matrix)
                assert verdict.valid, verdict.reason
                words.append("exact")
        return CopositivityReport(
            answer=answer,
            strict=self._strict,
            matrix=self._matrix,
            certificate=certificate,
            witness=certificate.witness if certificate is not None and answer == "no" else None,
            lower=lower,
            upper=self._upper,
            method=method,
            status=status,
            leaves=0 if certificate is None else certificate.leaves,
            seconds=self._clock.elapsed,
        )


def _least_diagonal(matrix: SymmetricMatrix) -> int:
    return min(range(matrix.order), key=lambda i: matrix.entries[i][i])
