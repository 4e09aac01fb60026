"""What a certificate consists of: the nodes of the proof tree, the root frame, the claim.

The file they are written to is the business of `certificate.file`; whether they prove anything is
for `certify.check` to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.certificate.header import (
    Header,
    header_text,
    ratio_text,
    row_texts,
)
from certify.checker.certificate.node_text import MAX_NODES, TRAINING_NODES, read_nodes
from certify.checker.certificate.nodes import AnyLeaf, Node
from certify.checker.data.recipe import Preprocessing
from certify.checker.numbers.integers import IntegerRows


@dataclass(frozen=True)
class Frame:
    """The root frame u = sum_k t_k w_k, with the proof that it is a basis.

    Attributes:
        generators: w_1, ..., w_d, integer vectors of R^d.
        inverse: d rows with sum_k inverse[i][k] w_k = scale e_i.
        scale: positive.
    """

    generators: IntegerRows
    inverse: IntegerRows
    scale: int

    @classmethod
    def identity(cls, d: int) -> Frame:
        """Return the coordinate frame of R^d."""
        unit = tuple(tuple(int(i == j) for j in range(d)) for i in range(d))
        return cls(unit, unit, 1)


@dataclass(frozen=True)
class Certificate:
    """A claimed lower bound on the optimum of one training problem, for every width, with its proof.

    Attributes:
        problem_sha256: hash of the exact problem.
        gamma: the weight decay of the problem.
        loss: its loss.
        output_bias: whether its networks have one: "none", "free" or "decayed".
        preprocessing: how the problem is made from a data file; None for a problem given as arrays.
        bound: the claimed lower bound, `dual_bound` of the dual point (a loss).
        dual_point: N as n rows of c integers over 2**dual_exponent, scaled so that h(N) <= gamma.
        dual_exponent: at least zero.
        frame: the root of the tree.
        tree: the proof that h(N) <= gamma, its nodes in preorder.
        method: how the bound was found; says nothing about its truth.
    """

    problem_sha256: str
    gamma: Fraction
    loss: str
    output_bias: str
    preprocessing: Preprocessing | None
    bound: Fraction
    dual_point: IntegerRows
    dual_exponent: int
    frame: Frame
    tree: tuple[Node, ...]
    method: str

    @property
    def leaves(self) -> int:
        """The number of leaves of the tree."""
        return sum(isinstance(node, AnyLeaf) for node in self.tree)


MAX_DUAL_EXPONENT = 10_000


def _training_header(certificate: Certificate) -> str:
    return header_text(
        "training",
        {
            "problem_sha256": certificate.problem_sha256,
            "gamma": ratio_text(certificate.gamma),
            "loss": certificate.loss,
            "output_bias": certificate.output_bias,
            "preprocessing": None
            if certificate.preprocessing is None
            else certificate.preprocessing.to_json(),
            "bound": ratio_text(certificate.bound),
            "dual_exponent": certificate.dual_exponent,
            "dual_point": row_texts(certificate.dual_point),
            "frame": {
                "generators": row_texts(certificate.frame.generators),
                "inverse": row_texts(certificate.frame.inverse),
                "scale": str(certificate.frame.scale),
            },
            "nodes": len(certificate.tree),
            "method": certificate.method,
        },
    )


def _read_training(header: Header, lines: Iterator[str]) -> Certificate:
    nodes = header.count("nodes", MAX_NODES)
    return Certificate(
        problem_sha256=header.sha256("problem_sha256"),
        gamma=header.ratio("gamma"),
        loss=header.text("loss"),
        output_bias=header.text("output_bias"),
        preprocessing=header.preprocessing(),
        bound=header.ratio("bound"),
        dual_point=header.rows("dual_point"),
        dual_exponent=header.count("dual_exponent", MAX_DUAL_EXPONENT),
        frame=Frame(
            generators=header.rows("frame", "generators"),
            inverse=header.rows("frame", "inverse"),
            scale=header.integer("frame", "scale"),
        ),
        tree=tuple(read_nodes(lines, nodes, TRAINING_NODES)),
        method=header.text("method"),
    )
