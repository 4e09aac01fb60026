"""A problem and a certificate as terms of Coq, of the types of proofs/theories/Checker.v.

Only numbers are written: no text of the data or of the certificate gets into the file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from certify.certificate import Certificate, EnvelopeLeaf, Leaf, Node, Sign, Split, TauLeaf
from certify.obligations import Obligation, Rejection
from certify.problem import TrainingProblem

OUTPUT_BIASES = {"none": "NoBias", "free": "FreeBias", "decayed": "DecayedBias"}
_CHUNK = 100  # the longest list literal: Coq reads long ones slowly, and very long ones not at all


def problem_definitions(problem: TrainingProblem) -> Iterator[str]:
    """Yield the sentences that define `training`, the problem that a theorem is about."""
    samples = [f"({_vector(x)}, {_vector(y)})" for x, y in zip(problem.inputs, problem.targets, strict=True)]
    rows = yield from _chunked("samples", "list Z * list Z", samples)
    yield (
        "Definition training : problem := {|\n"
        f"  rows := {rows};\n"
        f"  x_den := {integer(problem.input_denominator)}; y_den := {integer(problem.target_denominator)};\n"
        f"  gamma_num := {integer(problem.gamma.numerator)};\n"
        f"  gamma_den := {integer(problem.gamma.denominator)};\n"
        f"  features := {problem.d}; targets := {problem.c}; bias := {OUTPUT_BIASES[problem.output_bias]}\n"
        "|}."
    )


def certificate_definitions(certificate: Certificate, problem: TrainingProblem) -> Iterator[str]:
    """Yield the sentences that define `evidence`, the certificate.

    Raises:
        Rejection: if its tree has a node for which there is no term.
    """
    # An index that is too large is as wrong as the first that does not exist, and shorter: these are unary.
    missing = problem.d + 2 * problem.n
    nodes = []
    for number, node in enumerate(certificate.tree):
        try:
            nodes.append((yield from _node(node, f"node_{number}", missing)))
        except Rejection as rejection:
            raise Rejection(rejection.obligation, number) from None
    tree = yield from _chunked("nodes", "node", nodes)
    dual = yield from _chunked("dual_rows", "list Z", map(_vector, certificate.dual_point))
    frame = certificate.frame
    yield (
        "Definition evidence : certificate := {|\n"
        f"  dual := {dual};\n"
        f"  dual_den := {integer(1 << certificate.dual_exponent)};\n"
        f"  claim_num := {integer(certificate.bound.numerator)};\n"
        f"  claim_den := {integer(certificate.bound.denominator)};\n"
        f"  frame := {_list(map(_vector, frame.generators))};\n"
        f"  inverse := {_list(map(_vector, frame.inverse))};\n"
        f"  frame_scale := {integer(frame.scale)};\n"
        f"  tree := {tree}\n"
        "|}."
    )


def integer(value: int) -> str:
    """Write an integer as an argument; Coq reads hexadecimal digits in linear time, decimal ones do not."""
    digits = str(abs(value)) if abs(value) < 1000 else hex(abs(value))
    return digits if value >= 0 else f"(-{digits})"


def _vector(entries: Iterable[int]) -> str:
    return _list(map(integer, entries))


def _list(items: Iterable[str]) -> str:
    return f"[{'; '.join(items)}]"


def _chunked(name: str, kind: str, items: Iterable[str]) -> Generator[str, None, str]:
    """Yield definitions of the parts of a long list, and return a term for the whole.

    Args:
        name: what the names of the parts begin with.
        kind: the type of an item.
        items: terms.
    """
    items = list(items)
    if len(items) <= _CHUNK:
        return _list(items)
    names: list[str] = []
    for start in range(0, len(items), _CHUNK):
        names.append(f"{name}_{len(names)}")
        yield f"Definition {names[-1]} : list ({kind}) := {_list(items[start : start + _CHUNK])}."
    lists = yield from _chunked(f"{name}_lists", f"list ({kind})", names)
    return f"(concat {lists})"


def _node(node: Node, name: str, missing: int) -> Generator[str, None, str]:
    """Yield definitions for a node with many multipliers, and return its term."""

    def index(k: int) -> int:
        return k if 0 <= k < missing else missing

    match node:
        case Sign(k):
            return f"Sign {index(k)}"
        case Split(k, l, a, b):
            return f"Split {index(k)} {index(l)} {integer(a)} {integer(b)}"
        case EnvelopeLeaf():
            return "Envelope"
        case Leaf(scale, unit, products):
            head = f"Products {integer(scale)} {integer(unit)}"
        case TauLeaf(a, b, unit, products):
            head = f"Tau {integer(a)} {integer(b)} {integer(unit)}"
        case _:
            raise Rejection(Obligation.NODE_KIND)
    pairs: dict[int, list[str]] = {}
    for i, j, multiplier in products:
        pairs.setdefault(index(i), []).append(f"({index(j)}%nat, {integer(multiplier)})")
    rows = []
    for i, entries in pairs.items():
        row = yield from _chunked(f"{name}_row_{i}", "nat * Z", entries)
        rows.append(f"({i}%nat, {row})")
    term = yield from _chunked(f"{name}_rows", "nat * list (nat * Z)", rows)
    return f"{head} {term}"
