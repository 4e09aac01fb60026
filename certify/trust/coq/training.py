"""What is asked of Coq's kernel for a bound: a theorem about all networks, and an estimate of the time.

Problem and certificate are written as terms of the types of proofs/theories/training/Checker.v; the theorem
is about the loss over Coq's real numbers (`certify.trust.coq.kernel`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import repeat
from typing import Any

from certify.checker.certificate.blocks import Block, Blocks, blocks_in_words
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Leaf,
    Node,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows
from certify.checker.numbers.rounding import decimal_down
from certify.checker.obligations import Obligation, require
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.trust.coq.data import rational, text, training_data
from certify.trust.coq.kernel import Question
from certify.trust.coq.terms import (
    Term,
    TermOfNode,
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
From Certify Require Import RealField Factor Tree Products LossBounds Entropies OutputBias Objective Premises
  Blocks Checker OverReals AsRead.
Import ListNotations.
Open Scope Z_scope.
"""

# What it takes to decide whether a form is semidefinite, divided by its order cubed.
_SECONDS_OF_FORMS = 2.5e-5
# A logarithm to the digits that a claim some 2^-60 below the bound asks for.
_SECONDS_OF_LOGARITHMS = 4e-3


class TrainingTheorem:
    """A lower bound on the loss of every network."""

    way_out = "use --trust proved, or bound with a larger --gap"

    def size(self, certificate: Certificate) -> str:
        """Count the nodes."""
        return f"{len(certificate.tree)} nodes"

    def seconds(self, certificate: Certificate, subject: Training) -> float:
        """Estimate the time that Coq's kernel takes."""
        return estimated_seconds(certificate, subject.problem)

    def question(self, certificate: Certificate, subject: Training) -> Question:
        """Return the theorem, with the data, the problem and the certificate as definitions."""
        problem, dataset = subject.problem, subject.dataset
        stated = certificate.gamma, certificate.loss, certificate.output_bias
        require(stated == (problem.gamma, problem.loss.text, problem.output_bias), Obligation.STATEMENT)
        require(certificate.problem_sha256 == problem.sha256(), Obligation.PROBLEM)
        return Question(
            (
                HEADER,
                *training_data(problem, dataset),
                *problem_definitions(problem),
                *certificate_definitions(certificate, problem),
            ),
            "check hint (fun _ => true) training evidence",
            tuple(_conclusion(certificate, subject)),
            "lower_bound",
            _statement(problem),
            data="table",
            meaning="`samples`, made of it, `objective` in Objective.v and `value_of` in Entropies.v are",
            bound=certificate.bound,
            leaves=certificate.leaves,
            blocks=blocks_in_words(certificate.blocks),
        )


def estimated_seconds(certificate: Certificate, problem: TrainingProblem) -> float:
    """Estimate the time that Coq's kernel takes, within a factor of about three (proofs/README.md)."""
    d, c, bits = problem.d, problem.c, _bits(certificate.dual_point)
    seconds = 3.0 if problem.loss.is_exact else 3.0 + problem.n * c * _SECONDS_OF_LOGARITHMS
    if certificate.blocks is None:
        return seconds + _seconds_of_tree(certificate.tree, problem.n, d, c, bits)
    seconds += (d + c) ** 3 * _SECONDS_OF_FORMS
    for block, nodes, _ in _with_nodes(certificate, certificate.blocks):
        n, outputs = len(block.rows), len(block.output_frame)
        frame_bits = bits + _bits(block.output_frame)
        # Its rows are found among all, their numbers in unary, and its frame is compared with its shares.
        seconds += n * problem.n * 1e-6 + n * c * outputs * 1e-5 + (2 * c) ** 3 * _SECONDS_OF_FORMS
        seconds += _seconds_of_tree(nodes, n, d, outputs, frame_bits)
    return seconds


def _bits(rows: IntegerRows) -> int:
    return max((abs(entry).bit_length() for row in rows for entry in row), default=0)


def _seconds_of_tree(tree: Sequence[Node], n: int, d: int, c: int, bits: int) -> float:
    seconds = len(tree) * n * d * c * 1e-5 * max(1.0, bits / 64)
    return seconds + sum(SECONDS[type(leaf)](leaf, n, d) for leaf in tree if type(leaf) in SECONDS)


def _seconds_of_products(leaf: Leaf, n: int, d: int) -> float:
    # The quantities of a leaf are at most d, and two for each mixed row.
    named = max((j for _, j, _ in leaf.products), default=0) + 1
    return len(leaf.products) * 1e-4 + (d + min(n, max(0, named - d) // 2)) ** 3 * _SECONDS_OF_FORMS


# What a leaf takes besides its share of the tree, by its class: of a leaf, n and d.
SECONDS: dict[type[Node], Callable[[Any, int, int], float]] = {
    Leaf: _seconds_of_products,
    TauLeaf: lambda leaf, n, d: len(leaf.products) * 1e-4,
    EnvelopeLeaf: lambda leaf, n, d: 0.0,
}


def _conclusion(certificate: Certificate, subject: Training) -> Iterator[str]:
    problem, bound = subject.problem, certificate.bound
    kind = OUTPUT_BIASES[problem.output_bias]
    value, samples = _value_and_samples(problem)
    once = "samples" if problem.weights is not None else "(counted_once samples)"
    theorem = "weighted_lower_bound_as_read" if problem.weights is not None else "lower_bound_as_read"
    words = subject.theorem(bound)
    yield f"Definition in_words : string := ({text(' '.join(words.split()))})%string."
    yield f"Definition claim : Q := {rational(bound)}%Q."
    yield f"Lemma claim_in_decimals : Qle_bool {decimal_down(bound, 12)}%Q claim = true."
    yield "Proof. vm_cast_no_check (eq_refl true). Qed."
    yield f"Lemma as_read : same_problem training evidence {once} weight_decay claim = true."
    yield "Proof. vm_cast_no_check (eq_refl true). Qed."
    yield "Theorem lower_bound (net : list (list R * list R)) (b : list R) :"
    yield (
        f"  (forall u v, In (u, v) net -> length u = {problem.hidden_rows}%nat) ->\n"
        f"  admissible (K := RField) {kind} b ->\n"
        f"  (Q2R claim <= objective (K := RField) {value}\n"
        f"    {samples} (Q2R weight_decay) {kind} net b)%R."
    )
    yield (
        f"Proof. exact ({theorem} hint (fun _ => true) training evidence net b _\n"
        "  samples weight_decay claim checked as_read). Qed."
    )


def _statement(problem: TrainingProblem) -> str:
    kind = OUTPUT_BIASES[problem.output_bias]
    value, samples = _value_and_samples(problem)
    value = value.replace("(K := RField) ", "")
    return (
        f"forall net b, (forall u v, In (u, v) net -> length u = {problem.hidden_rows}) -> "
        f"admissible {kind} b -> "
        f"Q2R claim <= objective {value} {samples} (Q2R weight_decay) {kind} net b"
    )


def _value_and_samples(problem: TrainingProblem) -> tuple[str, str]:
    """Return the terms for what a network pays on a sample, and for the samples."""
    value = f"(value_of {loss_term(problem.loss.text)})"
    if problem.weights is None:
        return value, "(real_samples samples)"
    return f"(weighted_value (K := RField) {value})", "(real_weighted_samples samples)"


def loss_term(loss: str) -> str:
    """Return the term of type `loss_kind` for a loss's text."""
    word, *parameters = loss.split(" ")
    if word not in _WITH_PARAMETER:
        return LOSSES[word]
    p, q = Fraction(*parameters).as_integer_ratio()
    return f"({LOSSES[word]} {integer(p)} {integer(q)})"


# By the word of a loss; those with a parameter have it as two integers.
LOSSES = {
    "squared": "Squared",
    "huber": "Huber",
    "absolute": "Absolute",
    "quantile": "Quantile",
    "epsilon-insensitive": "EpsilonInsensitive",
    "hinge": "Hinge",
    "squared-hinge": "SquaredHinge",
    "multiclass-hinge": "MulticlassHinge",
    "logistic": "Logistic",
    "cross-entropy": "CrossEntropy",
    "poisson": "Poisson",
}
_WITH_PARAMETER = {"huber", "quantile", "epsilon-insensitive", "cross-entropy"}
OUTPUT_BIASES = {"none": "NoBias", "free": "FreeBias", "decayed": "DecayedBias", "all-free": "AllFree"}


def problem_definitions(problem: TrainingProblem) -> Iterator[str]:
    """Yield the sentences that define `training`, the problem that a theorem is about."""
    weights = repeat(1, problem.n) if problem.weights is None else problem.weights
    samples = [
        f"({vector(x)}, ({integer(w)}, {vector(y)}))"
        for x, w, y in zip(problem.inputs, weights, problem.targets, strict=True)
    ]
    rows = yield from chunked("integer_rows", "list Z * (Z * list Z)", samples)
    yield (
        "Definition training : problem := {|\n"
        f"  rows := {rows};\n"
        f"  x_den := {integer(problem.input_denominator)}; w_den := {integer(problem.weight_denominator)};\n"
        f"  y_den := {integer(problem.target_denominator)};\n"
        f"  gamma_num := {integer(problem.gamma.numerator)};\n"
        f"  gamma_den := {integer(problem.gamma.denominator)};\n"
        f"  features := {problem.d}; targets := {problem.c};\n"
        f"  loss := {loss_term(problem.loss.text)}; bias := {OUTPUT_BIASES[problem.output_bias]}\n"
        "|}."
    )


def certificate_definitions(certificate: Certificate, problem: TrainingProblem) -> Iterator[str]:
    """Yield the sentences that define `evidence`, the certificate.

    Raises:
        Rejection: if its tree has a node for which there is no term.
    """
    # An index that is too large is as wrong as the first that does not exist, and shorter: these are unary.
    missing = problem.d + 2 * problem.n
    trees = yield from _trees(certificate, problem, missing)
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
        f"  trees := {trees}\n"
        "|}."
    )


def _trees(certificate: Certificate, problem: TrainingProblem, missing: int) -> Term:
    blocks = certificate.blocks
    if blocks is None:
        tree = yield from tree_of(certificate.tree, "node", TERMS, missing)
        return f"(OneTree {tree})"
    names: list[str] = []
    for block, nodes, first in _with_nodes(certificate, blocks):
        tree = yield from tree_of(nodes, "node", TERMS, missing, first)
        numbers = (f"{index(i, problem.n)}%nat" for i in block.rows)
        members = yield from chunked(f"members_{len(names)}", "nat", numbers)
        names.append(f"part_{len(names)}")
        yield (
            f"Definition {names[-1]} : part := {{|\n"
            f"  members := {members};\n"
            "  block_of := {|\n"
            f"    inputs := {list_of(map(vector, block.inputs))};\n"
            f"    outputs := {list_of(map(vector, block.outputs))};\n"
            f"    cross := {list_of(map(vector, block.cross))};\n"
            f"    output_frame := {list_of(map(vector, block.output_frame))}\n"
            "  |};\n"
            f"  part_tree := {tree}\n"
            "|}."
        )
    parts = yield from chunked("parts", "part", names)
    return f"(InBlocks {blocks.share_exponent} {blocks.frame_exponent} {parts})"


def _with_nodes(certificate: Certificate, blocks: Blocks) -> Iterator[tuple[Block, Sequence[Node], int]]:
    """Yield each block with the nodes of its tree and the number of the first of them."""
    first = 0
    for block in blocks.parts:
        yield block, certificate.tree[first : first + block.nodes], first
        first += block.nodes


def _sign(node: Sign, name: str, missing: int) -> Term:
    yield from ()
    return f"Sign {index(node.k, missing)}"


def _row_sign(node: RowSign, name: str, missing: int) -> Term:
    yield from ()
    return f"RowSign {index(node.number, missing)}"


def _split(node: Split, name: str, missing: int) -> Term:
    yield from ()
    return f"Split {index(node.k, missing)} {index(node.l, missing)} {integer(node.a)} {integer(node.b)}"


def _products(node: Leaf, name: str, missing: int) -> Term:
    rows = yield from multipliers(node.products, name, missing)
    return f"Products {integer(node.scale)} {integer(node.unit)} {rows}"


def _tau(node: TauLeaf, name: str, missing: int) -> Term:
    rows = yield from multipliers(node.products, name, missing)
    return f"Tau {integer(node.a)} {integer(node.b)} {integer(node.unit)} {rows}"


def _envelope(node: EnvelopeLeaf, name: str, missing: int) -> Term:
    yield from ()
    return "Envelope"


TERMS: dict[type[Node], TermOfNode] = {
    Sign: _sign,
    RowSign: _row_sign,
    Split: _split,
    Leaf: _products,
    TauLeaf: _tau,
    EnvelopeLeaf: _envelope,
}
