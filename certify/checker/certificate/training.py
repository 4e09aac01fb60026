"""A certificate of a lower bound on a training loss: the claim, the dual point, the proof, and their lines.

The proof is a tree on a frame of R^d, or one tree for each of several blocks of samples. Whether it proves
anything is for `certify.checker.training.check` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from certify.checker.certificate.any_certificate import count_leaves, tree_lines
from certify.checker.certificate.blocks import Blocks
from certify.checker.certificate.header import Header, row_texts
from certify.checker.certificate.node_text import MAX_NODES, read_nodes
from certify.checker.certificate.nodes import Node
from certify.checker.data.recipe import Preprocessing
from certify.checker.numbers.integers import IntegerRows
from certify.checker.numbers.rounding import decimal_down, ratio_text, short_ratio

MAX_DUAL_EXPONENT = 10_000


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

    def to_json(self) -> dict[str, Any]:
        """Return it as the header has it."""
        return {
            "generators": row_texts(self.generators),
            "inverse": row_texts(self.inverse),
            "scale": str(self.scale),
        }

    @classmethod
    def read(cls, header: Header) -> Frame:
        """Read it from a header.

        Raises:
            CertificateError: if it is not well formed.
        """
        return cls(
            generators=header.rows("frame", "generators"),
            inverse=header.rows("frame", "inverse"),
            scale=header.integer("frame", "scale"),
        )


@dataclass(frozen=True)
class Certificate:
    """A claimed lower bound on the optimum of one training problem, for every width, with its proof.

    Attributes:
        problem_sha256: hash of the exact problem.
        gamma: the weight decay of the problem.
        loss: its loss.
        output_bias: whether its networks have one: "none", "free", "decayed" or "all-free".
        preprocessing: how the problem is made from a data file; None for a problem given as arrays.
        bound: the claimed lower bound, at most what the dual point proves (a loss).
        dual_point: N as n rows of c integers over 2**dual_exponent, scaled so that h(N) <= gamma.
        dual_exponent: at least zero.
        frame: the root of the tree.
        tree: the proof that h(N) <= gamma, its nodes in preorder; where there are blocks or all biases are
            free, the nodes of their trees, one after the other.
        method: how the bound was found; says nothing about its truth.
        blocks: of samples, each with its own tree; None if the tree is one on all samples.
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
    blocks: Blocks | None = None

    def __repr__(self) -> str:
        return (
            f"Certificate(claims p* >= {decimal_down(self.bound)}, loss {self.loss!r}, "
            f"gamma {short_ratio(self.gamma)}, output bias {str(self.output_bias)!r}, {self.leaves} leaves, "
            f"problem {self.problem_sha256[:12]}...)"
        )

    @property
    def statement(self) -> str:
        """What is claimed."""
        return "training"

    @property
    def subject_sha256(self) -> str:
        """The hash of the problem."""
        return self.problem_sha256

    @property
    def leaves(self) -> int:
        """The number of leaves of the tree."""
        return count_leaves(self.tree)

    def header_entries(self) -> dict[str, Any]:
        """Return what the header says beside the format and the statement."""
        return {
            "problem_sha256": self.problem_sha256,
            "gamma": ratio_text(self.gamma),
            "loss": self.loss,
            "output_bias": self.output_bias,
            "preprocessing": None if self.preprocessing is None else self.preprocessing.to_json(),
            "bound": ratio_text(self.bound),
            "dual_exponent": self.dual_exponent,
            "dual_point": row_texts(self.dual_point),
            "frame": self.frame.to_json(),
            **({} if self.blocks is None else {"blocks": self.blocks.to_json()}),
            "nodes": len(self.tree),
            "method": self.method,
        }

    def body_lines(self) -> Iterator[str]:
        """Yield the lines of the tree."""
        return tree_lines(self.tree)

    @classmethod
    def read(cls, header: Header, lines: Iterator[str], nodes: Iterable[type[Node]]) -> Self:
        """Read a certificate, whose header says that it is of training.

        Raises:
            CertificateError: if it is not well formed.
        """
        count = header.count("nodes", MAX_NODES)
        blocks = Blocks.read(header, count)
        return cls(
            problem_sha256=header.sha256("problem_sha256"),
            gamma=header.ratio("gamma"),
            loss=header.text("loss"),
            output_bias=header.text("output_bias"),
            preprocessing=header.preprocessing(),
            bound=header.ratio("bound"),
            dual_point=header.rows("dual_point"),
            dual_exponent=header.count("dual_exponent", MAX_DUAL_EXPONENT),
            frame=Frame.read(header),
            tree=tuple(read_nodes(lines, count, nodes)),
            method=header.text("method"),
            blocks=blocks,
        )
