"""Complete positivity of symmetric rational matrices, decided with certificates.

A is completely positive over K = R^q_+ x R^r if it is a sum of b b^T with b in K. It is so if and only if it
is semidefinite and its block P of order q is completely positive over R^q_+. For if P = sum_k b_k b_k^T, and
P W is what stands beside P, then A is the sum of (b_k, W^T b_k)(b_k, W^T b_k)^T and of a semidefinite matrix
of the free coordinates alone (docs/method.md, section 8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.checker.certificate.complete_positivity import (
    COMPLETELY_POSITIVE,
    NOT_COMPLETELY_POSITIVE,
    CompletePositivityCertificate,
    Term,
)
from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.nodes import EnvelopeLeaf, Node
from certify.checker.errors import DataError
from certify.checker.matrix.complete_positivity import check_complete_positivity
from certify.checker.numbers.integers import IntegerRows, over_common_denominator
from certify.checker.numbers.semidefinite import is_psd
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.verdict import Verdict
from certify.datasets.matrices import as_matrix
from certify.matrices.completely_positive.search import METHODS, Proof, search
from certify.matrices.completely_positive.separation import product
from certify.matrices.completely_positive.terms import (
    Integers,
    Rational,
    semidefinite_terms,
    with_free_coordinates,
)
from certify.matrices.copositive.decide import decide_copositivity
from certify.runtime.interrupts import Interrupts
from certify.runtime.progress import (
    Clock,
    Observer,
    Stage,
    Within,
)
from certify.runtime.threads import single_threaded

MAX_INTEGER_BITS = 13_000  # of a certificate: as many as its digits may have
_LEAST_SECONDS = 0.1  # for a proof of copositivity, when the time is all but up


@dataclass(frozen=True)
class CompletePositivityReport:
    """The result of `decide`.

    Attributes:
        answer: "yes", "no" or "unknown".
        matrix: A, exact.
        free: r, how many coordinates, the last ones, may have any sign.
        certificate: the proof of "yes" or "no"; None for "unknown".
        verdict: what the exact checker said of it; None for "unknown".
        distance: the smallest |A - sum_k b_k b_k^T|_F that was found, relative to |A|_F, for the block of
            order q with its diagonal scaled to ones (an estimate); 0 for "yes", None where nothing was looked
            for because A is not even doubly nonnegative, or a separating matrix was at hand.
        reason: one sentence.
        stages: where the time went.
        seconds: wall time in all.
    """

    answer: str
    matrix: SymmetricMatrix
    free: int
    certificate: CompletePositivityCertificate | None
    verdict: Verdict | None
    distance: float | None
    reason: str
    stages: tuple[Stage, ...]
    seconds: float

    def __repr__(self) -> str:
        return f"CompletePositivityReport({self.answer}, {self.matrix!r}, free {self.free}: {self.reason})"

    @property
    def cp_rank_bound(self) -> int | None:
        """The number of terms of the factorisation, an upper bound on the cp-rank; None without one."""
        return None if self.answer != "yes" or self.certificate is None else len(self.certificate.terms)

    def to_json(self, certificate: str | None = None) -> dict[str, object]:
        """Return the machine-readable result.

        Args:
            certificate: the file that the certificate was written to, if any.
        """
        return {
            "answer": self.answer,
            "order": self.matrix.order,
            "free": self.free,
            "cp_rank_bound": self.cp_rank_bound,
            "distance": self.distance,
            "reason": self.reason,
            "trust": None if self.verdict is None else self.verdict.trust,
            "leaves": None if self.certificate is None else self.certificate.leaves,
            "seconds": round(self.seconds, 3),
            "certificate": certificate,
        }

    def save_certificate(self, path: str | Path) -> None:
        """Write the certificate file.

        Raises:
            CertificateError: if the file cannot be written.
            DataError: if there is none, as the answer is "unknown".
        """
        if self.certificate is None:
            raise DataError("the answer is unknown and has no certificate: raise the time limit")
        save_certificate(self.certificate, path)


@single_threaded
def decide_complete_positivity(
    matrix: Any,
    *,
    free: int = 0,
    separators: Sequence[IntegerRows] = (),
    method: str = "auto",
    time_limit: float | None = None,
    observer: Observer | None = None,
) -> CompletePositivityReport:
    """Decide whether a symmetric matrix is completely positive over R^q_+ x R^r; every answer has its proof.

    Ctrl-C ends the search early, with the answer "unknown".

    Args:
        matrix: A, p x p: lists of numbers, Fractions or texts "p/q", numpy or pandas; or a `SymmetricMatrix`.
        free: r, from 0 to p: how many coordinates, the last ones, may have any sign.
        separators: symmetric matrices of order q, perhaps copositive, to try before any is looked for.
        method: "columns" generates columns; "simplex" is the simplex algorithm in rationals, which is for a
            few rows and needs no floating point; "auto" tries both, exact steps first.
        time_limit: in seconds; none by default.
        observer: watches the stages.

    Raises:
        DataError: if A is no symmetric matrix of finite numbers, `free` does not fit it, there is no such
            method, or the time limit is no positive number.
    """
    subject = as_matrix(matrix, "A")
    if not 0 <= free <= subject.order:
        raise DataError(
            f"{free} coordinates of any sign do not fit a matrix of order {subject.order}: give 0 to "
            f"{subject.order}"
        )
    if method not in METHODS:
        raise DataError(f"there is no method {method!r} for complete positivity: give {', '.join(METHODS)}")
    if time_limit is not None and not (math.isfinite(time_limit) and time_limit > 0):
        raise DataError(f"the time limit {time_limit} is no positive number of seconds: give one, or none")
    clock = Clock(time_limit, observer or Observer())
    with Interrupts() as interrupts:

        def should_stop(distance: float) -> bool:
            clock.observer.update(f"{distance:.1e} away from a sum of terms, relatively")
            return clock.expired or interrupts.came

        found = _decided(subject, free, separators, method, clock, should_stop)
        if found.statement is None and (interrupts.came or clock.expired):
            reason = "interrupted" if interrupts.came else "the time limit ended the search"
            found = replace(found, reason=f"{reason}; {found.reason}")
    if found.statement is None:
        return CompletePositivityReport(
            "unknown",
            subject,
            free,
            None,
            None,
            found.distance,
            found.reason,
            tuple(clock.stages),
            clock.elapsed,
        )
    certificate = CompletePositivityCertificate(
        statement=found.statement,
        matrix_sha256=subject.sha256(),
        free=free,
        terms=found.terms,
        vector=found.vector,
        separator=found.separator,
        tree=found.tree,
        method=found.reason,
    )
    with clock.stage("check") as words:
        verdict = check_complete_positivity(certificate, subject)
        words.append(verdict.reason)
    if not verdict.valid:
        raise AssertionError(f"a certificate does not pass its own check: {verdict.reason}")
    answer = "yes" if found.statement == COMPLETELY_POSITIVE else "no"
    return CompletePositivityReport(
        answer,
        subject,
        free,
        certificate,
        verdict,
        found.distance,
        found.reason,
        tuple(clock.stages),
        clock.elapsed,
    )


cp = decide_complete_positivity  # its name in `certify`


@dataclass(frozen=True)
class _Found:
    """What there is to be said of a matrix: the fields of its certificate, as far as there is one."""

    reason: str
    distance: float | None = None
    statement: str | None = None
    terms: tuple[Term, ...] = ()
    vector: Integers = ()
    separator: IntegerRows = ()
    tree: tuple[Node, ...] = ()


def _decided(
    subject: SymmetricMatrix,
    free: int,
    separators: Sequence[IntegerRows],
    method: str,
    clock: Clock,
    should_stop: Callable[[float], bool],
) -> _Found:
    with clock.stage("conditions") as words:
        found = _obstacle(subject, free)
        words.append("doubly nonnegative" if found is None else found.reason)
    if found is not None:
        return found
    rows = [[Fraction(entry, subject.denominator) for entry in row] for row in subject.entries]
    q = subject.order - free
    block = [row[:q] for row in rows[:q]]
    with clock.stage("search") as words:
        for given in separators:
            separator = [[Fraction(entry) for entry in row] for row in given]
            proof = _copositivity(separator, clock) if product(separator, block) < 0 else None
            if proof is not None and proof.tree:
                found = _separated(proof, None)
                words.append(found.reason)
                return found
        outcome = search(block, lambda separator: _copositivity(separator, clock), should_stop, method)
        if outcome.terms is not None:
            terms = with_free_coordinates(rows, free, outcome.terms)
            reason = f"a factorisation into {len(terms)} term{'s' * (len(terms) != 1)}"
            if _longest(terms) > MAX_INTEGER_BITS:
                found = _Found(f"{reason} was found, whose numbers are too long for a certificate", 0.0)
            else:
                found = _Found(reason, 0.0, COMPLETELY_POSITIVE, terms=tuple(terms))
        elif outcome.proof is not None:
            found = _separated(outcome.proof, outcome.distance)
        else:
            reason = f"the nearest sum of terms that was found is {outcome.distance:.1e} away, relatively"
            found = _Found(reason, outcome.distance)
        words.append(found.reason)
    return found


def _separated(proof: Proof, distance: float | None) -> _Found:
    return _Found(
        "a copositive matrix separates it from the cone",
        distance,
        NOT_COMPLETELY_POSITIVE,
        separator=proof.separator,
        tree=proof.tree,
    )


def _longest(terms: Sequence[Term]) -> int:
    """Return the bits of the longest integer of the terms."""
    return max(
        (
            entry.bit_length()
            for t in terms
            for entry in (t.weight.numerator, t.weight.denominator, *t.vector)
        ),
        default=0,
    )


def _copositivity(separator: Rational, clock: Clock) -> Proof:
    """Ask whether a matrix is copositive, in the time that is left."""
    matrix = SymmetricMatrix(_integers(separator), 1)
    left = clock.remaining()
    limit = None if left is None else max(left, _LEAST_SECONDS)
    report = decide_copositivity(matrix, time_limit=limit, observer=Within(clock.observer))
    if report.certificate is None:
        return Proof(matrix.entries)
    return Proof(matrix.entries, report.certificate.tree, report.certificate.witness)


def _obstacle(subject: SymmetricMatrix, free: int) -> _Found | None:
    """Return the proof that a matrix is not doubly nonnegative, if it is not."""
    q = subject.order - free
    for i in range(q):
        for j in range(i, q):
            if subject.entries[i][j] < 0:
                place = {(i, j), (j, i)}
                separator = tuple(tuple(int((k, l) in place) for l in range(q)) for k in range(q))
                reason = f"the entry in row {i + 1}, column {j + 1} is negative"
                return _Found(
                    reason,
                    statement=NOT_COMPLETELY_POSITIVE,
                    separator=separator,
                    tree=(EnvelopeLeaf(),),
                )
    if is_psd(subject.entries):
        return None
    vector = semidefinite_terms([[Fraction(entry) for entry in row] for row in subject.entries])
    # Large matrices on the boundary may be semidefinite although that was not proved at once.
    if isinstance(vector, list):
        return None
    reason = "it is not positive semidefinite"
    return _Found(reason, statement=NOT_COMPLETELY_POSITIVE, vector=vector)


def _integers(matrix: Rational) -> IntegerRows:
    """Return the smallest integer multiple of a rational matrix."""
    entries, _ = over_common_denominator(matrix)
    divisor = math.gcd(*(entry for row in entries for entry in row))
    return tuple(tuple(entry // divisor for entry in row) for row in entries)
