"""Coq's kernel as the checker of a bound: problem and certificate become a theorem about all networks.

The theorem is about the loss over Coq's real numbers (`certify.kernel`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from certify.certificate import Certificate, Leaf, TauLeaf
from certify.check import Verdict
from certify.coq_terms import OUTPUT_BIASES, certificate_definitions, integer, problem_definitions
from certify.kernel import TIME_LIMIT, Kernel, KernelProof, Question, rejected
from certify.obligations import Obligation, Rejection, require
from certify.problem import TrainingProblem

HEADER = """\
(* A lower bound on the training loss of two-layer ReLU networks of any width, written by certify. `training`
   is the problem, `lower_bound` the theorem; `evidence`, the certificate, may be anything. Have it checked by
   coqc -R proofs/theories Certify THIS_FILE, where proofs/ is that of certify. *)
From Coq Require Import ZArith List Reals.
From Certify Require Import Factor Duality Tree Leaves Checker OverReals.
Import ListNotations.
Open Scope Z_scope.
"""


def check_in_kernel(
    certificate: Certificate,
    problem: TrainingProblem,
    *,
    file: Path | None = None,
    time_limit: float = TIME_LIMIT,
) -> tuple[Verdict, KernelProof | None]:
    """Decide whether a certificate proves its bound for a problem, inside Coq's kernel.

    Args:
        certificate: as read from an untrusted file.
        problem: the problem that the user means, from the user's own data.
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
    kernel.refuse_large(
        estimated_seconds(certificate, problem),
        f"{len(certificate.tree)} nodes",
        "use --trust proved, or bound with a larger --gap",
    )
    try:
        stated = certificate.gamma, certificate.loss, certificate.output_bias
        require(stated == (problem.gamma, problem.loss, problem.output_bias), Obligation.STATEMENT)
        require(certificate.problem_sha256 == problem.sha256(), Obligation.PROBLEM)
        definitions = HEADER, *problem_definitions(problem), *certificate_definitions(certificate, problem)
    except Rejection as rejection:
        return rejected(rejection), None
    return kernel.answer(
        Question(
            definitions,
            "check hint (fun _ => true) training evidence",
            tuple(_conclusion(certificate, problem)),
            "lower_bound",
            _statement(problem),
            data="training",
            meaning="`loss` in Duality.v is",
            bound=certificate.bound,
            leaves=certificate.leaves,
        )
    )


def estimated_seconds(certificate: Certificate, problem: TrainingProblem) -> float:
    """Estimate the time that Coq's kernel takes, within a factor of about three (proofs/README.md)."""
    n, d, c = problem.n, problem.d, problem.c
    bits = max((abs(entry).bit_length() for row in certificate.dual_point for entry in row), default=0)
    seconds = 3.0 + len(certificate.tree) * n * d * c * 1e-5 * max(1.0, bits / 64)
    for node in certificate.tree:
        if isinstance(node, Leaf | TauLeaf) and node.products:
            seconds += len(node.products) * 1e-4
        if isinstance(node, Leaf):
            # The quantities of a leaf are at most d, and two for each mixed row.
            named = max((j for _, j, _ in node.products), default=0) + 1
            seconds += (d + min(n, max(0, named - d) // 2)) ** 3 * 2.5e-5
    return seconds


def _conclusion(certificate: Certificate, problem: TrainingProblem) -> Iterator[str]:
    bound, gamma = certificate.bound, problem.gamma
    kind = OUTPUT_BIASES[problem.output_bias]
    yield f"Definition claim : R := (IZR {integer(bound.numerator)} / IZR {integer(bound.denominator)})%R."
    yield (
        "Definition weight_decay : R := "
        f"(IZR {integer(gamma.numerator)} / IZR {integer(gamma.denominator)})%R."
    )
    yield "Theorem lower_bound (net : list (list R * list R)) (b : list R) :"
    yield (
        f"  (forall u v, In (u, v) net -> length u = {problem.d}%nat) ->\n"
        f"  admissible (K := RField) {kind} b ->\n"
        f"  (claim <= loss (K := RField) (data RField training) weight_decay {kind} net b)%R."
    )
    yield (
        "Proof. exact (check_sound_over_the_reals hint (fun _ => true) training evidence net b _ checked)."
        " Qed."
    )


def _statement(problem: TrainingProblem) -> str:
    kind = OUTPUT_BIASES[problem.output_bias]
    return (
        f"forall net b, (forall u v, In (u, v) net -> length u = {problem.d}) -> admissible {kind} b -> "
        f"claim <= loss (data RField training) weight_decay {kind} net b"
    )
