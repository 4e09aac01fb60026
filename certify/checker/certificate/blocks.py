"""The part of a training certificate's header that divides the samples into blocks, each with its own proof.

Every block has a share of the weight decay, and a tree of the body proves the premise of its samples with
that share. This module has the records, how they are written and how they are read as hostile input. What
must hold of them is checked in `certify.checker.training.blocks`; why that is enough is in docs/method.md,
section 3d.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from certify.checker.certificate.header import Header, HeaderEntries, row_texts
from certify.checker.certificate.node_text import MAX_NODES
from certify.checker.errors import CertificateError
from certify.checker.numbers.integers import IntegerRows

MAX_BLOCKS = 100_000
MAX_ROW_NUMBERS = 1_000_000  # of all blocks together
MAX_OUTPUTS = 20_000_000  # rows of the samples times rows of the output frame, of all blocks together
MAX_EXPONENT = 10_000


@dataclass(frozen=True)
class Block:
    """Some samples, their share of the weight decay, and the size of their tree.

    With the exponents e and f of the `Blocks`:

    Attributes:
        rows: numbers of the samples, ascending, counted from 0.
        inputs: G * 2**e as a lower triangle, d rows: the share of gamma |u|^2 is gamma u^T G u.
        outputs: H * 2**e as a lower triangle, c rows: the share of gamma |v|^2 is gamma v^T H v.
        cross: C * 2**k * a, d rows of c integers, k the dual exponent and a the common denominator of the
            inputs: the share of both together is 2 u^T C v besides.
        output_frame: T * 2**f, some rows of c integers, with v^T H v + |T w|^2 >= 2 v.w for all v and w.
        nodes: the number of nodes of the block's tree.
    """

    rows: tuple[int, ...]
    inputs: IntegerRows
    outputs: IntegerRows
    cross: IntegerRows
    output_frame: IntegerRows
    nodes: int

    def to_json(self) -> dict[str, Any]:
        """Return it as the header has it."""
        return {
            "rows": " ".join(map(str, self.rows)),
            "inputs": row_texts(self.inputs),
            "outputs": row_texts(self.outputs),
            "cross": row_texts(self.cross),
            "output_frame": row_texts(self.output_frame),
            "nodes": self.nodes,
        }

    @classmethod
    def read(cls, entries: HeaderEntries) -> Block:
        """Read it from an object of the header.

        Raises:
            CertificateError: if it is not well formed.
        """
        rows = entries.integer_row("rows")
        if rows[0] < 0 or any(later <= earlier for earlier, later in pairwise(rows)):
            raise CertificateError(f"{entries.place('rows')} are not row numbers in ascending order")
        block = cls(
            rows,
            entries.rows("inputs"),
            entries.rows("outputs"),
            entries.rows("cross"),
            entries.rows("output_frame"),
            entries.count("nodes", MAX_NODES),
        )
        entries.finish()
        return block


@dataclass(frozen=True)
class Blocks:
    """All blocks of a certificate.

    Attributes:
        share_exponent: e, from 0 to `MAX_EXPONENT`.
        frame_exponent: f, likewise.
        parts: at least one.
    """

    share_exponent: int
    frame_exponent: int
    parts: tuple[Block, ...]

    def to_json(self) -> dict[str, Any]:
        """Return them as the header has them."""
        return {
            "share_exponent": self.share_exponent,
            "frame_exponent": self.frame_exponent,
            "parts": [block.to_json() for block in self.parts],
        }

    @classmethod
    def read(cls, header: Header, nodes: int) -> Blocks | None:
        """Read them from a header; return None if it has none.

        Args:
            header: of the certificate.
            nodes: the number of nodes that it promises, which all blocks together must have.

        Raises:
            CertificateError: if they are not well formed.
        """
        if not header.has("blocks"):
            return None
        entries = header.object("blocks")
        parts = entries.objects("parts", MAX_BLOCKS)
        blocks = cls(
            entries.count("share_exponent", MAX_EXPONENT),
            entries.count("frame_exponent", MAX_EXPONENT),
            tuple(map(Block.read, parts)),
        )
        entries.finish()
        if not blocks.parts:
            raise CertificateError("the header has blocks, but none with samples")
        if sum(len(block.rows) for block in blocks.parts) > MAX_ROW_NUMBERS:
            raise CertificateError(f"the blocks have more than {MAX_ROW_NUMBERS} row numbers")
        if sum(len(block.rows) * len(block.output_frame) for block in blocks.parts) > MAX_OUTPUTS:
            raise CertificateError(f"the blocks' samples have more than {MAX_OUTPUTS} outputs")
        if sum(block.nodes for block in blocks.parts) != nodes:
            raise CertificateError("the nodes of the blocks do not add up to those of the header")
        return blocks


def blocks_in_words(blocks: Blocks | None) -> str:
    """Say that a proof is in blocks, with a comma after it; nothing where it is not."""
    if blocks is None:
        return ""
    count = len(blocks.parts)
    return f"a proof in {count} {'block' if count == 1 else 'blocks'} of samples, "
