"""Coq's kernel as the checker of a bound: problem and certificate become a theorem about all networks.

The theorem is about the loss over Coq's real numbers (`certify.trust.coq.kernel`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path

from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Leaf,
    Node,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_down
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.words import theorem
from certify.checker.verdict import Verdict
from certify.trust.coq.data import rational, text, training_data
from certify.trust.coq.kernel import (
    TIME_LIMIT,
    Kernel,
    KernelProof,
    Question,
    rejected,
)
from certify.trust.coq.terms import (
    chunked,
    index,
    integer,
    list_of,
    multipliers,
    tree_of,
    vector,
)

HEADER = """\
(* A lower bound on the training loss of two-layer ReLU networks of any width, written by certify. `table` is
   the data as it stands in the file, `samples` what is made of it, `lower_bound` the theorem. `training`, the
   same in integers, and `evidence`, the certificate, may be anything. Have it checked by
   coqc -R proofs/theories Certify THIS_FILE, where proofs/ is that of certify. *)
From Coq Require Import ZArith QArith Qreals Reals String List.
From Certify Require Import Factor Tree Products Losses OutputBias Objective Checker OverReals AsRead.
Import ListNotations.
Open Scope Z_scope.
"""


def check_in_kernel(
    certificate: Certificate,
    problem: TrainingProblem,
    *,
    dataset: Dataset | None = None,
    file: Path | None = None,
    time_limit: float = TIME_LIMIT,
) -> tuple[Verdict, KernelProof | None]:
    """Decide whether a certificate proves its bound for a problem, inside Coq's kernel.

    Args:
        certificate: as read from an untrusted file.
        problem: the problem that the user means, from the user's own data.
        dataset: the user's data, which the file of Coq shows; None if the problem is all there is.
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
        require(stated == (problem.gamma, problem.loss.text, problem.output_bias), Obligation.STATEMENT)
        require(certificate.problem_sha256 == problem.sha256(), Obligation.PROBLEM)
        definitions = (
            HEADER,
            *training_data(problem, dataset),
            *problem_definitions(problem),
            *certificate_definitions(certificate, problem),
        )
    except Rejection as rejection:
        return rejected(rejection), None
    return kernel.answer(
        Question(
            definitions,
            "check hint (fun _ => true) training evidence",
            tuple(_conclusion(certificate, problem, dataset)),
            "lower_bound",
            _statement(problem),
            data="table",
            meaning="`samples`, made of it, `objective` in Objective.v and `value_of` in Losses.v are",
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


def _conclusion(certificate: Certificate, problem: TrainingProblem, dataset: Dataset | None) -> Iterator[str]:
    bound, loss, kind = certificate.bound, LOSSES[problem.loss.text], OUTPUT_BIASES[problem.output_bias]
    words = theorem(problem, bound, dataset)
    yield f"Definition in_words : string := ({text(' '.join(words.split()))})%string."
    yield f"Definition claim : Q := {rational(bound)}%Q."
    yield f"Lemma claim_in_decimals : Qle_bool {decimal_down(bound, 12)}%Q claim = true."
    yield "Proof. vm_cast_no_check (eq_refl true). Qed."
    yield "Lemma as_read : same_problem training evidence samples weight_decay claim = true."
    yield "Proof. vm_cast_no_check (eq_refl true). Qed."
    yield "Theorem lower_bound (net : list (list R * list R)) (b : list R) :"
    yield (
        f"  (forall u v, In (u, v) net -> length u = {problem.d}%nat) ->\n"
        f"  admissible (K := RField) {kind} b ->\n"
        f"  (Q2R claim <= objective (K := RField) (value_of {loss})\n"
        f"    (real_samples samples) (Q2R weight_decay) {kind} net b)%R."
    )
    yield (
        "Proof. exact (lower_bound_as_read hint (fun _ => true) training evidence net b _\n"
        "  samples weight_decay claim checked as_read). Qed."
    )


def _statement(problem: TrainingProblem) -> str:
    loss, kind = LOSSES[problem.loss.text], OUTPUT_BIASES[problem.output_bias]
    return (
        f"forall net b, (forall u v, In (u, v) net -> length u = {problem.d}) -> admissible {kind} b -> "
        f"Q2R claim <= objective (value_of {loss}) (real_samples samples) (Q2R weight_decay) {kind} net b"
    )


LOSSES = {"squared": "Squared"}
OUTPUT_BIASES = {"none": "NoBias", "free": "FreeBias", "decayed": "DecayedBias"}


def problem_definitions(problem: TrainingProblem) -> Iterator[str]:
    """Yield the sentences that define `training`, the problem that a theorem is about."""
    samples = [f"({vector(x)}, {vector(y)})" for x, y in zip(problem.inputs, problem.targets, strict=True)]
    rows = yield from chunked("integer_rows", "list Z * list Z", samples)
    yield (
        "Definition training : problem := {|\n"
        f"  rows := {rows};\n"
        f"  x_den := {integer(problem.input_denominator)}; y_den := {integer(problem.target_denominator)};\n"
        f"  gamma_num := {integer(problem.gamma.numerator)};\n"
        f"  gamma_den := {integer(problem.gamma.denominator)};\n"
        f"  features := {problem.d}; targets := {problem.c};\n"
        f"  loss := {LOSSES[problem.loss.text]}; bias := {OUTPUT_BIASES[problem.output_bias]}\n"
        "|}."
    )


def certificate_definitions(certificate: Certificate, problem: TrainingProblem) -> Iterator[str]:
    """Yield the sentences that define `evidence`, the certificate.

    Raises:
        Rejection: if its tree has a node for which there is no term.
    """
    # An index that is too large is as wrong as the first that does not exist, and shorter: these are unary.
    missing = problem.d + 2 * problem.n
    tree = yield from tree_of(certificate.tree, "node", partial(_node, missing=missing))
    dual = yield from chunked("dual_rows", "list Z", map(vector, certificate.dual_point))
    frame = certificate.frame
    yield (
        "Definition evidence : certificate := {|\n"
        f"  dual := {dual};\n"
        f"  dual_den := {integer(1 << certificate.dual_exponent)};\n"
        f"  claim_num := {integer(certificate.bound.numerator)};\n"
        f"  claim_den := {integer(certificate.bound.denominator)};\n"
        f"  frame := {list_of(map(vector, frame.generators))};\n"
        f"  inverse := {list_of(map(vector, frame.inverse))};\n"
        f"  frame_scale := {integer(frame.scale)};\n"
        f"  tree := {tree}\n"
        "|}."
    )


def _node(node: Node, name: str, missing: int) -> Generator[str, None, str]:
    """Yield definitions for a node with many multipliers, and return its term."""
    match node:
        case Sign(k):
            return f"Sign {index(k, missing)}"
        case Split(k, l, a, b):
            return f"Split {index(k, missing)} {index(l, missing)} {integer(a)} {integer(b)}"
        case EnvelopeLeaf():
            return "Envelope"
        case Leaf(scale, unit, products):
            head = f"Products {integer(scale)} {integer(unit)}"
        case TauLeaf(a, b, unit, products):
            head = f"Tau {integer(a)} {integer(b)} {integer(unit)}"
        case _:
            raise Rejection(Obligation.NODE_KIND)
    rows = yield from multipliers(products, name, missing)
    return f"{head} {rows}"
